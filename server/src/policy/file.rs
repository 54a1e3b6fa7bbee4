//! The policy file, schema 1, as its author writes it: shape only, every value with its place in the file.
//!
//! What a value may be is checked in [`super::check`], which can name all faults at once and say why.
//! The doc comments here become the descriptions in `docs/policy.schema.json`, which editors show.

use super::notice::file::Notice;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// A value and the bytes of the file it was read from.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "toml::Spanned<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

impl<T> From<toml::Spanned<T>> for At<T> {
    fn from(spanned: toml::Spanned<T>) -> Self {
        let span = spanned.span();
        Self { value: spanned.into_inner(), span }
    }
}

/// The schema of a value does not depend on where it stands.
impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// A site's consent policy for Avow: what the site stores on visitors' devices, why, and what it tells them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub schema: At<i64>,
    /// The site's id: lower-case letters, digits and hyphens. It never changes.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,31}$"))]
    pub site: At<String>,
    /// The site's name, as visitors know it.
    pub name: At<String>,
    /// The hosts that embed Avow: `www.example.org`, or `*.example.org` for every host below it.
    #[schemars(length(min = 1))]
    pub domains: At<Vec<At<String>>>,
    /// The law the site stands under: `gb`, `eu`, or another id of `docs/regimes.md`.
    pub jurisdiction: At<String>,
    /// Whether visitors are treated by the law of where they are; else, and where that is not known, all are asked
    /// first.
    #[serde(default)]
    pub follow_visitor: bool,
    /// Whether optional purposes run before an answer where the law lets them until the visitor opts out, as in most of
    /// the United States. Needs `follow_visitor`. Without it every visitor is asked first.
    pub allow_opt_out: Option<At<bool>>,
    /// Whom the site is made for: `everyone` (the default), or `children`, who are offered nothing for marketing.
    #[schemars(extend("enum" = ["everyone", "children"]))]
    pub audience: Option<At<String>>,
    /// The path (or the address on a host of the same site) under which Avow is served: `/.avow`.
    pub served_from: At<String>,
    /// Days for which answers to a version are still taken after the next one was published.
    #[schemars(range(min = 1, max = 30))]
    pub superseded_days: At<i64>,
    /// The languages of the texts; the first one is the default.
    #[schemars(length(min = 1))]
    pub languages: At<Vec<At<String>>>,
    /// Who decides why and how the data is used (UK GDPR Art 4(7)).
    pub controller: Controller,
    /// The data protection officer.
    pub dpo: Option<Officer>,
    /// The authority that takes complaints.
    pub regulator: Regulator,
    /// Where the site's notices are, and what the privacy notice says.
    pub notice: Notice,
    /// How long things are kept.
    pub retention: Retention,
    /// How banner and dialog look.
    pub look: Look,
    /// `strict` (the default): nothing optional is requested before consent, and a grant may load the page anew
    /// once. `compatible`: nothing optional runs before consent, and a grant never loads the page anew.
    #[schemars(extend("enum" = ["strict", "compatible"]))]
    pub mode: Option<At<String>>,
    /// Inline code that may run where the gate holds back all other inline code.
    #[serde(default)]
    pub inline: Vec<Inline>,
    /// Who may read the site's log, and who watches it.
    pub log: Option<Log>,
    /// The purposes, in the order in which visitors see them.
    pub purpose: Vec<Purpose>,
    /// Texts that replace the built-in ones, per language.
    #[serde(default)]
    pub texts: BTreeMap<String, At<BTreeMap<String, At<String>>>>,
}

impl File {
    /// Whether optional purposes run before an answer where the law lets them.
    pub fn allows_opt_out(&self) -> bool {
        self.allow_opt_out.as_ref().is_some_and(|allowed| allowed.value)
    }

    /// Whether the site is made for children.
    pub fn is_for_children(&self) -> bool {
        self.audience.as_ref().is_some_and(|audience| audience.value == "children")
    }
}

/// Who decides why and how the data is used.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// The organisation's legal name.
    pub name: At<String>,
    /// Its postal address.
    pub address: At<String>,
    /// Where to write about data protection.
    pub email: At<String>,
}

/// The data protection officer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Name or role.
    pub name: At<String>,
    /// Where to write.
    pub email: At<String>,
}

/// The authority that takes complaints.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regulator {
    /// Its name.
    pub name: At<String>,
    /// Its website.
    pub url: At<String>,
}

/// How long things are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days for which consent is valid.
    #[schemars(range(min = 1, max = 730))]
    pub grant_days: At<i64>,
    /// Days for which a refusal is remembered: at least 180, and never fewer than `grant_days`.
    #[schemars(range(min = 180, max = 730))]
    pub refusal_days: At<i64>,
    /// Days for which records are kept as proof.
    #[schemars(range(min = 1, max = 7300))]
    pub record_days: At<i64>,
    /// What becomes of a refusal: `keep` (or `full`) its record, `count` it by the day, or `none` of both. A
    /// withdrawal is always kept: it ends what a grant began.
    #[schemars(extend("enum" = ["keep", "full", "count", "none"]))]
    pub refusal_record: At<String>,
    /// What becomes of a record at the end of `record_days`: `delete` (the default) it, or `count` it by the day.
    #[schemars(extend("enum" = ["delete", "count"]))]
    pub record_end: Option<At<String>>,
}

