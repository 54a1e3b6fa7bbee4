//! The privacy notice as data: what is done with whose data, why, for how long, who gets it (GDPR Arts 13, 14 and 30).
//!
//! Here is what a published version keeps of it; [`mod@file`] is what an owner writes, [`check`] its rules, [`compile`]
//! the way between. Controller, officer and regulator stand in the [`Document`](super::document::Document) itself.
//! Read next: `server/src/pages/notice.rs`, which renders it, and [`processing`], the record for the regulator.

pub mod check;
pub mod compile;
pub mod file;
pub mod processing;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The notice of one version. Its texts are by language; the policy's first language is always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyNotice {
    /// What is done, each with whom it concerns.
    pub activities: Vec<Activity>,
    /// The rights that it names, in the order of [`RIGHTS`].
    pub rights: Vec<String>,
    /// What it says beside the lists.
    pub text: BTreeMap<String, NoticeText>,
    /// To other countries.
    pub transfers: Vec<Transfer>,
    /// When it was last changed, `YYYY-MM-DD`.
    pub updated: String,
}

/// The rights of GDPR Arts 15 to 21 and 7(3), as policies name them.
pub const RIGHTS: [&str; 7] =
    ["access", "rectification", "erasure", "restriction", "portability", "objection", "withdrawal"];

/// The conditions of GDPR Art 9(2) under which special categories of data may be used.
pub const SPECIAL_BASES: [&str; 10] = [
    "9(2)(a)", "9(2)(b)", "9(2)(c)", "9(2)(d)", "9(2)(e)", "9(2)(f)", "9(2)(g)", "9(2)(h)", "9(2)(i)",
    "9(2)(j)",
];

/// One kind of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// One of its kind in the notice, the same through all versions.
    pub id: String,
    /// GDPR Art 6(1), one or more.
    pub lawful_bases: Vec<String>,
    /// GDPR Art 9(2), where there is special category data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special_bases: Vec<String>,
    /// By language.
    pub text: BTreeMap<String, ActivityText>,
    /// True if it concerns visitors of the website; else it is shown, and no consent record is made or kept by it.
    pub visitors: bool,
}

/// What is read of an activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityText {
    /// Categories of data.
    pub data: Vec<String>,
    /// Which legitimate interest, where that is a basis (Art 13(1)(d)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
    /// Whom it concerns.
    pub name: String,
    /// What for.
    pub purposes: Vec<String>,
    /// Who gets it.
    pub recipients: Vec<String>,
    /// For how long.
    pub retention: String,
}

/// What is said beside the lists; each but the summary may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeText {
    /// How changes of the notice are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// To whom to complain first, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complaints: Option<String>,
    /// How to use the rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// How the data is protected (Art 30(1)(g)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<String>,
    /// The short layer.
    pub summary: String,
}

/// A transfer to another country (Arts 44 to 49).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Two letters.
    pub country: String,
    /// Who gets it there.
    pub recipient: String,
    /// Language to what protects it there.
    pub text: BTreeMap<String, String>,
}

/// A text in `lang`, else in the policy's first language, with the language that it is in.
///
/// Only the first language is required of a notice, so a reader may meet another one: it is marked as such
/// (WCAG 3.1.2).
pub fn in_language<'a, T>(
    texts: &'a BTreeMap<String, T>,
    lang: &'a str,
    first: &'a str,
) -> Option<(&'a str, &'a T)> {
    texts.get_key_value(lang).or_else(|| texts.get_key_value(first)).map(|(lang, text)| (lang.as_str(), text))
}
