//! One string from the runs of a text, without what could harm its neighbours.

use crate::faces::can_show;
use crate::{Direction, Form, Language, Text};
use std::fmt::Write as _;
use std::ops::Range;
use std::rc::Rc;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// A text, ready to be broken into lines.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) text: Rc<str>,
    pub(crate) spans: Vec<Span>,
    /// Which way its lines run; `None`: as their own words do.
    pub(crate) direction: Option<Direction>,
}

/// What came of one run.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) range: Range<usize>,
    pub(crate) language: Option<Language>,
    pub(crate) form: Form,
}

impl Prepared {
    /// A space, where there must be something.
    pub(crate) fn blank() -> Self {
        let span = Span { range: 0..1, language: None, form: Form::Prose };
        Self { text: " ".into(), spans: vec![span], direction: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The language of all of it.
    pub(crate) fn language(&self) -> Option<&Language> {
        let first = self.spans.first()?.language.as_ref()?;
        self.spans.iter().all(|span| span.language.as_ref() == Some(first)).then_some(first)
    }
}

/// Marks on one letter, and invisible characters in a row, before they are written as codes: a tower of marks would
/// overdraw the lines around it.
const STACK: usize = 4;

/// Cleans the runs of a text and joins them.
///
/// Control characters and explicit directions are dropped: a value may not reorder its neighbours. In prose, one
/// space stands for many and one empty line for many; code keeps each of its characters.
pub(crate) fn prepare(text: &Text) -> Prepared {
    let mut writer = Writer::default();
    let mut spans = Vec::new();
    for run in &text.runs {
        let start = writer.out.len();
        writer.run(&run.words, run.form);
        if writer.out.len() > start {
            spans.push(Span {
                range: start..writer.out.len(),
                language: run.language.clone(),
                form: run.form,
            });
        }
    }
    let kept = writer.out.trim_end_matches([' ', '\n']).len();
    writer.out.truncate(kept);
    spans.retain_mut(|span| {
        span.range.end = span.range.end.min(kept);
        !span.range.is_empty()
    });
    let mut prepared = Prepared { text: writer.out.into(), spans, direction: None };
    prepared.direction = prepared.language().map(Language::direction);
    prepared
}

/// Words that must be one line, such as a title: cleaned, and cut after so many characters.
pub(crate) fn one_line(words: &str, longest: usize) -> String {
    let mut writer = Writer::default();
    writer.run(words, Form::Prose);
    let line = writer.out.replace('\n', " ");
    let line = line.trim();
    match line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    stacked: usize,
}

impl Writer {
    fn run(&mut self, words: &str, form: Form) {
        let mut characters = words.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\r' if characters.peek() == Some(&'\n') => {}
                '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.line_end(form),
                '\t' if form == Form::Code => self.out.push_str("    "),
                ' ' | '\t' => self.space(form),
                // A hint that is seen only where a line ends with it.
                '\u{AD}' => {}
                _ if character.is_control() || is_direction(character) => {}
                _ => self.character(character),
            }
        }
    }

    fn line_end(&mut self, form: Form) {
        self.stacked = 0;
        if form == Form::Prose {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            if self.out.is_empty() || self.out.ends_with("\n\n") {
                return;
            }
        }
        self.out.push('\n');
    }

    fn space(&mut self, form: Form) {
        self.stacked = 0;
        let beside_space = self.out.is_empty() || self.out.ends_with([' ', '\n']);
        if form == Form::Code || !beside_space {
            self.out.push(' ');
        }
    }

    fn character(&mut self, character: char) {
        let invisible = is_invisible(character);
        if invisible || character.general_category_group() == GeneralCategoryGroup::Mark {
            self.stacked += 1;
        } else {
            self.stacked = 0;
        }
        let shown = invisible || !is_hidden(character) && !is_private(character) && can_show(character);
        if shown && self.stacked <= STACK {
            self.out.push(character);
        } else {
            write!(self.out, "[U+{:04X}]", u32::from(character)).expect("a string takes all that is written");
        }
    }
}

/// Embeddings, overrides and isolates: they reach beyond the words that hold them.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// What has an effect on the letters beside it and no look of its own: joiners and marks of direction.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2060}')
}

/// What has neither a look nor an effect on the scripts of the fonts, so that nobody would see that it is there.
/// Fonts have some of it; a byte order mark would also break both standards.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{34F}' | '\u{2061}'..='\u{2064}' | '\u{206A}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
    )
}

/// What means something else in each font (PDF/A-3a wants such text described).
fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(words: &str) -> String {
        prepare(&Text::new(words)).text.to_string()
    }

    #[test]
    fn what_controls_is_dropped() {
        assert_eq!(prose("a\u{0}b\u{7}c\u{1b}[31m"), "abc[31m");
        assert_eq!(prose("a\u{202e}b\u{2066}c\u{2069}"), "abc");
    }

    #[test]
    fn what_no_font_has_is_written_as_its_code() {
        assert_eq!(prose("漢\u{e000}\u{feff}"), "[U+6F22][U+E000][U+FEFF]");
        assert_eq!(prose("x\u{fe0f}"), "x[U+FE0F]");
        assert_eq!(prose("\u{10ffff}"), "[U+10FFFF]");
    }

    #[test]
    fn towers_of_marks_are_written_as_codes() {
        let tower = format!("a{}b", "\u{301}".repeat(6));
        assert_eq!(prose(&tower), format!("a{}[U+0301][U+0301]b", "\u{301}".repeat(4)));
    }

    #[test]
    fn prose_has_single_spaces_and_single_empty_lines() {
        assert_eq!(prose("  a \t b \r\n\r\n\n\n c\n"), "a b\n\nc");
        let runs = Text::new("a ").and(" b").and("  ");
        assert_eq!(&*prepare(&runs).text, "a b");
    }

    #[test]
    fn code_keeps_its_spaces_and_lines() {
        assert_eq!(&*prepare(&Text::code("a  b\n\n\nc\n")).text, "a  b\n\n\nc");
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        assert_eq!(one_line("ab\ncd", 10), "ab cd");
        assert_eq!(one_line("äöü äöü", 4), "äöü…");
    }
}
