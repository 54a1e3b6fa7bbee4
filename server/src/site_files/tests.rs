//! The snippet and the script say what the guard expects, and cannot be broken out of.

use super::*;

fn published() -> Published {
    let document = serde_json::json!({
        "schema": 1, "site": "shop", "version": 3, "domains": ["shop.example"], "superseded_days": 7,
        "served_from": "/.avow", "languages": ["en", "cy"],
        "regime": {"id": "gb", "behaviour": "consent_first", "exemptions": false, "grant_days": 180, "refusal_days": 180},
        "purposes": [
            {"id": "essential", "category": "necessary", "basis": "strictly_necessary", "since": 1, "hosts": ["https://pay.example"]},
            {"id": "analytics", "category": "analytics", "basis": "consent", "since": 2, "hosts": ["https://stats.example"]}
        ],
        "texts_sha256": {"en": "00".repeat(32), "cy": "11".repeat(32)}
    });
    Published::from_document(&document.to_string(), &"ab".repeat(32)).expect("the document can be read")
}

fn fake() -> &'static Widget {
    static FAKE: Widget = Widget {
        js: "avow-1.js",
        wasm: "avow-2.wasm",
        guard: "0123456789abcdef",
        guard_js: "",
        boot_js: "",
        files: &[],
    };
    &FAKE
}

#[test]
fn the_guard_is_told_every_optional_purpose_and_only_necessary_hosts_pass() {
    let config = Config::of(&published(), fake(), Form::External).expect("a valid policy");
    let value: serde_json::Value =
        serde_json::from_str(&config.to_script().expect("plain values")).expect("JSON is JSON");
    assert_eq!(value["allow"], serde_json::json!(["https://pay.example"]));
    assert_eq!(
        value["purposes"],
        serde_json::json!({"analytics": {"since": 2, "category": "analytics", "hosts": ["https://stats.example"]}})
    );
    assert_eq!(value["form"], "external");
    assert_eq!(value["lang"], "en");
}

#[test]
fn the_snippets_policy_has_the_words_of_the_guards() {
    let csp = Config::of(&published(), fake(), Form::Snippet).expect("a valid policy").csp();
    let guard = include_str!("../../../widget/js/guard.js");
    assert!(!csp.contains("stats.example"), "an optional host must not pass");
    for part in [
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ",
        "; form-action 'self' ",
        "; object-src 'none'",
    ] {
        assert!(csp.contains(part), "{part}");
        assert!(guard.contains(part), "the guard has other words than: {part}");
    }
}

#[test]
fn a_name_cannot_end_the_script() {
    let mut config = Config::of(&published(), fake(), Form::Snippet).expect("a valid policy");
    config.site = "</script><script>alert(1)//\u{2028}".to_owned();
    let script = config.to_script().expect("plain values");
    assert!(!script.contains('<') && !script.contains('\u{2028}'), "{script}");
}

#[test]
fn the_guard_itself_cannot_end_or_swallow_the_snippets_script() {
    for text in
        [assets::widget().map_or("", |widget| widget.guard_js), include_str!("../../../widget/js/guard.js")]
    {
        assert!(!text.to_lowercase().contains("</script") && !text.contains("<!--"));
    }
}
