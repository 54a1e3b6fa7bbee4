//! Pages of a test's own, with Avow under `/.avow` as any site would have it behind its proxy.
//!
//! The pages are at `http://shop.localhost:PORT`; the same listener answers as `http://third.localhost:PORT`
//! for a third party, and notes every request with the host that it was for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use reqwest::Client;
use reqwest::redirect::Policy;

/// How often it is looked whether what a request waits for has come.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A request as the site or the third party got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Host name without port.
    pub host: String,
    /// Path with query.
    pub path: String,
}

/// What becomes of requests to Avow whose paths contain certain words.
#[derive(Clone, Debug, Default)]
pub enum Trouble {
    /// All are passed on at once.
    #[default]
    None,
    /// Those with one of these are passed on when one with each has come: what is asked for one after the other never is.
    Together(Vec<&'static str>),
    /// The answer is 503.
    Refused(&'static str),
    /// There is no answer.
    Unanswered(&'static str),
}

struct State {
    trouble: Mutex<Trouble>,
    pages: Mutex<BTreeMap<String, String>>,
    hits: Mutex<Vec<Hit>>,
    avow: Mutex<Option<String>>,
    client: Client,
}

/// A running site.
pub struct Pages {
    port: u16,
    state: Arc<State>,
    handle: ServerHandle,
}

impl Pages {
    /// Starts an empty one.
    pub async fn start() -> Result<Self> {
        let state = Arc::new(State {
            trouble: Mutex::default(),
            pages: Mutex::default(),
            hits: Mutex::default(),
            avow: Mutex::default(),
            // As any proxy, it leaves it to the browser where an answer leads.
            client: Client::builder().no_proxy().redirect(Policy::none()).build()?,
        });
        let (tell, told) = tokio::sync::oneshot::channel();
        let shared = Arc::clone(&state);
        // actix runs its workers on a system of its own, which wants a thread of its own.
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let shared = web::Data::from(Arc::clone(&shared));
                    App::new().app_data(shared).default_service(web::to(answer))
                })
                .workers(1)
                .disable_signals()
                .bind("127.0.0.1:0")?;
                let port = server.addrs().first().map(std::net::SocketAddr::port);
                let running = server.run();
                drop(tell.send((port, running.handle())));
                running.await
            })
        });
        let (port, handle) = told.await.context("start the pages")?;
        Ok(Self { port: port.context("the pages have a port")?, state, handle })
    }

    /// The site's origin.
    pub fn site(&self) -> String {
        format!("http://shop.localhost:{}", self.port)
    }

    /// The third party's origin.
    pub fn third(&self) -> String {
        format!("http://third.localhost:{}", self.port)
    }

    /// Serves this document under `path`; one that ends in `.js` is a script.
    pub fn put(&self, path: &str, html: &str) {
        self.state.pages.lock().expect("no holder panics").insert(path.to_owned(), html.to_owned());
    }

    /// Passes `/.avow/` on to this server, or to none: then the answer is 502.
    pub fn proxy(&self, avow: Option<&str>) {
        *self.state.avow.lock().expect("no holder panics") = avow.map(str::to_owned);
    }

    /// From now on.
    pub fn trouble(&self, trouble: Trouble) {
        *self.state.trouble.lock().expect("no holder panics") = trouble;
    }

    /// Requests that arrived for Avow since the last [`Self::forget`].
    pub fn avow_hits(&self) -> Vec<String> {
        let hits = self.state.hits.lock().expect("no holder panics");
        hits.iter().filter_map(|hit| hit.path.strip_prefix("/.avow")).map(str::to_owned).collect()
    }

    /// Requests that arrived for the third party since the last [`Self::forget`], without `/favicon.ico`.
    pub fn third_party_hits(&self) -> Vec<String> {
        let hits = self.state.hits.lock().expect("no holder panics");
        let third = hits.iter().filter(|hit| hit.host == "third.localhost" && hit.path != "/favicon.ico");
        third.map(|hit| hit.path.clone()).collect()
    }

    /// Empties both lists.
    pub fn forget(&self) {
        self.state.hits.lock().expect("no holder panics").clear();
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // The future only waits for the end; the message that stops the server is sent by the call.
        drop(self.handle.stop(false));
    }
}

async fn answer(request: HttpRequest, body: web::Bytes, state: web::Data<State>) -> HttpResponse {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let host = request.connection_info().host().split(':').next().unwrap_or_default().to_owned();
    state.hits.lock().expect("no holder panics").push(Hit { host: host.clone(), path: path.clone() });
    if host == "third.localhost" {
        return third_party(&path);
    }
    if let Some(path) = path.strip_prefix("/.avow") {
        let trouble = state.trouble.lock().expect("no holder panics").clone();
        match trouble {
            Trouble::Together(words) if words.iter().any(|word| path.contains(word)) => {
                let all_came = || {
                    let hits = state.hits.lock().expect("no holder panics");
                    words.iter().all(|word| hits.iter().any(|hit| hit.path.contains(word)))
                };
                while !all_came() {
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                }
            }
            Trouble::Refused(word) if path.contains(word) => {
                return HttpResponse::ServiceUnavailable().finish();
            }
            Trouble::Unanswered(word) if path.contains(word) => std::future::pending().await,
            _ => {}
        }
        return pass_on(&request, path, body, &state).await;
    }
    let page = state.pages.lock().expect("no holder panics").get(request.path()).cloned();
    match page {
        Some(text) if request.path().rsplit_once('.').is_some_and(|(_, end)| end == "js") => {
            HttpResponse::Ok().content_type("text/javascript").body(text)
        }
        Some(html) => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html),
        None => HttpResponse::NotFound().finish(),
    }
}

/// A tag that says it ran, and a picture; both set a cookie.
fn third_party(path: &str) -> HttpResponse {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if path == "/tag.js" {
        let code = format!(
            "(window.ran = window.ran || []).push({query:?}); document.cookie = '_count_{query}=1; max-age=9999; path=/'; \
             localStorage.setItem('counts', '1');"
        );
        return HttpResponse::Ok()
            .content_type("text/javascript")
            .insert_header(("access-control-allow-origin", "*"))
            .body(code);
    }
    HttpResponse::Ok().content_type("text/html").body("<!doctype html><title>third</title>")
}

async fn pass_on(request: &HttpRequest, path: &str, body: web::Bytes, state: &State) -> HttpResponse {
    let target = state.avow.lock().expect("no holder panics").clone();
    let Some(target) = target else { return HttpResponse::BadGateway().finish() };
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default();
    let mut onward = state.client.request(method, format!("{target}{path}")).body(body);
    for (name, value) in request.headers() {
        if !matches!(name.as_str(), "host" | "connection" | "content-length") {
            onward = onward.header(name.as_str(), value.as_bytes());
        }
    }
    let Ok(answer) = onward.send().await else { return HttpResponse::BadGateway().finish() };
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut back = HttpResponse::build(status);
    for (name, value) in answer.headers() {
        if !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding") {
            back.append_header((name.as_str(), value.as_bytes()));
        }
    }
    back.body(answer.bytes().await.unwrap_or_default())
}
