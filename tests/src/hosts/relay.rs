//! The site's web server as visitors see it: passes `/.avow` on to Avow, or everything to a gate.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};

use super::answer::{Answer, answer, status};
use super::{Arrival, Route, State, host_of, is_site};

/// A page of the site's origin that neither Avow nor a gate touches: what the device keeps is read there.
pub const CLEAN: &str = "/clean";

/// A service worker of the site that was there before Avow.
pub const WORKER: &str = "/before.js";

pub(super) async fn front(request: Request<Incoming>, state: Arc<State>) -> Answer {
    // What was on the site before Avow stays out of its sight as well.
    let untouched = [CLEAN, WORKER].contains(&request.uri().path());
    let host = host_of(&request);
    if !is_site(&host) || untouched {
        return answer(request, state).await;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let route = state.route.lock().expect("no holder panics").clone();
    let target = match route {
        Route::Plain => None,
        Route::Avow(avow) => path.strip_prefix("/.avow").map(|rest| format!("{avow}{rest}")),
        Route::Gate(gate) => Some(format!("{gate}{path}")),
    };
    match target {
        Some(target) => {
            state.note(Arrival { host, path: Some(path) });
            pass_on(request, &target, &state).await.unwrap_or_else(|_| status(StatusCode::BAD_GATEWAY))
        }
        None => answer(request, state).await,
    }
}

async fn pass_on(request: Request<Incoming>, target: &str, state: &State) -> anyhow::Result<Answer> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut onward = state.client.request(head.method, target).body(body);
    for (name, value) in &head.headers {
        if !matches!(name.as_str(), "connection" | "content-length") {
            onward = onward.header(name, value);
        }
    }
    let answered =
        onward.header("x-forwarded-for", "127.0.0.1").header("x-forwarded-proto", "https").send().await?;
    let mut back = Response::builder().status(answered.status());
    for (name, value) in answered.headers() {
        if !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding") {
            back = back.header(name, value);
        }
    }
    Ok(back.body(Full::from(answered.bytes().await?))?)
}
