//! The first layer, the control that opens the choices again, and the confirmation.
//!
//! In the light DOM under fixed ids, so that programs that refuse for a visitor can find the controls.

use super::js::{Node, by_id, document, get, set, set_text, text, window};
use super::{add, button, link};
use avow_shared::engine::{Ask, Reason};
use wasm_bindgen::{JsCast, JsValue};

/// What a surface needs to know of the policy's words and look.
#[derive(Debug)]
pub struct Words {
    /// The compiled policy.
    pub compiled: JsValue,
    /// Its `texts`.
    pub texts: JsValue,
    /// Inline style with the look's variables.
    pub style: String,
    /// Class that fixes light or dark, if the look does.
    pub scheme: String,
}

impl Words {
    /// The text of a key, in the policy's language.
    pub fn say(&self, key: &str) -> String {
        text(&self.texts, key)
    }

    /// Marks an element as one of ours: language, direction, colours.
    pub fn dress(&self, node: &Node, id: &str, class: &str) {
        set_text(node, "id", id);
        set_text(node, "className", &["avow ", &self.scheme, class].concat());
        set_text(node, "lang", &text(&self.compiled, "lang"));
        set_text(node, "dir", &text(&self.compiled, "dir"));
        set_text(&get(node, "style"), "cssText", &self.style);
    }

    /// The links to the site's notices.
    pub fn links(&self, parent: &Node) {
        let links = get(&self.compiled, "links");
        link(parent, &text(&links, "cookies"), &self.say("cookies_link"));
    }
}

/// The body of the page.
pub fn body() -> Node {
    get(&document(), "body").unchecked_into()
}

/// Shows the first layer, at the start of the body so that it comes first for keyboards and readers.
pub fn show(words: &Words, ask: Ask, gpc: bool) {
    if by_id("avow-banner").is_some() {
        return;
    }
    let banner = super::js::create("section");
    words.dress(&banner, "avow-banner", "avow-banner");
    banner.set_attribute("role", "region");
    banner.set_attribute("aria-labelledby", "avow-title");
    banner.set_attribute("data-nosnippet", "");
    let words_part = add(&banner, "div", "avow-words", "");
    set_text(&add(&words_part, "h2", "avow-title", &words.say("banner_title")), "id", "avow-title");
    let text = add(&words_part, "p", "avow-text", &words.say("banner_body"));
    add(&text, "span", "", " ");
    words.links(&text);
    if ask == Ask::Choice(Reason::Changed) {
        add(&words_part, "p", "avow-note", &words.say("changed_note"));
    }
    if gpc {
        add(&words_part, "p", "avow-note", &words.say("gpc_note"));
    }
    let actions = add(&banner, "div", "avow-actions", "");
    let accept = if ask == Ask::Notice { "notice_ok" } else { "accept" };
    button(&actions, "avow-accept", "avow-button", &words.say(accept));
    button(&actions, "avow-reject", "avow-button", &words.say("reject"));
    button(&actions, "avow-choose", "avow-button", &words.say("choose"));
    body().prepend(&banner);
    reserve(super::js::number(&banner.rect(), "height"));
}

/// Takes the first layer away; true if the focus was in it.
pub fn hide() -> bool {
    let Some(banner) = by_id("avow-banner") else { return false };
    let focused = banner.contains(&get(&document(), "activeElement"));
    banner.remove();
    reserve(0.0);
    focused
}

/// Room under the page, so that nothing that gets the focus stays hidden behind the banner
/// (WCAG 2.2, 2.4.11). Nothing that is in view moves.
fn reserve(height: f64) {
    let style = get(&get(&document(), "documentElement"), "style");
    let value = if height > 0.0 {
        let mut value = avow_shared::json::Writer::new();
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        value.int(height as i64 + 24);
        value.finish() + "px"
    } else {
        String::new()
    };
    set_text(&style, "scrollPaddingBottom", &value);
    set_text(&style, "paddingBottom", &value);
}

/// Puts the reopen control and the place for confirmations on the page.
pub fn furnish(words: &Words) {
    let corner = super::js::create("div");
    words.dress(&corner, "avow-corner", "avow-corner");
    corner.set_attribute("role", "region");
    corner.set_attribute("aria-label", &words.say("banner_label"));
    corner.set_attribute("data-nosnippet", "");
    let toast = add(&corner, "div", "avow-toast", "");
    set_text(&toast, "id", "avow-toast");
    let status = add(&toast, "div", "avow-status", "");
    set_text(&status, "id", "avow-status");
    status.set_attribute("role", "status");
    button(&corner, "avow-reopen", "avow-reopen", &words.say("reopen"));
    body().append(&corner);
}

/// Says what was decided, with the reference code, until the visitor puts it away.
pub fn confirm(words: &Words, said: &str, reference: &str, take_focus: bool) {
    let (Some(toast), Some(status)) = (by_id("avow-toast"), by_id("avow-status")) else { return };
    set_text(&status, "textContent", "");
    add(&status, "p", "avow-said", &words.say(said));
    if !reference.is_empty() {
        let line = add(&status, "p", "avow-line", &words.say("reference_label"));
        add(&line, "span", "", " ");
        set_text(&add(&line, "code", "avow-code", reference), "id", "avow-reference");
    }
    set_text(&toast, "className", "avow-toast avow-shown");
    let close = by_id("avow-hide")
        .unwrap_or_else(|| button(&toast, "avow-hide", "avow-button avow-quiet", &words.say("close")));
    if take_focus {
        close.focus();
    }
}

/// Puts the confirmation away.
pub fn hush() {
    if let (Some(toast), Some(status), Some(close)) =
        (by_id("avow-toast"), by_id("avow-status"), by_id("avow-hide"))
    {
        set_text(&status, "textContent", "");
        set_text(&toast, "className", "avow-toast");
        close.remove();
        if let Some(reopen) = by_id("avow-reopen") {
            reopen.focus();
        }
    }
}

/// Keeps the reopen control out of the way while the first layer is there.
pub fn show_reopen(shown: bool) {
    if let Some(reopen) = by_id("avow-reopen") {
        set(&reopen, "hidden", &JsValue::from_bool(!shown));
    }
}

/// The width of the page, CSS pixels.
pub fn width() -> u32 {
    super::js::whole(&window(), "innerWidth")
}
