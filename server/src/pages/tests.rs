//! What the pages say, and that nothing of a policy becomes markup.

use super::compare::{Version, part as compared};
use super::cookies::{Answered, Standing, part as about_cookies};
use super::notice::part as notice;
use super::*;
use crate::policy::compile::{compile, read};

const GOOD: &str = include_str!("../policy/testdata/good.toml");

fn document(source: &str) -> Document {
    compile(&read(source, "avow.toml").unwrap_or_else(|faults| panic!("{faults}")), &[])
}

fn ground<'a>(document: &'a Document, lang: &str) -> Ground<'a> {
    Ground::new(document, Some(lang), "").expect("a policy has a language")
}

fn standing(document: &Document) -> Standing {
    Standing {
        policy_sha256: "0".repeat(64),
        regime: "gb".to_owned(),
        answers: document.purposes.iter().map(|_| Answered::Not).collect(),
        opt_out: false,
        gpc: false,
    }
}

#[test]
fn no_text_of_a_policy_becomes_markup() {
    let evil = "\\\"><script>alert(1)</script><b onclick=x>&amp;";
    let source = GOOD
        .replace("We keep a basket and count visits.", evil)
        .replace("Standard contractual clauses.", evil)
        .replace("Keeps your basket.", evil)
        .replace("The Shop Ltd", evil)
        .replace("keeping a basket", evil)
        .replace("What is in the basket", evil);
    let document = document(&source);
    let ground = ground(&document, "en");
    let said = document.privacy_notice.as_ref().expect("a notice");
    let older = [Version { number: 1, published: "2026-01-01".to_owned() }];
    for part in [
        about_cookies(&ground, &standing(&document)),
        notice(&ground, said, true),
        compared(&ground, &older, Some(&document)),
    ] {
        let html = ground.whole("<i>", &part);
        assert!(html.contains("&lt;script&gt;"), "{html}");
        for wrong in ["<script", "<b ", "<i>", " onclick=x>"] {
            assert!(!html.replace("&lt;", "").contains(wrong), "{wrong} in {html}");
        }
    }
}

