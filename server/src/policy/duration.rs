//! How long an item stays on the device: read from the file, told in the visitor's language.

use super::texts::Words;

/// A duration as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duration {
    /// Until the browser is closed.
    Session,
    /// Until somebody deletes it.
    Persistent,
    /// So many of a unit.
    Span(u16, Unit),
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// The longest span: what is kept longer is `persistent`, and should say so.
const MAX_DAYS: u32 = 3660;

impl Unit {
    const ALL: [(Self, &'static str, u32); 6] = [
        (Self::Minute, "minute", 0),
        (Self::Hour, "hour", 0),
        (Self::Day, "day", 1),
        (Self::Week, "week", 7),
        (Self::Month, "month", 31),
        (Self::Year, "year", 366),
    ];

    /// The text key of the unit, which tells a number.
    pub fn text_key(self) -> &'static str {
        match self {
            Self::Minute => "duration_minutes",
            Self::Hour => "duration_hours",
            Self::Day => "duration_days",
            Self::Week => "duration_weeks",
            Self::Month => "duration_months",
            Self::Year => "duration_years",
        }
    }
}

impl Duration {
    /// Reads `session`, `persistent` or `13 months`; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "session" => return Some(Self::Session),
            "persistent" => return Some(Self::Persistent),
            _ => {}
        }
        let (number, unit) = text.split_once(' ')?;
        if number.starts_with('+') || number.starts_with('0') {
            return None;
        }
        let number: u16 = number.parse().ok()?;
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        let (unit, _, days) = Unit::ALL.into_iter().find(|(_, word, _)| *word == singular)?;
        (u32::from(number) * days <= MAX_DAYS).then_some(Self::Span(number, unit))
    }

    /// As a period of ISO 8601 (`P13M`); `None` for what is none.
    pub fn iso8601(self) -> Option<String> {
        let Self::Span(number, unit) = self else { return None };
        let (time, letter) = match unit {
            Unit::Minute => ("T", 'M'),
            Unit::Hour => ("T", 'H'),
            Unit::Day => ("", 'D'),
            Unit::Week => ("", 'W'),
            Unit::Month => ("", 'M'),
            Unit::Year => ("", 'Y'),
        };
        Some(format!("P{time}{number}{letter}"))
    }

    /// For comparing: a session is shorter, and until deleted longer, than every time.
    pub fn minutes(self) -> u64 {
        match self {
            Self::Session => 0,
            Self::Persistent => u64::MAX,
            Self::Span(number, unit) => {
                let each = match unit {
                    Unit::Minute => 1,
                    Unit::Hour => 60,
                    Unit::Day => 24 * 60,
                    Unit::Week => 7 * 24 * 60,
                    // Twelve are a year.
                    Unit::Month => 365 * 24 * 60 / 12,
                    Unit::Year => 365 * 24 * 60,
                };
                u64::from(number) * each
            }
        }
    }

    /// How a visitor reads it.
    pub fn told(self, words: &Words) -> String {
        match self {
            Self::Session => words.say("duration_session").to_owned(),
            Self::Persistent => words.say("duration_persistent").to_owned(),
            Self::Span(number, unit) => words.count(unit.text_key(), number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_periods_and_words_are_none() {
        for (text, period) in [
            ("13 months", Some("P13M")),
            ("1 day", Some("P1D")),
            ("30 minutes", Some("PT30M")),
            ("2 weeks", Some("P2W")),
            ("1 year", Some("P1Y")),
            ("12 hours", Some("PT12H")),
            ("session", None),
            ("persistent", None),
        ] {
            let duration = Duration::parse(text).expect("a duration");
            assert_eq!(duration.iso8601().as_deref(), period, "{text}");
        }
    }

    #[test]
    fn times_are_read_and_told_in_words() {
        let english = Words::built_in("en").expect("English is built in");
        let welsh = Words::built_in("cy").expect("Welsh is built in");
        for (text, en, cy) in [
            ("session", "Until you close your browser", "Nes i chi gau eich porwr"),
            ("1 day", "1 day", "1 diwrnod"),
            ("13 months", "13 months", "13 mis"),
            ("30 minutes", "30 minutes", "30 munud"),
        ] {
            let duration = Duration::parse(text).expect("a duration");
            assert_eq!((duration.told(&english).as_str(), duration.told(&welsh).as_str()), (en, cy));
        }
    }

    #[test]
    fn other_texts_are_no_time() {
        for wrong in [
            "",
            "0 days",
            "-1 days",
            "+1 day",
            "1.5 days",
            "1  day",
            "days",
            "11 years",
            "99999 days",
            "1 moon",
        ] {
            assert_eq!(Duration::parse(wrong), None, "{wrong}");
        }
    }
}
