//! Fills pages from top to bottom.

use super::{Mark, Meaning};
use crate::structure::{Element, Leaf, Role, Structure};
use crate::style::{BOTTOM, Ink, MARGIN, PAGE_WIDTH, Style, TOP, WIDTH};
use crate::text::{Line, Piece, Prepared, lines, prepare};
use crate::{Direction, Form, Language, Text};

/// A column, from the margin at which lines of the letter begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) start: f32,
    pub(super) width: f32,
}

impl Frame {
    pub(super) fn whole() -> Self {
        Self { start: 0.0, width: WIDTH }
    }
}

/// On which side of its frame a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Where lines of the letter begin.
    Letter,
    /// Where lines of its own language begin.
    Own,
}

/// What lies behind or beside lines.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ground {
    Bare,
    /// A bar where the lines begin, so far from them.
    Bar(Ink, f32),
    /// A panel that is so much larger than its lines.
    Panel(Ink, f32),
}

/// Words with their place in the structure.
pub(super) struct Inline {
    text: Prepared,
    element: Element,
    language: Option<Language>,
    spans: Vec<Option<Element>>,
}

/// Words that are broken, in a row of cells.
pub(super) struct Cell {
    pub(super) inline: Inline,
    pub(super) lines: Vec<Line>,
    pub(super) frame: Frame,
    pub(super) style: Style,
}

/// Cells beside each other, and what is drawn where they go on at the top of a page.
pub(super) struct Row<'a> {
    pub(super) cells: Vec<Cell>,
    pub(super) leading: f32,
    /// Above and below.
    pub(super) space: f32,
    pub(super) head: Option<&'a Head>,
}

/// What is repeated at the top of each page of a table.
pub(super) struct Head {
    pub(super) cells: Vec<(Vec<Line>, Frame, Style)>,
    pub(super) space: f32,
    pub(super) rule: Ink,
}

pub(super) struct Flow {
    pages: Vec<Vec<Mark>>,
    y: f32,
    pub(super) structure: Structure,
    language: Language,
    pub(super) direction: Direction,
}

