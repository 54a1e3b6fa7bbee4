//! One record as a letter: what a data protection officer sends to a court, a regulator or the visitor, as a PDF with
//! the receipt inside.
//!
//! The letter says what the record says, in the words of the policy that was shown, and what is not proved by it. It
//! is no proof itself: the receipt that travels in it is.

use crate::clock::{day, second};
use crate::consent::receipt::Receipt;
use crate::error::{Error, Kind};
use crate::policy::banner;
use crate::policy::document::{Document, Purpose};
use crate::state::AppState;
use crate::store::policies::PolicyVersion;
use avow_letter::{Attachment, Block, Fact, Language, Letter, Relation, Section, Table, Text};
use avow_shared::act::{Control, Event, Input, Surface, Viewport};
use avow_shared::basis::Basis;
use avow_shared::checkpoint::Checkpoint;
use avow_shared::id::{Millis, SiteId, hex};
use avow_shared::note::Note;
use avow_shared::proof_file::ProofFile;
use avow_shared::record::{PurposeDecision, Record};
use avow_shared::reference;
use avow_shared::regime::Behaviour;
use std::num::NonZero;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// The receipt inside.
pub const RECEIPT: &str = "receipt.json";

/// One for each processor.
static PRESSES: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get)));

/// The letter of a record. `receipt` is that receipt as `/v1/receipts/{id}` gives it.
pub async fn letter(
    state: &AppState,
    site: &SiteId,
    receipt: &Receipt,
    receipt_json: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let record = Record::from_canonical(&receipt.stored.record).map_err(Error::internal)?;
    let row = receipt.policy(state, site, &record.policy_sha256).await?;
    let letter = compose(&record, &row, receipt, receipt_json, state.clock.now())?;
    // Laying out takes a processor for milliseconds: as many at once as there are processors, the others come again.
    let busy = |_| Error { retry_after: Some(1), ..Error::plain(Kind::Unavailable) };
    let _turn = PRESSES.try_acquire().map_err(busy)?;
    let made =
        tokio::task::spawn_blocking(move || avow_letter::pdf(&letter)).await.map_err(Error::internal)?;
    made.map_err(Error::internal)
}

fn compose(
    record: &Record,
    row: &PolicyVersion,
    receipt: &Receipt,
    receipt_json: Vec<u8>,
    now: Millis,
) -> Result<Letter, Error> {
    let document: Document = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let head = head(&receipt.proof).ok_or_else(|| Error::internal("a proof without a head"))?;
    let english = Language::parse("en").ok_or_else(|| Error::new(Kind::Internal, "a language"))?;
    let policy = format!("policy-{}.json", row.version);
    Ok(Letter {
        language: english,
        title: "Record of a decision on cookies".to_owned(),
        subtitle: format!("{}, reference {}", document.name, reference::code(&receipt.stored.id)),
        sections: vec![
            decision(record, &document, receipt),
            manner(record),
            shown(record, row, &document),
            proof(receipt, &head, &policy),
            limits(),
        ],
        attachments: vec![
            Attachment {
                name: RECEIPT.to_owned(),
                media_type: "application/json".to_owned(),
                description:
                    "The receipt: the record, its salt, and the proof that leads to a signed head of the log"
                        .to_owned(),
                relation: Relation::Source,
                bytes: receipt_json,
            },
            Attachment {
                name: policy,
                media_type: "application/json".to_owned(),
                description: "The policy that was answered, with every text that was shown".to_owned(),
                relation: Relation::Source,
                bytes: row.document.clone().into_bytes(),
            },
        ],
        created: now.0.div_euclid(1_000),
        producer: concat!("Avow ", env!("CARGO_PKG_VERSION")).to_owned(),
        numbering: "page {page} of {pages}".to_owned(),
    })
}

fn head(proof: &str) -> Option<Checkpoint> {
    Checkpoint::parse(Note::parse(ProofFile::parse(proof)?.checkpoint).ok()?.text())
}

