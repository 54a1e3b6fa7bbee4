//! The law as tables: jurisdictions, and which basis may carry which category.
//!
//! Reviewed in one place. Sources: PECR 2003 reg 6 and Schedule A1 (as in force since 5 February 2026),
//! Directive 2002/58/EC Art 5(3), UK GDPR and GDPR Arts 6, 7, and the authorities' guidance named below.
//! What this is not: where a visitor is. Until the server knows that, the site's own jurisdiction holds.

use avow_shared::basis::Basis;
use avow_shared::category::{Category, OptionalCategory};
use avow_shared::regime::{Behaviour, Regime};

/// What a jurisdiction asks of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jurisdiction {
    /// Its id in policies and records.
    pub id: &'static str,
    /// How the law calls itself, for reasons.
    pub law: &'static str,
    /// Statistics and appearance need no consent (PECR Sch A1 paras 5 and 6).
    pub exemptions: bool,
    /// The longest a consent may be valid, in days.
    pub max_grant_days: i64,
}

/// The shortest time for which a refusal is remembered, in days, everywhere: ICO guideline, CNIL recommendation
/// 2020-092, and binding in Italy (Garante, 10 June 2021, 6.2): six months.
pub const MIN_REFUSAL_DAYS: i64 = 180;

const EPRIVACY: &str = "Article 5(3) of the ePrivacy Directive";
const PECR: &str = "PECR regulation 6 and Schedule A1";
const LOCAL: &str = "the law there (read as strictly as the ePrivacy Directive)";

/// A year and a month is the longest that any authority's guidance lets a consent stand without a reminder.
const MAX_GRANT_DAYS: i64 = 395;

const fn strict(id: &'static str, law: &'static str, max_grant_days: i64) -> Jurisdiction {
    Jurisdiction { id, law, exemptions: false, max_grant_days }
}

/// Great Britain; the EU, its members and the EEA; neighbours with rules of the same kind.
///
/// Crown dependencies and Gibraltar are not Great Britain: no exemptions there.
const JURISDICTIONS: &[Jurisdiction] = &[
    Jurisdiction { id: "gb", law: PECR, exemptions: true, max_grant_days: MAX_GRANT_DAYS },
    strict("eu", EPRIVACY, MAX_GRANT_DAYS),
    strict("at", EPRIVACY, MAX_GRANT_DAYS),
    strict("be", EPRIVACY, MAX_GRANT_DAYS),
    strict("bg", EPRIVACY, MAX_GRANT_DAYS),
    strict("cy", EPRIVACY, MAX_GRANT_DAYS),
    strict("cz", EPRIVACY, MAX_GRANT_DAYS),
    strict("de", EPRIVACY, MAX_GRANT_DAYS),
    strict("dk", EPRIVACY, MAX_GRANT_DAYS),
    strict("ee", EPRIVACY, MAX_GRANT_DAYS),
    // AEPD guide on cookies: 24 months.
    strict("es", EPRIVACY, 730),
    strict("fi", EPRIVACY, MAX_GRANT_DAYS),
    // CNIL: six months is good practice.
    strict("fr", EPRIVACY, 183),
    strict("gr", EPRIVACY, MAX_GRANT_DAYS),
    strict("hr", EPRIVACY, MAX_GRANT_DAYS),
    strict("hu", EPRIVACY, MAX_GRANT_DAYS),
    // DPC guidance note on cookies: six months.
    strict("ie", EPRIVACY, 183),
    strict("it", EPRIVACY, MAX_GRANT_DAYS),
    strict("lt", EPRIVACY, MAX_GRANT_DAYS),
    strict("lu", EPRIVACY, MAX_GRANT_DAYS),
    strict("lv", EPRIVACY, MAX_GRANT_DAYS),
    strict("mt", EPRIVACY, MAX_GRANT_DAYS),
    strict("nl", EPRIVACY, MAX_GRANT_DAYS),
    strict("pl", EPRIVACY, MAX_GRANT_DAYS),
    strict("pt", EPRIVACY, MAX_GRANT_DAYS),
    strict("ro", EPRIVACY, MAX_GRANT_DAYS),
    strict("se", EPRIVACY, MAX_GRANT_DAYS),
    strict("si", EPRIVACY, MAX_GRANT_DAYS),
    strict("sk", EPRIVACY, MAX_GRANT_DAYS),
    strict("is", EPRIVACY, MAX_GRANT_DAYS),
    strict("li", EPRIVACY, MAX_GRANT_DAYS),
    strict("no", EPRIVACY, MAX_GRANT_DAYS),
    strict("ch", LOCAL, MAX_GRANT_DAYS),
    strict("gg", LOCAL, MAX_GRANT_DAYS),
    strict("gi", LOCAL, MAX_GRANT_DAYS),
    strict("im", LOCAL, MAX_GRANT_DAYS),
    strict("je", LOCAL, MAX_GRANT_DAYS),
];