/// How banner and dialog look.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The theme's name, as records state it: lower-case letters, digits and hyphens. `govuk` has the markup of GOV.UK's
    /// cookie banner, for pages that have its style sheet; any other name is yours.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,31}$"))]
    pub theme: At<String>,
    /// The colour of the buttons: `#rrggbb`.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub accent: At<String>,
    /// Where the first layer stands: a `card` over the page (the default), a `block` in its flow, a `bar` along its lower
    /// edge, a `box` in its corner, a `dialog` in its middle; `none` if the page has a first layer of its own.
    #[schemars(extend("enum" = ["card", "block", "bar", "box", "dialog", "none"]))]
    pub layout: Option<At<String>>,
    /// Whose type it has: the device's (`system`, the default) or the page's (`page`).
    #[schemars(extend("enum" = ["system", "page"]))]
    pub font: Option<At<String>>,
    /// `normal` (the default) or `compact`.
    #[schemars(extend("enum" = ["normal", "compact"]))]
    pub spacing: Option<At<String>>,
    /// The radius of corners, in CSS pixels.
    #[schemars(range(min = 0, max = 32))]
    pub radius: At<i64>,
    /// Light, dark, or as the visitor's device prefers.
    #[schemars(extend("enum" = ["auto", "light", "dark"]))]
    pub scheme: At<String>,
}

/// A piece of inline code that the owner has looked at.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inline {
    /// SHA-256 of its text in base64, as a browser's console and `avow site learn` print it.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]{43}=$"))]
    pub sha256: At<String>,
    /// `script`: the text of a script element. `handler`: the value of an attribute such as `onclick`.
    #[schemars(extend("enum" = ["script", "handler"]))]
    pub kind: At<String>,
    /// The id of the purpose that it serves, or `necessary`.
    pub purpose: At<String>,
    /// What it does.
    pub note: At<String>,
}

/// Who may read the site's log, and who watches it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// True if anybody may fetch the log's heads and tiles. They hold salted hashes only, but show how many
    /// answers there are, and when.
    #[serde(default)]
    pub public: bool,
    /// Witnesses that must see every published head (C2SP tlog-witness).
    #[serde(default)]
    pub witness: Vec<Witness>,
}

/// Somebody else's server that signs heads only if they extend what it has seen.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Where it listens: an http address without `/add-checkpoint`.
    pub url: At<String>,
    /// Its public key: `name+id+key`.
    pub key: At<String>,
}

/// What visitors decide on, or cannot refuse.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its id, the same through all versions: lower-case letters, digits and underscores.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,31}$"))]
    pub id: At<String>,
    /// `necessary` cannot be refused; everything else is a visitor's choice.
    #[schemars(extend("enum" = ["necessary", "functional", "analytics", "marketing"]))]
    pub category: At<String>,
    /// Why its items may be stored (PECR Sch A1; ePrivacy Art 5(3)). `statistics` and `appearance`: GB only.
    #[schemars(extend("enum" = ["consent", "communication", "strictly_necessary", "statistics", "appearance"]))]
    pub basis: At<String>,
    /// Who asks for it: the `banner` (the default), or a `form` of the site's own, such as one for a newsletter.
    #[schemars(extend("enum" = ["banner", "form"]))]
    pub asked: Option<At<String>>,
    /// The lawful basis of what is done with the data afterwards (UK GDPR Art 6(1)).
    #[schemars(extend("enum" = ["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"]))]
    pub lawful_basis: At<String>,
    /// What visitors read about it, per language.
    pub text: At<BTreeMap<String, At<PurposeText>>>,
    /// The services that serve it.
    #[serde(default)]
    pub service: Vec<Service>,
}

/// What visitors read about a purpose.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurposeText {
    /// A few words.
    pub name: At<String>,
    /// A sentence or two: what is done, and what it is good for.
    pub description: At<String>,
}

/// A tool or vendor under a purpose.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its id, one of its kind in the file.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,31}$"))]
    pub id: At<String>,
    /// Its name.
    pub name: At<String>,
    /// The organisation behind it.
    pub provider: At<String>,
    /// That organisation's part in data protection law.
    #[schemars(extend("enum" = ["controller", "joint_controller", "processor"]))]
    pub role: At<String>,
    /// The country in which the data is used: two capital letters (ISO 3166-1).
    #[schemars(regex(pattern = r"^[A-Z]{2}$"))]
    pub country: At<String>,
    /// The hosts it talks to, beside the site itself: `https://stats.example.net`, `*.example.net`.
    #[serde(default)]
    pub hosts: Vec<At<String>>,
    /// Its privacy notice: a path on the site, or an https address.
    pub privacy_url: At<String>,
    /// Everything it stores on, or reads from, the device.
    #[serde(default)]
    pub item: Vec<Item>,
}

/// One cookie, storage key or pixel.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name, or the start of it.
    pub name: At<String>,
    /// What it is.
    #[schemars(extend("enum" = ["cookie", "local", "session", "indexeddb", "cache", "pixel"]))]
    pub kind: At<String>,
    /// `exact`: the whole name; `prefix`: every name that starts like this.
    #[serde(rename = "match")]
    #[schemars(extend("enum" = ["exact", "prefix"]))]
    pub matching: At<String>,
    /// `session`, `persistent` (until deleted), or a time such as `30 minutes`, `90 days`, `13 months`.
    pub duration: At<String>,
    /// Who else can read it, by name.
    #[serde(default)]
    pub third_parties: Vec<At<String>>,
    /// Why the site cannot do without it: required for necessary purposes.
    pub justification: Option<At<String>>,
    /// What it is for, per language.
    pub text: At<BTreeMap<String, At<String>>>,
}
