//! The snippet and the script say what the guard expects, and cannot be broken out of.

use super::*;
use crate::policy::compile;
use crate::policy::document::Document;
use crate::testing::{HASH, fake_build};

pub(crate) fn published() -> Published {
    let mut text = include_str!("../testing/site.toml").to_owned();
    // The first service is the necessary one; it gets a host of its own.
    text = text.replacen("hosts = []", "hosts = [\"https://pay.example\"]", 1);
    let file = compile::read(&text, "site.toml").unwrap_or_else(|faults| panic!("{faults}"));
    let document = compile::compile(&file, &[]).to_canonical();
    Published::from_document(&document, HASH).expect("the document can be read")
}

#[test]
fn the_guard_is_told_every_optional_purpose_and_only_necessary_hosts_pass() {
    let config = Config::of(&published(), &fake_build(), Form::External).expect("a valid policy");
    let value: serde_json::Value =
        serde_json::from_str(&config.to_script().expect("plain values")).expect("JSON is JSON");
    assert_eq!(value["allow"], serde_json::json!(["https://pay.example"]));
    assert_eq!(
        value["purposes"],
        serde_json::json!({
            "analytics": {
                "since": 1, "category": "analytics", "hosts": ["https://counter.example"], "items": ["cvisits"],
            },
            "marketing": {
                "since": 1, "category": "marketing", "hosts": ["https://campaign.example"], "items": ["ccampaign"],
            },
        })
    );
    assert_eq!(value["form"], "external");
    assert_eq!(value["lang"], "en");
}

#[test]
fn the_snippets_policy_has_the_words_of_the_guards() {
    let csp = Config::of(&published(), &fake_build(), Form::Snippet).expect("a valid policy").csp();
    let guard = include_str!("../../../widget/js/guard.js");
    assert!(!csp.contains("counter.example"), "an optional host must not pass");
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
    let mut config = Config::of(&published(), &fake_build(), Form::Snippet).expect("a valid policy");
    config.site = "</script><script>alert(1)//\u{2028}".to_owned();
    let script = config.to_script().expect("plain values");
    assert!(!script.contains('<') && !script.contains('\u{2028}'), "{script}");
}

#[test]
fn the_guard_itself_cannot_end_or_swallow_the_snippets_script() {
    for text in [
        assets::widget().map_or("", |widget| widget.build.guard_js),
        include_str!("../../../widget/js/guard.js"),
    ] {
        assert!(!text.to_lowercase().contains("</script") && !text.contains("<!--"));
    }
}

/// The build of the widget counts these bytes: they must be as many as browsers get.
#[test]
fn the_demos_configuration_is_the_one_that_the_widget_is_measured_with() {
    let text = include_str!("../../../demo-site/careers-enterprise/avow.toml");
    let file = compile::read(text, "avow.toml").unwrap_or_else(|faults| panic!("{faults}"));
    let document = compile::compile(&file, &[]).to_canonical();
    let published = Published::from_document(&document, &Document::hash(&document)).expect("it can be read");
    let config = Config::of(&published, &fake_build(), Form::External).expect("a valid policy");
    let known = include_str!("../../../widget/testdata/careers-enterprise.config.json");
    let made = config.to_script().expect("plain values");
    let file = "widget/testdata/careers-enterprise.config.json";
    assert_eq!(known.trim(), made, "write the second text into {file}");
}
