//! The order of words that are written from left to right and from right to left (UAX 9).

use super::clean::Prepared;
use crate::Direction;
use std::ops::Range;
use unicode_bidi::{BidiInfo, Level};

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// How deep each byte of a line is nested, and the line itself.
pub(super) struct Directions {
    pub(super) base: Level,
    pub(super) levels: Vec<Level>,
}

/// Resolves one line of a text that has not been broken yet. Runs are isolated from each other.
pub(super) fn resolve(text: &Prepared, line: &Range<usize>, letter: Direction) -> Directions {
    let base = match text.direction {
        Some(direction) => Some(level(direction)),
        // Several runs are a sentence of the letter's; a single one has the direction of its first letter.
        None if text.spans.len() > 1 => Some(level(letter)),
        None => None,
    };
    let isolate = text.spans.len() > 1;
    let mut marked = String::new();
    // Where the bytes of the line are in `marked`.
    let mut places = Vec::with_capacity(line.len());
    for span in &text.spans {
        let range = span.range.start.max(line.start)..span.range.end.min(line.end);
        if range.is_empty() {
            continue;
        }
        if isolate {
            marked.push(FIRST_STRONG_ISOLATE);
        }
        places.extend(marked.len()..marked.len() + range.len());
        marked.push_str(&text.text[range]);
        if isolate {
            marked.push(POP_ISOLATE);
        }
    }
    let info = BidiInfo::new(&marked, base.or_else(|| neutral(&marked, letter)));
    let base = info.paragraphs.first().map_or(level(letter), |paragraph| paragraph.level);
    let levels = places.into_iter().map(|at| info.levels[at]).collect();
    Directions { base, levels }
}

/// Words without any letter are in the letter's direction.
fn neutral(words: &str, letter: Direction) -> Option<Level> {
    let mixed = unicode_bidi::get_base_direction(words) == unicode_bidi::Direction::Mixed;
    mixed.then(|| level(letter))
}

pub(super) fn level(direction: Direction) -> Level {
    match direction {
        Direction::LeftToRight => Level::ltr(),
        Direction::RightToLeft => Level::rtl(),
    }
}
