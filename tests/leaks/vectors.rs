//! The vectors as data: `tests/testdata/leaks/vectors.toml`, read once.

use std::sync::OnceLock;

use avow_tests::hosts::{ALLOWED, COOKIELESS, GRANTED, Hosts, SITE, TRACKER};
use serde::Deserialize;

/// All vectors, by how they come into the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vectors {
    /// Markup in `<head>`.
    pub head: Vec<Vector>,
    /// Markup in `<body>`.
    pub body: Vec<Vector>,
    /// Code of the page's own scripts that asks for something.
    pub script: Vec<Vector>,
    /// Code of the page's own scripts that stores something.
    pub store: Vec<Vector>,
}

/// One way to leak, or a control.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Its name, for good.
    pub id: String,
    /// In words, for the docs.
    pub what: String,
    /// Markup or code, with `@kind@` for addresses.
    pub code: String,
    /// Where its addresses lead.
    #[serde(default)]
    pub host: Whose,
}

/// Whose host a vector asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The tracker's.
    #[default]
    Tracker,
    /// The tracker's that sets no cookies.
    Cookieless,
    /// One that is necessary.
    Allowed,
    /// One that a partial choice grants.
    Granted,
    /// The site's own.
    Site,
}

impl Whose {
    fn host(self) -> &'static str {
        match self {
            Self::Tracker => TRACKER,
            Self::Cookieless => COOKIELESS,
            Self::Allowed => ALLOWED,
            Self::Granted => GRANTED,
            Self::Site => SITE,
        }
    }
}

impl Vector {
    /// A control, which is no leak.
    pub fn is_control(&self) -> bool {
        self.id.starts_with("ok_")
    }

    /// The code with the addresses of running hosts.
    pub fn filled(&self, hosts: &Hosts) -> String {
        let mut code = self.code.trim().to_owned();
        let origin = hosts.origin(self.host.host());
        for kind in ["js", "css", "img", "html", "media", "font", "any"] {
            code = code.replace(&format!("@{kind}@"), &format!("{origin}/{kind}?v={}", self.id));
        }
        let socket = origin.replacen("https", "wss", 1);
        code.replace("@socket@", &format!("{socket}/any?v={}", self.id))
            .replace("@cookie@", &format!("/cookie?v={}", self.id))
            .replace("@stun@", &hosts.stun().to_string())
            .replace("@filler@", &"Nothing to see here. ".repeat(4_000))
            .replace("@id@", &self.id)
    }
}

impl Vectors {
    /// Those of the file.
    pub fn of_the_file() -> &'static Self {
        static READ: OnceLock<Vectors> = OnceLock::new();
        READ.get_or_init(|| {
            toml::from_str(include_str!("../testdata/leaks/vectors.toml"))
                .expect("the file of vectors is valid")
        })
    }

    /// Every one, in the order of the page.
    pub fn all(&self) -> impl Iterator<Item = &Vector> {
        self.head.iter().chain(&self.body).chain(&self.script).chain(&self.store)
    }

    /// Those that run as scripts of the page itself.
    pub fn scripted(&self) -> impl Iterator<Item = &Vector> {
        self.script.iter().chain(&self.store)
    }
}
