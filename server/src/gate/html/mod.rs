//! Rewrites a page while it streams through: puts the guard first, makes the tags of strangers inert (`held.rs`).
//!
//! The policies in the headers are what holds; the rewriting keeps browsers from asking ahead where a policy does
//! not reach (`preconnect`), and lets the widget bring held tags back.
//! Memory stays bounded: what is kept is the start of the page until the guard has its place, and one tag.

mod charset;
mod head;
mod held;
mod learn;
mod scene;

pub use charset::of_header;
pub use scene::Scene;

use actix_web::web::{Bytes, BytesMut};
use charset::Said;
use lol_html::{AsciiCompatibleEncoding, HtmlRewriter, MemorySettings, OutputSink, Settings};
use std::cell::RefCell;
use std::rc::Rc;

/// The longest tag, with all that its attributes hold (some pages have pictures in them).
const LONGEST_TAG: usize = 16 * 1024 * 1024;

/// What is done to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The guard goes in, strangers are held.
    Gate,
    /// The same for something that a script fetched: only a whole page is touched, no fragment.
    GateIfWhole,
    /// Nothing is changed; what is there is noted.
    Learn,
}

/// A page that could not be rewritten; what was sent of it is all there is.
#[derive(Debug, thiserror::Error)]
#[error("rewriting the page: {0}")]
pub struct Broken(String);

/// One page.
pub struct Page {
    work: Work,
    scene: Rc<Scene>,
    /// The encoding that the header names.
    declared: Option<&'static encoding_rs::Encoding>,
    state: State,
    out: Out,
}

enum State {
    /// The start, until the place of the guard is known.
    Start(Vec<u8>),
    Rewriting(Box<HtmlRewriter<'static, Out>>),
    /// As it comes.
    Passing,
}

/// What is ready to be sent.
#[derive(Clone, Default)]
struct Out(Rc<RefCell<BytesMut>>);

impl OutputSink for Out {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.0.borrow_mut().extend_from_slice(chunk);
    }
}

impl Page {
    /// A page whose `Content-Type` names this encoding.
    pub fn new(work: Work, scene: Scene, declared: Option<&'static encoding_rs::Encoding>) -> Self {
        Self { work, scene: Rc::new(scene), declared, state: State::Start(Vec::new()), out: Out::default() }
    }

    /// Takes a piece of the page.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), Broken> {
        match &mut self.state {
            State::Start(start) => {
                start.extend_from_slice(piece);
                self.begin(false)
            }
            State::Rewriting(rewriter) => rewriter.write(piece).map_err(broken),
            State::Passing => {
                self.out.handle_chunk(piece);
                Ok(())
            }
        }
    }

    /// The page has ended.
    pub fn end(&mut self) -> Result<(), Broken> {
        self.begin(true)?;
        match std::mem::replace(&mut self.state, State::Passing) {
            State::Rewriting(rewriter) => rewriter.end().map_err(broken),
            State::Start(_) | State::Passing => Ok(()),
        }
    }

    /// What is ready.
    pub fn take(&mut self) -> Bytes {
        self.out.0.borrow_mut().split().freeze()
    }

    /// Leaves the start, if enough of it is there.
    fn begin(&mut self, ended: bool) -> Result<(), Broken> {
        let State::Start(start) = &mut self.state else { return Ok(()) };
        let enough = ended || self.declared.is_some() || start.len() >= charset::LOOK;
        let Some(place) = head::find(start, ended).filter(|_| enough) else { return Ok(()) };
        let start = std::mem::take(start);
        let said = charset::of_start(&start);
        let encoding = match (said, self.declared) {
            (Said::Mark(encoding), _) | (_, Some(encoding)) | (Said::Meta(encoding), None) => encoding,
            (Said::Nothing, None) => charset::undeclared(),
        };
        let fragment = self.work == Work::GateIfWhole && !place.whole;
        let Some(ascii) = AsciiCompatibleEncoding::new(encoding).filter(|_| !fragment) else {
            self.state = State::Passing;
            return self.write(&start);
        };
        let (before, after) = start.split_at(place.at);
        self.state = match self.work {
            Work::Learn => State::Rewriting(Box::new(self.rewriter(ascii, learn::handlers))),
            _ if self.scene.class().everything => State::Passing,
            _ => State::Rewriting(Box::new(self.rewriter(ascii, held::handlers))),
        };
        self.write(before)?;
        if self.work != Work::Learn {
            // The guard pushes the page's own `<meta charset>` further than browsers look.
            if let (Said::Meta(encoding), None) = (said, self.declared) {
                self.write(format!("<meta charset=\"{}\">", encoding.name()).as_bytes())?;
            }
            let insert = self.scene.class().insert.clone();
            self.write(&insert)?;
        }
        self.write(after)
    }

    fn rewriter(
        &self,
        encoding: AsciiCompatibleEncoding,
        handlers: impl Fn(Settings<'static, 'static>, &Rc<Scene>) -> Settings<'static, 'static>,
    ) -> HtmlRewriter<'static, Out> {
        let settings = Settings::new()
            .with_encoding(encoding)
            .with_strict(false)
            .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(LONGEST_TAG));
        HtmlRewriter::new(handlers(settings, &self.scene), self.out.clone())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn broken(error: lol_html::errors::RewritingError) -> Broken {
    Broken(error.to_string())
}

#[cfg(test)]
mod tests;
