//! The widget: the decision engine and the banner in the browser.
//!
//! `guard.js` has denied everything optional before this loads, and `boot.js` starts it with [`start`].
//! If anything here fails, everything optional stays denied and the page works.
//! What this is *not*: it does not decide what consent means (`shared`), nor talk to third parties.
//!
//! Read in this order: [`machine`] (what an act means), [`gate`] (what follows on the page), [`outbox`] (when it is
//! sent again), [`policy`] and [`look`], all pure and tested natively; then [`app`], which connects them through
//! [`page`] with the page itself. What visitors see is drawn by `../js/view.js` and `../js/preferences.js`.

pub mod app;
pub mod gate;
pub mod look;
pub mod machine;
pub mod outbox;
pub mod page;
pub mod policy;

use app::App;
use avow_shared::act::Input;
use avow_shared::fields::Fields;
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

/// Starts the widget with what the page says in `read` of `../js/page.js`. False if that does not read as a policy.
#[wasm_bindgen]
pub fn start(facts: String) -> bool {
    let Some(facts) = policy::read(Box::leak(facts.into_boxed_str())) else { return false };
    let app: &'static App = Box::leak(Box::new(App::new(facts)));
    APP.set(Some(app));
    app.start();
    true
}

/// Hears an event of the page: its name, the word of [`Input`], and the id of one of our elements or the name of a call,
/// by spaces. What the page can write comes last: it cannot speak for the input.
#[wasm_bindgen]
pub fn hear(event: &str) {
    let mut words = Fields::new(event, b' ');
    if let (Some(app), Some(event)) = (app(), words.next()) {
        let input = words.next().and_then(Input::parse).unwrap_or(Input::Script);
        app.hear(event, words.next().unwrap_or_default(), input);
    }
}

/// How long a decision waits before it is sent again; see [`outbox::wait_ms`].
#[wasm_bindgen]
pub fn wait(status: u32, retry_after: u32, tries: u32) -> u32 {
    outbox::wait_ms(status, retry_after, tries)
}

fn app() -> Option<&'static App> {
    APP.get()
}
