//! The page as the engine sees it: the functions of `../js/page.js`. Only words and numbers cross over.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/page.js")]
extern "C" {
    /// Hosts that the policy in force lets through, and, on a second line, origins that it blocked; both by
    /// commas. Empty if no policy is in force.
    pub fn enforced() -> String;
    /// The text that confirms an answer which had the page loaded anew, or nothing.
    pub fn said() -> String;
    /// The reject button in view: width, height, contrast times 100, 1 if visible, by spaces; or nothing.
    pub fn measure() -> String;
    /// Adds the style sheet, the reopen control and the place for confirmations.
    pub fn furnish();
    /// Shows the first layer. `why` is empty, `changed` or `notice`.
    pub fn ask(why: &str, gpc: bool);
    /// Takes both layers away; true if the focus was in the first.
    pub fn dismiss() -> bool;
    /// Opens the preferences as soon as they are here, or brings their way to refuse into view: without it a grant
    /// does not count. `grants`: something is granted.
    pub fn prefer(gpc: bool, grants: bool, code: &str);
    /// Closes the preferences.
    pub fn close();
    /// Says what was decided, with the reference code, until the visitor puts it away.
    pub fn confirm(said: &str, code: &str, take_focus: bool);
    /// Puts the confirmation away.
    pub fn hush();
    /// The purposes whose switches are on.
    pub fn switches() -> String;
    /// The value of our cookie; empty if there is none, and no answer that can be read if it is empty or two differ.
    pub fn ours() -> String;
    /// Sets our cookie; true if it can be read back.
    pub fn bake(value: &str) -> bool;
    /// Puts a decision on its way to the server, with the button that was measured last. `cookie` is its value, not
    /// yet sealed.
    pub fn send(cookie: &str, surface: &str, control: &str, input: &str);
    /// Sends what is due, and sets the clock for what is not.
    pub fn flush();
    /// The id of the record that the visitor can name now; empty if there is none.
    pub fn live() -> String;
    /// Forgets the record of a grant that no longer lives.
    pub fn forget();
    /// Makes the page fit what is allowed and tells it the decision in force, as in the cookie, or nothing; `states`
    /// are consent-mode words, or nothing to tell. Something starts only on a page that `stays`.
    pub fn settle(allowed: &str, states: &str, decision: &str, stays: bool);
    /// The purposes that tags which have not started are marked with.
    pub fn marked() -> String;
    /// Starts marked tags of these purposes.
    pub fn revive(allowed: &str);
    /// Loads the page anew, where `said` names the text that confirms.
    pub fn reload(said: &str);
    /// Tells the page of the decision that it was told last, and other tabs if it was made here.
    pub fn emit(here: bool);
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
