//! Which basis may carry which category where, and why another may not.
//!
//! The places themselves are `avow_shared::law`. Sources: PECR 2003 reg 6 and Schedule A1 (as in force since
//! 5 February 2026), Directive 2002/58/EC Art 5(3), UK GDPR and GDPR Arts 6, 7, and the guidance named below.

use avow_shared::basis::Basis;
use avow_shared::category::{Category, OptionalCategory};
use avow_shared::law::Rule;

/// Why a basis cannot carry a category under a law; `None` if it can.
///
/// An exemption needs a site that asks where its visitors are: it does not hold for those from elsewhere.
pub fn objection(basis: Basis, category: Category, jurisdiction: &Rule, follows: bool) -> Option<String> {
    let law = jurisdiction.law;
    match (category, basis) {
        (Category::Necessary, Basis::Communication | Basis::StrictlyNecessary)
        | (Category::Optional(_), Basis::Consent) => None,
        (Category::Optional(OptionalCategory::Analytics), Basis::Statistics)
        | (Category::Optional(OptionalCategory::Functional), Basis::Appearance)
            if jurisdiction.exemptions && follows =>
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
        (Category::Optional(OptionalCategory::Analytics), Basis::Statistics)
        | (Category::Optional(OptionalCategory::Functional), Basis::Appearance) => Some(
            "that exemption is for visitors in the United Kingdom, and all others must be asked: set \
             `follow_visitor = true`, so that the law of where a visitor is decides, or rest it on `consent`"
                .to_owned(),
        ),
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
pub fn not_a_basis(word: &str, jurisdiction: &Rule) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use avow_shared::law::RULES;
    use std::fmt::Write as _;

    /// The table of all rows, for people.
    fn table() -> String {
        let mut text = "| id | where | codes | without an answer | marketing | exemptions | consent at most | refusal at least | source | reviewed |\n\
             |---|---|---|---|---|---|---|---|---|---|\n"
            .to_owned();
        for rule in RULES {
            let marketing = if rule.marketing_asks { "consent_first" } else { rule.behaviour.as_str() };
            writeln!(
                text,
                "| `{}` | {} | {} | `{}` | `{marketing}` | {} | {} days | {} days | {} | {} |",
                rule.id,
                rule.name,
                rule.places.join(", "),
                rule.behaviour.as_str(),
                if rule.exemptions { "yes" } else { "no" },
                rule.max_grant_days,
                rule.min_refusal_days,
                rule.source,
                rule.review,
            )
            .expect("a string takes all");
        }
        text
    }

    #[test]
    fn the_table_in_the_docs_is_this_one() {
        let kept = include_str!("../../../docs/regimes.md");
        assert!(kept.contains(&table()), "put this into docs/regimes.md:\n{}", table());
    }
}
