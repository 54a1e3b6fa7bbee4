//! Every row of the law, and the traps of geography.

use super::*;
use std::collections::BTreeSet;

const BEFORE: [u16; 2] = [300, 300];

fn at(country: &str, part: Option<&str>) -> &'static str {
    Rule::at(country, part).map_or("strictest", |rule| rule.id)
}

#[test]
fn every_row_is_whole_and_no_place_has_two() {
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for rule in RULES {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        assert!(!rule.name.is_empty() && !rule.law.is_empty() && !rule.source.is_empty(), "{}", rule.id);
        assert!(!rule.places.is_empty(), "{}", rule.id);
        for place in rule.places {
            assert!(places.insert(*place), "{place} has two rows");
            let (country, part) = place.split_once('-').map_or((*place, None), |(c, p)| (c, Some(p)));
            assert_eq!(at(country, part), rule.id);
            assert_eq!(at(&country.to_lowercase(), part.map(str::to_lowercase).as_deref()), rule.id);
        }
        let days = match rule.review {
            Review::Primary(read) => vec![read],
            Review::Secondary { read, written } => written.into_iter().chain([read]).collect(),
            Review::NotReread => Vec::new(),
        };
        for day in &days {
            let parts: Vec<_> = day.split('-').map(str::len).collect();
            assert_eq!(parts, [4, 2, 2], "{}: reviewed on a day", rule.id);
        }
        assert!(days.is_sorted(), "{}: read before it was written", rule.id);
        assert!(rule.min_refusal_days >= 180, "{}", rule.id);
    }
}

#[test]
fn every_row_makes_its_regime() {
    use Behaviour::{ConsentFirst, NoticeFirst, RightsFirst};
    for rule in RULES {
        let regime = rule.regime(BEFORE[0], BEFORE[1]);
        let wanted = match rule.id {
            "ch" => (NoticeFirst, true),
            "ca" => (NoticeFirst, false),
            id if id.starts_with("us-") => (RightsFirst, false),
            _ => (ConsentFirst, false),
        };
        assert_eq!((regime.behaviour, regime.marketing_asks), wanted, "{}", rule.id);
        assert_eq!(
            regime.exemptions,
            rule.id == "gb",
            "{}: exemptions are those of the United Kingdom",
            rule.id
        );
        let days = match rule.id {
            "fr" | "ie" => (183, 300),
            id if id.starts_with("us-") => (300, 400),
            _ => (300, 300),
        };
        assert_eq!((regime.grant_days, regime.refusal_days), days, "{}", rule.id);
        assert_eq!(rule.regime(9999, 1).grant_days, rule.max_grant_days);
        // A refusal is remembered at least as long as a grant.
        assert!(rule.regime(9999, 1).refusal_days >= rule.max_grant_days);
        assert_eq!(regime.id, rule.id);
    }
    assert_eq!(Rule::find("es").map(|rule| rule.max_grant_days), Some(730));
    assert_eq!(Rule::find("it").map(|rule| rule.regime(90, 1).refusal_days), Some(180));
}

#[test]
fn territories_of_the_union_have_its_law_and_islands_beside_it_have_not() {
    for place in ["AX", "GF", "GP", "MQ", "MF", "RE", "YT", "IS", "LI", "NO"] {
        let rule = Rule::at(place, None).expect("a row");
        assert_eq!(rule.law, EPRIVACY, "{place}");
    }
    for place in ["GI", "GG", "JE", "IM"] {
        let rule = Rule::at(place, None).expect("a row");
        assert_ne!(rule.id, "gb", "{place}");
        assert!(!rule.exemptions, "{place}");
    }
}

#[test]
fn a_part_that_is_unknown_is_read_strictly() {
    for (country, part, id) in [
        ("CA", None, "ca-qc"),
        ("CA", Some("QC"), "ca-qc"),
        ("CA", Some("ON"), "ca"),
        ("CA", Some("??"), "ca-qc"),
        ("US", None, "us-ca"),
        ("US", Some("CA"), "us-ca"),
        ("US", Some("VA"), "us-va"),
        ("US", Some("WY"), "us-ca"),
        ("GB", Some("ENG"), "gb"),
        ("JP", None, "strictest"),
        ("PM", None, "strictest"),
        ("US-VA", None, "strictest"),
        ("", None, "strictest"),
        ("XX", Some("QC"), "strictest"),
    ] {
        assert_eq!(at(country, part), id, "{country} {part:?}");
    }
}
