//! Lines of glyphs, none of them wider than it may be.

use super::breaks::{opportunities, smaller, within_word};
use super::clean::Prepared;
use super::directions::{Directions, resolve};
use super::units::{Unit, units};
use crate::faces::{Face, Words, shape};
use crate::style::Style;
use crate::{Direction, Form};
use krilla::text::{Glyph as _, KrillaGlyph};
use std::ops::Range;
use std::rc::Rc;
use unicode_bidi::{BidiInfo, Level};

/// Rounding that nobody sees.
const TOLERANCE: f32 = 0.02;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: Rc<str>,
    /// In reading order.
    pub(crate) pieces: Rc<[Piece]>,
    /// Without the space at its end.
    pub(crate) width: f32,
    pub(crate) direction: Direction,
}

/// What of a line belongs to one run of the text.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) span: usize,
    pub(crate) shaped: Vec<Shaped>,
}

/// Glyphs of one font.
#[derive(Debug)]
pub(crate) struct Shaped {
    pub(crate) face: Face,
    pub(crate) size: f32,
    /// From the line's left end.
    pub(crate) x: f32,
    /// Whether its last glyph is read first.
    pub(crate) backwards: bool,
    pub(crate) glyphs: Vec<KrillaGlyph>,
}

/// Breaks a text into lines of at most this width. An empty text has none.
pub(crate) fn lines(text: &Prepared, style: &Style, width: f32, letter: Direction) -> Vec<Line> {
    let mut lines = Vec::new();
    for range in whole_lines(text) {
        Breaker::new(text, range, style, letter).into_lines(width, &mut lines);
    }
    lines
}

/// How wide a text would be if no line were broken.
pub(crate) fn natural_width(text: &Prepared, style: &Style, letter: Direction) -> f32 {
    let width = |range| Breaker::new(text, range, style, letter).natural();
    whole_lines(text).map(width).fold(0.0, f32::max)
}

/// What lies between the line ends that the text has itself.
fn whole_lines(text: &Prepared) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let lines = text.text.split('\n').map(move |line| {
        let range = start..start + line.len();
        start = range.end + 1;
        range
    });
    lines.take(if text.is_empty() { 0 } else { usize::MAX })
}

struct Breaker<'a> {
    text: &'a Prepared,
    line: Range<usize>,
    words: &'a str,
    size: f32,
    directions: Directions,
    units: Vec<Unit>,
    /// How far each byte is from the start of the line, were it not broken.
    reach: Vec<f32>,
}

impl<'a> Breaker<'a> {
    fn new(text: &'a Prepared, line: Range<usize>, style: &Style, letter: Direction) -> Self {
        let directions = resolve(text, &line, letter);
        let units = units(text, &line, &directions, style.weight);
        let words = &text.text[line.clone()];
        let mut breaker = Self { text, line, words, size: style.size, directions, units, reach: Vec::new() };
        breaker.reach = breaker.measure();
        breaker
    }

    fn measure(&self) -> Vec<f32> {
        let mut advances = vec![0.0; self.words.len() + 1];
        for unit in &self.units {
            for glyph in self.shaped(unit, unit.range.clone()).glyphs {
                let range = glyph.text_range();
                // What several characters share is spread over them.
                let characters = self.text.text[range.clone()].char_indices();
                let each = glyph.x_advance(self.size * unit.face.scale()) / count(characters.clone().count());
                for (at, _) in characters {
                    advances[range.start - self.line.start + at] += each.max(0.0);
                }
            }
        }
        let mut reach = 0.0;
        advances.into_iter().map(|advance| (reach, reach += advance).0).collect()
    }

    fn natural(&self) -> f32 {
        self.reach[self.words.len()]
    }

    fn into_lines(self, width: f32, lines: &mut Vec<Line>) {
        if self.words.is_empty() {
            lines.push(self.line(0..0));
            return;
        }
        let places = opportunities(self.text, &self.line);
        let mut start = 0;
        while start < self.words.len() {
            let mut end = self.end(&places, start, width);
            let mut line = self.line(start..end);
            // Letters look different at the end of a line, so a line may be wider than was measured.
            while line.width > width + TOLERANCE {
                let Some(less) = smaller(self.words, &places, start, end) else {
                    line = narrowed(line, width);
                    break;
                };
                end = less;
                line = self.line(start..end);
            }
            lines.push(line);
            start = end;
        }
    }

    /// Where a line from `start` ends, as far as was measured.
    fn end(&self, places: &[usize], start: usize, width: f32) -> usize {
        let fits = |end: usize| self.reach[self.without_space(start, end)] - self.reach[start] <= width;
        let fitting = places.partition_point(|place| *place <= start || fits(*place));
        match places[..fitting].last() {
            Some(place) if *place > start => *place,
            _ => within_word(self.words, start, fits),
        }
    }

