//! The widget: the decision engine and the banner in the browser.
//!
//! `guard.js` has denied everything optional before this loads, and `boot.js` starts it with [`start`].
//! If anything here fails, everything optional stays denied and the page works.
//! What this is *not*: it does not decide what consent means (`shared`), nor talk to third parties.
//!
//! Read in this order: [`machine`] (what an act means), [`gate`] (what follows on the page), [`outbox`] (how the
//! record gets to the server), [`policy`] and [`look`], all pure and tested natively; then [`view`] (what
//! visitors see), [`net`] and [`app`], which connects them through [`page`] with the page itself.

pub mod app;
pub mod gate;
pub mod look;
pub mod machine;
pub mod net;
pub mod outbox;
pub mod page;
pub mod policy;
pub mod view;

use app::App;
use avow_shared::act::Input;
use std::cell::OnceCell;
use wasm_bindgen::prelude::*;

/// Small beats fast here: the page makes a few thousand short allocations in its life.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

thread_local! {
    /// The one widget of the page. It lives as long as the page does.
    static APP: OnceCell<&'static App> = const { OnceCell::new() };
}

/// Starts the widget with the compiled policy, `window.__avow` and the site's configuration. False if the
/// policy does not read as one.
#[wasm_bindgen]
pub fn start(compiled: &JsValue, guard: &JsValue, config: &JsValue) -> bool {
    page::open(compiled, guard, config);
    let Some(app) = App::new() else { return false };
    APP.with(|cell| *cell.get_or_init(|| Box::leak(Box::new(app)))).start();
    true
}

/// Hears an event of the page; `input` is the word of [`Input`].
#[wasm_bindgen]
pub fn hear(event: &str, id: &str, input: &str) {
    if let Some(app) = app() {
        app.hear(event, id, Input::parse(input).unwrap_or(Input::Script));
    }
}

/// Hears the server: the status of what was posted under that id, 0 if no answer came.
#[wasm_bindgen]
pub fn reply(id: &str, status: u32, seal: &str, retry_after: u32) {
    if let Some(app) = app() {
        app.reply(id, status, seal, retry_after);
    }
}

/// The stored decision as JSON, or empty.
#[wasm_bindgen]
pub fn decision() -> String {
    app().map(App::decision).unwrap_or_default()
}

fn app() -> Option<&'static App> {
    // Copied out: the page's own code may call back in.
    APP.with(|cell| cell.get().copied())
}
