//! The look of a letter: paper, grid, sizes and inks, in points.

/// A4.
pub(crate) const PAGE_WIDTH: f32 = 595.276;
/// A4.
pub(crate) const PAGE_HEIGHT: f32 = 841.89;
/// Left and right.
pub(crate) const MARGIN: f32 = 68.0;
/// Where text may begin.
pub(crate) const TOP: f32 = 74.0;
/// Where text must end.
pub(crate) const BOTTOM: f32 = 760.0;
/// The footer's baseline.
pub(crate) const FOOT: f32 = 800.0;
/// Between the margins.
pub(crate) const WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN;
/// Longer lines of running words are hard to read.
pub(crate) const MEASURE: f32 = 412.0;
/// The labels of facts, with the gap to their values: what is left takes the 64 digits of a SHA-256.
pub(crate) const LABELS: f32 = 128.0;
/// Between columns.
pub(crate) const GUTTER: f32 = 14.0;
/// A line that separates.
pub(crate) const HAIRLINE: f32 = 0.45;

/// A color, red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ink(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// Words.
pub(crate) const BLACK: Ink = Ink(0x1b, 0x1d, 0x21);
/// Labels and the footer: 6 to 1 against white.
pub(crate) const GREY: Ink = Ink(0x5b, 0x61, 0x69);
/// Hairlines.
pub(crate) const SILVER: Ink = Ink(0xcd, 0xd1, 0xd6);
/// Behind code.
pub(crate) const MIST: Ink = Ink(0xf4, 0xf5, 0xf7);

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) size: f32,
    /// From baseline to baseline.
    pub(crate) leading: f32,
    pub(crate) weight: Weight,
    pub(crate) ink: Ink,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

const fn style(size: f32, leading: f32, weight: Weight, ink: Ink) -> Style {
    Style { size, leading, weight, ink }
}

pub(crate) const TITLE: Style = style(21.0, 27.0, Weight::Bold, BLACK);
pub(crate) const SUBTITLE: Style = style(10.5, 16.0, Weight::Regular, GREY);
pub(crate) const HEADING: Style = style(11.5, 16.0, Weight::Bold, BLACK);
pub(crate) const BODY: Style = style(9.75, 15.0, Weight::Regular, BLACK);
pub(crate) const LABEL: Style = style(9.0, 14.0, Weight::Regular, GREY);
pub(crate) const VALUE: Style = style(9.25, 14.0, Weight::Regular, BLACK);
pub(crate) const HEAD: Style = style(8.25, 13.0, Weight::Bold, GREY);
pub(crate) const CELL: Style = style(8.75, 13.0, Weight::Regular, BLACK);
pub(crate) const CODE: Style = style(8.0, 12.0, Weight::Regular, BLACK);
pub(crate) const FOOTER: Style = style(7.75, 11.0, Weight::Regular, GREY);

impl Style {
    /// From the top of a line to its baseline: capitals stand in the middle.
    pub(crate) fn baseline(&self) -> f32 {
        self.leading / 2.0 + self.size * 0.36
    }
}
