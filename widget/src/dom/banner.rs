//! The first layer, the control that opens the choices again, and the confirmation.
//!
//! In the light DOM under fixed ids, so that programs that refuse for a visitor can find the controls.
//! Accept, reject and choose have one class and one size: none is the easier one.

use super::js::{Node, by_id, document, get, number, set, set_text};
use super::{Words, body, decimal, draw};
use avow_shared::engine::{Ask, Reason};
use wasm_bindgen::JsValue;

const BANNER: &str = "\
0section #avow-banner .avow-banner @role=region @aria-labelledby=avow-title @data-nosnippet=
1div #avow-words .avow-words
2h2 #avow-title .avow-title =banner_title
2p .avow-text =banner_body
3a .avow-link =cookies_link ^cookies
1div .avow-actions
2button #avow-accept .avow-button @type=button =accept
2button #avow-reject .avow-button @type=button =reject
2button #avow-choose .avow-button @type=button =choose";

const CORNER: &str = "\
0div #avow-corner .avow-corner @role=region @aria-label:label @data-nosnippet=
1div #avow-toast .avow-toast
2div #avow-status @role=status
1button #avow-reopen .avow-reopen @type=button =reopen";

const HIDE: &str = "0button #avow-hide .avow-button .avow-quiet @type=button =close";

const REFERENCE: &str = "\
0p .avow-line =reference_label
1code #avow-reference .avow-code :code";

/// Shows the first layer, at the start of the body so that it comes first for keyboards and readers.
pub fn show(words: &Words, ask: Ask, gpc: bool) {
    if by_id("avow-banner").is_some() {
        return;
    }
    draw(&body(), words, &get(&words.compiled, "links"), BANNER);
    let Some(banner) = by_id("avow-banner") else { return };
    if let Some(parent) = by_id("avow-words") {
        if ask == Ask::Choice(Reason::Changed) {
            draw(&parent, words, &JsValue::NULL, "0p .avow-note =changed_note");
        }
        if gpc {
            draw(&parent, words, &JsValue::NULL, "0p .avow-note =gpc_note");
        }
    }
    if ask == Ask::Notice {
        if let Some(accept) = by_id("avow-accept") {
            set(&accept, "textContent", &get(&words.texts, "notice_ok"));
        }
    }
    body().prepend(&banner);
    reserve(number(&banner.rect(), "height"));
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
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn reserve(height: f64) {
    let style = get(&get(&document(), "documentElement"), "style");
    let value = if height > 0.0 { decimal(height as i64 + 24) + "px" } else { String::new() };
    set_text(&style, "scrollPaddingBottom", &value);
    set_text(&style, "paddingBottom", &value);
}

/// Puts the reopen control and the place for confirmations on the page.
pub fn furnish(words: &Words) {
    let data = super::js::object();
    set(&data, "label", &get(&words.texts, "banner_label"));
    draw(&body(), words, &data, CORNER);
}

/// Says what was decided, with the reference code, until the visitor puts it away.
pub fn confirm(words: &Words, said: &str, reference: &str, take_focus: bool) {
    let (Some(toast), Some(status)) = (by_id("avow-toast"), by_id("avow-status")) else { return };
    set_text(&status, "textContent", "");
    let data = super::js::object();
    set_text(&data, "code", reference);
    set(&draw(&status, words, &data, "0p .avow-said"), "textContent", &get(&words.texts, said));
    refer(&status, words, reference);
    toast.set_attribute("class", "avow-toast avow-shown");
    let close = by_id("avow-hide").unwrap_or_else(|| draw(&toast, words, &data, HIDE));
    if take_focus {
        close.focus();
    }
}

/// Shows a reference code, if there is one.
pub fn refer(parent: &Node, words: &Words, reference: &str) {
    if !reference.is_empty() {
        let data = super::js::object();
        set_text(&data, "code", reference);
        draw(parent, words, &data, REFERENCE);
    }
}

/// Puts the confirmation away.
pub fn hush() {
    let (Some(toast), Some(status)) = (by_id("avow-toast"), by_id("avow-status")) else { return };
    set_text(&status, "textContent", "");
    toast.set_attribute("class", "avow-toast");
    if let Some(close) = by_id("avow-hide") {
        close.remove();
    }
    if let Some(reopen) = by_id("avow-reopen") {
        reopen.focus();
    }
}

/// Keeps the reopen control out of the way while the first layer is there.
pub fn show_reopen(shown: bool) {
    if let Some(reopen) = by_id("avow-reopen") {
        set(&reopen, "hidden", &JsValue::from_bool(!shown));
    }
}
