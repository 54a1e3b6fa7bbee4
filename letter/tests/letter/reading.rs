//! What was put into a letter is found in it again.

use super::poppler::{ask, attachment, heard, reach, seen, squeezed};
use super::sample::{HASH, KEY, PROOF, RECEIPT, consent, fact, language, letter, section};
use avow_letter::{Block, Error, Letter, Table, Text, pdf};

#[test]
fn the_same_letter_has_the_same_bytes() {
    assert_eq!(pdf(&consent()).unwrap(), pdf(&consent()).unwrap());
    let mut later = consent();
    later.created += 1;
    assert_ne!(pdf(&consent()).unwrap(), pdf(&later).unwrap());
}

#[test]
fn every_text_is_heard_in_reading_order() {
    let letter = consent();
    // Poppler tells the look of a bracket, not what is said of it: from right to left, one that opens looks closing.
    let brackets = |words: &str| words.replace(['(', ')'], "|");
    let heard = brackets(&heard(&pdf(&letter).unwrap()));
    let mut from = 0;
    for text in texts(&letter) {
        let text = brackets(&squeezed(&text));
        match heard[from..].find(&text) {
            Some(at) => from += at + text.len(),
            None => panic!("{text} is not in {}", &heard[from..]),
        }
    }
}

#[test]
fn every_text_is_seen() {
    let seen = seen(&pdf(&consent()).unwrap());
    for text in [HASH, KEY, PROOF, "Mariahilfer Straße 12, 1060 Vienna", "Ablehnen · Auswählen · Zustimmen"]
    {
        assert!(seen.contains(&squeezed(text)), "{text} is not in {seen}");
    }
    assert!(seen.contains("Recordofconsent7F3K-29QD-XW41·page1of2"), "{seen}");
}

#[test]
fn arabic_and_hebrew_are_seen() {
    let seen = ask("pdftotext", &["-enc", "UTF-8"], &pdf(&consent()).unwrap());
    for words in ["تخزين معلومات", "لقياس كيفية استخدام هذا الموقع", "לשמור מידע במכשיר שלך"]
    {
        assert!(seen.contains(words), "{words} is not in {seen}");
    }
}

#[test]
fn the_receipt_travels_in_the_letter() {
    let pdf = pdf(&consent()).unwrap();
    assert!(ask("pdfdetach", &["-list"], &pdf).contains("receipt.json"));
    assert_eq!(attachment(&pdf), RECEIPT);
}

#[test]
fn the_file_says_what_it_is() {
    let pdf = pdf(&consent()).unwrap();
    let said = ask("pdfinfo", &["-isodates"], &pdf);
    for (name, value) in [
        ("Title:", "Record of consent 7F3K-29QD-XW41"),
        ("Producer:", "Avow 0.1.0"),
        ("CreationDate:", "2025-11-26T14:05:00Z"),
        ("Tagged:", "yes"),
        ("Pages:", "2"),
        ("Page size:", "595.276 x 841.89 pts (A4)"),
    ] {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        assert!(line.ends_with(value), "{name} {value} is not in {said}");
    }
    let properties = ask("pdfinfo", &["-meta"], &pdf);
    for claim in ["<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"] {
        assert!(properties.contains(claim), "{claim} is not in {properties}");
    }
    assert!(!ask("pdffonts", &[], &pdf).lines().skip(2).any(|font| !font.contains(" yes yes yes")));
}

#[test]
fn each_part_has_its_tag() {
    let tree = ask("pdfinfo", &["-struct-text", "-enc", "UTF-8"], &pdf(&consent()).unwrap());
    let shape: String = tree.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    for part in [
        "H1 \"Record of consent 7F3K-29QD-XW41\" (block)\n\"Record of consent 7F3K-29QD-XW41\"",
        "H2 \"Who and when\" (block)\n\"Who and when\"\nL (block)",
        "LI (block)\nLbl (block)\n\"Decided\"\nLBody (block)\n\"3 March 2025, 09:41:27 UTC\"",
        "BlockQuote\nP (block)\n\"Wir und unsere Partner",
        "TH:\n/Scope /Column\n\"Purpose\"",
        "TD\n\"Audience measurement\"\nTD\n\"analytics\"",
        "P (block)\nCode (inline)\n\"c2sp.org/tlog-proof@v1\"",
        "Span (inline)\n\"خرائط تفاعلية\"",
    ] {
        assert!(shape.contains(part), "{part} is not in {shape}");
    }
}

