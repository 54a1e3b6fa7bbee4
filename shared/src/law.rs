//! The law as data: what holds for a visitor, by where they are. `docs/regimes.md` is made from this table.
//!
//! Every row names its source, and says how and when it was last reviewed. The engine never reads this table:
//! it reads a [`Regime`], which [`Rule::regime`] makes with the intervals that a site chose inside a row's limits.
//! What this is not: legal advice, or a statement about the rest of data protection law.

use crate::regime::{Behaviour, Regime};

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id in policies and records.
    pub id: &'static str,
    /// What people call the place.
    pub name: &'static str,
    /// Where it holds: ISO 3166-1 countries, and ISO 3166-2 subdivisions where those differ.
    pub places: &'static [&'static str],
    /// What the law calls itself, for reasons.
    pub law: &'static str,
    /// What happens without an answer.
    pub behaviour: Behaviour,
    /// Whether marketing waits for consent where the rest does not.
    pub marketing_asks: bool,
    /// Whether statistics and appearance need no consent (PECR Sch A1 paras 5 and 6).
    pub exemptions: bool,
    /// The longest that a consent may be valid, in days.
    pub max_grant_days: u16,
    /// The shortest time for which a refusal is remembered, in days.
    pub min_refusal_days: u16,
    /// Where the row comes from.
    pub source: &'static str,
    /// How it was reviewed, by the source that is named first.
    pub review: Review,
}

/// How a row was last held against its source; days are ISO dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// The text of the source was read on that day.
    Primary(&'static str),
    /// What somebody else wrote about the source was read on that day, and not the source.
    Secondary {
        /// When.
        read: &'static str,
        /// The date of what was read, where it is one text.
        written: Option<&'static str>,
    },
    /// From what is known of it; nothing was read again.
    NotReread,
}

impl std::fmt::Display for Review {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Primary(read) => write!(f, "primary source, read {read}"),
            Self::Secondary { read, written: None } => write!(f, "secondary source, read {read}"),
            Self::Secondary { read, written: Some(written) } => {
                write!(f, "secondary source of {written}, read {read}")
            }
            Self::NotReread => f.write_str("not re-read"),
        }
    }
}

/// A year and a month: no authority's guidance lets a consent stand longer without a reminder, where none says more.
const GRANT: u16 = 395;
/// Six months: ICO guideline, CNIL recommendation 2020-092; binding in Italy.
const REFUSAL: u16 = 180;
/// Six months and a few days, for those who count calendar months.
const HALF_YEAR: u16 = 183;

/// Where nobody is asked again, a no has to stay: as long as browsers keep a cookie (RFC 6265bis, section 5.5).
const OPTED_OUT: u16 = 400;

/// Summaries by regulators, law firms and others, which quote the texts.
const SUMMARIES: Review = Review::Secondary { read: "2026-11-21", written: None };
/// One review of several laws, which cites the texts.
const SURVEY: Review = Review::Secondary { read: "2026-11-21", written: Some("2026-09-08") };
const EPRIVACY: &str = "Article 5(3) of the ePrivacy Directive";
const PECR: &str = "PECR regulation 6 and Schedule A1";
const LOCAL: &str = "the law there (read as strictly as the ePrivacy Directive)";
const MEMBER: &str =
    "Directive 2002/58/EC Art 5(3); EDPB Cookie Banner Taskforce, 17 January 2023; CJEU C-673/17";

/// Deny first and ask, for every purpose.
const ASK: Rule = Rule {
    id: "",
    name: "",
    places: &[],
    law: EPRIVACY,
    behaviour: Behaviour::ConsentFirst,
    marketing_asks: false,
    exemptions: false,
    max_grant_days: GRANT,
    min_refusal_days: REFUSAL,
    source: MEMBER,
    review: Review::NotReread,
};

/// A member of the EU, or of the EEA, whose authority asks for nothing beyond the Directive.
const fn member(id: &'static str, name: &'static str, places: &'static [&'static str]) -> Rule {
    Rule { id, name, places, ..ASK }
}

/// A place whose law is read as strictly as the Directive.
const fn strict(
    id: &'static str,
    name: &'static str,
    places: &'static [&'static str],
    source: &'static str,
) -> Rule {
    Rule { id, name, places, law: LOCAL, source, ..ASK }
}

/// A state of the US: opt-out, with the browser's signal counted as one.
const fn state(
    id: &'static str,
    name: &'static str,
    places: &'static [&'static str],
    source: &'static str,
) -> Rule {
    Rule {
        id,
        name,
        places,
        law: "the privacy law of that state",
        behaviour: Behaviour::RightsFirst,
        min_refusal_days: OPTED_OUT,
        source,
        review: SUMMARIES,
        ..ASK
    }
}

