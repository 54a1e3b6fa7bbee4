//! The way to the server: makes the body of a decision, keeps it until the server has it, books the answer.
//!
//! Everything local has already happened when this runs; nothing waits for it.

use crate::app::App;
use crate::look;
use crate::machine::How;
use crate::outbox::{Entry, Link, Outbox, Reply};
use crate::page::{bake, cookies, fact, keep, kept, moment, post, random, wake};
use crate::policy::whole;
use avow_shared::act::{Control, Form};
use avow_shared::cookie::{encode, find_in, parse, unsealed_value};
use avow_shared::decision::Decision;
use avow_shared::id::{Millis, RecordId};
use avow_shared::reference;
use avow_shared::signals::Signals;
use avow_shared::submission::{PolicyRef, Previous, Submission, Ui};

/// Local storage: decisions that wait.
const OUTBOX: &str = "avow_outbox";
/// Local storage: the record of the live grant.
const GRANT: &str = "avow_grant";

/// The reference code of the record that the visitor can name now: the one that waits, or the live grant's.
pub fn code() -> String {
    let (waiting, grant) = (kept(OUTBOX), kept(GRANT));
    let link = Outbox::parse(&waiting).last().or_else(|| Link::parse(&grant));
    link.and_then(|link| RecordId::parse(link.id)).map(|id| reference::code(&id)).unwrap_or_default()
}

/// Keeps a decision in our cookie; true if it can be read back.
pub fn store(decision: &Decision, seal: Option<&str>) -> bool {
    let seconds = decision.expires.seconds() - moment().seconds();
    #[expect(clippy::cast_precision_loss, reason = "at most two years")]
    bake(&encode(decision, seal), seconds as f64)
}

/// Puts a decision on its way.
pub fn send(app: &App, decision: &Decision, control: Control, how: &How, signals: Signals) {
    let now = moment();
    let bytes = random(26);
    let (head, tail) = bytes.split_at(10);
    let id = RecordId::from_parts(now, head.try_into().unwrap_or_default()).to_text();
    let secret = base64url(tail);
    let (waiting, grant) = (kept(OUTBOX), kept(GRANT));
    let mut outbox = Outbox::parse(&waiting);
    let former = outbox.last().or_else(|| Link::parse(&grant));
    let link = Link { id: &id, secret: &secret, chain: former.map_or(0, |former| former.chain + 1) };
    let body = submission(app, decision, control, how, signals, link, former, now).to_json();
    let cookie = unsealed_value(decision);
    outbox.push(Entry { link, tries: 0, due: now.0, cookie: &cookie, body: &body });
    keep(OUTBOX, &outbox.to_text());
    keep(GRANT, &if decision.grants_any() { link.to_text() } else { String::new() });
    flush();
}

/// Sends what is due, and sets the clock for what is not.
pub fn flush() {
    let waiting = kept(OUTBOX);
    let mut outbox = Outbox::parse(&waiting);
    let due = outbox.take_due(moment());
    keep(OUTBOX, &outbox.to_text());
    let url = fact("config.base") + "/v1/consents";
    for (id, body) in due {
        post(&url, id, body);
    }
    if let Some(wait) = outbox.next_in(moment()) {
        #[expect(clippy::cast_precision_loss, reason = "at most a day")]
        wake((wait + 200) as f64);
    }
}

/// Makes everything due again: the page goes, and with it the answers to what was sent.
pub fn release() {
    let waiting = kept(OUTBOX);
    let mut outbox = Outbox::parse(&waiting);
    outbox.release(moment());
    keep(OUTBOX, &outbox.to_text());
}

/// Books an answer that came, or that none came, and takes over the seal.
pub fn book(id: &str, status: u32, seal: &str, retry_after: u32) {
    let waiting = kept(OUTBOX);
    let mut outbox = Outbox::parse(&waiting);
    let reply = Reply::of(status, retry_after);
    if reply == Reply::Kept {
        if let Some(cookie) = outbox.cookie_of(id) {
            put_seal(cookie, seal);
        }
    }
    // A grant that the server will never take has no record: nothing is left to tie a withdrawal to.
    if reply == Reply::Never && Link::parse(&kept(GRANT)).is_some_and(|grant| grant.id == id) {
        forget_grant();
    }
    outbox.settle(id, reply, moment());
    keep(OUTBOX, &outbox.to_text());
    flush();
}

/// Forgets the record of a grant that no longer lives.
pub fn forget_grant() {
    keep(GRANT, "");
}

/// Writes the seal behind the cookie's value, if that is still the value it belongs to.
fn put_seal(unsealed: &str, seal: &str) {
    let cookies = cookies();
    let Some(stored) = find_in(&cookies).and_then(parse) else { return };
    // A seal of another form would make the cookie unreadable.
    if unsealed_value(&stored.decision) == unsealed && avow_shared::id::is_base64url(seal, 22) {
        store(&stored.decision, Some(seal));
    }
}

#[expect(clippy::too_many_arguments, reason = "a submission has that many sources")]
fn submission(
    app: &App,
    decision: &Decision,
    control: Control,
    how: &How,
    signals: Signals,
    link: Link<'_>,
    former: Option<Link<'_>>,
    now: Millis,
) -> Submission {
    let mut choices = Vec::new();
    for choice in &decision.choices {
        choices.push((choice.purpose.as_str().to_owned(), choice.granted));
    }
    Submission {
        id: link.id.to_owned(),
        secret: link.secret.to_owned(),
        site: app.policy.site.as_str().to_owned(),
        policy: PolicyRef { version: app.policy.version, sha256: app.policy.hash.clone() },
        choices,
        decided_at: now.0,
        locale: fact("policy.lang"),
        regime: app.policy.regime.id.clone(),
        surface: how.surface,
        control,
        input: how.input,
        signals: signals.into(),
        ui: Ui {
            // The 16 hexadecimal characters in `avow-<16 hex>.wasm`.
            widget: fact("config.assets.wasm").get(5..21).unwrap_or_default().to_owned(),
            // The guard that really ran, which a pasted snippet may have frozen.
            guard: fact("guard.config.assets.guard"),
            form: Form::parse(&fact("guard.config.form")).unwrap_or(Form::External),
            theme: fact("policy.look.theme"),
            viewport: look::viewport(whole(&fact("window.innerWidth")).unwrap_or_default()),
            reject: how.reject,
        },
        chain: link.chain,
        previous: former
            .map(|former| Previous { id: former.id.to_owned(), secret: former.secret.to_owned() }),
    }
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut text, mut word, mut bits) = (String::new(), 0u32, 0);
    for byte in bytes {
        word = (word << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 6 {
            bits -= 6;
            text.push(DIGITS[(word >> bits) as usize & 63] as char);
        }
    }
    if bits > 0 {
        text.push(DIGITS[(word << (6 - bits)) as usize & 63] as char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn sixteen_bytes_are_the_22_characters_of_a_secret() {
        assert_eq!(base64url(&[0; 16]), "A".repeat(22));
        assert_eq!(base64url(&[0xff; 16]), format!("{}w", "_".repeat(21)));
        // RFC 4648 section 10.
        assert_eq!((base64url(b"foob"), base64url(b"fooba")), ("Zm9vYg".to_owned(), "Zm9vYmE".to_owned()));
    }
}
