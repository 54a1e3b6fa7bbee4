//! The four categories of a purpose, with the necessary one apart by type.
//!
//! A [`Category::Necessary`] purpose has no choice anywhere in this crate: a [`crate::decision::Decision`]
//! is made for optional purposes only, so "necessary refused" cannot be written down.

/// What a purpose is for, as visitors are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Needed for what the visitor asked for; cannot be refused and is never asked about.
    Necessary,
    /// Everything else; runs only when the regime or the visitor allows it.
    Optional(OptionalCategory),
}

/// The categories that a visitor decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OptionalCategory {
    /// Comfort: embedded players, maps, remembered preferences.
    Functional,
    /// Measuring how the site is used.
    Analytics,
    /// Advertising, profiling, campaigns.
    Marketing,
}

impl Category {
    /// Every category, in the order in which visitors see them.
    pub const ALL: [Self; 4] = [
        Self::Necessary,
        Self::Optional(OptionalCategory::Functional),
        Self::Optional(OptionalCategory::Analytics),
        Self::Optional(OptionalCategory::Marketing),
    ];

    /// The word used in policies, on the wire and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Necessary => "necessary",
            Self::Optional(OptionalCategory::Functional) => "functional",
            Self::Optional(OptionalCategory::Analytics) => "analytics",
            Self::Optional(OptionalCategory::Marketing) => "marketing",
        }
    }

    /// Reads that word; anything else is `None`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == word)
    }

    /// The category as one a visitor decides on, or `None` for the necessary one.
    pub fn optional(self) -> Option<OptionalCategory> {
        match self {
            Self::Necessary => None,
            Self::Optional(category) => Some(category),
        }
    }
}