impl Flow {
    pub(super) fn new(language: &Language) -> Self {
        Self {
            pages: vec![Vec::new()],
            y: TOP,
            structure: Structure::default(),
            language: language.clone(),
            direction: language.direction(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Vec<Mark>>, Structure) {
        (self.pages, self.structure)
    }

    pub(super) fn page(&self) -> usize {
        self.pages.len() - 1
    }

    pub(super) fn y(&self) -> f32 {
        self.y
    }

    fn is_at_top(&self) -> bool {
        self.y <= TOP
    }

    fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Empty space, but not at the top of a page.
    pub(super) fn space(&mut self, height: f32) {
        if !self.is_at_top() {
            self.y += height;
        }
    }

    /// Begins a page if so much is not left on this one.
    pub(super) fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.next_page();
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.pages.last_mut().expect("there is always a page").push(mark);
    }

    /// The left end of a frame on paper.
    fn left(&self, frame: Frame) -> f32 {
        match self.direction {
            Direction::LeftToRight => MARGIN + frame.start,
            Direction::RightToLeft => PAGE_WIDTH - MARGIN - frame.start - frame.width,
        }
    }

    /// A line that separates.
    pub(super) fn rule(&mut self, frame: Frame, height: f32, ink: Ink) {
        let (x, y) = (self.left(frame), self.y);
        self.mark(Mark::Rectangle { x, y, width: frame.width, height, ink });
        self.y += height;
    }

    /// Words on their own.
    pub(super) fn words(
        &mut self,
        element: Element,
        words: &Text,
        frame: Frame,
        style: &Style,
        align: Align,
    ) {
        let text = prepare(words);
        let lines = lines(&text, style, frame.width, self.direction);
        let mut inline = self.inline(element, text, None);
        self.lines(&mut inline, &lines, frame, style, align, Ground::Bare);
    }

    /// What is needed to place a text's lines. `language` is what its element says already.
    pub(super) fn inline(&self, element: Element, text: Prepared, language: Option<Language>) -> Inline {
        let spans = vec![None; text.spans.len()];
        Inline { text, element, language: language.or_else(|| Some(self.language.clone())), spans }
    }

    /// Lines below each other. A page has never one line of several.
    pub(super) fn lines(
        &mut self,
        inline: &mut Inline,
        lines: &[Line],
        frame: Frame,
        style: &Style,
        align: Align,
        ground: Ground,
    ) {
        let space = if let Ground::Panel(_, space) = ground { space } else { 0.0 };
        let mut rest = lines;
        while !rest.is_empty() {
            let room = whole((BOTTOM - self.y - 2.0 * space) / style.leading);
            let mut here = rest.len().min(room);
            if rest.len() - here == 1 && here > 2 {
                here -= 1;
            }
            if here < rest.len() && here < 2 {
                if !self.is_at_top() {
                    self.next_page();
                    continue;
                }
                here = 1;
            }
            let (now, later) = rest.split_at(here);
            self.ground(ground, frame, count(here) * style.leading, now[0].direction);
            self.y += space;
            for line in now {
                self.line(inline, line, frame, style, align);
                self.y += style.leading;
            }
            self.y += space;
            rest = later;
            if !rest.is_empty() {
                self.next_page();
            }
        }
    }

    fn ground(&mut self, ground: Ground, frame: Frame, height: f32, direction: Direction) {
        let (x, y) = (self.left(frame), self.y);
        match ground {
            Ground::Bare => {}
            Ground::Bar(ink, gap) => {
                let width = 1.6;
                let x = match direction {
                    Direction::LeftToRight => x - gap,
                    Direction::RightToLeft => x + frame.width + gap - width,
                };
                self.mark(Mark::Rectangle { x, y, width, height, ink });
            }
            Ground::Panel(ink, space) => {
                let (x, width) = (x - space, frame.width + 2.0 * space);
                self.mark(Mark::Rectangle { x, y, width, height: height + 2.0 * space, ink });
            }
        }
    }

    /// A line at the current height, which stays.
    fn line(&mut self, inline: &mut Inline, line: &Line, frame: Frame, style: &Style, align: Align) {
        let leaves = line.pieces.iter().map(|piece| self.leaf(inline, piece)).collect();
        self.put(line, frame, style, align, Meaning::Content(leaves));
    }

    fn put(&mut self, line: &Line, frame: Frame, style: &Style, align: Align, meaning: Meaning) {
        let direction = if align == Align::Own { line.direction } else { self.direction };
        let left = self.left(frame);
        let x = match direction {
            Direction::LeftToRight => left,
            Direction::RightToLeft => left + frame.width - line.width,
        };
        let baseline = self.y + style.baseline();
        self.mark(Mark::Line { line: line.clone(), x, baseline, ink: style.ink, meaning });
    }

    fn leaf(&mut self, inline: &mut Inline, piece: &Piece) -> Leaf {
        let span = &inline.text.spans[piece.span];
        let other = span.language.as_ref().filter(|language| inline.language.as_ref() != Some(language));
        let role = match span.form {
            Form::Code => Role::Code,
            Form::Prose if other.is_some() => Role::Span,
            Form::Prose => return self.structure.leaf(inline.element),
        };
        let structure = &mut self.structure;
        let parent = *inline.spans[piece.span]
            .get_or_insert_with(|| structure.element(Some(inline.element), role, other.cloned()));
        structure.leaf(parent)
    }

    /// Cells beside each other, on one page if they are not too high.
    pub(super) fn row(&mut self, mut row: Row) {
        let all = row.cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
        let room = |y: f32| whole((BOTTOM - y - 2.0 * row.space) / row.leading);
        let is_short = count(all) * row.leading < (BOTTOM - TOP) * 0.4;
        if room(self.y) < all && (is_short || room(self.y) < 2) && !self.is_at_top() {
            self.next_page();
            self.repeat(row.head);
        }
        let mut done = 0;
        loop {
            let here = (all - done).min(room(self.y).max(1));
            self.y += row.space;
            let top = self.y;
            for cell in &mut row.cells {
                for line in cell.lines.iter().skip(done).take(here) {
                    self.line(&mut cell.inline, line, cell.frame, &cell.style, Align::Letter);
                    self.y += row.leading;
                }
                self.y = top;
            }
            self.y = top + count(here) * row.leading + row.space;
            done += here;
            if done >= all {
                return;
            }
            self.next_page();
            self.repeat(row.head);
        }
    }

    /// The head of a table again, unless it is so high that little else would fit.
    fn repeat(&mut self, head: Option<&Head>) {
        let Some(head) = head else { return };
        let height = head.cells.iter().map(|(lines, _, style)| count(lines.len()) * style.leading);
        let height = height.fold(0.0, f32::max);
        if height > (BOTTOM - TOP) / 4.0 {
            return;
        }
        self.y += head.space;
        let top = self.y;
        for (lines, frame, style) in &head.cells {
            for line in lines {
                self.put(line, *frame, style, Align::Letter, Meaning::Repeated);
                self.y += style.leading;
            }
            self.y = top;
        }
        self.y = top + height + head.space;
        self.rule(Frame::whole(), 0.6, head.rule);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a letter has fewer lines than a float has numbers")]
fn count(lines: usize) -> f32 {
    lines as f32
}

/// How many whole lines, none if there is no room.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lines on one page")]
fn whole(lines: f32) -> usize {
    (lines + 0.001).max(0.0) as usize
}
