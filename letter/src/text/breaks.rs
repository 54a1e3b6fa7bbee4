//! Where a line may end (UAX 14), and where it must if nothing else helps.

use super::clean::Prepared;
use crate::Form;
use std::ops::Range;
use unicode_linebreak::linebreaks;
use unicode_segmentation::UnicodeSegmentation as _;

/// The places within `line` after which a new line may begin, from the start of the line, ascending; the end is the
/// last of them.
pub(super) fn opportunities(text: &Prepared, line: &Range<usize>) -> Vec<usize> {
    let words = &text.text[line.clone()];
    let mut places: Vec<usize> = linebreaks(words).map(|(at, _)| at).collect();
    for span in text.spans.iter().filter(|span| span.form == Form::Code) {
        let range = span.range.start.max(line.start)..span.range.end.min(line.end);
        if range.is_empty() {
            continue;
        }
        let start = range.start - line.start;
        // Breaks of code are at its characters, and before its first one only if the words say so.
        let inside = text.text[range].grapheme_indices(true).skip(1).map(|(at, _)| start + at);
        places.extend(inside);
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// The greatest end of a line from `start` for which `fits`, within a word: between letters with their marks, else
/// between characters; one character at least.
pub(super) fn within_word(words: &str, start: usize, fits: impl Fn(usize) -> bool) -> usize {
    let rest = &words[start..];
    let ends = |at: usize, part: &str| start + at + part.len();
    let letters = rest.grapheme_indices(true).map(|(at, part)| ends(at, part)).take_while(|end| fits(*end));
    if let Some(end) = letters.last() {
        return end;
    }
    let mut characters = rest.char_indices().map(|(at, character)| start + at + character.len_utf8());
    let first = characters.next().unwrap_or(words.len());
    characters.take_while(|end| fits(*end)).last().unwrap_or(first)
}

/// The next smaller end of a line that is still after `start`.
pub(super) fn smaller(words: &str, places: &[usize], start: usize, end: usize) -> Option<usize> {
    let place = places[..places.partition_point(|place| *place < end)].last().copied();
    if let Some(place) = place.filter(|place| *place > start) {
        return Some(place);
    }
    let line = &words[start..end];
    let letter = line.grapheme_indices(true).next_back().map(|(at, _)| at).filter(|at| *at > 0);
    let character = || line.char_indices().next_back().map(|(at, _)| at).filter(|at| *at > 0);
    letter.or_else(character).map(|at| start + at)
}
