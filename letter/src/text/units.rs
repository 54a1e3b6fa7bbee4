//! What is shaped at once: neighbours of one direction, font, script and run.

use super::clean::{Prepared, is_invisible};
use super::directions::Directions;
use crate::faces::{Face, choice, choice_for_code};
use crate::style::Weight;
use crate::{Form, Language};
use std::ops::Range;
use unicode_bidi::Level;
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

/// Neighbours in a text, by their bytes in it.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) range: Range<usize>,
    pub(super) level: Level,
    pub(super) face: Face,
    pub(super) script: Script,
    /// Which of the text's spans.
    pub(super) span: usize,
}

impl Unit {
    pub(super) fn language<'a>(&self, text: &'a Prepared) -> Option<&'a Language> {
        text.spans[self.span].language.as_ref()
    }
}

/// The units of one line of a text that has not been broken yet.
pub(super) fn units(
    text: &Prepared,
    line: &Range<usize>,
    directions: &Directions,
    weight: Weight,
) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for (index, span) in text.spans.iter().enumerate() {
        let range = span.range.start.max(line.start)..span.range.end.min(line.end);
        if range.is_empty() {
            continue;
        }
        let faces = match span.form {
            Form::Prose => choice(weight),
            Form::Code => choice_for_code(),
        };
        for (at, letter) in text.text[range.clone()].grapheme_indices(true) {
            let start = range.start + at;
            for (range, face) in pieces(letter, start, faces, units.last().map(|unit| unit.face)) {
                let script = script(&text.text[range.clone()]);
                let level = directions.levels[range.start - line.start];
                push(&mut units, Unit { range, level, face, script, span: index });
            }
        }
    }
    units
}

/// Adds to the last unit, or begins one. What belongs to no script goes with what stands before it.
fn push(units: &mut Vec<Unit>, unit: Unit) {
    let neutral = |script| matches!(script, Script::Common | Script::Inherited | Script::Unknown);
    match units.last_mut() {
        Some(last)
            if last.level == unit.level
                && last.face == unit.face
                && last.span == unit.span
                && (last.script == unit.script || neutral(unit.script) || neutral(last.script)) =>
        {
            last.range.end = unit.range.end;
            if neutral(last.script) {
                last.script = unit.script;
            }
        }
        _ => units.push(unit),
    }
}

fn script(letter: &str) -> Script {
    let known = |script: &Script| !matches!(script, Script::Common | Script::Inherited | Script::Unknown);
    letter.chars().map(|character| character.script()).find(known).unwrap_or(Script::Common)
}

/// A letter with its marks in one font that has all of it, else each character in the first font that has it.
fn pieces(letter: &str, start: usize, faces: &[Face], last: Option<Face>) -> Vec<(Range<usize>, Face)> {
    let has =
        |face: Face, part: &str| part.chars().all(|character| is_invisible(character) || face.has(character));
    // Spaces and what is invisible stay with the words before them.
    let stays = letter.chars().all(|character| character == ' ' || is_invisible(character));
    let preferred = last.filter(|_| stays).into_iter().chain(faces.iter().copied());
    let choose = |part: &str, mut preferred: Box<dyn Iterator<Item = Face> + '_>| {
        preferred.find(|face| has(*face, part))
    };
    if let Some(face) = choose(letter, Box::new(preferred)) {
        return vec![(start..start + letter.len(), face)];
    }
    let single = |(at, character): (usize, char)| {
        let end = at + character.len_utf8();
        let found = choose(&letter[at..end], Box::new(faces.iter().copied()));
        (start + at..start + end, found.unwrap_or(faces[0]))
    };
    letter.char_indices().map(single).collect()
}
