//! The widget: the decision engine and the banner in the browser.
//!
//! `guard.js` has denied everything optional before this loads, and `boot.js` starts it with [`start`].
//! If anything here fails, everything optional stays denied and the page works.
//! What this is *not*: it does not decide what consent means (`shared`), nor talk to third parties.
//!
//! Read in this order: [`machine`] (what an act means), [`gate`] (what follows on the page), [`outbox`] (when it is
//! sent again), [`policy`] and [`look`], all pure and tested natively; then [`view`] (what
//! visitors see) and [`app`], which connects them through [`page`] with the page itself.

pub mod app;
pub mod gate;
pub mod look;
pub mod machine;
pub mod outbox;
pub mod page;
pub mod policy;
pub mod view;

use app::App;
use avow_shared::act::Input;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

/// Small beats fast here: the page makes a few thousand short allocations in its life.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

thread_local! {
    /// The one widget of the page. It lives as long as the page does.
    static APP: Cell<Option<&'static App>> = const { Cell::new(None) };
}

/// Starts the widget with the compiled policy, `window.__avow` and the site's configuration. False if the
/// policy does not read as one.
#[wasm_bindgen]
pub fn start(compiled: &JsValue, guard: &JsValue, config: &JsValue) -> bool {
    page::open(compiled, guard, config);
    let facts: &'static str = Box::leak(page::read().into_boxed_str());
    let Some(facts) = policy::read(facts) else { return false };
    let app: &'static App = Box::leak(Box::new(App::new(facts)));
    APP.set(Some(app));
    app.start();
    true
}

/// Hears an event of the page; `input` is the word of [`Input`].
#[wasm_bindgen]
pub fn hear(event: &str, id: &str, input: &str) {
    if let Some(app) = app() {
        app.hear(event, id, Input::parse(input).unwrap_or(Input::Script));
    }
}

/// How long a decision waits before it is sent again; see [`outbox::wait_ms`].
#[wasm_bindgen]
pub fn wait(status: u32, retry_after: u32, tries: u32) -> u32 {
    outbox::wait_ms(status, retry_after, tries)
}

/// The decision in force in the form of the cookie, or empty.
#[wasm_bindgen]
pub fn decision() -> String {
    app().map(App::decision).unwrap_or_default()
}

fn app() -> Option<&'static App> {
    APP.get()
}
