//! What the hosts answer: documents that a test has put there, else a small file of the kind that the path names.

use std::net::IpAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};

use super::{Arrival, COOKIELESS, Document, SITE, State, host_of, is_site};

pub(super) type Answer = Response<Full<Bytes>>;

/// A picture of one dot.
const DOT: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Notes a request and answers it.
pub(super) async fn answer(request: Request<Incoming>, state: Arc<State>) -> Answer {
    // A gate asks by the address of the upstream: only the site has one.
    let named = host_of(&request);
    let host = if named.parse::<IpAddr>().is_ok() { SITE.to_owned() } else { named };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let arrival = Arrival { host, path: Some(path) };
    state.note(arrival.clone());
    let key = (arrival.host.clone(), request.uri().path().to_owned());
    let found = state.documents.lock().expect("no holder panics").get(&key).cloned();
    match found.or_else(|| file(&arrival, request.uri().path())) {
        Some(document) => respond(&arrival, document),
        None => status(StatusCode::NOT_FOUND),
    }
}

/// An empty answer.
pub(super) fn status(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

fn respond(arrival: &Arrival, document: Document) -> Answer {
    let mut answer = Response::builder().header("cache-control", "no-store");
    if !is_site(&arrival.host) {
        answer = answer.header("access-control-allow-origin", "*");
    }
    if !is_site(&arrival.host) && arrival.host != COOKIELESS {
        // As trackers do: a cookie with everything.
        let name = arrival.vector().unwrap_or("visitor");
        answer = answer.header("set-cookie", format!("far_{name}=1; Path=/; Secure; SameSite=None"));
    }
    for (name, value) in document.headers {
        answer = answer.header(name, value);
    }
    answer.body(Full::from(document.body)).expect("the headers of a test are valid")
}

/// A small file of a kind: the path says which.
fn file(arrival: &Arrival, path: &str) -> Option<Document> {
    let id = arrival.vector().unwrap_or_default();
    let typed = |kind: &str, body: &[u8]| Document {
        headers: vec![("content-type", kind.to_owned())],
        body: body.to_vec(),
    };
    Some(match path {
        "/js" => Document::script(format!("if (self.page) page.ran[{id:?}] = 1;")),
        "/css" => typed("text/css", format!(".{id} {{ color: red }}").as_bytes()),
        "/img" => typed("image/gif", DOT),
        "/html" => Document::html(format!(
            "<!doctype html><title>{id}</title>\
             <script>document.cookie = 'far_page_{id}=1; Secure; SameSite=None; Path=/'</script>"
        )),
        "/media" => typed("video/mp4", &[0; 64]),
        "/font" => typed("font/woff2", &[0; 64]),
        "/any" => typed("text/plain", b"seen"),
        // The site's own: a server that sets a cookie, and workers.
        "/cookie" if is_site(&arrival.host) => {
            typed("image/gif", DOT).with("set-cookie", format!("{id}=1; Path=/"))
        }
        "/worker.js" if is_site(&arrival.host) => Document::script(
            "fetch(new URL(location).searchParams.get('to'), { mode: 'no-cors' }).catch(() => {});",
        ),
        "/sw.js" if is_site(&arrival.host) => {
            Document::script("// Does nothing; its registration is what counts.")
        }
        // A third party takes whatever is sent.
        _ if !is_site(&arrival.host) => typed("application/json", b"{}"),
        _ => return None,
    })
}