/// Every row.
pub const RULES: &[Rule] = &[
    // Exempt where the visitor is in Great Britain or Northern Ireland; Crown dependencies and Gibraltar have rows of
    // their own.
    Rule {
        law: PECR,
        exemptions: true,
        source: "PECR 2003 reg 6 and Sch A1 (in force 5 February 2026); ICO guidance on storage and access technologies, 29 April 2026",
        review: SUMMARIES,
        ..member("gb", "United Kingdom", &["GB"])
    },
    member("eu", "European Union (a site of several members)", &["EU"]),
    member("at", "Austria", &["AT"]),
    member("be", "Belgium", &["BE"]),
    member("bg", "Bulgaria", &["BG"]),
    member("cy", "Cyprus", &["CY"]),
    member("cz", "Czechia", &["CZ"]),
    Rule {
        source: "TDDDG section 25: no exception for statistics; Directive 2002/58/EC Art 5(3)",
        review: SUMMARIES,
        ..member("de", "Germany", &["DE"])
    },
    member("dk", "Denmark", &["DK"]),
    member("ee", "Estonia", &["EE"]),
    Rule {
        max_grant_days: 730,
        source: "AEPD guide on cookies: at most 24 months; Directive 2002/58/EC Art 5(3)",
        ..member("es", "Spain", &["ES"])
    },
    member("fi", "Finland, with Åland", &["FI", "AX"]),
    // Overseas territories that are part of the Union have country codes of their own.
    Rule {
        max_grant_days: HALF_YEAR,
        source: "CNIL deliberations 2020-091 and 2020-092, 17 September 2020: six months for both answers",
        review: SUMMARIES,
        ..member(
            "fr",
            "France, with its territories in the Union",
            &["FR", "GF", "GP", "MF", "MQ", "RE", "YT"],
        )
    },
    member("gr", "Greece", &["GR"]),
    member("hr", "Croatia", &["HR"]),
    member("hu", "Hungary", &["HU"]),
    Rule {
        max_grant_days: HALF_YEAR,
        source: "DPC guidance note on cookies: six months; Directive 2002/58/EC Art 5(3)",
        ..member("ie", "Ireland", &["IE"])
    },
    Rule {
        source: "Garante, 10 June 2021, no. 231, 6.2: not asked again for six months; closing is refusing",
        review: SUMMARIES,
        ..member("it", "Italy", &["IT"])
    },
    member("lt", "Lithuania", &["LT"]),
    member("lu", "Luxembourg", &["LU"]),
    member("lv", "Latvia", &["LV"]),
    member("mt", "Malta", &["MT"]),
    member("nl", "Netherlands", &["NL"]),
    member("pl", "Poland", &["PL"]),
    member("pt", "Portugal", &["PT"]),
    member("ro", "Romania", &["RO"]),
    member("se", "Sweden", &["SE"]),
    member("si", "Slovenia", &["SI"]),
    member("sk", "Slovakia", &["SK"]),
    member("is", "Iceland", &["IS"]),
    member("li", "Liechtenstein", &["LI"]),
    member("no", "Norway", &["NO"]),
    strict(
        "gg",
        "Guernsey",
        &["GG"],
        "Data Protection (Bailiwick of Guernsey) Law, 2017; no exemptions like those of PECR Sch A1 are in force there",
    ),
    Rule {
        review: SURVEY,
        ..strict(
            "gi",
            "Gibraltar",
            &["GI"],
            "GRA guidance note 28, 23 May 2023: as PECR, without its exemptions",
        )
    },
    strict(
        "im",
        "Isle of Man",
        &["IM"],
        "Data Protection Act 2018 (Isle of Man); no exemptions like those of PECR Sch A1 are in force there",
    ),
    strict(
        "je",
        "Jersey",
        &["JE"],
        "Data Protection (Jersey) Law 2018; no exemptions like those of PECR Sch A1 are in force there",
    ),
    Rule {
        behaviour: Behaviour::NoticeFirst,
        marketing_asks: true,
        law: "the FADP and TCA Art 45c",
        review: SURVEY,
        ..strict(
            "ch",
            "Switzerland",
            &["CH"],
            "FADP; TCA Art 45c; FDPIC guide on cookies v1.1, 6 October 2025: express consent for advertising networks, refusal for the rest",
        )
    },
    Rule {
        review: SURVEY,
        ..strict(
            "br",
            "Brazil",
            &["BR"],
            "LGPD Arts 7 and 8; ANPD guide on cookies, October 2022: refuse, accept and choose on the first layer",
        )
    },
    // A visitor whose province is unknown may be in Quebec.
    Rule {
        review: SURVEY,
        ..strict(
            "ca-qc",
            "Quebec, and Canada where the province is unknown",
            &["CA-QC", "CA"],
            "Law 25, s. 8.1 (22 September 2023): functions that identify, locate or profile are off",
        )
    },
    Rule {
        behaviour: Behaviour::NoticeFirst,
        law: "PIPEDA",
        review: SURVEY,
        ..strict(
            "ca",
            "Canada outside Quebec",
            &[
                "CA-AB", "CA-BC", "CA-MB", "CA-NB", "CA-NL", "CA-NS", "CA-NT", "CA-NU", "CA-ON", "CA-PE",
                "CA-SK", "CA-YT",
            ],
            "PIPEDA; guidance on online behavioural advertising: opt-out with prominent notice",
        )
    },
    state(
        "us-ca",
        "California, and the United States where the state is unknown",
        &["US-CA", "US"],
        "Cal. Civ. Code 1798.135; CCPA regulations 7004 and 7025 (1 January 2026): GPC is an opt-out; at least 12 months of silence after one",
    ),
    state("us-co", "Colorado", &["US-CO"], "Colorado Privacy Act: GPC is an opt-out since 1 July 2024"),
    state("us-ct", "Connecticut", &["US-CT"], "Connecticut Data Privacy Act: GPC is an opt-out"),
    state(
        "us-de",
        "Delaware",
        &["US-DE"],
        "Delaware Personal Data Privacy Act: GPC is an opt-out since 1 January 2026",
    ),
    state(
        "us-fl",
        "Florida",
        &["US-FL"],
        "Florida Digital Bill of Rights: no signal asked for; honoured here",
    ),
    state(
        "us-ia",
        "Iowa",
        &["US-IA"],
        "Iowa Consumer Data Protection Act: no signal asked for; honoured here",
    ),
    state(
        "us-in",
        "Indiana",
        &["US-IN"],
        "Indiana Consumer Data Protection Act: no signal asked for; honoured here",
    ),
    state(
        "us-ky",
        "Kentucky",
        &["US-KY"],
        "Kentucky Consumer Data Protection Act: no signal asked for; honoured here",
    ),
    state(
        "us-md",
        "Maryland",
        &["US-MD"],
        "Maryland Online Data Privacy Act: signals are allowed; honoured here",
    ),
    state(
        "us-mn",
        "Minnesota",
        &["US-MN"],
        "Minnesota Consumer Data Privacy Act: GPC is an opt-out since 31 July 2025",
    ),
    state(
        "us-mt",
        "Montana",
        &["US-MT"],
        "Montana Consumer Data Privacy Act: GPC is an opt-out since 1 January 2025",
    ),
    state("us-ne", "Nebraska", &["US-NE"], "Nebraska Data Privacy Act: signals on conditions; honoured here"),
    state("us-nh", "New Hampshire", &["US-NH"], "New Hampshire RSA 507-H: GPC reported as an opt-out"),
    state("us-nj", "New Jersey", &["US-NJ"], "New Jersey Data Privacy Act: GPC reported as an opt-out"),
    state(
        "us-or",
        "Oregon",
        &["US-OR"],
        "Oregon Consumer Privacy Act: GPC is an opt-out since 1 January 2026",
    ),
    state(
        "us-ri",
        "Rhode Island",
        &["US-RI"],
        "Rhode Island Data Transparency and Privacy Protection Act: no signal asked for; honoured here",
    ),
    state(
        "us-tn",
        "Tennessee",
        &["US-TN"],
        "Tennessee Information Protection Act: no signal asked for; honoured here",
    ),
    state(
        "us-tx",
        "Texas",
        &["US-TX"],
        "Texas Data Privacy and Security Act: signals on conditions; honoured here",
    ),
    state("us-ut", "Utah", &["US-UT"], "Utah Consumer Privacy Act: no signal asked for; honoured here"),
    state(
        "us-va",
        "Virginia",
        &["US-VA"],
        "Virginia Consumer Data Protection Act: no signal asked for; honoured here",
    ),
];

impl Rule {
    /// The row of that id, or `None`.
    pub fn find(id: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.id == id)
    }

    /// The row for a place: a country by its ISO 3166-1 code, and where it is known the part of it by what follows
    /// the hyphen in ISO 3166-2. `None` where no row holds: then [`Regime::strictest`] does.
    pub fn at(country: &str, part: Option<&str>) -> Option<&'static Self> {
        let holds = |place: &str| RULES.iter().find(|rule| rule.places.contains(&place));
        let whole = country.to_ascii_uppercase();
        if whole.contains('-') {
            return None;
        }
        part.and_then(|part| holds(&format!("{whole}-{}", part.to_ascii_uppercase())))
            .or_else(|| holds(&whole))
    }

    /// What holds for a visitor of a site that chose those intervals; the row's limits come first.
    pub fn regime(&self, grant_days: u16, refusal_days: u16) -> Regime {
        let grant_days = grant_days.min(self.max_grant_days);
        Regime {
            id: self.id.to_owned(),
            behaviour: self.behaviour,
            marketing_asks: self.marketing_asks,
            exemptions: self.exemptions,
            grant_days,
            refusal_days: refusal_days.max(self.min_refusal_days).max(grant_days),
        }
    }
}

#[cfg(test)]
mod tests;