    /// The end of a line without the space that may hang over.
    fn without_space(&self, start: usize, end: usize) -> usize {
        let hangs = end > start && self.words[..end].ends_with(' ');
        let prose = |span: usize| self.text.spans[span].form == Form::Prose;
        let at = self.line.start + end;
        let unit = self.units.partition_point(|unit| unit.range.end < at);
        if hangs && self.units.get(unit).is_some_and(|unit| prose(unit.span)) { end - 1 } else { end }
    }

    fn shaped(&self, unit: &Unit, range: Range<usize>) -> Shaped {
        let glyphs = shape(&Words {
            text: &self.text.text,
            range,
            face: unit.face,
            script: unit.script,
            backwards: unit.level.is_rtl(),
            language: unit.language(self.text),
        });
        Shaped {
            face: unit.face,
            size: self.size * unit.face.scale(),
            x: 0.0,
            backwards: unit.level.is_rtl(),
            glyphs,
        }
    }

    /// The line of these bytes.
    fn line(&self, range: Range<usize>) -> Line {
        let kept = self.line.start + self.without_space(range.start, range.end);
        let range = self.line.start + range.start..self.line.start + range.end;
        let first = self.units.partition_point(|unit| unit.range.end <= range.start);
        let mut parts: Vec<(usize, Level, Shaped)> = Vec::new();
        for unit in self.units[first..].iter().take_while(|unit| unit.range.start < range.end) {
            let part = unit.range.start.max(range.start)..unit.range.end.min(range.end);
            if part.start < kept {
                let shaped = self.shaped(unit, part.start..part.end.min(kept));
                parts.push((unit.span, unit.level, shaped));
            }
            // The space at the end of a line follows the line, whatever it stands in (UAX 9, L1).
            if part.end > kept {
                let space = Unit { level: self.directions.base, ..unit.clone() };
                let shaped = self.shaped(&space, kept.max(part.start)..part.end);
                parts.push((unit.span, self.directions.base, shaped));
            }
        }
        let advance =
            |shaped: &Shaped| -> f32 { shaped.glyphs.iter().map(|glyph| glyph.x_advance(shaped.size)).sum() };
        let total: f32 = parts.iter().map(|(_, _, shaped)| advance(shaped)).sum();
        let space =
            if kept < range.end { parts.last().map_or(0.0, |(_, _, space)| advance(space)) } else { 0.0 };
        let direction =
            if self.directions.base.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight };
        let mut x = if direction == Direction::RightToLeft { -space } else { 0.0 };
        for index in visual_order(&parts, self.directions.base) {
            parts[index].2.x = x;
            x += advance(&parts[index].2);
        }
        let mut pieces: Vec<Piece> = Vec::new();
        for (span, _, shaped) in parts {
            match pieces.last_mut() {
                Some(piece) if piece.span == span => piece.shaped.push(shaped),
                _ => pieces.push(Piece { span, shaped: vec![shaped] }),
            }
        }
        Line { text: self.text.text.clone(), pieces: pieces.into(), width: total - space, direction }
    }
}

/// The parts of a line from left to right. Those of different runs are isolated: between them is the level of the
/// line itself, which keeps them from being one sequence.
fn visual_order(parts: &[(usize, Level, Shaped)], base: Level) -> Vec<usize> {
    let mut levels: Vec<Level> = Vec::new();
    let mut indices: Vec<Option<usize>> = Vec::new();
    for (index, (span, level, _)) in parts.iter().enumerate() {
        if index > 0 && parts[index - 1].0 != *span {
            levels.push(base);
            indices.push(None);
        }
        levels.push(*level);
        indices.push(Some(index));
    }
    BidiInfo::reorder_visual(&levels).into_iter().filter_map(|at| indices[at]).collect()
}

/// A single character that is wider than a line, in a smaller size.
fn narrowed(line: Line, width: f32) -> Line {
    let scale = width / line.width;
    let smaller = |shaped: &Shaped| Shaped {
        size: shaped.size * scale,
        x: shaped.x * scale,
        glyphs: shaped.glyphs.clone(),
        face: shaped.face,
        backwards: shaped.backwards,
    };
    let pieces = line
        .pieces
        .iter()
        .map(|piece| Piece { span: piece.span, shaped: piece.shaped.iter().map(smaller).collect() });
    Line { pieces: pieces.collect(), width, ..line }
}

#[expect(clippy::cast_precision_loss, reason = "characters of one glyph are few")]
fn count(characters: usize) -> f32 {
    characters.max(1) as f32
}
