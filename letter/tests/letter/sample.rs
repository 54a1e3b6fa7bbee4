//! A letter as the server would write it, in three scripts.

use avow_letter::{Attachment, Block, Fact, Language, Letter, Relation, Section, Table, Text};

pub(crate) const RECEIPT: &[u8] = b"{\"receipt\":\"eyJhbGciOiJFZERTQSJ9.e30.AAAA\"}\n";
pub(crate) const KEY: &str = "example.org+a3f1c2d4+AZ7rQ0V5kz1x9y3dR8c2LmJtqk4nXbW0sYgHhTfUeP1v";
pub(crate) const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
pub(crate) const PROOF: &str = "c2sp.org/tlog-proof@v1\nindex 184467\n\
    b0Fn3tS1wJtqk4nXbW0sYgHhTfUeP1vAZ7rQ0V5kz1x9y3dR8c2Lm=\n\
    Zx9y3dR8c2LmJtqk4nXbW0sYgHhTfUeP1vb0Fn3tS1wAZ7rQ0V5kz=\n\
    \n\
    example.org/consent\n184468\nq4nXbW0sYgHhTfUeP1vAZ7rQ0V5kz1x9y3dR8c2LmJt=\n\
    \n\
    \u{2014} example.org/consent o/HC1Lb0Fn3tS1wJtqk4nXbW0sYgHhTfUeP1vAZ7rQ0V5kz1x9y3dR8c2LmJtqk4nXbW0sYgHhTfU\
    eP1vb0Fn3tS1wAZ7rQ0V5kz==\n";

pub(crate) fn language(tag: &str) -> Language {
    Language::parse(tag).expect("a tag of the tests")
}

pub(crate) fn fact(label: &str, value: impl Into<Text>) -> Fact {
    Fact { label: label.into(), value: value.into() }
}

pub(crate) fn section(heading: &str, blocks: Vec<Block>) -> Section {
    Section { heading: heading.to_owned(), blocks }
}

/// A letter with these sections.
pub(crate) fn letter(sections: Vec<Section>) -> Letter {
    Letter {
        language: language("en"),
        title: "Record of consent 7F3K-29QD-XW41".to_owned(),
        subtitle: "Written on 26 November 2025, 14:05 UTC, from the log of example.org".to_owned(),
        sections,
        attachments: vec![Attachment {
            name: "receipt.json".to_owned(),
            media_type: "application/json".to_owned(),
            description: "The receipt that proves this record".to_owned(),
            relation: Relation::Data,
            bytes: RECEIPT.to_vec(),
        }],
        created: 1_764_165_900,
        producer: "Avow 0.1.0".to_owned(),
        numbering: "page {page} of {pages}".to_owned(),
    }
}

/// About two pages.
pub(crate) fn consent() -> Letter {
    letter(vec![
        section("", vec![Block::Paragraph(
            Text::new(
                "This letter states what one visitor of www.example.org was asked on 3 March 2025, what the visitor \
                 answered, and how anybody can check that this record has not been changed since. The receipt is \
                 attached to this file as ",
            )
            .and_code("receipt.json")
            .and(". No knowledge of the software is needed to read the letter."),
        )]),
        section("Who and when", vec![Block::Facts(vec![
            fact("Reference code", Text::code("7F3K-29QD-XW41")),
            fact("Site", "www.example.org, operated by Example Trading GmbH, Mariahilfer Straße 12, 1060 Vienna"),
            fact("Decided", "3 March 2025, 09:41:27 UTC"),
            fact("Received", "3 March 2025, 09:41:28 UTC, one second later"),
            fact("Regime", "Opt-in (ePrivacy Directive Art 5(3), GDPR Art 6(1)(a))"),
            fact("Chain", Text::code("0195 5b8e 4c30 7d11 9a6e 02b1 77f0 c9e4")),
        ])]),
        section("What was shown", vec![
            Block::Paragraph("The first layer of the banner, in the language of the page:".into()),
            Block::Quote(Text::in_language(
                "Wir und unsere Partner möchten auf Ihrem Gerät Informationen speichern, um zu messen, wie diese Seite \
                 benutzt wird, und um Werbung zu zeigen. Sie können zustimmen oder ablehnen; die Seite funktioniert in \
                 beiden Fällen.\nAblehnen · Auswählen · Zustimmen",
                language("de-AT"),
            )),
            Block::Paragraph("The same text was offered in Arabic and in Hebrew:".into()),
            Block::Quote(Text::in_language(
                "نود نحن وشركاؤنا تخزين معلومات على جهازك لقياس كيفية استخدام هذا الموقع (example.org) ولعرض الإعلانات. \
                 يمكنك الموافقة أو الرفض؛ ويعمل الموقع في الحالتين.",
                language("ar"),
            )),
            Block::Quote(Text::in_language(
                "אנחנו והשותפים שלנו רוצים לשמור מידע במכשיר שלך כדי למדוד את השימוש באתר.",
                language("he"),
            )),
        ]),
        section("What was answered", vec![Block::Table(Table {
            head: vec!["Purpose".into(), "Category".into(), "Answer".into(), "Explanation".into()],
            rows: vec![
                vec!["Shopping basket".into(), "necessary".into(), "not asked".into(),
                    "Keeps what was put into the basket; no consent is needed for it.".into()],
                vec!["Audience measurement".into(), "analytics".into(), "granted".into(),
                    "Counts visits and pages for 13 months, without sharing them with others.".into()],
                vec!["Personalized advertising".into(), "marketing".into(), "refused".into(),
                    "Would have let 14 partners recognize the device on other sites.".into()],
                vec![Text::in_language("خرائط تفاعلية", language("ar")), "functional".into(), "refused".into(),
                    Text::new("Shows a map; named ").and_in_language("خرائط تفاعلية", language("ar"))
                        .and(" in the policy of this site.")],
            ],
        })]),
        section("How it is proved", vec![
            Block::Facts(vec![
                fact("Commitment", Text::code(HASH)),
                fact("Leaf of the log", "184 467 of 184 468"),
                fact("Key of the log", Text::code(KEY)),
            ]),
            Block::Paragraph("The proof of inclusion, with the signed head of the log:".into()),
            Block::Code(PROOF.to_owned()),
        ]),
    ])
}
