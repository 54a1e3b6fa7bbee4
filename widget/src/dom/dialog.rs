//! The preferences: a modal dialog with one switch per optional purpose, all off unless allowed before.

use super::banner::refer;
use super::js::{Node, by_id, each, flag, get, set, set_text, text, texts};
use super::{Words, body, concat, draw};
use avow_shared::policy::Policy;
use wasm_bindgen::JsValue;

const FRAME: &str = "\
0dialog #avow-dialog .avow-dialog @aria-labelledby=avow-dialog-title @data-nosnippet=
1div .avow-frame
2div .avow-head
3h2 #avow-dialog-title .avow-title =dialog_title
3button #avow-close .avow-button .avow-quiet @type=button =close
2div #avow-main .avow-main
3p .avow-text =dialog_body
4a .avow-link =cookies_link ^cookies
2div .avow-actions .avow-foot
3button #avow-dialog-accept .avow-button @type=button =accept
3button #avow-dialog-reject .avow-button @type=button =reject
3button #avow-save .avow-button @type=button =save";

const NECESSARY: &str = "\
0section .avow-purpose
1div .avow-row
2h3 .avow-name :name
2span .avow-always =always_on
1p .avow-text :description";

const OPTIONAL: &str = "\
0section .avow-purpose
1div .avow-row
2h3 .avow-name
3label @for:switch :name
2span .avow-switch
3input @type=checkbox @role=switch @id:switch @aria-describedby:about
3span .avow-if-on @aria-hidden=true =on
3span .avow-if-off @aria-hidden=true =off
1p .avow-text @id:about :description";

const DETAILS: &str = "\
0details .avow-details
1summary =items_caption";

const SERVICE: &str = "\
0div .avow-service
1h4 :name
1p .avow-line =service_by
2b :by
2a .avow-link =privacy_link ^privacy_url";

const ITEM: &str = "\
0dl .avow-item
1dt =item_name
1dd :label
1dt =item_kind
1dd :technical
1dt =item_duration ?duration
1dd :duration ?duration
1dt =item_third_parties ?parties
1dd :parties ?parties
1dt =item_description ?description
1dd :description ?description";

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
    if is_open() {
        return;
    }
    draw(&body(), words, &get(&words.compiled, "links"), FRAME);
    let (Some(dialog), Some(main)) = (by_id("avow-dialog"), by_id("avow-main")) else { return };
    let nothing = JsValue::NULL;
    if standing.gpc {
        draw(&main, words, &nothing, "0p .avow-note =gpc_note");
    }
    for (at, data) in each(&get(&words.compiled, "purposes")).enumerate() {
        let optional = policy.purposes().get(at).is_some_and(|purpose| purpose.category.optional().is_some());
        let id = switch_id(&text(&data, "id"));
        set_text(&data, "switch", &id);
        set_text(&data, "about", &concat(&[&id, "-d"]));
        let section = draw(&main, words, &data, if optional { OPTIONAL } else { NECESSARY });
        if let (Some(switch), Some(true)) = (by_id(&id), standing.on.get(at)) {
            set(&switch, "checked", &JsValue::TRUE);
        }
        show_services(&section, words, &data);
    }
    refer(&main, words, standing.reference);
    if !standing.reference.is_empty() {
        draw(&main, words, &nothing, "0p .avow-line =reference_note");
    }
    if standing.grants {
        draw(
            &main,
            words,
            &nothing,
            "0button #avow-withdraw .avow-button .avow-quiet @type=button =withdraw",
        );
    }
    dialog.show_modal();
}

/// Closes the dialog and takes it off the page; the browser gives the focus back to where it was.
pub fn close() {
    if let Some(dialog) = by_id("avow-dialog") {
        dialog.close();
        dialog.remove();
    }
}

/// True while the dialog is open.
pub fn is_open() -> bool {
    by_id("avow-dialog").is_some()
}

/// What the switches of the optional purposes say, in the policy's order.
pub fn choices(policy: &Policy) -> Vec<bool> {
    policy
        .optional()
        .map(|optional| {
            by_id(&switch_id(optional.purpose.id.as_str())).is_some_and(|switch| flag(&switch, "checked"))
        })
        .collect()
}

fn switch_id(purpose: &str) -> String {
    concat(&["avow-p-", purpose])
}

fn show_services(section: &Node, words: &Words, purpose: &JsValue) {
    let mut details = None;
    for service in each(&get(purpose, "services")) {
        let by = [text(&service, "provider"), text(&service, "country")];
        set_text(&service, "by", &concat(&[&by[0], " (", &by[1], ")"]));
        let details = details.get_or_insert_with(|| draw(section, words, purpose, DETAILS));
        let part = draw(details, words, &service, SERVICE);
        for item in each(&get(&service, "items")) {
            let end = if flag(&item, "prefix") { "*" } else { "" };
            set_text(&item, "label", &concat(&[&text(&item, "name"), end]));
            set_text(&item, "technical", kind(&text(&item, "kind")));
            let mut parties = String::new();
            for party in texts(&get(&item, "third_parties")) {
                parties = concat(&[&parties, if parties.is_empty() { "" } else { ", " }, &party]);
            }
            set_text(&item, "parties", &parties);
            draw(&part, words, &item, ITEM);
        }
    }
}

/// The technical name of a kind, which is the same in every language.
fn kind(kind: &str) -> &str {
    match kind {
        "local" => "localStorage",
        "session" => "sessionStorage",
        other => other,
    }
}
