//! Why an item may be stored on, or read from, a visitor's device.
//!
//! The words are those of the UK's PECR Schedule A1 (in force since 5 February 2026); the ePrivacy
//! Directive's Article 5(3) knows only the first three.
//! This is not the lawful basis of the GDPR's Article 6, which a policy states beside it.

/// The legal ground for storage and access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The visitor agreed (PECR Sch A1 para 2; ePrivacy Art 5(3)).
    Consent,
    /// Only transmits a message over a network (para 3).
    Communication,
    /// Strictly necessary for a service the visitor asked for (para 4).
    StrictlyNecessary,
    /// Statistics on the service's own use, to improve it; information and a simple objection (para 5, GB only).
    Statistics,
    /// Adapts looks or function to the visitor's preference; the same duties (para 6, GB only).
    Appearance,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 5] =
        [Self::Consent, Self::Communication, Self::StrictlyNecessary, Self::Statistics, Self::Appearance];

    /// The word used in policies, on the wire and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Communication => "communication",
            Self::StrictlyNecessary => "strictly_necessary",
            Self::Statistics => "statistics",
            Self::Appearance => "appearance",
        }
    }

    /// Reads that word; anything else is `None`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == word)
    }

    /// Needs neither consent nor an objection: what a necessary purpose must rest on.
    pub fn is_necessary(self) -> bool {
        matches!(self, Self::Communication | Self::StrictlyNecessary)
    }

    /// Needs no consent where the regime knows it, but information and a way to object.
    pub fn is_exemption(self) -> bool {
        matches!(self, Self::Statistics | Self::Appearance)
    }
}
