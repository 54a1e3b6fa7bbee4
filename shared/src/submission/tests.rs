//! What the browser writes, the server reads; what it would not write is refused.

use super::*;

fn sample() -> Submission {
    Submission {
        id: "019aa2f5-1c00-7abc-8def-0123456789ab".to_owned(),
        secret: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        site: "careers-enterprise".to_owned(),
        policy: PolicyRef { version: 3, sha256: "cd".repeat(32) },
        choices: vec![("video".to_owned(), false), ("analytics".to_owned(), true)],
        decided_at: 1_763_764_800_000,
        locale: "en-GB".to_owned(),
        regime: "strictest".to_owned(),
        surface: Surface::Preferences,
        control: Control::Save,
        input: Input::Keyboard,
        signals: SignalsRef { gpc: false, dnt: true },
        ui: Ui {
            widget: "0123456789abcdef".to_owned(),
            guard: "fedcba9876543210".to_owned(),
            form: Form::Snippet,
            theme: "block".to_owned(),
            viewport: Viewport::Narrow,
            reject: None,
        },
        chain: 1,
        previous: Some(Previous {
            id: "019aa2f5-1c00-7abc-8def-0123456789aa".to_owned(),
            secret: "BBBBBBBBBBBBBBBBBBBBBB".to_owned(),
        }),
    }
}

#[test]
fn the_browsers_bytes_are_canonical_and_read_back() {
    let json = sample().to_json();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), json);
    let read: Submission = serde_json::from_str(&json).unwrap();
    assert_eq!(read.to_json(), json);
}

#[test]
fn unknown_missing_and_repeated_fields_are_refused() {
    let json = sample().to_json();
    for (from, to) in [
        ("{\"chain\":1", "{\"extra\":1,\"chain\":1"),
        ("{\"chain\":1,", "{"),
        ("\"reject\":null,", ""),
        ("\"video\":false", "\"analytics\":false"),
        ("\"dnt\":true", "\"dnt\":1"),
        ("\"dnt\":true,", ""),
        ("\"save\"", "\"maybe\""),
        ("\"version\":3", "\"version\":-3"),
    ] {
        assert!(json.contains(from), "{from}");
        let wrong = json.replace(from, to);
        assert!(serde_json::from_str::<Submission>(&wrong).is_err(), "{wrong}");
    }
    let (before, after) = json.split_once("\"previous\":{").unwrap();
    let without = format!("{before}{}", after.split_once("},").unwrap().1);
    assert!(serde_json::from_str::<Submission>(&without).is_err(), "previous must be stated");
}
