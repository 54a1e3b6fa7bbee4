//! Tests of reading, checking and compiling policy files.

use super::compile::{compile, read};
use super::document::Document;
use super::{Published, localize};
use std::collections::BTreeSet;

/// A small policy that breaks no rule.
const GOOD: &str = include_str!("testdata/good.toml");

fn changed(from: &str, to: &str) -> String {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "`{from}` stands in the file");
    text
}

fn first() -> Document {
    compile(&read(GOOD, "avow.toml").expect("good"), &[])
}

fn next(before: &Document, from: &str, to: &str) -> Document {
    let source = changed(from, to);
    compile(&read(&source, "avow.toml").expect("still good"), std::slice::from_ref(before))
}

fn since(document: &Document) -> Vec<u32> {
    document.purposes.iter().map(|purpose| purpose.since).collect()
}

/// Each breaks one rule: rule, text, replacement.
const BREAKS: &[(&str, &str, &str)] = &[
    ("toml", "schema = 1", "schema = "),
    ("toml", "[look]", "[look]\nblink = true"),
    ("toml", "site = \"shop\"", ""),
    ("toml", "radius = 6", "radius = \"round\""),
    ("schema", "schema = 1", "schema = 2"),
    ("site-id", "site = \"shop\"", "site = \"The Shop\""),
    ("empty", "name = \"The Shop\"", "name = \"  \""),
    (
        "too-long",
        "Keeps your basket.",
        concat!(
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            "!"
        ),
    ),
    ("control-character", "Keeps your basket.", "Keeps \\u0007 your basket."),
    ("bidi-control", "Keeps your basket.", "Keeps \\u202eyour basket."),
    ("bidi-control", "provider = \"Counter Ltd\"", "provider = \"Counter \\u2067Ltd\\u2069\""),
    ("bidi-control", "name = \"Counter\"", "name = \"\\u061cCounter\""),
    ("bidi-control", "name = \"The Shop Ltd\"", "name = \"The Shop\\u200f Ltd\""),
    ("bidi-control", "save = \"Keep these\"", "save = \"Keep \\u200ethese\""),
    ("email", "dpo@shop.example", "dpo\\u202e@shop.example"),
    ("url", "https://ico.org.uk", "https://ico.org.uk/\\u202e"),
    ("url", "https://stats.example/privacy", "https://stats.example/\\u2066privacy"),
    ("item-name", "name = \"_count\"\nkind = \"cookie\"", "name = \"a\\u202eb\"\nkind = \"local\""),
    ("domain", "\"www.shop.example\"", "\"https://www.shop.example/\""),
    ("domain", "\"www.shop.example\"", "\"*.co.uk\""),
    ("duplicate", "\"www.shop.example\"", "\"www.shop.example\", \"www.shop.example\""),
    ("jurisdiction", "jurisdiction = \"gb\"", "jurisdiction = \"mars\""),
    ("served-from", "\"/.avow\"", "\"/.avow/\""),
    ("served-from", "\"/.avow\"", "\"https://consent.vendor.example\""),
    ("range", "superseded_days = 7", "superseded_days = 0"),
    ("language", "languages = [\"en\", \"cy\"]", "languages = [\"en\", \"Welsh\"]"),
    ("email", "privacy@shop.example", "privacy at shop.example"),
    ("url", "cookies = \"/cookies\"", "cookies = \"//elsewhere.example\""),
    ("url", "https://ico.org.uk", "ico.org.uk"),
    ("grant-days", "grant_days = 180", "grant_days = 1000"),
    ("refusal-days", "refusal_days = 180", "refusal_days = 7"),
    ("refusal-shorter", "grant_days = 180", "grant_days = 365"),
    ("record-days", "record_days = 730", "record_days = 90"),
    ("refusal-record", "refusal_record = \"keep\"", "refusal_record = \"drop\""),
    ("record-end", "refusal_record = \"keep\"", "refusal_record = \"keep\"\nrecord_end = \"burn\""),
    ("witness", "[look]", "[[log.witness]]\nurl = \"https://w.example/\"\nkey = \"none\"\n[look]"),
    ("theme", "theme = \"plain\"", "theme = \"Plain!\""),
    ("accent", "#0b5cab", "blue"),
    ("accent-contrast", "#0b5cab", "#ffe08a"),
    ("layout", "radius = 6", "radius = 6\nlayout = \"middle\""),
    ("font", "radius = 6", "radius = 6\nfont = \"comic\""),
    ("spacing", "radius = 6", "radius = 6\nspacing = \"wide\""),
    ("scheme", "scheme = \"auto\"", "scheme = \"sepia\""),
    ("texts-unknown", "save = \"Keep these\"", "banner_colour = \"red\""),
    ("texts-placeholder", "save = \"Keep these\"", "save = \"Keep {them}\""),
    ("texts-same", "save = \"Keep these\"", "accept = \"Fine\"\nreject = \"Fine\""),
    ("texts-missing", "languages = [\"en\", \"cy\"]", "languages = [\"en\", \"cy\", \"tlh\"]"),
    ("text-missing", ", cy = { name = \"Mesur\", description = \"Yn cyfrif ymweliadau.\" }", ""),
    ("id", "id = \"analytics\"", "id = \"Analytics\""),
    ("duplicate", "id = \"analytics\"", "id = \"session\""),
    ("duplicate", "id = \"counter\"", "id = \"site\""),
    ("category", "category = \"analytics\"", "category = \"performance\""),
    ("basis", "basis = \"consent\"", "basis = \"legitimate_interests\""),
    ("basis", "basis = \"consent\"", "basis = \"contract\""),
    ("basis", "basis = \"consent\"", "basis = \"vibes\""),
    ("basis", "basis = \"consent\"", "basis = \"strictly_necessary\""),
    ("basis", "basis = \"consent\"", "basis = \"appearance\""),
    ("basis", "basis = \"strictly_necessary\"", "basis = \"consent\""),
    ("basis", "basis = \"strictly_necessary\"", "basis = \"statistics\""),
    ("lawful-basis", "lawful_basis = \"consent\"", "lawful_basis = \"legitimate_interests\""),
    ("lawful-basis", "lawful_basis = \"consent\"", "lawful_basis = \"because\""),
    ("lawful-basis", "lawful_basis = \"legitimate_interests\"", "lawful_basis = \"consent\""),
    (
        "statistics-shared",
        "basis = \"consent\"\nlawful_basis = \"consent\"",
        "basis = \"statistics\"\nlawful_basis = \"public_task\"",
    ),
    ("role", "role = \"joint_controller\"", "role = \"friend\""),
    ("country", "country = \"IE\"", "country = \"Ireland\""),
    ("host", "https://stats.example", "http://stats.example"),
    ("host", "https://stats.example", "*"),
    ("host", "https://stats.example", "https://stats.example; script-src *"),
    ("host-necessary", "hosts = []", "hosts = [\"stats.example\"]"),
    (
        "purpose-empty",
        "[[purpose]]\nid = \"analytics\"",
        "[[purpose]]\nid = \"void\"\ncategory = \"marketing\"\nbasis = \"consent\"\nlawful_basis = \"consent\"\ntext.en = { name = \"Nothing\", description = \"Nothing.\" }\ntext.cy = { name = \"Dim\", description = \"Dim.\" }\n\n[[purpose]]\nid = \"analytics\"",
    ),
    ("item-name", "name = \"_count\"", "name = \"a;b\""),
    ("item-reserved", "name = \"_count\"", "name = \"avow\""),
    (
        "item-shadow",
        "name = \"_count\"\nkind = \"cookie\"\nmatch = \"exact\"",
        "name = \"bas\"\nkind = \"cookie\"\nmatch = \"prefix\"",
    ),
    ("duplicate", "name = \"_count\"", "name = \"basket\""),
    ("kind", "kind = \"cookie\"", "kind = \"biscuit\""),
    ("match", "match = \"exact\"", "match = \"regex\""),
    ("duration", "duration = \"13 months\"", "duration = \"forever\""),
    (
        "duration",
        "kind = \"cookie\"\nmatch = \"exact\"\nduration = \"session\"",
        "kind = \"local\"\nmatch = \"exact\"\nduration = \"session\"",
    ),
    (
        "duration",
        "kind = \"cookie\"\nmatch = \"exact\"\nduration = \"13 months\"",
        "kind = \"session\"\nmatch = \"exact\"\nduration = \"13 months\"",
    ),
    ("audience", "schema = 1", "schema = 1\naudience = \"dogs\""),
    ("opt-out", "schema = 1", "schema = 1\nallow_opt_out = true"),
    (
        "opt-out",
        "schema = 1",
        "schema = 1\nfollow_visitor = true\nallow_opt_out = true\naudience = \"children\"",
    ),
    ("asked", "basis = \"consent\"", "asked = \"nobody\"\nbasis = \"consent\""),
    ("asked", "basis = \"strictly_necessary\"", "asked = \"form\"\nbasis = \"strictly_necessary\""),
    ("date", "2026-03-31", "2026-02-30"),
    ("right", "\"erasure\"", "\"oblivion\""),
    ("duplicate", "\"erasure\"", "\"access\""),
    ("lawful-basis", "[\"consent\", \"legitimate_interests\"]", "[]"),
    ("lawful-basis", "[\"consent\", \"legitimate_interests\"]", "[\"vibes\"]"),
    ("special-basis", "9(2)(a)", "9(1)"),
    ("interest", "interest = \"keeping a basket\"", ""),
    ("empty", "purposes = [\"Selling\", \"Counting\"]", "purposes = []"),
    ("empty", "data = [\"What is in the basket\"]", "data = [\" \"]"),
    ("text-missing", "[notice.activity.text.en]", "[notice.activity.text.fr]"),
    ("country", "country = \"US\"", "country = \"USA\""),
    ("notice-part", "updated = \"2026-03-31\"", ""),
    ("notice-visitors", "visitors = true", ""),
    ("justification", "justification = \"keeps what you put into the basket\"", ""),
];

