//! The cookie's text is frozen; whatever is not exactly ours is no decision.

use super::*;
use proptest::prelude::*;

fn decision() -> Decision {
    let choice = |id: &str, granted| Choice { purpose: PurposeId::parse(id).unwrap(), granted };
    Decision {
        version: 3,
        decided: Millis(1_763_764_800_000),
        expires: Millis(1_779_489_600_000),
        gpc: false,
        left_on: false,
        choices: vec![choice("analytics", true), choice("video", false)],
    }
}

#[test]
fn the_value_is_frozen() {
    let value = encode(&decision(), None);
    assert_eq!(value, "1.3.t63lmo.tfgmyo.analytics:1~video:0.-");
    let mut signalled = decision();
    signalled.gpc = true;
    let sealed = encode(&signalled, Some("AAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(sealed, "1.3.t63lmo.tfgmyo.analytics:1~video:0~_gpc:1.AAAAAAAAAAAAAAAAAAAAAA");
    let left = Decision { left_on: true, ..signalled };
    assert_eq!(encode(&left, None), "1.3.t63lmo.tfgmyo.analytics:1~video:0~_on:1~_gpc:1.-");
    assert_eq!(
        seal_message("careers-enterprise", &unsealed_value(&decision())),
        "avow/seal/v1\ncareers-enterprise\n1.3.t63lmo.tfgmyo.analytics:1~video:0"
    );
}

#[test]
fn whatever_we_would_not_write_is_no_decision() {
    let value = encode(&decision(), None);
    assert!(parse(&value).is_some());
    for (from, to) in [
        ("1.3", "2.3"),
        ("1.3", "1.03"),
        ("1.3", "1.+3"),
        ("1.3", "1.0"),
        ("1.3", "1.4294967296"),
        (".t63lmo", ".T63LMO"),
        (".t63lmo", ".0t63lmo"),
        (".t63lmo", "."),
        (".t63lmo", ".zzzzzzzzzz"),
        ("video:0", "video:2"),
        ("video:0", "video"),
        ("video:0", "analytics:0"),
        ("video:0", "_gpc:0"),
        ("analytics:1~video:0", "_gpc:1~video:0"),
        ("analytics:1~video:0", "_on:1~video:0"),
        ("analytics:1~video:0", "_gpc:1~_on:1"),
        ("analytics:1~video:0", "_on:1~_on:1"),
        ("video:0", "_on:0"),
        ("~", "~~"),
        (".-", ".short"),
        (".-", ""),
        (".-", ".-.x"),
        (".-", ".AAAAAAAAAAAAAAAAAAAAA="),
    ] {
        assert!(value.contains(from), "{from}");
        let wrong = value.replacen(from, to, 1);
        assert_eq!(parse(&wrong), None, "{wrong}");
    }
    assert_eq!(parse(&"1.".repeat(3000)), None);
}

#[test]
fn two_different_cookies_of_the_name_are_no_decision() {
    assert_eq!(find_in("a=b; avow=1.2; c=d"), Some("1.2"));
    assert_eq!(find_in("avow=1.2; avow=1.2"), Some("1.2"));
    assert_eq!(find_in("avow=1.2; avow=1.3"), None);
    assert_eq!(find_in("xavow=1.2; avowx=1"), None);
}

proptest! {
    #[test]
    fn every_decision_reads_back(
        version in 1u32.., decided in 0i64..100_000_000_000, expires in 0i64..100_000_000_000, gpc: bool, left_on: bool,
        choices in proptest::collection::btree_map("[a-z][a-z0-9_]{0,31}", any::<bool>(), 0..20),
        seal in proptest::option::of("[A-Za-z0-9_-]{22}"),
    ) {
        let decision = Decision {
            version, decided: Millis(decided * 1000), expires: Millis(expires * 1000), gpc, left_on,
            choices: choices.into_iter()
                .map(|(id, granted)| Choice { purpose: PurposeId::parse(&id).unwrap(), granted })
                .collect(),
        };
        let value = encode(&decision, seal.as_deref());
        prop_assert!(value.bytes().all(|b| b.is_ascii_graphic() && !b"\",;\\".contains(&b)), "cookie-octets");
        prop_assert_eq!(parse(&value), Some(Stored { decision, seal }));
    }

    #[test]
    fn any_text_is_read_without_harm(value in ".{0,200}") {
        if let Some(stored) = parse(&value) {
            prop_assert_eq!(encode(&stored.decision, stored.seal.as_deref()), value);
        }
    }
}
