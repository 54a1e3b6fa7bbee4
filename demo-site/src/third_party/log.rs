//! What has arrived at the third party: the newest requests, and a channel that tells of each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::third_party::{ADS, COLLECTOR, MAIL, SEARCH, VIDEO};

/// How many arrivals are kept.
const KEPT: usize = 1000;

/// What a request wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Library,
    Measurement,
    Preflight,
    Tag,
    Pixel,
    Embed,
    Unmarked,
    Other,
}

/// One request that reached the third party.
#[derive(Clone, Debug, Serialize)]
pub struct Arrival {
    /// Counts from 1 since the start or the last reset.
    pub n: u64,
    /// Milliseconds since 1970, UTC.
    pub at: i64,
    pub method: String,
    /// The host name that was asked, without port.
    pub host: String,
    pub path: String,
    pub kind: Kind,
    /// The purpose under which the host is declared; none for the unmarked tag.
    pub purpose: Option<&'static str>,
    /// The page that it came from, as far as the browser said.
    pub page: Option<String>,
    /// The cookies that came along.
    pub identifiers: Vec<String>,
    pub detail: String,
}

impl Arrival {
    /// Describes a request; its number is given by the log.
    pub fn of(request: &HttpRequest, kind: Kind, detail: String, at: i64) -> Self {
        let host = request.connection_info().host().split(':').next().unwrap_or_default().to_owned();
        let page = [header::REFERER, header::ORIGIN]
            .into_iter()
            .find_map(|name| request.headers().get(name)?.to_str().ok().map(str::to_owned));
        let identifiers = request
            .cookies()
            .map(|cookies| {
                cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect()
            })
            .unwrap_or_default();
        Self {
            n: 0,
            at,
            method: request.method().to_string(),
            purpose: purpose_of(&host),
            host,
            path: request.path().to_owned(),
            kind,
            page,
            identifiers,
            detail,
        }
    }
}

fn purpose_of(host: &str) -> Option<&'static str> {
    match host {
        COLLECTOR => Some("analytics"),
        VIDEO => Some("video"),
        ADS => Some("marketing"),
        SEARCH => Some("search"),
        MAIL => Some("email_beacons"),
        _ => None,
    }
}

/// All that has arrived, and who wants to hear of it.
#[derive(Clone)]
pub struct Log {
    kept: Arc<Mutex<Kept>>,
    news: broadcast::Sender<News>,
}

/// What the live view is told.
#[derive(Clone, Debug)]
pub enum News {
    Arrival(Box<Arrival>),
    Reset,
}

/// The state as JSON has it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Kept {
    /// How many arrived, also those no longer kept.
    pub total: u64,
    pub arrivals: VecDeque<Arrival>,
}

impl Log {
    pub fn new() -> Self {
        Self { kept: Arc::default(), news: broadcast::Sender::new(256) }
    }

    pub fn push(&self, mut arrival: Arrival) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.total += 1;
        arrival.n = kept.total;
        if kept.arrivals.len() == KEPT {
            kept.arrivals.pop_front();
        }
        kept.arrivals.push_back(arrival.clone());
        drop(kept);
        // Nobody watching is no error.
        let _ = self.news.send(News::Arrival(Box::new(arrival)));
    }

    pub fn reset(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
        let _ = self.news.send(News::Reset);
    }

    pub fn all(&self) -> Kept {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn watch(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }
}

/// Says in words what a measurement of the analytics library holds: event, page and the visitor's number.
pub fn describe_measurement(body: &[u8]) -> String {
    let Ok(payload) = serde_json::from_slice::<serde_json::Value>(body) else {
        return "something unreadable".to_owned();
    };
    let events = payload["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let words = events.iter().map(|event| {
        let what = match event["e"].as_str() {
            Some("pv") => "page view",
            Some("pp") => "still reading",
            Some("ue") => "event",
            Some("se") => "structured event",
            _ => "measurement",
        };
        let part = |name: &str, label: &str| {
            event[name].as_str().map(|text| format!("{label}{text}")).unwrap_or_default()
        };
        format!("{what}{}{}", part("page", " of “"), part("duid", "”, visitor "))
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "an empty measurement".to_owned() } else { words.join("; ") }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn arrival(at: i64) -> Arrival {
        let request = TestRequest::get()
            .uri("/pixel.gif?x=1")
            .insert_header(("host", "ads.localhost:8001"))
            .insert_header(("referer", "http://careers.localhost:8000/"))
            .insert_header(("cookie", "cm_viewer=abc"))
            .to_http_request();
        Arrival::of(&request, Kind::Pixel, "campaign pixel".to_owned(), at)
    }

    #[test]
    fn an_arrival_says_who_was_asked_from_where_and_with_which_identifiers() {
        let arrival = arrival(5);
        assert_eq!(arrival.host, "ads.localhost");
        assert_eq!(arrival.purpose, Some("marketing"));
        assert_eq!(arrival.page.as_deref(), Some("http://careers.localhost:8000/"));
        assert_eq!(arrival.identifiers, ["cm_viewer=abc"]);
        assert_eq!(arrival.path, "/pixel.gif");
    }

    #[test]
    fn arrivals_are_numbered_bounded_and_can_be_reset() {
        let log = Log::new();
        let mut watch = log.watch();
        for at in 0..1005 {
            log.push(arrival(at));
        }
        let all = log.all();
        assert_eq!((all.total, all.arrivals.len()), (1005, KEPT));
        assert_eq!(all.arrivals.back().map(|arrival| arrival.n), Some(1005));
        log.reset();
        assert_eq!(log.all().total, 0);
        // The watcher fell behind, and is told so rather than kept in memory.
        assert!(watch.try_recv().is_err());
    }

    #[test]
    fn a_measurement_is_described_in_words() {
        let body = br#"{"schema":"x","data":[{"e":"pv","page":"Home","duid":"7f"}]}"#;
        assert_eq!(describe_measurement(body), "page view of “Home”, visitor 7f");
        assert_eq!(describe_measurement(b"{"), "something unreadable");
        assert_eq!(describe_measurement(b"{}"), "an empty measurement");
    }
}