#[test]
fn a_text_in_another_language_is_marked_as_such() {
    let document = document(GOOD);
    let ground = ground(&document, "cy");
    let html = notice(&ground, document.privacy_notice.as_ref().expect("a notice"), false).into_string();
    // The summary is in English only, the activity in Welsh as well.
    assert!(html.contains(r#"<p class="avow-short" lang="en" dir="ltr">We keep a basket"#), "{html}");
    assert!(html.contains("<summary>Ymwelwyr</summary>"), "{html}");
    assert!(html.contains("Hysbysiad") || html.contains("Yn gryno"), "{html}");
}

#[test]
fn what_a_form_asks_for_can_be_taken_back_and_not_given() {
    let document =
        document(&GOOD.replace("category = \"analytics\"", "category = \"analytics\"\nasked = \"form\""));
    let ground = ground(&document, "en");
    let mut standing = standing(&document);
    assert!(!about_cookies(&ground, &standing).into_string().contains("purpose.analytics"));
    *standing.answers.last_mut().expect("a purpose") = Answered::Allowed;
    let html = about_cookies(&ground, &standing).into_string();
    assert!(html.contains(r#"name="purpose.analytics" value="on" checked"#), "{html}");
}

#[test]
fn what_is_on_without_an_answer_is_no_answer() {
    let document = document(GOOD);
    let ground = ground(&document, "en");
    let mut standing = standing(&document);
    for (answered, said) in [(Answered::On, "Not answered yet"), (Answered::Allowed, "Allowed")] {
        *standing.answers.last_mut().expect("a purpose") = answered;
        let html = about_cookies(&ground, &standing).into_string();
        let part = html.split("name=\"purpose.").last().expect("the last purpose");
        assert!(part.contains(r#"value="on" checked"#), "{part}");
        let before =
            html.split("class=\"avow-state\"").filter(|part| part.contains("name=\"purpose.")).last();
        assert!(before.is_some_and(|part| part.contains(&format!("<strong>{said}</strong>"))), "{html}");
    }
}

#[test]
fn only_what_differs_stands_side_by_side() {
    let before = document(GOOD);
    let mut after = document(&GOOD.replace("A year.", "Two years."));
    after.version = 2;
    let html = compared(&ground(&after, "en"), &[], Some(&before)).into_string();
    assert_eq!((html.matches("<del>").count(), html.matches("<ins>").count()), (1, 1), "{html}");
    assert!(html.contains("<del>A year.</del>") && html.contains("<ins>Two years.</ins>"));
}

#[test]
fn two_activities_of_one_name_are_compared_apart() {
    let second = "[[notice.activity]]\nid = \"phone\"\nlawful_bases = [\"consent\"]\n[notice.activity.text.en]\nname = \
                  \"People who visit the shop's website\"\npurposes = [\"Calling\"]\ndata = [\"A number\"]\nretention = \
                  \"A week.\"\n";
    let transfer = "[[notice.transfer]]\nrecipient = \"Counter Inc.\"\ncountry = \"US\"\ntext.en = \"An adequacy decision.\"\n";
    let source = GOOD.replace("[[notice.transfer]]", &format!("{second}\n{transfer}\n[[notice.transfer]]"));
    let before = document(&source);
    let mut after =
        document(&source.replace("A week.", "A month.").replace("An adequacy", "Another adequacy"));
    after.version = 2;
    let html = compared(&ground(&after, "en"), &[], Some(&before)).into_string();
    for said in [
        "<del>A week.</del>",
        "<ins>A month.</ins>",
        "<del>An adequacy decision.</del>",
        "<ins>Another adequacy decision.</ins>",
    ] {
        assert!(html.contains(said), "{said} in {html}");
    }
    assert_eq!(html.matches("avow-differs").count(), 2, "the rest is the same: {html}");
    for same in ["A year.", "Standard contractual clauses.", "Calling", "Selling"] {
        assert_eq!(html.matches(same).count(), 1, "{same} in {html}");
    }
}

#[test]
fn a_new_name_a_new_line_and_a_line_that_is_gone_differ() {
    let before = document(GOOD);
    let renamed = GOOD.replace("People who visit the shop's website", "Visitors");
    let mut after = document(&renamed.replace("Counter Inc.", "Adder Inc."));
    after.version = 2;
    let html = compared(&ground(&after, "en"), &[], Some(&before)).into_string();
    assert!(
        html.contains("<del>People who visit the shop&#39;s website: ")
            || html.contains("<del>People who visit the shop's website: "),
        "{html}"
    );
    assert!(html.contains("<ins>Visitors: "), "{html}");
    assert!(html.contains("<del></del>") && html.contains("<ins></ins>"), "one came and one went: {html}");
}

#[test]
fn the_way_to_another_language_keeps_what_is_compared() {
    let document = document(GOOD);
    let mut ground = ground(&document, "en");
    assert!(ground.whole("t", &maud::html! {}).contains(r#"href="?lang=cy""#));
    ground.with = Some(3);
    assert!(ground.whole("t", &maud::html! {}).contains(r#"href="?lang=cy&amp;with=3""#));
}

#[test]
fn names_stand_apart_from_the_direction_of_a_sentence() {
    let source = GOOD
        .replace("name = \"The Shop\"\ndomains", "name = \"החנות\"\ndomains")
        .replace("Counter Ltd", "מונה בע״מ")
        .replace("Information Commission (ICO)", "הרשות")
        .replace(
            "duration = \"13 months\"\nthird_parties = []",
            "duration = \"13 months\"\nthird_parties = [\"אחד\", \"Two\"]",
        );
    let document = document(&source);
    let ground = ground(&document, "en");
    let cookies = about_cookies(&ground, &standing(&document)).into_string();
    for apart in ["<bdi>מונה בע״מ</bdi>", "<bdi>אחד</bdi>, <bdi>Two</bdi>", r#"<h3 dir="auto">Counter</h3>"#]
    {
        assert!(cookies.contains(apart), "{apart} in {cookies}");
    }
    assert!(cookies.contains("<bdi>הרשות</bdi>"), "{cookies}");
    let notice = notice(&ground, document.privacy_notice.as_ref().expect("a notice"), false).into_string();
    assert!(notice.contains("<bdi>הרשות</bdi>") && notice.contains("<bdi>Counter Inc.</bdi>"), "{notice}");
    assert_eq!(ground.say("banner_title"), "Cookies on \u{2068}החנות\u{2069}");
}

#[test]
fn a_reader_of_one_script_is_not_given_another() {
    let mut document = document(GOOD);
    let texts = document.texts["en"].clone();
    for tag in ["zh", "tlh"] {
        document.languages.push(tag.to_owned());
        document.texts.insert(tag.to_owned(), texts.clone());
    }
    for (asked, served) in [
        ("zh-CN", "zh"),
        ("zh-TW", "en"),
        ("zh-Hant", "en"),
        ("EN-gb", "en"),
        ("tlh-Latn", "tlh"),
        ("xx", "en"),
    ] {
        assert_eq!(ground(&document, asked).lang, served, "{asked}");
    }
}
