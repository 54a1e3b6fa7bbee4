//! Starts marked tags, in document order, one blocking script after the other as the parser would have.
//!
//! `<script type="text/plain" data-avow="PURPOSE">` with `src` or `data-src`, `<iframe>` and `<img>` with
//! `data-src`. A tag of several purposes (separated by spaces) waits for all of them.

use super::js::{Node, all, create, each, get, set, set_text, text};
use avow_shared::policy::Policy;
use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};

const MARKED: &str =
    "script[type='text/plain'][data-avow],iframe[data-avow][data-src],img[data-avow][data-src]";

/// For each purpose, whether the page has a tag marked with it that has not started.
pub fn marked(policy: &Policy) -> Vec<bool> {
    let all = all(MARKED);
    let marks: Vec<String> = each(&all).filter_map(|tag| mark(&tag)).collect();
    let names = |purpose: &str| marks.iter().any(|mark| mark.split_whitespace().any(|name| name == purpose));
    policy.purposes().iter().map(|purpose| names(purpose.id.as_str())).collect()
}

/// Starts what may run, until a script has to load first: then it answers true, and `next` hears of that
/// script's `load` or `error`.
pub fn run(policy: &Policy, allowed: &[bool], next: &Function) -> bool {
    let may = |name: &str| {
        policy
            .purposes()
            .iter()
            .zip(allowed)
            .any(|(purpose, allowed)| *allowed && purpose.id.as_str() == name)
    };
    for tag in each(&all(MARKED)) {
        let Some(mark) = mark(&tag) else { continue };
        let mut names = mark.split_whitespace().peekable();
        if names.peek().is_none() || !names.all(may) {
            continue;
        }
        let tag: Node = tag.unchecked_into();
        if text(&tag, "localName") != "script" {
            if let Some(src) = tag.attribute("data-src") {
                tag.remove_attribute("data-src");
                tag.set_attribute("src", &src);
            }
        } else if revive(&tag, next) {
            return true;
        }
    }
    false
}

fn mark(tag: &JsValue) -> Option<String> {
    tag.unchecked_ref::<Node>().attribute("data-avow")
}

/// Puts a live copy in the place of a marked script; true if those behind it must wait for it.
fn revive(tag: &Node, next: &Function) -> bool {
    let live = create("script");
    for attribute in each(&get(tag, "attributes")) {
        let (name, value) = (text(&attribute, "name"), text(&attribute, "value"));
        match name.as_str() {
            "type" | "data-avow" => {}
            "data-src" => live.set_attribute("src", &value),
            "data-type" => live.set_attribute("type", &value),
            _ => live.set_attribute(&name, &value),
        }
    }
    // Browsers hide the attribute, not the property.
    set(&live, "nonce", &get(tag, "nonce"));
    set_text(&live, "text", &text(tag, "textContent"));
    let waits = live.attribute("src").is_some()
        && live.attribute("async").is_none()
        && live.attribute("type").as_deref() != Some("module");
    if waits {
        set(&live, "async", &JsValue::FALSE);
        live.listen("load", next, false);
        live.listen("error", next, false);
    }
    tag.replace_with(&live);
    waits
}
