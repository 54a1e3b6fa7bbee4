//! Pages to bytes: the file with its tags, properties, outline and attachments, checked while it is written.

use crate::faces::Face;
use crate::layout::{Entry, Mark, Meaning, Pages};
use crate::structure::Drawn;
use crate::style::{Ink, PAGE_HEIGHT, PAGE_WIDTH};
use crate::text::{Line, Piece, Shaped, one_line};
use crate::{Attachment, Direction, Letter, Relation};
use chrono::{DateTime, Datelike as _, Timelike as _};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{self, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag};
use krilla::text::{Glyph as _, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use std::collections::HashSet;
use thiserror::Error;

/// Why there is no file. What a letter says is never the reason.
#[derive(Debug, Error)]
pub enum Error {
    /// PDF writes years with four digits.
    #[error("{0} seconds since 1970 is no time of the years 0 to 9999")]
    Created(i64),
    /// An attachment is named with other than `A-Z a-z 0-9 . - _`, or as another one is.
    #[error("an attachment cannot be named {0:?}")]
    AttachmentName(String),
    /// Not of the form `type/subtype`.
    #[error("{0:?} is no media type")]
    MediaType(String),
    /// The file would break one of the standards, or a limit of PDF.
    #[error("the PDF breaks a rule: {0}")]
    Rule(String),
}

/// The longest name and description that an attachment has.
const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 400;

pub(crate) fn write(letter: &Letter, pages: Pages) -> Result<Vec<u8>, Error> {
    let created = date(letter.created)?;
    let mut document =
        Document::new_with(SerializeSettings { configuration: standards(), ..SerializeSettings::default() });
    let mut drawn = pages.structure.undrawn();
    for marks in &pages.marks {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).expect("A4 is a size");
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, mark, &mut drawn);
        }
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(pages.structure.tree(&drawn).with_lang(Some(letter.language.tag().to_owned())));
    document.set_outline(outline(&pages.outline));
    document.set_metadata(properties(letter, pages.title, created));
    attach(&mut document, &letter.attachments, created)?;
    document.finish().map_err(|error| Error::Rule(format!("{error:?}")))
}

/// PDF/A-3a is the level of PDF/A that has both tags and attachments of any kind.
fn standards() -> Configuration {
    ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .expect("both are based on PDF 1.7")
}

fn draw(surface: &mut Surface, mark: &Mark, drawn: &mut Drawn) {
    match mark {
        Mark::Rectangle { x, y, width, height, ink } => {
            let Some(rectangle) = Rect::from_xywh(*x, *y, *width, *height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rectangle);
            let Some(path) = path.finish() else { return };
            surface.start_tagged(artifact(ArtifactType::Layout));
            surface.set_fill(Some(fill(*ink)));
            surface.draw_path(&path);
            surface.end_tagged();
        }
        Mark::Line { line, x, baseline, ink, meaning } => {
            surface.set_fill(Some(fill(*ink)));
            let place = Point::from_xy(*x, *baseline);
            match meaning {
                Meaning::Content(leaves) => {
                    for (piece, leaf) in line.pieces.iter().zip(leaves) {
                        content(surface, line, piece, place, |identifier| drawn.add(*leaf, identifier));
                    }
                }
                Meaning::Repeated => aside(surface, ArtifactType::PaginationOther, line, place),
                Meaning::Footer => aside(surface, ArtifactType::Footer, line, place),
            }
        }
    }
}

/// A piece that is read out.
fn content(surface: &mut Surface, line: &Line, piece: &Piece, place: Point, mut add: impl FnMut(Identifier)) {
    for strokes in strokes(line, piece).chunk_by(|a, b| a.said.is_none() && b.said.is_none()) {
        let said = strokes.first().and_then(|stroke| stroke.said);
        add(surface.start_tagged(ContentTag::Span(SpanTag::empty().with_actual_text(said))));
        for stroke in strokes {
            stroke.draw(surface, line, place);
        }
        surface.end_tagged();
    }
}

/// A line that is not read out.
fn aside(surface: &mut Surface, kind: ArtifactType, line: &Line, place: Point) {
    surface.start_tagged(artifact(kind));
    for stroke in line.pieces.iter().flat_map(|piece| strokes(line, piece)) {
        stroke.draw(surface, line, place);
    }
    surface.end_tagged();
}

/// Glyphs that are drawn at once.
struct Stroke<'a> {
    face: Face,
    size: f32,
    x: f32,
    glyphs: &'a [KrillaGlyph],
    /// What it says if its glyphs say something else.
    said: Option<&'a str>,
}

