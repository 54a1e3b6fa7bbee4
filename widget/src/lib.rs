//! The widget: the decision engine and the banner in the browser.
//!
//! `guard.js` has denied everything optional before this loads, and `boot.js` starts it with [`start`].
//! If anything here fails, everything optional stays denied and the page works.
//! What this is *not*: it does not decide what consent means (`shared`), nor talk to third parties.
//!
//! Read in this order: [`machine`] (what an act means), [`gate`] (what follows on the page), [`outbox`] (how the
//! record gets to the server), all pure and tested natively; then [`app`], which connects them to [`dom`]
//! and [`net`].

pub mod app;
pub mod dom;
pub mod gate;
pub mod look;
pub mod machine;
pub mod net;
pub mod outbox;
pub mod policy;

use app::App;
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

/// Starts the widget with the compiled policy, `window.__avow` and the site's configuration. Throws if the
/// policy does not read as one.
#[wasm_bindgen]
pub fn start(compiled: JsValue, page: dom::js::Page, config: JsValue) -> Result<(), JsValue> {
    let hear = Closure::<dyn FnMut(JsValue)>::new(|event: JsValue| {
        with(|app| app.hear(&event));
    })
    .into_js_value();
    let app = App::new(compiled, page, config, hear).ok_or(JsValue::from_str("policy"))?;
    APP.with(|cell| cell.get_or_init(|| Box::leak(Box::new(app))).start());
    Ok(())
}

/// A call of `window.avow` by name: `acceptAll`, `rejectAll`, `withdraw`, `open`.
#[wasm_bindgen]
pub fn call(name: &str) {
    with(|app| app.call(name));
}

/// The stored decision as JSON, or empty.
#[wasm_bindgen]
pub fn decision() -> String {
    let mut decision = String::new();
    with(|app| decision = app.decision());
    decision
}

fn with(use_app: impl FnOnce(&'static App)) {
    // Copied out first: the page's own code may call back in.
    if let Some(app) = APP.with(|cell| cell.get().copied()) {
        use_app(app);
    }
}
