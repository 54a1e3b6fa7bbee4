//! The page as the engine sees it: the functions of `../js/page.js`. Only words and numbers cross over.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/page.js")]
extern "C" {
    /// Takes the compiled policy, `window.__avow` and the configuration, and listens.
    pub fn open(compiled: &JsValue, page: &JsValue, config: &JsValue);
    /// Adds the style sheet; `root` are the declarations of the look.
    pub fn style(css: &str, root: &str);
    /// What the engine must know, for `policy::read`.
    pub fn read() -> String;
    /// Hosts that the policy in force lets through, and, on a second line, origins that it blocked; both by
    /// commas. Empty if no policy is in force.
    pub fn enforced() -> String;
    /// The text that confirms an answer which had the page loaded anew, or nothing.
    pub fn said() -> String;
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
    /// The value of our cookie; empty if there is none, or two that differ.
    pub fn ours() -> String;
    /// Sets our cookie for so many seconds; true if it can be read back.
    pub fn bake(value: &str, seconds: f64) -> bool;
    /// Puts a decision on its way to the server. `cookie` is its
    /// value, not yet sealed; `reject` the button as in the record.
    pub fn send(cookie: &str, surface: &str, control: &str, input: &str, reject: &[u16]);
    /// Sends what is due, and sets the clock for what is not.
    pub fn flush();
    /// The id of the record that the visitor can name now; empty if there is none.
    pub fn live() -> String;
    /// Forgets the record of a grant that no longer lives.
    pub fn forget();
    /// Makes the page fit what is allowed; `states` are consent-mode words, or nothing to tell. Nothing starts on
    /// a page that is `leaving`.
    pub fn settle(allowed: &str, states: &str, leaving: bool);
    /// The purposes that tags which have not started are marked with.
    pub fn marked() -> String;
    /// Starts marked tags of these purposes.
    pub fn revive(allowed: &str);
    /// Loads the page anew, where `said` names the text that confirms.
    pub fn reload(said: &str);
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
