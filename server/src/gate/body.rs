//! The body of a page on its way to the visitor: unfolded if it was compressed, rewritten, folded again.

use super::coding::{Coding, Decoder, Encoder};
use super::html::{Broken, Page};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A page's body. Ends with an error, so that the connection breaks off, where the page cannot be read on.
pub struct Rewritten {
    from: BoxBody,
    page: Page,
    decoder: Option<Decoder>,
    encoder: Option<Encoder>,
    /// What came and was not unfolded yet.
    rest: Bytes,
    ended: bool,
}

/// Compressed bytes between two that are sent: what they unfold into is in memory as a whole, a thousand times as much
/// at the worst.
const UNFOLDED_AT_ONCE: usize = 8 * 1024;

impl Rewritten {
    /// Of the site's body in that coding; `folds`: the visitor takes gzip, and gets it.
    pub fn new(from: BoxBody, page: Page, coding: Option<Coding>, folds: bool) -> Self {
        let encoder = folds.then(Encoder::gzip);
        Self { from, page, decoder: coding.map(Decoder::new), encoder, rest: Bytes::new(), ended: false }
    }

    /// Takes of what came as much as may be in memory at once.
    fn take_in(&mut self) -> Result<(), Failed> {
        let page = &mut self.page;
        match &mut self.decoder {
            Some(decoder) => {
                let piece = self.rest.split_to(self.rest.len().min(UNFOLDED_AT_ONCE));
                decoder.write(&piece, |part| page.write(part).map_err(io::Error::other))?;
            }
            None => page.write(&std::mem::take(&mut self.rest))?,
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failed> {
        let page = &mut self.page;
        if let Some(decoder) = &mut self.decoder {
            decoder.end(|part| page.write(part).map_err(io::Error::other))?;
        }
        page.end()?;
        Ok(())
    }

    /// What can be sent now.
    fn hand_out(&mut self) -> Result<Bytes, Failed> {
        let ready = self.page.take();
        let Some(encoder) = &mut self.encoder else { return Ok(ready) };
        let mut folded = if ready.is_empty() { Vec::new() } else { encoder.write(&ready)? };
        if self.ended {
            folded.extend(encoder.end()?);
        }
        Ok(folded.into())
    }
}

/// Why a page broke off.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Page(#[from] Broken),
    #[error("unfolding the page: {0}")]
    Coding(#[from] io::Error),
}

impl MessageBody for Rewritten {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        while !this.ended {
            let mut done = Ok(());
            if this.rest.is_empty() {
                match ready!(Pin::new(&mut this.from).poll_next(context)) {
                    Some(Ok(piece)) => this.rest = piece,
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => {
                        this.ended = true;
                        done = this.finish();
                    }
                }
            }
            if !this.ended {
                done = this.take_in();
            }
            match done.and_then(|()| this.hand_out()) {
                Ok(ready) if ready.is_empty() => {}
                Ok(ready) => return Poll::Ready(Some(Ok(ready))),
                Err(error) => {
                    this.ended = true;
                    metrics::counter!("avow_gate_rewrite_failures_total").increment(1);
                    tracing::warn!(%error, "a page was broken off");
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
        Poll::Ready(None)
    }
}