impl Stroke<'_> {
    fn draw(&self, surface: &mut Surface, line: &Line, place: Point) {
        let start = Point::from_xy(place.x + self.x, place.y);
        surface.draw_glyphs(start, self.glyphs, self.face.font(), &line.text, self.size, false);
    }
}

/// A piece in reading order: what is written from right to left is drawn letter by letter, from the right. As one
/// string it would be stored backwards, and readers of tags are known to take it so.
fn strokes<'a>(line: &'a Line, piece: &'a Piece) -> Vec<Stroke<'a>> {
    let mut strokes = Vec::new();
    for Shaped { face, size, x, backwards, glyphs } in &piece.shaped {
        let (face, size) = (*face, *size);
        if !backwards {
            strokes.push(Stroke { face, size, x: *x, glyphs, said: None });
            continue;
        }
        let advance = |glyphs: &[KrillaGlyph]| glyphs.iter().map(|glyph| glyph.x_advance(size)).sum::<f32>();
        let mut x = x + advance(glyphs);
        for letter in glyphs.chunk_by(|a, b| a.text_range() == b.text_range()).rev() {
            x -= advance(letter);
            let words = &line.text[letter[0].text_range()];
            // A bracket that opens has the look of one that closes elsewhere.
            let mirrored = words.chars().all(|character| !character.is_alphanumeric() && character != ' ');
            strokes.push(Stroke { face, size, x, glyphs: letter, said: mirrored.then_some(words) });
        }
    }
    strokes
}

fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

fn fill(ink: Ink) -> Fill {
    Fill {
        paint: rgb::Color::new(ink.0, ink.1, ink.2).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

/// The title, with the headings below it.
fn outline(entries: &[Entry]) -> Outline {
    let node = |entry: &Entry| {
        OutlineNode::new(entry.words.clone(), XyzDestination::new(entry.page, Point::from_xy(0.0, entry.y)))
    };
    let mut outline = Outline::new();
    if let Some((title, headings)) = entries.split_first() {
        let mut title = node(title).with_open(true);
        for heading in headings {
            title.push_child(node(heading));
        }
        outline.push_child(title);
    }
    outline
}

fn properties(letter: &Letter, title: String, created: metadata::DateTime) -> Metadata {
    let direction = match letter.language.direction() {
        Direction::LeftToRight => metadata::TextDirection::LeftToRight,
        Direction::RightToLeft => metadata::TextDirection::RightToLeft,
    };
    let producer = one_line(&letter.producer, LONGEST_DESCRIPTION);
    Metadata::new()
        .title(title)
        .language(letter.language.tag().to_owned())
        .text_direction(direction)
        .creator(producer.clone())
        .producer(producer)
        .creation_date(created)
}

fn attach(
    document: &mut Document,
    attachments: &[Attachment],
    created: metadata::DateTime,
) -> Result<(), Error> {
    let mut names = HashSet::new();
    for attachment in attachments {
        let name = &attachment.name;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
        let is_name = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain);
        if !is_name || !names.insert(name) {
            return Err(Error::AttachmentName(name.clone()));
        }
        let media_type = MimeType::new(&attachment.media_type)
            .filter(|_| attachment.media_type.len() <= LONGEST_NAME)
            .ok_or_else(|| Error::MediaType(attachment.media_type.clone()))?;
        let file = EmbeddedFile {
            path: name.clone(),
            mime_type: Some(media_type),
            description: Some(one_line(&attachment.description, LONGEST_DESCRIPTION)),
            association_kind: match attachment.relation {
                Relation::Source => AssociationKind::Source,
                Relation::Data => AssociationKind::Data,
                Relation::Supplement => AssociationKind::Supplement,
            },
            data: attachment.bytes.clone().into(),
            modification_date: Some(created),
            compress: Some(true),
            location: None,
        };
        document.embed_file(file).ok_or_else(|| Error::AttachmentName(name.clone()))?;
    }
    Ok(())
}

fn date(seconds: i64) -> Result<metadata::DateTime, Error> {
    let wrong = Error::Created(seconds);
    let Some(time) = DateTime::from_timestamp(seconds, 0) else { return Err(wrong) };
    let Some(year) = u16::try_from(time.year()).ok().filter(|year| *year <= 9999) else { return Err(wrong) };
    let small = |part: u32| u8::try_from(part).expect("parts of a time are below 60");
    Ok(metadata::DateTime::new(year)
        .month(small(time.month()))
        .day(small(time.day()))
        .hour(small(time.hour()))
        .minute(small(time.minute()))
        .second(small(time.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0))
}