fn decision(record: &Record, document: &Document, receipt: &Receipt) -> Section {
    let controller = &document.controller;
    let mut facts = vec![
        fact("What happened", event(record.event)),
        fact("When", format!("{} by the server’s clock", second(record.server_time))),
        fact("", format!("{} by the visitor’s clock", second(record.client_time))),
        fact("Website", format!("{} ({})", document.name, document.site)),
        fact("Controller", format!("{}, {}, {}", controller.name, controller.address, controller.email)),
    ];
    if let Some(dpo) = &document.dpo {
        facts.push(fact("Data protection officer", format!("{}, {}", dpo.name, dpo.email)));
    }
    facts.push(Fact { label: "Reference".into(), value: Text::code(reference::code(&receipt.stored.id)) });
    facts.push(Fact { label: "Record".into(), value: Text::code(record.id.clone()) });
    let rows = record.decisions.iter().map(|answer| row(answer, record, document)).collect();
    let head = ["Purpose", "Asked as", "Answer", "Until"].map(Text::from).to_vec();
    Section {
        heading: "What was decided".to_owned(),
        blocks: vec![Block::Facts(facts), Block::Table(Table { head, rows })],
    }
}

fn row(answer: &PurposeDecision, record: &Record, document: &Document) -> Vec<Text> {
    let purpose = document.purposes.iter().find(|purpose| purpose.id == answer.purpose);
    let name = purpose.and_then(|purpose| name(purpose, &record.locale));
    vec![
        name.map_or_else(|| Text::code(answer.purpose.clone()), |name| local(name, &record.locale)),
        basis(answer.basis).into(),
        if answer.granted { "allowed" } else { "refused" }.into(),
        day(answer.until).into(),
    ]
}

fn manner(record: &Record) -> Section {
    let signal = if record.signals.gpc { "sent by the browser" } else { "not sent" };
    let reject = record.reject.as_ref().map_or("there was none in view".to_owned(), |button| {
        let seen = if button.visible { "visible" } else { "not visible" };
        let (width, height) = (button.width, button.height);
        let (whole, part) = (button.contrast / 100, button.contrast % 100);
        format!("{width} by {height} CSS pixels, contrast {whole}.{part:02} to 1, {seen}")
    });
    let facts = vec![
        fact("Answered with", format!("{}, {}", control(record.control), surface(record.surface))),
        fact("By", input(record.input)),
        fact("Screen", viewport(record.viewport)),
        fact("Button to refuse", reject),
        fact("Global Privacy Control", signal),
        fact("Rules applied", format!("{} ({})", record.regime, record.regime_source)),
    ];
    Section { heading: "How it was decided".to_owned(), blocks: vec![Block::Facts(facts)] }
}

fn shown(record: &Record, row: &PolicyVersion, document: &Document) -> Section {
    let locale = &record.locale;
    let mut blocks = vec![Block::Facts(vec![
        fact("Policy", format!("version {}, published {}", row.version, second(Millis(row.published_at)))),
        fact("Language", locale.clone()),
        Fact { label: "Hash of the policy".into(), value: Text::code(record.policy_sha256.clone()) },
        Fact { label: "Hash of the texts".into(), value: Text::code(record.texts_sha256.clone()) },
        Fact {
            label: "Code".into(),
            value: Text::new("widget ").and_code(&record.widget).and(", guard ").and_code(&record.guard),
        },
    ])];
    let words = banner(&row.document, locale).and_then(|json| serde_json::from_str(&json).ok());
    let words: serde_json::Value = words.unwrap_or_default();
    // What else than the banner was answered on has no words of its own, or none that are kept.
    let quoted: &[&str] = match record.surface {
        Surface::Banner if is_notice(record, document) => &["banner_title", "notice_body"],
        Surface::Banner => &["banner_title", "banner_body"],
        Surface::Preferences | Surface::Reopen => &[],
        Surface::Form => {
            let own = "The answer was given in a form that needs no script. What follows are the texts that were published \
                for the purposes.";
            blocks.push(Block::Paragraph(own.into()));
            &[]
        }
        Surface::Page => {
            let own = "The answer was given through controls of the page’s own, which are not kept. What follows are \
                the texts that were published for the purposes.";
            blocks.push(Block::Paragraph(own.into()));
            &[]
        }
    };
    for text in quoted {
        if let Some(text) = words["texts"][text].as_str() {
            blocks.push(Block::Quote(local(text, locale)));
        }
    }
    let asked = record.decisions.iter().filter_map(|answer| {
        let purpose = document.purposes.iter().find(|purpose| purpose.id == answer.purpose)?;
        let text = purpose.text.get(locale)?;
        Some(Fact { label: local(&text.name, locale), value: local(&text.description, locale) })
    });
    blocks.push(Block::Facts(asked.collect()));
    Section { heading: "What was shown".to_owned(), blocks }
}

/// Whether the first layer told and did not ask.
fn is_notice(record: &Record, document: &Document) -> bool {
    let shown = document.regimes.get(&record.regime);
    shown.is_some_and(|regime| regime.behaviour == Behaviour::NoticeFirst.as_str())
}

