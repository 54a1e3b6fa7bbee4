//! The way to the server: makes the body of a decision, keeps it until the server has it, books the answer.
//!
//! Everything local has already happened when this runs; nothing waits for it.

use crate::app::App;
use crate::dom::concat;
use crate::dom::js::{get, moment, random, text, whole, window};
use crate::look;
use crate::machine::{Answer, How};
use crate::outbox::{Entry, Link, Outbox, Reply};
use avow_shared::act::Form;
use avow_shared::cookie::{encode, find_in, parse, unsealed_value};
use avow_shared::id::{Millis, RecordId};
use avow_shared::submission::{PolicyRef, Previous, Submission, Ui};
use wasm_bindgen::JsValue;

/// Local storage: decisions that wait.
const OUTBOX: &str = "avow_outbox";
/// Local storage: the record of the live grant.
const GRANT: &str = "avow_grant";

fn grant(app: &App) -> Option<Link> {
    Link::parse(&app.page.kept(GRANT))
}

/// The record that the visitor can name now: the one that waits, or the live grant's.
pub fn live(app: &App) -> Option<Link> {
    Outbox::parse(&app.page.kept(OUTBOX)).last().cloned().or_else(|| grant(app))
}

/// Puts an answer on its way, and returns its record's id.
pub fn send(app: &App, answer: &Answer, how: &How) -> RecordId {
    let now = moment();
    let bytes = random_bytes();
    let mut tail = [0; 10];
    tail.copy_from_slice(&bytes[..10]);
    let id = RecordId::from_parts(now, tail);
    let mut outbox = Outbox::parse(&app.page.kept(OUTBOX));
    let former = live(app);
    let link = Link {
        id: id.to_text(),
        secret: base64url(&bytes[10..]),
        chain: former.as_ref().map_or(0, |former| former.chain + 1),
    };
    let grants = answer.decision.grants_any();
    app.page.keep(GRANT, &if grants { link.to_text() } else { String::new() });
    let body = submission(app, answer, how, &link, former, now).to_json();
    outbox.push(Entry { link, tries: 0, due: now, cookie: unsealed_value(&answer.decision), body });
    app.page.keep(OUTBOX, &outbox.to_text());
    flush(app);
    id
}

/// Sends what is due, and sets the clock for what is not.
pub fn flush(app: &App) {
    let mut outbox = Outbox::parse(&app.page.kept(OUTBOX));
    let due = outbox.take_due(moment());
    app.page.keep(OUTBOX, &outbox.to_text());
    let url = concat(&[&text(&app.config, "base"), "/v1/consents"]);
    for entry in due {
        app.page.post(&url, &entry.link.id, &entry.body);
    }
    if let Some(wait) = outbox.next_in(moment()) {
        #[expect(clippy::cast_precision_loss, reason = "at most a day")]
        app.page.wake((wait + 500) as f64);
    }
}

/// Makes everything due again: the page goes, and with it the answers to what was sent.
pub fn release(app: &App) {
    let mut outbox = Outbox::parse(&app.page.kept(OUTBOX));
    outbox.release(moment());
    app.page.keep(OUTBOX, &outbox.to_text());
}

/// Books an answer that came, or that none came, and takes over the seal.
pub fn book(app: &App, reply: &JsValue) {
    let mut outbox = Outbox::parse(&app.page.kept(OUTBOX));
    let id = text(reply, "id");
    let retry = whole(reply, "retry");
    let status = u16::try_from(whole(reply, "status")).unwrap_or_default();
    let outcome = Reply::of(status, (retry > 0).then_some(retry));
    if let (Reply::Kept, Some(entry)) = (outcome, outbox.find(&id)) {
        seal(app, &entry.cookie, &text(reply, "seal"));
    }
    // A grant that the server will never take has no record: nothing is left to tie a withdrawal to.
    if outcome == Reply::Never && grant(app).is_some_and(|grant| grant.id == id) {
        app.page.keep(GRANT, "");
    }
    outbox.settle(&id, outcome, moment());
    app.page.keep(OUTBOX, &outbox.to_text());
    flush(app);
}

/// Forgets the record of a grant that no longer lives.
pub fn forget_grant(app: &App) {
    app.page.keep(GRANT, "");
}

/// Writes the seal behind the cookie's value, if that is still the value it belongs to.
fn seal(app: &App, unsealed: &str, seal: &str) {
    let cookies = app.cookies();
    let Some(stored) = find_in(&cookies).and_then(parse) else { return };
    if unsealed_value(&stored.decision) == unsealed {
        let value = encode(&stored.decision, Some(seal));
        // Only what would be read back: a seal of another form would make the cookie unreadable.
        if parse(&value).is_some() {
            app.keep(&value, stored.decision.expires);
        }
    }
}

fn submission(
    app: &App,
    answer: &Answer,
    how: &How,
    link: &Link,
    former: Option<Link>,
    now: Millis,
) -> Submission {
    let policy = &app.policy;
    let assets = get(&app.config, "assets");
    // The guard that really ran, which a pasted snippet may have frozen.
    let guard_assets = get(&get(&app.page, "config"), "assets");
    let form = Form::parse(&text(&get(&app.page, "config"), "form")).unwrap_or(Form::External);
    Submission {
        id: link.id.clone(),
        secret: link.secret.clone(),
        site: policy.site.as_str().to_owned(),
        policy: PolicyRef { version: policy.version, sha256: policy.hash.clone() },
        choices: answer
            .decision
            .choices
            .iter()
            .map(|choice| (choice.purpose.as_str().to_owned(), choice.granted))
            .collect(),
        decided_at: now.0,
        locale: text(&app.words.compiled, "lang"),
        regime: policy.regime.id.clone(),
        surface: how.surface,
        control: answer.control,
        input: how.input,
        signals: app.machine.borrow().signals.into(),
        ui: Ui {
            widget: build_of(&text(&assets, "wasm")),
            guard: text(&guard_assets, "guard"),
            form,
            theme: text(&get(&app.words.compiled, "look"), "theme"),
            viewport: look::viewport(whole(&window(), "innerWidth")),
            reject: how.reject,
        },
        chain: link.chain,
        previous: former.map(|former| Previous { id: former.id, secret: former.secret }),
    }
}

/// The 16 hexadecimal characters in `avow-<16 hex>.wasm`.
fn build_of(file: &str) -> String {
    file.get(5..21).unwrap_or_default().to_owned()
}

fn random_bytes() -> [u8; 26] {
    let mut bytes = [0; 26];
    random(&mut bytes);
    bytes
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            text.push(DIGITS[(word >> (18 - 6 * at)) as usize & 63] as char);
        }
    }
    text
}
