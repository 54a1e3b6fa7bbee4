//! The page as the engine sees it: the functions of `../js/page.js`. Only words and numbers cross over.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/page.js")]
extern "C" {
    /// Takes the compiled policy, `window.__avow` and the configuration, and listens.
    pub fn open(compiled: &JsValue, page: &JsValue, config: &JsValue);
    /// Adds the style sheet; `root` are the declarations of the look.
    pub fn style(css: &str, root: &str);
    /// A fact by its path: `policy.…`, `guard.…`, `config.…`, `window.…`, `said`. Empty if there is none.
    pub fn fact(path: &str) -> String;
    /// So many random bytes.
    pub fn random(count: u32) -> Vec<u8>;
    /// The reject button in view: width, height, 1 if visible, ink and ground as 0xRRGGBB or -1; or nothing.
    pub fn measure() -> Vec<i32>;
    /// Draws a template into the element of that id; `^` is the start of the body, nothing its end.
    pub fn draw(into: &str, template: &str, flags: &str, code: &str);
    /// Takes an element off the page; true if the focus was in it.
    pub fn remove(id: &str) -> bool;
    /// Is there such an element?
    pub fn has(id: &str) -> bool;
    /// Opens a dialog above everything.
    pub fn modal(id: &str);
    /// Gives an element the focus.
    pub fn focus(id: &str);
    /// Hides an element or shows it again.
    pub fn hide(id: &str, hidden: bool);
    /// The purposes whose switches are on.
    pub fn switches() -> String;
    /// `document.cookie`.
    pub fn cookies() -> String;
    /// Sets our cookie for so many seconds; true if it can be read back.
    pub fn bake(value: &str, seconds: f64) -> bool;
    /// Reads local storage; empty if there is nothing.
    pub fn kept(key: &str) -> String;
    /// Writes local storage; an empty value removes the key.
    pub fn keep(key: &str, value: &str);
    /// Makes the page fit what is allowed; `states` are consent-mode words, or nothing to tell. Nothing starts on
    /// a page that is `leaving`.
    pub fn settle(allowed: &str, states: &str, leaving: bool);
    /// The purposes that tags which have not started are marked with.
    pub fn marked() -> String;
    /// Starts marked tags of these purposes.
    pub fn revive(allowed: &str);
    /// Lets the engine hear the clock after so many milliseconds.
    pub fn wake(ms: f64);
    /// Loads the page anew, where `said` names the text that confirms.
    pub fn reload(said: &str);
    /// Posts a body; then the engine's `reply` is called.
    pub fn post(url: &str, id: &str, body: &str);
    /// Tells the page of a decision, and other tabs if it was made here.
    pub fn emit(decision: &str, here: bool);
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// The moment, by the browser's clock.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds of any real clock fit")]
pub fn moment() -> avow_shared::id::Millis {
    avow_shared::id::Millis(date_now() as i64)
}
