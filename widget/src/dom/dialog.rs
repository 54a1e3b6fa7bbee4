//! The preferences: a modal dialog with one switch per optional purpose, all off unless allowed before.

use super::banner::{Words, body};
use super::js::{Node, by_id, create, each, flag, get, set, set_text, text};
use super::{add, button, link};
use avow_shared::policy::Policy;
use wasm_bindgen::JsValue;

const ID: &str = "avow-dialog";
/// What a switch's id starts with; the purpose follows.
const SWITCH: &str = "avow-p-";

/// What the dialog says beside the policy.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// For each purpose, whether its switch is on.
    pub on: &'a [bool],
    /// Whether there is a grant to take back.
    pub grants: bool,
    /// The reference code of the live grant's record, or empty.
    pub reference: &'a str,
    /// Whether the browser sends Global Privacy Control.
    pub gpc: bool,
}

/// Opens the dialog; nothing happens if it is open.
pub fn open(words: &Words, policy: &Policy, standing: Standing<'_>) {
    if by_id(ID).is_some() {
        return;
    }
    let dialog = create("dialog");
    words.dress(&dialog, ID, "avow-dialog");
    dialog.set_attribute("aria-labelledby", "avow-dialog-title");
    dialog.set_attribute("data-nosnippet", "");
    let frame = add(&dialog, "div", "avow-frame", "");
    let head = add(&frame, "div", "avow-head", "");
    set_text(&add(&head, "h2", "avow-title", &words.say("dialog_title")), "id", "avow-dialog-title");
    button(&head, "avow-close", "avow-button avow-quiet", &words.say("close"));
    let main = add(&frame, "div", "avow-main", "");
    let intro = add(&main, "p", "avow-text", &words.say("dialog_body"));
    add(&intro, "span", "", " ");
    words.links(&intro);
    if standing.gpc {
        add(&main, "p", "avow-note", &words.say("gpc_note"));
    }
    for (at, purpose) in each(&get(&words.compiled, "purposes")).enumerate() {
        let optional = policy.purposes().get(at).is_some_and(|purpose| purpose.category.optional().is_some());
        show_purpose(&main, words, &purpose, optional.then(|| standing.on.get(at) == Some(&true)));
    }
    if !standing.reference.is_empty() {
        let line = add(&main, "p", "avow-line", &words.say("reference_label"));
        add(&line, "span", "", " ");
        set_text(&add(&line, "code", "avow-code", standing.reference), "id", "avow-reference");
        add(&main, "p", "avow-line", &words.say("reference_note"));
    }
    if standing.grants {
        button(&main, "avow-withdraw", "avow-button avow-quiet", &words.say("withdraw"));
    }
    let foot = add(&frame, "div", "avow-actions avow-foot", "");
    button(&foot, "avow-dialog-accept", "avow-button", &words.say("accept"));
    button(&foot, "avow-dialog-reject", "avow-button", &words.say("reject"));
    button(&foot, "avow-save", "avow-button", &words.say("save"));
    body().append(&dialog);
    dialog.show_modal();
}

/// Closes the dialog and takes it off the page; the browser gives the focus back to where it was.
pub fn close() {
    if let Some(dialog) = by_id(ID) {
        dialog.close();
        dialog.remove();
    }
}

/// True while the dialog is open.
pub fn is_open() -> bool {
    by_id(ID).is_some()
}

/// What the switches of the optional purposes say, in the policy's order.
pub fn choices(policy: &Policy) -> Vec<bool> {
    policy
        .optional()
        .map(|optional| {
            let id = [SWITCH, optional.purpose.id.as_str()].concat();
            by_id(&id).is_some_and(|switch| flag(&switch, "checked"))
        })
        .collect()
}

/// `on` is the switch's state, or `None` for a necessary purpose, which has none.
fn show_purpose(parent: &Node, words: &Words, purpose: &JsValue, on: Option<bool>) {
    let section = add(parent, "section", "avow-purpose", "");
    let row = add(&section, "div", "avow-row", "");
    let name = add(&row, "h3", "avow-name", "");
    let id = [SWITCH, &text(purpose, "id")].concat();
    let described = [&id, "-d"].concat();
    if let Some(on) = on {
        set_text(&add(&name, "label", "", &text(purpose, "name")), "htmlFor", &id);
        let state = add(&row, "span", "avow-switch", "");
        let switch = add(&state, "input", "", "");
        set_text(&switch, "type", "checkbox");
        set_text(&switch, "id", &id);
        switch.set_attribute("role", "switch");
        switch.set_attribute("aria-describedby", &described);
        set(&switch, "checked", &JsValue::from_bool(on));
        for (class, key) in [("avow-if-on", "on"), ("avow-if-off", "off")] {
            add(&state, "span", class, &words.say(key)).set_attribute("aria-hidden", "true");
        }
    } else {
        set_text(&name, "textContent", &text(purpose, "name"));
        add(&row, "span", "avow-always", &words.say("always_on"));
    }
    set_text(&add(&section, "p", "avow-text", &text(purpose, "description")), "id", &described);
    let services = get(purpose, "services");
    if each(&services).next().is_none() {
        return;
    }
    let details = add(&section, "details", "avow-details", "");
    add(&details, "summary", "", &words.say("items_caption"));
    for service in each(&services) {
        show_service(&details, words, &service);
    }
}

fn show_service(parent: &Node, words: &Words, service: &JsValue) {
    let part = add(parent, "div", "avow-service", "");
    add(&part, "h4", "", &text(service, "name"));
    let by = [words.say("service_by"), text(service, "provider"), text(service, "country")].join(" · ");
    let by = add(&part, "p", "avow-line", &by);
    link(&by, &text(service, "privacy_url"), &words.say("privacy_link"));
    for item in each(&get(service, "items")) {
        let list = add(&part, "dl", "avow-item", "");
        let row = |key: &str, value: &str| {
            if !value.is_empty() {
                add(&list, "dt", "", &words.say(key));
                add(&list, "dd", "", value);
            }
        };
        let name = text(&item, "name") + if flag(&item, "prefix") { "*" } else { "" };
        row("item_name", &name);
        row("item_kind", kind(&text(&item, "kind")));
        row("item_duration", &text(&item, "duration"));
        row("item_third_parties", &super::js::texts(&get(&item, "third_parties")).join(", "));
        row("item_description", &text(&item, "description"));
    }
}

/// The technical name of a kind, which is the same in every language.
fn kind(kind: &str) -> &'static str {
    match kind {
        "cookie" => "cookie",
        "local" => "localStorage",
        "session" => "sessionStorage",
        "indexeddb" => "IndexedDB",
        "cache" => "Cache Storage",
        "pixel" => "pixel",
        _ => "",
    }
}