#[test]
fn every_broken_rule_is_named_with_its_place_and_reason() {
    let mut told = String::new();
    for (rule, from, to) in BREAKS {
        let faults = read(&changed(from, to), "avow.toml").expect_err(rule);
        assert!(
            faults.as_slice().iter().any(|fault| fault.rule == *rule),
            "`{rule}` is not among:\n{faults}\n({to})"
        );
        told.push_str(&faults.to_string());
        told.push_str("\n\n");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_languages_are_written_with_is_no_control_of_direction() {
    for text in [
        // Persian with a joiner that is none, Malayalam and an emoji with one that is.
        "می\u{200c}خواهم",
        "ന\u{d4d}\u{200d}",
        "\u{1f469}\u{200d}\u{1f4bb}",
        // Hebrew with Latin in it, and a mark after the full stop.
        "אתר Avow.\u{200f}",
        "العربية (Avow)\u{200e}",
    ] {
        let source = changed("Keeps your basket.", text);
        assert!(read(&source, "avow.toml").is_ok(), "{text:?}");
    }
    // Of the Arabic mark no text needs one where the pages set the direction.
    let source = changed("Keeps your basket.", "العربية\u{61c}");
    assert!(read(&source, "avow.toml").is_err_and(|faults| faults.to_string().contains("U+061C")));
}

#[test]
fn a_name_beyond_measure_is_one_fault_with_its_place() {
    let faults =
        read(&changed("name = \"Counter\"", &format!("name = \"{}\"", "n".repeat(10_000))), "avow.toml")
            .expect_err("too long");
    let told = faults.to_string();
    assert!(told.ends_with("[too-long] must not be longer than 120 characters"), "{told}");
    assert!(faults.as_slice().len() == 1 && told.len() < 100, "the name is not repeated: {told}");
}

#[test]
fn a_policy_has_a_bounded_number_of_purposes() {
    let mut text = GOOD.replace("[texts.en]\nsave = \"Keep these\"", "");
    let purpose = text[text.rfind("[[purpose]]").expect("a purpose")..].to_owned();
    for number in 0..=avow_shared::policy::MAX_PURPOSES {
        text.push_str(
            &purpose
                .replace("\"analytics\"\ncat", &format!("\"p{number}\"\ncat"))
                .replace("\"counter\"", &format!("\"s{number}\""))
                .replace("\"_count\"", &format!("\"c{number}\"")),
        );
    }
    let faults = read(&text, "avow.toml").expect_err("too many");
    assert!(faults.as_slice().iter().all(|fault| fault.rule == "purpose-count"), "{faults}");
}

#[test]
fn no_rule_is_without_a_test() {
    let source = [
        include_str!("check.rs"),
        include_str!("check/purposes.rs"),
        include_str!("check/values.rs"),
        include_str!("check/witness.rs"),
        include_str!("notice/check.rs"),
    ]
    .concat();
    let tried: BTreeSet<&str> = BREAKS.iter().map(|(rule, ..)| *rule).collect();
    // Rules are the only kebab-case or single lower-case word literals that stand before a reason.
    let named = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
    for rule in named {
        assert!(
            tried.contains(rule) || ["purpose-count", "texts-following", "too-many"].contains(&rule),
            "no test breaks `{rule}`"
        );
    }
}

#[test]
fn all_faults_of_a_file_are_told_at_once_in_its_order() {
    let text = GOOD
        .replace("jurisdiction = \"gb\"", "jurisdiction = \"eu\"")
        .replace("basis = \"consent\"", "basis = \"statistics\"")
        .replace("13 months", "ages")
        .replace("#0b5cab", "blue");
    let faults = read(&text, "sites/shop.toml").expect_err("three faults");
    let places: Vec<_> = faults.as_slice().iter().map(|fault| (fault.line, fault.rule)).collect();
    assert!(places.is_sorted_by_key(|(line, _)| *line) && places.len() >= 3, "{faults}");
    assert!(faults.to_string().lines().all(|line| line.starts_with("sites/shop.toml:")));
}

#[test]
fn all_fields_that_do_not_fit_are_told_at_once() {
    let text = GOOD
        .replace("[look]", "[look]\nblink = true")
        .replace("radius = 6", "radius = \"round\"")
        .replace("role = \"joint_controller\"\n", "")
        .replace("name = \"dpo\"", "")
        .replace("hosts = []", "hosts = [7]")
        .replace("[regulator]\nname", "[regulator]\nnames");
    let faults = read(&text, "avow.toml").expect_err("six faults");
    insta::assert_snapshot!(faults.to_string());
}

#[test]
fn statistics_without_consent_are_allowed_in_great_britain_only() {
    let exempt = GOOD
        .replace(
            "basis = \"consent\"\nlawful_basis = \"consent\"",
            "basis = \"statistics\"\nlawful_basis = \"public_task\"",
        )
        .replace("joint_controller", "processor");
    let told = read(&exempt, "avow.toml").expect_err("those from elsewhere would not be asked").to_string();
    assert!(told.contains("[basis]") && told.contains("follow_visitor"), "{told}");
    let told = read(&exempt.replace("schema = 1\n", "schema = 1\nfollow_visitor = true\n"), "avow.toml")
        .expect_err("its words would not be true")
        .to_string();
    assert_eq!(told.matches("[texts-following]").count(), 4, "{told}");
    let own = "banner_body = \"Some are needed.\"\ndialog_body = \"Choose.\"\n";
    let exempt = exempt.replace("schema = 1\n", "schema = 1\nfollow_visitor = true\n")
        + &format!("{own}[texts.cy]\n{own}");
    let document = compile(&read(&exempt, "avow.toml").expect("allowed"), &[]);
    assert!(!document.regime.exemptions && document.regime.id == "strictest");
    for (id, regime) in &document.regimes {
        assert_eq!(regime.exemptions, id == "gb", "{id}");
    }
    assert!(document.regimes.len() > 50);
    assert!(
        document.regimes.values().all(|regime| regime.behaviour == "consent_first"),
        "everybody is asked"
    );
    assert_eq!((document.regimes["us-ca"].refusal_days, document.regimes["fr"].grant_days), (400, 180));
    for elsewhere in ["eu", "ie", "de", "je", "ch"] {
        let text = exempt.replace("\"gb\"", &format!("\"{elsewhere}\""));
        let faults = read(&text, "avow.toml").expect_err(elsewhere);
        assert!(faults.as_slice().iter().any(|fault| fault.rule == "basis"), "{elsewhere}: {faults}");
    }
}

#[test]
fn what_runs_until_an_opt_out_runs_where_the_law_lets_it_and_the_owner_does() {
    let own = "banner_body = \"Some are needed.\"\ndialog_body = \"Choose.\"\n";
    let opt_out = GOOD.replace("schema = 1\n", "schema = 1\nfollow_visitor = true\nallow_opt_out = true\n");
    let told = read(&opt_out, "avow.toml").expect_err("its words would not be true").to_string();
    assert_eq!(told.matches("[texts-following]").count(), 4, "{told}");
    let document =
        compile(&read(&format!("{opt_out}{own}[texts.cy]\n{own}"), "avow.toml").expect("allowed"), &[]);
    assert_eq!(document.regime.behaviour, "consent_first", "where nothing is known");
    for (id, regime) in &document.regimes {
        let wanted = match id.as_str() {
            "ca" => "notice_first",
            "ch" => "notice_first+consent_first",
            id if id.starts_with("us-") => "rights_first",
            _ => "consent_first",
        };
        assert_eq!(regime.behaviour, wanted, "{id}");
        assert!(wanted != "rights_first" || regime.refusal_days >= 400, "{id}: nobody is asked again");
    }
    let canonical = document.to_canonical();
    let words = |lang: &str| {
        let first: serde_json::Value =
            serde_json::from_str(&super::banner(&canonical, lang).expect("a language")).expect("JSON");
        let second = localize(&canonical, lang, &Document::hash(&canonical)).expect("a language");
        (first["texts"].clone(), second)
    };
    for lang in ["en", "cy"] {
        let (first, second) = words(lang);
        for key in ["exempt_note", "gpc_honored", "notice_body", "rights_link"] {
            assert!(first[key].is_string(), "{lang}: {key}");
        }
        assert!(second.contains("rights_opt_out") && second.contains("rights_body"), "{lang}");
    }
    let asks = compile(&read(GOOD, "avow.toml").expect("good"), &[]).to_canonical();
    let banner = super::banner(&asks, "en").expect("English");
    assert!(
        !banner.contains("rights_link") && !banner.contains("notice_body"),
        "nobody pays for what is not said"
    );
}

#[test]
fn the_document_is_canonical_and_reads_back() {
    let document = first();
    let canonical = document.to_canonical();
    let value: serde_json::Value = serde_json::from_str(&canonical).expect("JSON");
    let oracle = serde_json_canonicalizer::to_string(&value).expect("canonical");
    assert_eq!(canonical, oracle);
    assert_eq!(serde_json::from_str::<Document>(&canonical).expect("reads back"), document);
    let published = Published::from_document(&canonical, &Document::hash(&canonical)).expect("published");
    assert_eq!(published.engine.version, 1);
    assert_eq!(published.engine.optional().count(), 1);
    assert_eq!(published.texts_sha256.len(), 2);
}

/// The layout is frozen: a change of these bytes is a new schema number.
#[test]
fn the_layout_of_document_and_compiled_policy_is_frozen() {
    let canonical = first().to_canonical();
    let hash = Document::hash(&canonical);
    let pretty = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        serde_json::to_string_pretty(&value).expect("JSON")
    };
    insta::assert_snapshot!("document", pretty(&canonical));
    insta::assert_snapshot!("compiled_en", pretty(&localize(&canonical, "en", &hash).expect("English")));
    assert_eq!(localize(&canonical, "fr", &hash), None);
}

#[test]
fn every_language_has_its_own_compiled_policy() {
    let canonical = first().to_canonical();
    let read = |lang: &str| -> serde_json::Value {
        serde_json::from_str(&localize(&canonical, lang, "0").expect(lang)).expect("JSON")
    };
    let (english, welsh) = (read("en"), read("cy"));
    assert_eq!(english["purposes"][1]["name"], "Measuring use");
    assert_eq!(welsh["purposes"][1]["name"], "Mesur");
    assert_eq!(english["purposes"][1]["services"][0]["items"][0]["duration"], "13 months");
    assert_eq!(welsh["purposes"][1]["services"][0]["items"][0]["duration"], "13 mis");
    assert_eq!(english["texts"]["banner_title"], "Cookies on The Shop");
    assert_eq!(english["texts"]["save"], "Keep these");
    assert_eq!(english["cookie_domain"]["*.branch.example"], "branch.example");
    assert!(english["cookie_domain"]["shop.localhost"].is_null());
}

#[test]
fn the_same_file_says_the_same_whatever_its_comments() {
    let before = first();
    let again = next(&before, "schema = 1", "# another comment\nschema = 1");
    assert!(again.says_the_same_as(&before));
    assert!(!next(&before, "Counts visits.", "Counts all visits.").says_the_same_as(&before));
}

#[test]
fn a_grant_stands_until_the_purpose_becomes_another() {
    let before = first();
    for (what, from, to) in [
        ("wording", "Counts visits.", "Counts all visits."),
        ("a service's name", "name = \"Counter\"", "name = \"The Counter\""),
        ("a shorter time", "13 months", "12 months"),
        ("one host less", "[\"https://stats.example\", \"*.stats.example\"]", "[\"https://stats.example\"]"),
        ("looks", "radius = 6", "radius = 0"),
    ] {
        let after = next(&before, from, to);
        assert_eq!((after.version, since(&after)), (2, vec![1, 1]), "{what}");
    }
    for (what, from, to) in [
        ("another provider", "provider = \"Counter Ltd\"", "provider = \"Bigger Ltd\""),
        (
            "a new host",
            "[\"https://stats.example\", ",
            "[\"https://stats.example\", \"https://more.example\", ",
        ),
        (
            "a new third party",
            "third_parties = []\ntext.en = \"Tells",
            "third_parties = [\"Friend Ltd\"]\ntext.en = \"Tells",
        ),
        ("another role", "joint_controller", "controller"),
        ("another country", "country = \"IE\"", "country = \"US\""),
        ("a new service", "id = \"counter\"", "id = \"counter_two\""),
        ("a longer time", "13 months", "14 months"),
        ("another category", "category = \"analytics\"", "category = \"marketing\""),
    ] {
        let after = next(&before, from, to);
        assert_eq!((after.version, since(&after)), (2, vec![1, 2]), "{what}");
    }
    let third = next(
        &next(&before, "Counter Ltd", "Bigger Ltd"),
        "provider = \"Counter Ltd\"",
        "provider = \"Bigger Ltd\"",
    );
    assert_eq!((third.version, since(&third)), (3, vec![1, 2]), "unchanged since version 2");
}

#[test]
fn the_hash_of_the_texts_follows_the_words_alone() {
    let before = first();
    let reworded = next(&before, "Counts visits.", "Counts all visits.");
    assert_ne!(reworded.texts_sha256["en"], before.texts_sha256["en"]);
    assert_eq!(reworded.texts_sha256["cy"], before.texts_sha256["cy"]);
    let relooked = next(&before, "radius = 6", "radius = 0");
    assert_eq!(relooked.texts_sha256, before.texts_sha256);
}

#[test]
fn every_rule_is_in_the_documentation() {
    let documentation = include_str!("../../../docs/policy.md");
    for (rule, ..) in BREAKS {
        assert!(documentation.contains(&format!("`{rule}`")), "`{rule}` is not in docs/policy.md");
    }
}

/// Whatever passes the checks compiles: no check may leave a hole that the compiler falls into.
#[test]
fn a_damaged_file_is_a_fault_or_a_policy_and_never_a_crash() {
    let lines: Vec<&str> = GOOD.lines().collect();
    let mut passed = 0;
    let mut try_one = |text: &str| {
        if let Ok(file) = read(text, "avow.toml") {
            let canonical = compile(&file, &[]).to_canonical();
            let published =
                Published::from_document(&canonical, &Document::hash(&canonical)).expect("a policy");
            for lang in published.texts_sha256.keys() {
                assert!(localize(&canonical, lang, "0").is_some(), "{lang} is missing");
            }
            passed += 1;
        }
    };
    for at in 0..lines.len() {
        let without: Vec<&str> = [&lines[..at], &lines[at + 1..]].concat();
        try_one(&without.join("\n"));
        let twice: Vec<&str> = [&lines[..=at], &lines[at..]].concat();
        try_one(&twice.join("\n"));
        try_one(&lines[..at].join("\n"));
        for (from, to) in [
            ("\"", "\"\u{1F36A}"),
            ("= \"", "= \"%00"),
            ("0", "99999999999"),
            ("[\"", "[\"\", \""),
            ("e", "é"),
        ] {
            let mut damaged = lines.clone();
            let line = damaged[at].replacen(from, to, 1);
            damaged[at] = &line;
            try_one(&damaged.join("\n"));
        }
    }
    assert!(passed > 20, "only {passed} of the damaged files were still policies");
}

#[test]
fn a_site_for_children_offers_nothing_for_marketing() {
    let marketing = changed("category = \"analytics\"", "category = \"marketing\"");
    assert!(read(&marketing, "avow.toml").is_ok(), "for everyone");
    let children = marketing.replace("schema = 1\n", "schema = 1\naudience = \"children\"\n");
    let faults = read(&children, "avow.toml").expect_err("marketing to children");
    assert_eq!(faults.as_slice().iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["audience"]);
    let children = GOOD.replace("schema = 1\n", "schema = 1\naudience = \"children\"\n");
    let document = compile(&read(&children, "avow.toml").expect("nothing for marketing"), &[]);
    assert_eq!(document.audience.as_deref(), Some("children"));
}

#[test]
fn what_changed_is_told_from_version_to_version() {
    let first = first();
    let second = next(&first, "provider = \"Counter Ltd\"", "provider = \"Bigger Ltd\"");
    let source = changed("provider = \"Counter Ltd\"", "provider = \"Bigger Ltd\"")
        .replace("13 months", "14 months")
        .replace(
            "third_parties = []\ntext.en = \"Tells",
            "third_parties = [\"Friend Ltd\"]\ntext.en = \"Tells",
        );
    let third = compile(&read(&source, "avow.toml").expect("good"), std::slice::from_ref(&second));
    let told = |lang: &str| {
        let json: serde_json::Value =
            serde_json::from_str(&super::banner(&third.to_canonical(), lang).expect("a banner"))
                .expect("JSON");
        json["changes"].clone()
    };
    assert_eq!(
        told("en"),
        serde_json::json!([
            [2, "Measuring use: now also provided by Bigger Ltd"],
            [3, "Measuring use: Friend Ltd can now also read it"],
            [3, "Measuring use: kept longer"]
        ])
    );
    assert_eq!(told("cy").as_array().map(Vec::len), Some(3));
    assert!(first.changes.is_empty() && !first.to_canonical().contains("changes"));
    assert!(third.says_the_same_as(&compile(
        &read(&source, "avow.toml").expect("good"),
        std::slice::from_ref(&third)
    )));
}

#[test]
fn the_notice_is_a_record_of_processing_too() {
    let document = first();
    let processing = super::notice::processing::Processing::of(&document).expect("a notice");
    let csv = String::from_utf8(processing.csv()).expect("UTF-8");
    let mut lines = csv.split("\r\n");
    assert!(lines.next().is_some_and(|head| head.starts_with("activity,controller,dpo,purposes,people,")));
    let row = lines.next().expect("a row");
    for cell in [
        "website,\"The Shop Ltd, 1 High Street, London <privacy@shop.example>\"",
        "\"Selling\nCounting\"",
        "Counter Inc. (US): Standard contractual clauses.",
        "\"consent\nlegitimate_interests\nArt 9(2)(a)\"",
    ] {
        assert!(row.contains(cell), "{cell}: {csv}");
    }
    let json = serde_json::to_value(&processing).expect("JSON");
    assert_eq!(
        (&json["version"], &json["activities"][0]["people"]),
        (&1.into(), &"People who visit the shop's website".into())
    );
}