#[test]
fn the_head_of_a_table_is_on_each_page_but_read_once() {
    let rows = (0..120).map(|row| vec![format!("row {row}").into(), Text::code(HASH)]).collect();
    let table = Table { head: vec!["Name of row".into(), "Hash".into()], rows };
    let pdf = pdf(&letter(vec![section("Rows", vec![Block::Table(table)])])).unwrap();
    let pages = seen(&pdf).matches("·page").count();
    assert!(pages >= 3);
    assert_eq!(seen(&pdf).matches("Nameofrow").count(), pages);
    assert_eq!(heard(&pdf).matches("Nameofrow").count(), 1);
    assert_eq!(heard(&pdf).matches(HASH).count(), 120);
}

#[test]
fn a_character_without_a_glyph_is_written_as_its_code() {
    let paragraph = Block::Paragraph("named 漢字\u{e000} and 🍪".into());
    let heard = heard(&pdf(&letter(vec![section("", vec![paragraph])])).unwrap());
    assert!(heard.contains("named[U+6F22][U+5B57][U+E000]and[U+1F36A]"), "{heard}");
}

#[test]
fn a_value_cannot_reorder_its_neighbours() {
    let hostile = Text::new("refused, not ").and("\u{202e}granted\u{2067}").and(" as claimed");
    let paragraphs =
        ["\u{202e}granted\u{202c} 7", "\u{2067}granted 8"].map(|words| Block::Paragraph(words.into()));
    let mut blocks = vec![Block::Facts(vec![fact("Answer", hostile)])];
    blocks.extend(paragraphs);
    let seen = seen(&pdf(&letter(vec![section("", blocks)])).unwrap());
    for words in ["refused,notgrantedasclaimed", "granted7", "granted8"] {
        assert!(seen.contains(words), "{words} is not in {seen}");
    }
}

#[test]
fn a_letter_from_right_to_left_begins_at_the_right() {
    let mut hebrew = letter(vec![section("שאלה", vec![Block::Facts(vec![fact("תשובה", "סירוב")])])]);
    hebrew.language = language("he");
    let left = |pdf: &[u8]| reach(pdf).into_iter().map(|(left, _)| left).fold(1000.0, f32::min);
    let heading = |letter: &Letter| {
        let mut only = letter.clone();
        (only.title, only.subtitle, only.numbering) = ("שאלה".to_owned(), String::new(), String::new());
        left(&pdf(&only).unwrap())
    };
    let mut english = hebrew.clone();
    english.language = language("en");
    assert!(heading(&hebrew) > 200.0);
    assert!(heading(&english) < 100.0);
}

#[test]
fn what_cannot_be_attached_or_dated_is_an_error() {
    let mut twice = consent();
    twice.attachments.push(twice.attachments[0].clone());
    assert!(matches!(pdf(&twice), Err(Error::AttachmentName(_))));
    for name in ["", "../receipt", "a\0b", "ä"] {
        let mut letter = consent();
        name.clone_into(&mut letter.attachments[0].name);
        assert!(matches!(pdf(&letter), Err(Error::AttachmentName(_))), "{name:?}");
    }
    let mut typeless = consent();
    "json".clone_into(&mut typeless.attachments[0].media_type);
    assert!(matches!(pdf(&typeless), Err(Error::MediaType(_))));
    for seconds in [i64::MIN, i64::MAX, -99_999_999_999, 253_402_300_800] {
        let mut letter = consent();
        letter.created = seconds;
        assert!(matches!(pdf(&letter), Err(Error::Created(_))), "{seconds}");
    }
}

/// All texts of a letter, in reading order.
fn texts(letter: &Letter) -> Vec<String> {
    let words = |text: &Text| text.runs.iter().map(|run| run.words.as_str()).collect::<String>();
    let mut texts = vec![letter.title.clone(), letter.subtitle.clone()];
    for section in &letter.sections {
        texts.push(section.heading.clone());
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) | Block::Quote(text) => texts.push(words(text)),
                Block::Facts(facts) => {
                    texts.extend(facts.iter().flat_map(|fact| [words(&fact.label), words(&fact.value)]));
                }
                Block::Table(table) => {
                    texts.extend(table.head.iter().chain(table.rows.iter().flatten()).map(words));
                }
                Block::Code(characters) => texts.push(characters.clone()),
            }
        }
    }
    texts
}
