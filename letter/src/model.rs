//! What a letter consists of.

use crate::Language;

/// A letter.
#[derive(Clone, Debug)]
pub struct Letter {
    /// In which it is written; sets the direction of the pages.
    pub language: Language,
    /// Its first line; also in the footer and in the file's properties.
    pub title: String,
    /// The line below; may be empty.
    pub subtitle: String,
    /// Its parts, in reading order.
    pub sections: Vec<Section>,
    /// Files that travel in it.
    pub attachments: Vec<Attachment>,
    /// When it was written, in seconds since 1970.
    pub created: i64,
    /// The program that wrote it, in the file's properties.
    pub producer: String,
    /// How pages are counted in the footer: `page {page} of {pages}`, in the letter's language.
    pub numbering: String,
}

/// A part with a heading. Without one, its blocks continue the part before.
#[derive(Clone, Debug)]
pub struct Section {
    /// Also in the outline.
    pub heading: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// What stands under a heading.
#[derive(Clone, Debug)]
pub enum Block {
    /// Running words.
    Paragraph(Text),
    /// Labels and what is true of them, in two columns.
    Facts(Vec<Fact>),
    /// Rows of cells under a head.
    Table(Table),
    /// Words that somebody else wrote or was shown.
    Quote(Text),
    /// A proof or another text for machines: each of its characters, in lines that break anywhere.
    Code(String),
}

/// One of [`Block::Facts`].
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is about.
    pub label: Text,
    /// What is said of it.
    pub value: Text,
}

/// Rows under a head. Short rows are filled with empty cells.
#[derive(Clone, Debug)]
pub struct Table {
    /// The names of the columns; repeated on each page.
    pub head: Vec<Text>,
    /// The rows, each a cell per column.
    pub rows: Vec<Vec<Text>>,
}

/// Words in a row, not all of them in the same language.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// In reading order, with whatever spaces there are between them.
    pub runs: Vec<Run>,
}

/// Words of one kind. They are ordered among themselves: what is written from right to left in one run does not
/// move another.
#[derive(Clone, Debug)]
pub struct Run {
    /// The words. A line end is kept as one.
    pub words: String,
    /// If it is known and may be another than the letter's.
    pub language: Option<Language>,
    /// How it is set.
    pub form: Form,
}

/// How words are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As words: breaks between them, and one space for many.
    Prose,
    /// As characters of equal width, each of them kept.
    Code,
}

impl Text {
    /// Words in the letter's language, or in none that is known.
    pub fn new(words: impl Into<String>) -> Self {
        Self::default().and(words)
    }

    /// Words in a language of their own.
    pub fn in_language(words: impl Into<String>, language: Language) -> Self {
        Self::default().and_in_language(words, language)
    }

    /// A hash, an id or another code.
    pub fn code(characters: impl Into<String>) -> Self {
        Self::default().and_code(characters)
    }

    /// Followed by words of the letter's.
    #[must_use]
    pub fn and(self, words: impl Into<String>) -> Self {
        self.with(Run { words: words.into(), language: None, form: Form::Prose })
    }

    /// Followed by words in a language of their own.
    #[must_use]
    pub fn and_in_language(self, words: impl Into<String>, language: Language) -> Self {
        self.with(Run { words: words.into(), language: Some(language), form: Form::Prose })
    }

    /// Followed by a code.
    #[must_use]
    pub fn and_code(self, characters: impl Into<String>) -> Self {
        self.with(Run { words: characters.into(), language: None, form: Form::Code })
    }

    fn with(mut self, run: Run) -> Self {
        self.runs.push(run);
        self
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self::new(words)
    }
}

/// A file that travels in the letter (ISO 19005-3, 6.8: an associated file).
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its name: letters and digits of ASCII, `.`, `-` and `_`; no other attachment of the letter has it.
    pub name: String,
    /// Such as `application/json`.
    pub media_type: String,
    /// What it is, in the letter's language.
    pub description: String,
    /// What it is to the letter.
    pub relation: Relation,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What an attachment is to its letter, as PDF names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The letter was made from it.
    Source,
    /// The letter shows it.
    Data,
    /// It adds to the letter.
    Supplement,
}
