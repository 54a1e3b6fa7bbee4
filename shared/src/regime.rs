//! How consent works where the visitor is: law as data.
//!
//! The engine reads only these fields, never a country's name; [`law`](crate::law) is where they come from.
//! Where the visitor is unknown, [`Regime::strictest`] holds.

use crate::category::OptionalCategory;

/// What happens before and without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Denied until the visitor agrees; a choice is asked for.
    ConsentFirst,
    /// Allowed, with a notice that offers the way out.
    NoticeFirst,
    /// Allowed, no prompt; a rights link, and opt-out signals are honoured.
    RightsFirst,
    /// Analytics allowed, everything else denied, no prompt.
    StatisticsOnly,
}

impl Behaviour {
    /// Every behaviour.
    pub const ALL: [Self; 4] =
        [Self::ConsentFirst, Self::NoticeFirst, Self::RightsFirst, Self::StatisticsOnly];

    /// The word used in policies and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConsentFirst => "consent_first",
            Self::NoticeFirst => "notice_first",
            Self::RightsFirst => "rights_first",
            Self::StatisticsOnly => "statistics_only",
        }
    }

    /// Reads that word; anything else is `None`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|behaviour| behaviour.as_str() == word)
    }

    /// Reads what [`Regime::behaviours`] writes.
    pub fn parse_both(words: &str) -> Option<(Self, bool)> {
        let (word, marketing_asks) = match words.strip_suffix(MARKETING_ASKS) {
            Some(word) => (word, true),
            None => (words, false),
        };
        Some((Self::parse(word)?, marketing_asks))
    }
}

/// Follows a behaviour's word where marketing waits for consent and the rest does not.
const MARKETING_ASKS: &str = "+consent_first";

/// One row of the law, with the intervals a site chose inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regime {
    /// Its name in records: `strictest`, `gb`, …
    pub id: String,
    /// What happens without an answer.
    pub behaviour: Behaviour,
    /// Whether marketing waits for consent where the rest does not: the law asks more of it.
    pub marketing_asks: bool,
    /// Whether [`crate::basis::Basis::is_exemption`] bases hold here (Great Britain only).
    pub exemptions: bool,
    /// Days for which a grant is valid.
    pub grant_days: u16,
    /// Days for which a refusal is remembered; never fewer than `grant_days`.
    pub refusal_days: u16,
}

impl Regime {
    /// What happens without an answer to a purpose of that category.
    pub fn behaviour_of(&self, category: OptionalCategory) -> Behaviour {
        if self.marketing_asks && category == OptionalCategory::Marketing {
            Behaviour::ConsentFirst
        } else {
            self.behaviour
        }
    }

    /// Both as policies write them: the behaviour's word, and what follows it where marketing waits for consent and
    /// the rest does not.
    pub fn behaviours(&self) -> String {
        format!("{}{}", self.behaviour.as_str(), if self.marketing_asks { MARKETING_ASKS } else { "" })
    }

    /// The regime for a visitor whose whereabouts are unknown: ask first, no exemptions.
    ///
    /// A refusal is remembered at least as long as a grant, whatever the arguments say.
    pub fn strictest(grant_days: u16, refusal_days: u16) -> Self {
        Self {
            id: "strictest".to_owned(),
            behaviour: Behaviour::ConsentFirst,
            marketing_asks: false,
            exemptions: false,
            grant_days,
            refusal_days: refusal_days.max(grant_days),
        }
    }
}
