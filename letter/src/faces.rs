//! The embedded fonts: which of them has a character, and the shaping of words with one of them.

use crate::Language;
use crate::style::Weight;
use harfrust::{BufferFlags, Direction, FontRef, Script, ShaperData, Tag, UnicodeBuffer};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::MetadataProvider as _;
use skrifa::charmap::Charmap;
use std::ops::Range;
use std::sync::LazyLock;

const SANS: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
const SANS_BOLD: &[u8] = include_bytes!("../fonts/NotoSans-Bold.ttf");
const MONO: &[u8] = include_bytes!("../fonts/NotoSansMono-Regular.ttf");
const ARABIC: &[u8] = include_bytes!("../fonts/NotoSansArabic-Regular.ttf");
const ARABIC_BOLD: &[u8] = include_bytes!("../fonts/NotoSansArabic-Bold.ttf");
const HEBREW: &[u8] = include_bytes!("../fonts/NotoSansHebrew-Regular.ttf");
const HEBREW_BOLD: &[u8] = include_bytes!("../fonts/NotoSansHebrew-Bold.ttf");

/// In the order of [`FILES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Sans,
    SansBold,
    Mono,
    Arabic,
    ArabicBold,
    Hebrew,
    HebrewBold,
}

const FILES: [&[u8]; 7] = [SANS, SANS_BOLD, MONO, ARABIC, ARABIC_BOLD, HEBREW, HEBREW_BOLD];

const REGULAR: [Face; 4] = [Face::Sans, Face::Arabic, Face::Hebrew, Face::Mono];
const BOLD: [Face; 4] = [Face::SansBold, Face::ArabicBold, Face::HebrewBold, Face::Mono];
const CODE: [Face; 4] = [Face::Mono, Face::Sans, Face::Arabic, Face::Hebrew];

/// Stands for what a font cannot show although it has the characters.
const REPLACEMENT: char = '\u{FFFD}';

struct Loaded {
    font: Font,
    reference: FontRef<'static>,
    charmap: Charmap<'static>,
    shaping: ShaperData,
    replacement: u32,
}

static LOADED: LazyLock<Vec<Loaded>> = LazyLock::new(|| FILES.iter().map(|file| load(file)).collect());

fn load(file: &'static [u8]) -> Loaded {
    let reference = FontRef::new(file).expect("the embedded fonts are fonts");
    let font = Font::new(file.into(), 0).expect("the embedded fonts are fonts");
    let charmap = reference.charmap();
    // A space is in every font.
    let shown = charmap.map(REPLACEMENT).or_else(|| charmap.map(' '));
    let replacement = shown.map_or(0, skrifa::GlyphId::to_u32);
    Loaded { font, charmap, shaping: ShaperData::new(&reference), reference, replacement }
}

/// What words are set in: the first of these that has them.
pub(crate) fn choice(weight: Weight) -> &'static [Face] {
    match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    }
}

/// What codes are set in: the first of these that has them.
pub(crate) fn choice_for_code() -> &'static [Face] {
    &CODE
}

/// Whether a character can be shown in any weight and form.
pub(crate) fn can_show(character: char) -> bool {
    let any = |choice: &[Face]| choice.iter().any(|face| face.has(character));
    any(&REGULAR) && any(&BOLD)
}

impl Face {
    fn loaded(self) -> &'static Loaded {
        &LOADED[self as usize]
    }

    /// For drawing.
    pub(crate) fn font(self) -> Font {
        self.loaded().font.clone()
    }

    pub(crate) fn has(self, character: char) -> bool {
        self.loaded().charmap.map(character).is_some_and(|glyph| glyph.to_u32() != 0)
    }

    /// How large it is set beside the others: letters of equal width look larger.
    pub(crate) fn scale(self) -> f32 {
        if self == Self::Mono { 0.92 } else { 1.0 }
    }
}

/// Words to shape: a part of a text, of one face, script and direction.
pub(crate) struct Words<'a> {
    pub(crate) text: &'a str,
    pub(crate) range: Range<usize>,
    pub(crate) face: Face,
    pub(crate) script: unicode_script::Script,
    pub(crate) backwards: bool,
    pub(crate) language: Option<&'a Language>,
}

/// The glyphs from left to right, measured in the size of the font.
pub(crate) fn shape(words: &Words) -> Vec<KrillaGlyph> {
    let loaded = words.face.loaded();
    let mut buffer = UnicodeBuffer::new();
    for (at, character) in words.text[words.range.clone()].char_indices() {
        // A text of four gigabytes is no letter; its clusters would only be less exact.
        buffer.add(character, u32::try_from(words.range.start + at).unwrap_or(u32::MAX));
    }
    buffer.set_direction(if words.backwards { Direction::RightToLeft } else { Direction::LeftToRight });
    let tag = Tag::new(&words.script.as_iso15924_tag().to_be_bytes());
    if let Some(script) = Script::from_iso15924_tag(tag) {
        buffer.set_script(script);
    }
    if let Some(language) = words.language.and_then(|language| language.tag().parse().ok()) {
        buffer.set_language(language);
    }
    // What is invisible has no glyph; its characters belong to the glyph before.
    buffer.set_flags(BufferFlags::REMOVE_DEFAULT_IGNORABLES | BufferFlags::DO_NOT_INSERT_DOTTED_CIRCLE);
    let shaped =
        loaded.shaping.shaper(&loaded.reference).build().shape(buffer, harfrust::ShapeOptions::new());

    let clusters: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    let mut starts = clusters.clone();
    starts.sort_unstable();
    starts.dedup();
    // Invisible characters in front belong to the first glyph.
    let range = |cluster: usize| {
        let at = starts.partition_point(|start| *start <= cluster);
        let start = if at <= 1 { words.range.start } else { cluster };
        start..starts.get(at).copied().unwrap_or(words.range.end)
    };
    let units = loaded.font.units_per_em();
    let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).zip(clusters);
    glyphs
        .map(|((info, position), cluster)| {
            let glyph = if info.glyph_id == 0 { loaded.replacement } else { info.glyph_id };
            KrillaGlyph::new(
                GlyphId::new(glyph),
                in_ems(position.x_advance, units),
                in_ems(position.x_offset, units),
                in_ems(position.y_offset, units),
                in_ems(position.y_advance, units),
                range(cluster),
                None,
            )
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "units of a font are small")]
fn in_ems(units: i32, per_em: f32) -> f32 {
    units as f32 / per_em
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_can_be_read_and_has_what_no_text_does_without() {
        for face in REGULAR.iter().chain(&BOLD).chain(&CODE) {
            assert!(face.has(' '), "{face:?}");
        }
        for character in "[U+0123456789ABCDEF]·–…".chars() {
            assert!(Face::Sans.has(character) && Face::SansBold.has(character), "{character}");
        }
    }

    #[test]
    fn scripts_are_shown_by_their_fonts() {
        for (face, character) in
            [(Face::Sans, 'ж'), (Face::Arabic, 'ع'), (Face::Hebrew, 'ש'), (Face::Mono, '→')]
        {
            assert!(face.has(character) && can_show(character), "{character}");
        }
        assert!(!can_show('漢'));
    }
}
