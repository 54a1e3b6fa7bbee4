//! Access by people: tokens for operators and DPOs, and the audit of their use.
//!
//! A token is 256 random bits; only its SHA-256 is stored, so a stolen database opens nothing. Each belongs to
//! one site and one scope. What a person does with a token is audited before it is done: if the audit cannot
//! be written, nothing is handed out.
//!
//! What this is not: it does not read headers (`api`), and it knows no passwords or sessions.

use avow_shared::id::{Millis, SiteId, is_base64url};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::error::{Error, Kind};
use crate::rng::Rng;
use crate::state::AppState;
use crate::store::Store;
use crate::store::audit::NewAudit;
use crate::store::tokens::{NewToken, TokenRow};

/// What tokens begin with, so that leak scanners and people recognize them.
const PREFIX: &str = "avow_";
/// Characters after the prefix: 32 bytes in unpadded base64url.
const LEN: usize = 43;
/// Longest label.
pub const MAX_LABEL: usize = 64;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scope {
    /// Reads and exports records.
    Dpo,
    /// For what operators will do over HTTP. Nothing yet: it opens no route, and no record.
    Operator,
}

impl Scope {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dpo => "dpo",
            Self::Operator => "operator",
        }
    }
}

/// A token that was just made. Its text is shown once and never again.
#[derive(Debug)]
pub struct Issued {
    /// Names it in lists and in the audit.
    pub id: String,
    /// The token.
    pub token: String,
}

/// Who is asking, once the token has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's id.
    pub token: String,
    /// What it is good for.
    pub scope: Scope,
}

/// The hash under which a token is stored. A token has 256 random bits, so a plain hash is enough.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(
            b"avow/token/v1
",
        )
        .chain_update(token)
        .finalize()
        .into()
}

/// Makes a token for a site that exists.
pub async fn create(
    store: &Store,
    clock: &Clock,
    rng: &Rng,
    site: &SiteId,
    scope: Scope,
    label: &str,
) -> Result<Issued, Error> {
    if label.chars().count() > MAX_LABEL || label.chars().any(char::is_control) {
        return Err(Error::new(
            Kind::Invalid,
            format!("a label has at most {MAX_LABEL} characters, none of control"),
        ));
    }
    if store.current_policy_number(site).await?.is_none() {
        return Err(Error::plain(Kind::UnknownSite));
    }
    let now = clock.now();
    let (issued, hash) = issue(rng, now);
    store.insert_token(site, &NewToken { id: &issued.id, scope: scope.as_str(), label, hash }, now).await?;
    Ok(issued)
}

/// Replaces a token by a new one of the same site, scope and label; the old one ends at once.
pub async fn rotate(store: &Store, clock: &Clock, rng: &Rng, id: &str) -> Result<Issued, Error> {
    let old = store.token_by_id(id).await?.filter(|token| token.revoked_at.is_none());
    let old = old.ok_or_else(|| Error::new(Kind::NotFound, "no token of that id is good"))?;
    let site = SiteId::parse(&old.site).ok_or_else(|| Error::internal("a stored token names no site"))?;
    let now = clock.now();
    let (issued, hash) = issue(rng, now);
    let new = NewToken { id: &issued.id, scope: &old.scope, label: &old.label, hash };
    store.rotate_token(id, &site, &new, now).await?;
    Ok(issued)
}

/// Ends a token; false if there was no good one of that id.
pub async fn revoke(store: &Store, clock: &Clock, id: &str) -> Result<bool, Error> {
    Ok(store.revoke_token(id, clock.now()).await?)
}

/// The tokens of one site, or of all.
pub async fn list(store: &Store, site: Option<&SiteId>) -> Result<Vec<TokenRow>, Error> {
    Ok(store.list_tokens(site).await?)
}

/// Checks a token that somebody showed. Whatever is wrong with it, the answer is the same.
pub async fn authorize(store: &Store, site: &SiteId, shown: &str, scope: Scope) -> Result<Principal, Error> {
    let wrong = || Error::plain(Kind::Unauthorized);
    let secret = shown.strip_prefix(PREFIX).ok_or_else(wrong)?;
    if !is_base64url(secret, LEN) {
        return Err(wrong());
    }
    // Found by the hash of a value with 256 random bits: how long that takes tells nothing about the value.
    let row = store.token_by_hash(&token_hash(shown)).await?.ok_or_else(wrong)?;
    if row.revoked_at.is_some() || row.site != site.as_str() || row.scope != scope.as_str() {
        return Err(wrong());
    }
    Ok(Principal { token: row.id, scope })
}

/// Writes down what a person is about to do over HTTP; it may happen only if this succeeds.
pub async fn audit(
    state: &AppState,
    principal: &Principal,
    site: &SiteId,
    action: &str,
    object: &str,
) -> Result<(), Error> {
    record(&state.store, &state.clock, &state.rng, &Use { site, actor: &principal.token, action, object })
        .await
}

/// One use, before it has a time.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The site.
    pub site: &'a SiteId,
    /// A token's id, or [`CLI`].
    pub actor: &'a str,
    /// What is done, in a word.
    pub action: &'a str,
    /// What it is done to, or nothing.
    pub object: &'a str,
}

/// The actor of what is done on the command line: who has the database needs no token.
pub const CLI: &str = "cli";

/// Writes a use down.
pub async fn record(store: &Store, clock: &Clock, rng: &Rng, what: &Use<'_>) -> Result<(), Error> {
    let Use { site, actor, action, object } = *what;
    let at = clock.now();
    store.insert_audit(&NewAudit { id: rng.uuid(at), at, site, actor, action, object }).await?;
    Ok(())
}

fn issue(rng: &Rng, now: Millis) -> (Issued, [u8; 32]) {
    let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rng.bytes::<32>()));
    let hash = token_hash(&token);
    (Issued { id: rng.uuid(now).to_text(), token }, hash)
}

#[cfg(test)]
mod tests;
