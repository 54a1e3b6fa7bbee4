//! The line at the foot of each page: which letter, which page.

use super::{Mark, Meaning};
use crate::style::{FOOT, FOOTER, MARGIN, PAGE_WIDTH, WIDTH};
use crate::text::{Line, lines, natural_width, one_line, prepare};
use crate::{Direction, Letter, Text};

/// Letters of a title in the footer, at most.
const LONGEST: usize = 90;

pub(super) fn add(pages: &mut [Vec<Mark>], title: &str, letter: &Letter) {
    let total = pages.len();
    for (index, page) in pages.iter_mut().enumerate() {
        let Some(line) = line(title, &numbering(&letter.numbering, index + 1, total), letter) else {
            continue;
        };
        let x = match letter.language.direction() {
            Direction::LeftToRight => MARGIN,
            Direction::RightToLeft => PAGE_WIDTH - MARGIN - line.width,
        };
        page.push(Mark::Line { line, x, baseline: FOOT, ink: FOOTER.ink, meaning: Meaning::Footer });
    }
}

fn numbering(template: &str, page: usize, pages: usize) -> String {
    one_line(&template.replace("{pages}", &pages.to_string()).replace("{page}", &page.to_string()), LONGEST)
}

/// One line; of a title that is too long, the beginning.
fn line(title: &str, numbering: &str, letter: &Letter) -> Option<Line> {
    let direction = letter.language.direction();
    let mut longest = LONGEST;
    loop {
        let words = Text::new(one_line(title, longest)).and(" · ").and(numbering);
        let text = prepare(&words);
        if longest == 0 || natural_width(&text, &FOOTER, direction) < WIDTH {
            return lines(&text, &FOOTER, WIDTH, direction).into_iter().next();
        }
        longest = longest.saturating_sub(6);
    }
}
