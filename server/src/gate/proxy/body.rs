//! A request's body on its way to the site: what arrives on the visitor's connection leaves on another one, with
//! a few pieces between them.

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Bytes};
use futures_util::StreamExt as _;
use hyper::body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Pieces that may wait.
const WAITING: usize = 4;

/// The body.
pub enum Onward {
    /// There is none.
    Nothing,
    /// As it comes.
    Pieces {
        /// From the visitor's connection.
        from: mpsc::Receiver<io::Result<Bytes>>,
        /// Bytes still to come, if the request said how many.
        left: Option<u64>,
    },
}

/// The body of a request, which is read by a task of its own.
pub fn onward(headers: &HeaderMap, mut payload: web::Payload) -> Onward {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse::<u64>().ok());
    if !headers.contains_key(header::TRANSFER_ENCODING) && length.unwrap_or(0) == 0 {
        return Onward::Nothing;
    }
    let (sender, from) = mpsc::channel(WAITING);
    actix_web::rt::spawn(async move {
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|error| io::Error::other(error.to_string()));
            if sender.send(piece).await.is_err() {
                break;
            }
        }
    });
    Onward::Pieces { from, left: length }
}

impl Body for Onward {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Self::Pieces { from, left } = self.get_mut() else { return Poll::Ready(None) };
        from.poll_recv(context).map(|piece| {
            piece.map(|piece| {
                let piece = piece?;
                if let Some(left) = left {
                    *left = left.saturating_sub(piece.len() as u64);
                }
                Ok(Frame::data(piece))
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Nothing | Self::Pieces { left: Some(0), .. })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Pieces { left: Some(left), .. } => SizeHint::with_exact(*left),
            Self::Pieces { left: None, .. } => SizeHint::default(),
        }
    }
}
