//! Fetches a log's files over HTTP, each of bounded length and in bounded time.
//!
//! What this is not: it follows no redirects and sends nothing but the path.

use super::Unreadable;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// How long one file may take, from connecting to its last byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is under a path.
#[derive(Debug)]
pub enum File {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing, says the server.
    Missing,
    /// More bytes than such a file may have; they were not read to their end.
    TooLong,
}

/// A log somewhere else.
pub struct Remote {
    /// Without a slash at the end.
    prefix: String,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Remote {
    /// The log under that address: `https://host/path`, or `http` for one nearby.
    pub fn new(url: &str) -> Result<Self, Unreadable> {
        let wrong =
            || Unreadable(format!("{url}: an address of a log is http(s)://HOST/PATH without a query"));
        let parsed: Uri = url.parse().map_err(|_| wrong())?;
        let scheme = matches!(parsed.scheme_str(), Some("http" | "https"));
        let user = parsed.authority().is_none_or(|authority| authority.as_str().contains('@'));
        if !scheme || user || parsed.query().is_some() || url.contains('#') {
            return Err(wrong());
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { prefix: url.trim_end_matches('/').to_owned(), client })
    }

    /// A file of at most so many bytes.
    pub async fn fetch(&self, path: &str, at_most: usize) -> Result<File, Unreadable> {
        let url = format!("{}/{path}", self.prefix);
        match tokio::time::timeout(PATIENCE, self.answer(&url, at_most)).await {
            Ok(answer) => answer.map_err(|reason| Unreadable(format!("{url}: {reason}"))),
            Err(_) => Err(Unreadable(format!("{url}: no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    async fn answer(&self, url: &str, at_most: usize) -> Result<File, String> {
        let request = Request::get(url).body(Empty::new()).map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await.map_err(|error| chain(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(File::Missing),
            status => return Err(format!("the answer is {status}")),
        }
        match Limited::new(answer.into_body(), at_most).collect().await {
            Ok(body) => Ok(File::Bytes(body.to_bytes().to_vec())),
            Err(error) if error.is::<LengthLimitError>() => Ok(File::TooLong),
            Err(error) => Err(chain(error.as_ref())),
        }
    }
}

/// An error with its causes, on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
