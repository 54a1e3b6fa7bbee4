//! What the browser says for its visitor, and what we say to tags.

use crate::category::{Category, OptionalCategory};

/// Preference signals of the browser at the moment of a decision.
///
/// Global Privacy Control is an opt-out and never a consent; Do Not Track is recorded only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// `Sec-GPC: 1`, or `navigator.globalPrivacyControl`.
    pub gpc: bool,
    /// `DNT: 1`, or `navigator.doNotTrack`.
    pub dnt: bool,
}

/// The seven keys of Google consent mode v2, each with the category that grants it.
pub const CONSENT_MODE: [(&str, Category); 7] = [
    ("ad_storage", Category::Optional(OptionalCategory::Marketing)),
    ("ad_user_data", Category::Optional(OptionalCategory::Marketing)),
    ("ad_personalization", Category::Optional(OptionalCategory::Marketing)),
    ("analytics_storage", Category::Optional(OptionalCategory::Analytics)),
    ("functionality_storage", Category::Optional(OptionalCategory::Functional)),
    ("personalization_storage", Category::Optional(OptionalCategory::Functional)),
    ("security_storage", Category::Necessary),
];
