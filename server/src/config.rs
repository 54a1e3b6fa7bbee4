//! Where the data lies: the options that every command shares.

use crate::log::signer::Source;
use crate::store::Location;
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// File name of the database in the data directory.
const FILE: &str = "avow.db";

/// Options that name the database.
#[derive(Clone, Debug, clap::Args)]
pub struct Database {
    /// Directory of the embedded database; made if it is not there
    #[arg(long, env = "AVOW_DATA", value_name = "DIR", default_value = "./avow-data", global = true)]
    pub data: PathBuf,
    /// Use this PostgreSQL database instead: postgres://user:password@host/name
    #[arg(long, env = "AVOW_DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub database: Option<String>,
}

impl Database {
    /// The database that is meant.
    pub fn location(&self) -> Location {
        match &self.database {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(self.data.join(FILE)),
        }
    }
}

/// Options that say where private keys are, and where the signer remembers how far it signed.
///
/// Neither may lie in the database: whoever can edit that must not be able to sign, or to make it forget.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Signing {
    /// Directory of private keys, made at the first start; `keys` in the data directory if not given. Nodes of one
    /// installation need the same keys
    #[arg(long, env = "AVOW_KEYS", value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Directory in which the signer remembers; `signer` in the data directory if not given. Each node needs one
    /// of its own
    #[arg(long, env = "AVOW_SIGNER", value_name = "DIR")]
    pub signer: Option<PathBuf>,
}

impl Signing {
    /// Where the private keys come from: AVOW_HEAD_KEY, the file named by AVOW_HEAD_KEY_FILE, or the directory;
    /// the same for receipts.
    pub fn source(&self, data: &Path) -> anyhow::Result<Source> {
        Ok(Source {
            directory: self.keys.clone().unwrap_or_else(|| data.join("keys")),
            head: secret("AVOW_HEAD_KEY")?,
            receipt: secret("AVOW_RECEIPT_KEY")?,
        })
    }

    /// Where the signer remembers.
    pub fn memory(&self, data: &Path) -> PathBuf {
        self.signer.clone().unwrap_or_else(|| data.join("signer"))
    }
}

/// A secret out of the variable of that name, or out of the file that the variable with `_FILE` names.
fn secret(name: &str) -> anyhow::Result<Option<String>> {
    if let Ok(value) = std::env::var(name) {
        return Ok(Some(value));
    }
    let Some(path) = std::env::var_os(format!("{name}_FILE")) else { return Ok(None) };
    let path = PathBuf::from(path);
    std::fs::read_to_string(&path).map(Some).with_context(|| format!("reading {}", path.display()))
}

/// The name of a header of HTTP (RFC 9110 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderName(String);

/// Why a text is no header's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no header's name")]
pub struct BadHeaderName(String);

impl HeaderName {
    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderName {
    type Err = BadHeaderName;

    fn from_str(text: &str) -> Result<Self, BadHeaderName> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if text.is_empty() || !text.bytes().all(is_token) {
            return Err(BadHeaderName(text.to_owned()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}
