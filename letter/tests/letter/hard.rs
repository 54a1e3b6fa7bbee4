//! Words of strangers: whatever they are, there is a letter, and nothing in it lies beside the page.

use super::poppler::{reach, seen};
use super::sample::{consent, fact, language, letter, section};
use avow_letter::{Block, Letter, Table, Text, pdf};
use proptest::prelude::*;

/// The margins, and what letters may reach over their advance.
const LEFT: f32 = 67.0;
const RIGHT: f32 = 595.276 - 67.0;

/// A letter with these words in each place that words have.
fn everywhere(words: &str, tag: &str) -> Letter {
    let mixed = || Text::new(words).and_code(words).and_in_language(words, language("ar"));
    let table = |columns: usize| {
        let head = (0..columns).map(|_| words.into()).collect();
        Block::Table(Table { head, rows: vec![vec![words.into(), mixed(), words.into()], Vec::new()] })
    };
    let mut letter = letter(vec![
        section(
            words,
            vec![
                Block::Paragraph(mixed()),
                Block::Quote(words.into()),
                Block::Code(words.to_owned()),
                Block::Facts(vec![fact(words, mixed()), fact("", words)]),
                table(2),
                table(8),
            ],
        ),
        section("", Vec::new()),
        section(words, Vec::new()),
    ]);
    letter.language = language(tag);
    words.clone_into(&mut letter.title);
    words.clone_into(&mut letter.subtitle);
    words.clone_into(&mut letter.numbering);
    words.clone_into(&mut letter.producer);
    words.clone_into(&mut letter.attachments[0].description);
    letter
}

fn stays_on_the_page(words: &str) {
    for tag in ["en", "ar"] {
        let pdf = pdf(&everywhere(words, tag)).expect("whatever the words are");
        let start: String = words.chars().take(9).collect();
        for (left, right) in reach(&pdf) {
            assert!(left >= LEFT && right <= RIGHT, "{start:?} reaches from {left} to {right}");
        }
    }
}

#[test]
fn long_words_stay_on_the_page() {
    for part in
        ["x", "W", "\u{fdfd}", "\u{600}", "ب", "א", "(", "漢", "e\u{301}", "a\u{200d}", "\u{2003}", "\u{a0}"]
    {
        stays_on_the_page(&part.repeat(160));
    }
    stays_on_the_page(&"x".repeat(5000));
}

#[test]
fn long_texts_of_mixed_directions_stay_on_the_page() {
    stays_on_the_page(&"abc אבג (12) شيء, [x] ".repeat(12));
    stays_on_the_page(&"\n a\r\n\r\n\t\u{2028}".repeat(20));
}

#[test]
fn towers_of_marks_and_endless_joiners_make_a_letter() {
    for part in ["\u{301}", "\u{200d}", "\u{200f}", "\u{feff}", "\u{0}", "\u{ad}", "\u{20e3}", "\u{5b0}"] {
        assert!(pdf(&everywhere(&part.repeat(300), "en")).is_ok(), "{part:?}");
    }
}

#[test]
fn an_empty_letter_is_a_letter() {
    for words in ["", " ", "\n", "\u{200b}", "\u{202e}"] {
        assert!(pdf(&everywhere(words, "he")).is_ok(), "{words:?}");
    }
    let mut empty = letter(Vec::new());
    empty.title.clear();
    empty.attachments.clear();
    assert!(pdf(&empty).is_ok());
}

#[test]
fn ten_thousand_rows_are_all_there() {
    let rows = (0..10_000).map(|row| vec![Text::new(format!("<{row}>")), Text::new("")]).collect();
    let table = Table { head: vec!["Row".into(), "Nothing".into()], rows };
    let seen = seen(&pdf(&letter(vec![section("", vec![Block::Table(table)])])).unwrap());
    for row in [0, 4711, 9999] {
        assert!(seen.contains(&format!("<{row}>")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_makes_a_letter(words in "\\PC{0,40}|(.|\\n){0,60}|[ -~א-תء-ي\u{300}-\u{310}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}]{0,80}") {
        let pdf = pdf(&everywhere(&words, "en"));
        prop_assert!(pdf.is_ok_and(|pdf| pdf.starts_with(b"%PDF-1.7")));
    }

    #[test]
    fn any_characters_make_a_letter(words in prop::collection::vec(any::<char>(), 0..120)) {
        let mut letter = consent();
        let words: String = words.into_iter().collect();
        letter.sections.push(section(&words, vec![Block::Quote(words.as_str().into()), Block::Code(words.clone())]));
        letter.language = language("fa");
        prop_assert!(pdf(&letter).is_ok_and(|pdf| pdf.starts_with(b"%PDF-1.7")));
    }
}