impl Jurisdiction {
    /// The jurisdiction of that id, or `None` if the tables do not have it.
    pub fn find(id: &str) -> Option<&'static Self> {
        JURISDICTIONS.iter().find(|known| known.id == id)
    }

    /// Its regime with the site's intervals: everywhere in the tables, deny first and ask.
    pub fn regime(&self, grant_days: u16, refusal_days: u16) -> Regime {
        let strictest = Regime::strictest(grant_days, refusal_days);
        debug_assert_eq!(strictest.behaviour, Behaviour::ConsentFirst, "the tables hold no other");
        Regime { id: self.id.to_owned(), exemptions: self.exemptions, ..strictest }
    }
}

/// Why a basis cannot carry a category in a jurisdiction; `None` if it can.
pub fn objection(basis: Basis, category: Category, jurisdiction: &Jurisdiction) -> Option<String> {
    let law = jurisdiction.law;
    match (category, basis) {
        (Category::Necessary, Basis::Communication | Basis::StrictlyNecessary)
        | (Category::Optional(_), Basis::Consent) => None,
        (Category::Optional(OptionalCategory::Analytics), Basis::Statistics)
        | (Category::Optional(OptionalCategory::Functional), Basis::Appearance)
            if jurisdiction.exemptions =>
        {
            None
        }
        (Category::Necessary, Basis::Consent) => Some(
            "a necessary purpose cannot be refused, and consent that cannot be refused is not consent (UK GDPR \
             Art 7(4)): make it `strictly_necessary` if it is, else give it another category"
                .to_owned(),
        ),
        (Category::Necessary, Basis::Statistics | Basis::Appearance) => Some(
            "visitors may object to statistics and appearance (PECR Sch A1 paras 5 and 6), and a necessary \
             purpose cannot be objected to: give it another category"
                .to_owned(),
        ),
        (Category::Optional(_), Basis::Communication | Basis::StrictlyNecessary) => Some(
            "what may be refused is not strictly necessary: make the category `necessary`, or rest it on `consent`"
                .to_owned(),
        ),
        (Category::Optional(_), Basis::Statistics | Basis::Appearance) if !jurisdiction.exemptions => {
            Some(format!(
                "under {law} statistics and appearance are no exemptions: they are in `gb` only (PECR Sch A1 paras 5 \
                 and 6). Rest it on `consent`"
            ))
        }
        (Category::Optional(_), Basis::Statistics) => Some(
            "PECR Sch A1 para 5 is for the sole purpose of statistics on the site's own use: only an `analytics` \
             purpose can rest on it"
                .to_owned(),
        ),
        (Category::Optional(_), Basis::Appearance) => Some(
            "PECR Sch A1 para 6 is for the sole purpose of adapting looks or function to the visitor's preference: \
             only a `functional` purpose can rest on it"
                .to_owned(),
        ),
    }
}

/// Why a word that people take for a basis is none for storing things on a device; `None` if it is just unknown.
pub fn not_a_basis(word: &str, jurisdiction: &Jurisdiction) -> Option<String> {
    let law = jurisdiction.law;
    match word {
        "legitimate_interests" | "legitimate_interest" => Some(format!(
            "under {law} nothing may be stored on, or read from, a visitor's device for legitimate interests: \
             rest it on `consent`, or on `strictly_necessary` if the visitor's own request needs it. Legitimate \
             interests may be the `lawful_basis` of what a necessary purpose does with the data afterwards"
        )),
        "contract" | "legal_obligation" | "public_task" | "vital_interests" => Some(format!(
            "`{word}` is a lawful basis of the UK GDPR's Article 6, not a ground under {law}: write it in `lawful_basis`, \
             and here why the item may be stored at all"
        )),
        _ => None,
    }
}

/// The lawful bases of the UK GDPR's Article 6(1).
pub const LAWFUL_BASES: [&str; 6] =
    ["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"];

/// Why a lawful basis does not go with a basis for storage; `None` if it does.
pub fn lawful_objection(basis: Basis, lawful: &str) -> Option<&'static str> {
    match basis {
        Basis::Consent if lawful != "consent" => Some(
            "what was stored with consent is used with consent: another lawful basis would let the use go on after \
             the visitor has said no (EDPB Guidelines 05/2020, 122; ICO on consent)",
        ),
        Basis::Communication | Basis::StrictlyNecessary | Basis::Statistics | Basis::Appearance
            if lawful == "consent" =>
        {
            Some(
                "nobody is asked about this purpose, so there is no consent: name the lawful basis that really \
                 carries it, such as `legitimate_interests` or `public_task`",
            )
        }
        _ => None,
    }
}
