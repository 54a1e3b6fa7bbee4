//! The blocks of a section but tables.

use super::flow::{Align, Cell, Flow, Frame, Ground, Row};
use super::table;
use crate::structure::{Element, Role};
use crate::style::{BODY, CODE, GUTTER, HAIRLINE, LABEL, LABELS, MEASURE, MIST, SILVER, Style, VALUE, WIDTH};
use crate::text::{Prepared, lines, prepare};
use crate::{Block, Direction, Fact, Text};

pub(super) fn block(flow: &mut Flow, section: Element, block: &Block) {
    match block {
        Block::Paragraph(text) => paragraph(flow, Some(section), text, &BODY),
        Block::Facts(list) => facts(flow, section, list),
        Block::Table(rows) => table::table(flow, section, rows),
        Block::Quote(text) => quote(flow, section, text),
        Block::Code(characters) => code(flow, section, characters),
    }
}

pub(super) fn paragraph(flow: &mut Flow, parent: Option<Element>, words: &Text, style: &Style) {
    let text = prepare(words);
    if text.is_empty() {
        return;
    }
    let frame = Frame { start: 0.0, width: MEASURE };
    let align = if text.direction.is_some() { Align::Own } else { Align::Letter };
    let lines = lines(&text, style, frame.width, flow.direction);
    let language = text.language().cloned();
    let element = flow.structure.element(parent, Role::Paragraph, language.clone());
    let mut inline = flow.inline(element, text, language);
    flow.lines(&mut inline, &lines, frame, style, align, Ground::Bare);
}

fn quote(flow: &mut Flow, section: Element, words: &Text) {
    let text = prepare(words);
    if text.is_empty() {
        return;
    }
    let mut frame = Frame { start: 0.0, width: MEASURE - GUTTER };
    let lines = lines(&text, &BODY, frame.width, flow.direction);
    if lines.first().is_some_and(|line| line.direction == flow.direction) {
        frame.start = GUTTER;
    }
    let language = text.language().cloned();
    let quote = flow.structure.element(Some(section), Role::Quote, language.clone());
    let element = flow.structure.element(Some(quote), Role::Paragraph, None);
    let mut inline = flow.inline(element, text, language);
    flow.space(2.0);
    flow.lines(&mut inline, &lines, frame, &BODY, Align::Own, Ground::Bar(SILVER, GUTTER));
    flow.space(2.0);
}

fn code(flow: &mut Flow, section: Element, characters: &str) {
    let mut text = prepare(&Text::code(characters));
    if text.is_empty() {
        return;
    }
    // Hashes and proofs are written in ASCII, whatever the letter around them is.
    text.direction = Some(Direction::LeftToRight);
    let space = 9.0;
    let frame = Frame { start: space, width: WIDTH - 2.0 * space };
    let lines = lines(&text, &CODE, frame.width, flow.direction);
    let element = flow.structure.element(Some(section), Role::Paragraph, None);
    let mut inline = flow.inline(element, text, None);
    flow.lines(&mut inline, &lines, frame, &CODE, Align::Own, Ground::Panel(MIST, space));
}

/// Labels and values. The structure is a list of terms and what they say (ISO 32000-1, 14.8.4.3.3).
fn facts(flow: &mut Flow, section: Element, facts: &[Fact]) {
    pairs(flow, section, facts.iter().map(|fact| (&fact.label, &fact.value)));
}

/// The same, from labels and values that are not together.
pub(super) fn pairs<'a>(
    flow: &mut Flow,
    section: Element,
    pairs: impl Iterator<Item = (&'a Text, &'a Text)>,
) {
    let list = flow.structure.element(Some(section), Role::List, None);
    for (index, (label, value)) in pairs.enumerate() {
        if index > 0 {
            flow.rule(Frame::whole(), HAIRLINE, SILVER);
        }
        let item = flow.structure.element(Some(list), Role::Item, None);
        let labels = Frame { start: 0.0, width: LABELS - GUTTER };
        let values = Frame { start: LABELS, width: WIDTH - LABELS };
        let cells = vec![
            cell(flow, item, Role::Label, label, labels, &LABEL),
            cell(flow, item, Role::Body, value, values, &VALUE),
        ];
        flow.row(Row { cells, leading: VALUE.leading, space: 3.5, head: None });
    }
}

/// A text in its frame. One without words holds a space, so that its element is not empty.
pub(super) fn cell(
    flow: &mut Flow,
    parent: Element,
    role: Role,
    words: &Text,
    frame: Frame,
    style: &Style,
) -> Cell {
    let text = prepare(words);
    let text = if text.is_empty() { Prepared::blank() } else { text };
    let language = text.language().cloned();
    let lines = lines(&text, style, frame.width, flow.direction);
    let element = flow.structure.element(Some(parent), role, language.clone());
    Cell { inline: flow.inline(element, text, language), lines, frame, style: *style }
}
