//! The privacy notice as an owner writes it: the table `[notice]` of a policy file. Shape only.

use crate::policy::file::At;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where the site's notices are (paths on the site, or https addresses), and what the privacy notice says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The page about cookies.
    pub cookies: At<String>,
    /// The privacy notice.
    pub privacy: At<String>,
    /// When the privacy notice was last changed: `2026-03-31`. With it, `text` and `activity` make the notice that
    /// Avow renders.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub updated: Option<At<String>>,
    /// The rights that the notice names: `access`, `rectification`, `erasure`, `restriction`, `portability`,
    /// `objection`, `withdrawal`.
    #[serde(default)]
    pub rights: Vec<At<String>>,
    /// What it says beside the lists, per language; the policy's first language is required.
    pub text: Option<At<BTreeMap<String, At<NoticeText>>>>,
    /// What is done with data, one for each group of people or kind of use.
    #[serde(default)]
    pub activity: Vec<Activity>,
    /// Where data goes in other countries.
    #[serde(default)]
    pub transfer: Vec<Transfer>,
}

/// What the notice says beside the lists.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeText {
    /// The short layer: two to four sentences.
    pub summary: At<String>,
    /// How to use the rights, and how soon an answer comes.
    pub rights: Option<At<String>>,
    /// How data is protected.
    pub security: Option<At<String>>,
    /// How changes are told.
    pub changes: Option<At<String>>,
    /// To whom to complain first, and how.
    pub complaints: Option<At<String>>,
}

/// One kind of use (a row of the record of GDPR Art 30).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Its id, the same through all versions: lower-case letters, digits and underscores.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,31}$"))]
    pub id: At<String>,
    /// Whether it concerns visitors of the website. Others are shown in the notice only.
    #[serde(default)]
    pub visitors: bool,
    /// The lawful bases (UK GDPR Art 6(1)).
    #[schemars(length(min = 1))]
    pub lawful_bases: At<Vec<At<String>>>,
    /// The conditions for special category data (UK GDPR Art 9(2)), such as `9(2)(a)`.
    #[serde(default)]
    pub special_bases: Vec<At<String>>,
    /// What is read of it, per language; the policy's first language is required.
    pub text: At<BTreeMap<String, At<ActivityText>>>,
}

/// What is read of an activity.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityText {
    /// Whom it concerns.
    pub name: At<String>,
    /// What for, a short phrase each.
    #[schemars(length(min = 1))]
    pub purposes: At<Vec<At<String>>>,
    /// Which data.
    #[schemars(length(min = 1))]
    pub data: At<Vec<At<String>>>,
    /// Which legitimate interest: required where that is a lawful basis.
    pub interest: Option<At<String>>,
    /// Who receives it.
    #[serde(default)]
    pub recipients: Vec<At<String>>,
    /// How long it is kept.
    pub retention: At<String>,
}

/// A transfer to another country.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Who gets it there.
    pub recipient: At<String>,
    /// The country: two capital letters (ISO 3166-1).
    #[schemars(regex(pattern = r"^[A-Z]{2}$"))]
    pub country: At<String>,
    /// What protects it there, per language; the policy's first language is required.
    pub text: At<BTreeMap<String, At<String>>>,
}
