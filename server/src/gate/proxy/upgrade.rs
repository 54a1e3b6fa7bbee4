//! WebSockets: once both sides have agreed, bytes go both ways as they come.

use super::body::Onward;
use super::upstream::{Failure, Upstream};
use super::{answer, connection};
use actix_web::http::Method;
use actix_web::http::header;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{Stream, StreamExt as _, stream};
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper_util::rt::TokioIo;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

/// The one protocol that is tunneled.
const WEBSOCKET: &str = "websocket";
/// Bytes read at once.
const PIECE: usize = 16 * 1024;

/// Whether the request asks for a WebSocket.
pub fn is_wanted(request: &HttpRequest) -> bool {
    let asked = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    *request.method() == Method::GET
        && asked.is_some_and(|asked| asked.trim().eq_ignore_ascii_case(WEBSOCKET))
        && connection(request.headers()).iter().any(|name| name == "upgrade")
}

/// Asks the site, and joins both connections if it agrees.
pub async fn forward(
    mut onward: hyper::Request<()>,
    payload: web::Payload,
    upstream: &Upstream,
) -> HttpResponse {
    onward.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    onward.headers_mut().insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
    let answer = match upstream.send(onward.map(|()| Onward::Nothing)).await {
        Ok(answer) => answer,
        Err(failure) => return failure.response(),
    };
    if answer.status() != hyper::StatusCode::SWITCHING_PROTOCOLS {
        return answer::back(&Method::GET, answer, upstream.idle());
    }
    let Some(mut response) = answer::head(answer.status(), answer.headers()) else {
        return Failure::Broken.response();
    };
    let joined = match hyper::upgrade::on(answer).await {
        Ok(joined) => joined,
        Err(error) => {
            tracing::warn!(%error, "the site did not switch protocols");
            return Failure::Broken.response();
        }
    };
    let (read, write) = tokio::io::split(TokioIo::new(joined));
    actix_web::rt::spawn(to_site(payload, write));
    response.upgrade(WEBSOCKET).streaming(pieces(read))
}

/// What the visitor sends, until either side has had enough.
async fn to_site(mut payload: web::Payload, mut write: impl tokio::io::AsyncWrite + Unpin) {
    while let Some(Ok(piece)) = payload.next().await {
        if write.write_all(&piece).await.is_err() || write.flush().await.is_err() {
            return;
        }
    }
    // The site is told, if it still listens.
    drop(write.shutdown().await);
}

/// What the site sends.
fn pieces(read: impl AsyncRead + Unpin) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(read, |mut read| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        let length = read.read_buf(&mut piece).await?;
        Ok((length > 0).then(|| (piece.freeze(), read)))
    })
}