fn proof(receipt: &Receipt, head: &Checkpoint, policy: &str) -> Section {
    let log = "The record is an entry of an append-only log, whose heads are signed. The receipt inside this file \
        leads from the record to the signed head below, and anyone who has the log’s public key can check that without \
        asking us. Take the key from somewhere else than this letter.";
    let keys: String = receipt.keys.join("\n");
    Section {
        heading: "How it is proved".to_owned(),
        blocks: vec![
            Block::Paragraph(log.into()),
            Block::Facts(vec![
                Fact { label: "Log".into(), value: Text::code(receipt.origin.clone()) },
                fact("Entry", format!("number {}, counted from 0", receipt.stored.leaf_index)),
                Fact { label: "Commitment".into(), value: Text::code(hex(&receipt.stored.commitment)) },
                fact("Signed head", format!("of {} entries", head.size)),
                Fact { label: "Its root".into(), value: Text::code(hex(&head.root)) },
                Fact { label: "Keys of the log".into(), value: Text::code(keys) },
            ]),
            Block::Paragraph(
                Text::new("Two files travel in this one: ")
                    .and_code(RECEIPT)
                    .and(" and ")
                    .and_code(policy)
                    .and(". Save the first, then:"),
            ),
            Block::Code(format!("avow verify receipt {RECEIPT} --key KEY")),
        ],
    }
}

/// Never more than `docs/threat-model.md` claims.
fn limits() -> Section {
    let limits = [
        "Who was at the screen: no name, no address and no number of a device is kept.",
        "What the screen displayed: which texts and which code were published is proved, how a browser drew them is not.",
        "The time, further than by the server’s own clock, unless a witness has signed the head.",
        "This page: it says what the receipt says, and the receipt is what can be checked.",
    ];
    let blocks = limits.into_iter().map(|limit| Block::Paragraph(limit.into())).collect();
    Section { heading: "What this does not prove".to_owned(), blocks }
}

fn fact(label: &str, value: impl Into<Text>) -> Fact {
    Fact { label: label.into(), value: value.into() }
}

/// Words in the language in which they were shown.
fn local(words: &str, locale: &str) -> Text {
    match Language::parse(locale) {
        Some(language) => Text::in_language(words, language),
        None => words.into(),
    }
}

fn name<'a>(purpose: &'a Purpose, locale: &str) -> Option<&'a str> {
    purpose.text.get(locale).map(|text| text.name.as_str())
}

fn event(event: Event) -> &'static str {
    match event {
        Event::Given => "all that was asked about was allowed",
        Event::PartiallyGiven => "something was allowed, something refused or left as it was",
        Event::Refused => "all that was asked about was refused",
        Event::Withdrawn => "what had been allowed was taken back",
        Event::Renewed => "the former answer was given again",
        Event::Objected => "the visitor objected to what needs no consent",
        Event::Expired => "the time of what had been allowed was over",
        Event::Invalidated => "what had been allowed turned out not to be valid",
    }
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Consent => "consent",
        Basis::Communication => "needed to transmit",
        Basis::StrictlyNecessary => "strictly necessary",
        Basis::Statistics => "statistics, with a right to object",
        Basis::Appearance => "appearance, with a right to object",
    }
}

fn control(control: Control) -> &'static str {
    match control {
        Control::AcceptAll => "the button that allows everything",
        Control::RejectAll => "the button that refuses everything",
        Control::Save => "the button that saves a choice for each purpose",
        Control::Withdraw => "the control that takes a former answer back",
    }
}

fn surface(surface: Surface) -> &'static str {
    match surface {
        Surface::Banner => "on the banner",
        Surface::Preferences => "in the preferences",
        Surface::Reopen => "in the preferences, opened again after a former answer",
        Surface::Page => "through controls of the page’s own",
        Surface::Form => "in a form, without our script",
    }
}

fn input(input: Input) -> &'static str {
    match input {
        Input::Pointer => "a mouse or a pen",
        Input::Touch => "a finger",
        Input::Keyboard => "a key",
        Input::Submit => "a form that was sent",
        Input::Script => "a program, which can refuse and cannot allow",
    }
}

fn viewport(viewport: Viewport) -> &'static str {
    match viewport {
        Viewport::Narrow => "narrower than 600 CSS pixels",
        Viewport::Medium => "600 to 1,023 CSS pixels wide",
        Viewport::Wide => "1,024 CSS pixels wide or more",
        Viewport::Unknown => "not measured",
    }
}
