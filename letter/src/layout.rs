//! Lines to pages: what stands where, and what it is.
//!
//! `flow.rs` fills pages from top to bottom, `blocks.rs` and `table.rs` say what with, `footer.rs` counts them.

mod blocks;
mod flow;
mod footer;
mod table;

use crate::structure::{Leaf, Role, Structure};
use crate::style::{self, BLACK, HEADING, Ink, SUBTITLE, TITLE};
use crate::text::{Line, one_line};
use crate::{Letter, Section};
use flow::{Align, Flow, Frame};

/// What a heading may be long in the outline and the file's properties.
const LONGEST_TITLE: usize = 200;

/// A letter on pages.
pub(crate) struct Pages {
    /// What is on each of them.
    pub(crate) marks: Vec<Vec<Mark>>,
    pub(crate) structure: Structure,
    /// What the file is called.
    pub(crate) title: String,
    pub(crate) outline: Vec<Entry>,
}

/// Ink on a page.
pub(crate) enum Mark {
    Line { line: Line, x: f32, baseline: f32, ink: Ink, meaning: Meaning },
    Rectangle { x: f32, y: f32, width: f32, height: f32, ink: Ink },
}

/// What a line is to somebody who cannot see it.
pub(crate) enum Meaning {
    /// Content: a leaf for each piece of the line.
    Content(Vec<Leaf>),
    /// A head that was read before.
    Repeated,
    /// The same on each page.
    Footer,
}

/// A line of the outline.
pub(crate) struct Entry {
    pub(crate) words: String,
    pub(crate) page: usize,
    pub(crate) y: f32,
}

/// Places everything.
pub(crate) fn lay_out(letter: &Letter) -> Pages {
    let mut title = one_line(&letter.title, LONGEST_TITLE);
    if title.is_empty() {
        // Both standards want a title; a dash claims nothing.
        "–".clone_into(&mut title);
    }
    let mut flow = Flow::new(&letter.language);
    head(&mut flow, letter, &title);
    let mut outline = vec![Entry { words: title.clone(), page: 0, y: style::TOP }];
    for section in &letter.sections {
        outline.extend(place(&mut flow, section));
    }
    let (mut marks, structure) = flow.finish();
    footer::add(&mut marks, &title, letter);
    Pages { marks, structure, title, outline }
}

fn head(flow: &mut Flow, letter: &Letter, title: &str) {
    let element = flow.structure.heading(None, Role::Title, title);
    let words = if letter.title.trim().is_empty() { title } else { &letter.title };
    flow.words(element, &words.into(), Frame::whole(), &TITLE, Align::Letter);
    flow.space(3.0);
    blocks::paragraph(flow, None, &letter.subtitle.as_str().into(), &SUBTITLE);
    flow.space(4.0);
}

/// Places a section, and says where it begins if it has a heading.
fn place(flow: &mut Flow, section: &Section) -> Option<Entry> {
    let element = flow.structure.element(None, Role::Section, None);
    let words = one_line(&section.heading, LONGEST_TITLE);
    let mut entry = None;
    if !words.is_empty() {
        flow.space(20.0);
        // A heading stays with the first lines of what it is for.
        flow.need(90.0);
        entry = Some(Entry { words: words.clone(), page: flow.page(), y: flow.y() });
        flow.rule(Frame::whole(), 0.8, BLACK);
        flow.space(8.0);
        let heading = flow.structure.heading(Some(element), Role::Heading, &words);
        flow.words(heading, &section.heading.as_str().into(), Frame::whole(), &HEADING, Align::Letter);
        flow.space(4.0);
    }
    for (index, block) in section.blocks.iter().enumerate() {
        if index > 0 || entry.is_none() {
            flow.space(9.0);
        }
        blocks::block(flow, element, block);
    }
    entry
}
