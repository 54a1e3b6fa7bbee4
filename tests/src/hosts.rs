//! A site and its third parties, over TLS on one loopback port, with a note of everything that reaches them.
//!
//! Which host a connection is for is told by its name (`site.test`, `t.tracker.test`, …); the browsers resolve
//! every name to this machine. What is noted is what a third party would learn: a name looked up by a
//! connection, a request, a datagram to its STUN server.
//! Read next: `hosts/answer.rs` (what they answer), `hosts/relay.rs` (the way to Avow), `hosts/tls.rs`.

mod answer;
mod relay;
mod tls;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::{JoinHandle, JoinSet};

pub use self::relay::{CLEAN, WORKER};
use crate::time::until_within;

/// The site.
pub const SITE: &str = "site.test";
/// The tracker: no purpose that is necessary, and none but marketing.
pub const TRACKER: &str = "t.tracker.test";
/// Another host of the tracker, which sets no cookies: Chromium fetches a page ahead only from such a host.
pub const COOKIELESS: &str = "new.tracker.test";
/// A host that is necessary.
pub const ALLOWED: &str = "cdn.allowed.test";
/// A host of the purpose that a partial choice grants.
pub const GRANTED: &str = "stats.granted.test";

/// Hosts of the tracker that are only ever connected to: from the markup, and by a script.
pub const PRECONNECTED: [&str; 2] = ["markup.tracker.test", "script.tracker.test"];
/// All of them.
pub const NAMES: [&str; 7] = [SITE, TRACKER, COOKIELESS, ALLOWED, GRANTED, PRECONNECTED[0], PRECONNECTED[1]];

/// Something that a host got to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// For which host.
    pub host: String,
    /// Path with query; nothing if it was a connection alone.
    pub path: Option<String>,
}

impl Arrival {
    /// The value of the query's `v`: the vector that sent it.
    pub fn vector(&self) -> Option<&str> {
        let (_, query) = self.path.as_deref()?.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix("v="))
    }
}

/// What is answered under a path.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Headers, `content-type` among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Document {
    /// A page.
    pub fn html(text: impl Into<String>) -> Self {
        Self {
            headers: vec![("content-type", "text/html; charset=utf-8".to_owned())],
            body: text.into().into_bytes(),
        }
    }

    /// A script.
    pub fn script(text: impl Into<Vec<u8>>) -> Self {
        Self { headers: vec![("content-type", "text/javascript".to_owned())], body: text.into() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// How the site is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// As it is.
    Plain,
    /// With a server of Avow (`http://127.0.0.1:PORT`) under `/.avow`.
    Avow(String),
    /// Through a gate (`http://127.0.0.1:PORT`), which asks [`Hosts::upstream`].
    Gate(String),
}

#[derive(Debug)]
struct State {
    documents: Mutex<BTreeMap<(String, String), Document>>,
    arrivals: Mutex<Vec<Arrival>>,
    last: Mutex<Instant>,
    route: Mutex<Route>,
    client: reqwest::Client,
}

impl State {
    fn note(&self, arrival: Arrival) {
        *self.last.lock().expect("no holder panics") = Instant::now();
        self.arrivals.lock().expect("no holder panics").push(arrival);
    }
}

/// The running hosts; they end when dropped.
#[derive(Debug)]
pub struct Hosts {
    port: u16,
    upstream: u16,
    stun: u16,
    state: Arc<State>,
    tasks: [JoinHandle<()>; 3],
}

impl Hosts {
    /// Starts them, with nothing on the site yet.
    pub async fn start() -> Result<Self> {
        let state = Arc::new(State {
            documents: Mutex::default(),
            arrivals: Mutex::default(),
            last: Mutex::new(Instant::now()),
            route: Mutex::new(Route::Plain),
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()?,
        });
        let secure = TcpListener::bind("127.0.0.1:0").await.context("bind the hosts")?;
        let plain = TcpListener::bind("127.0.0.1:0").await.context("bind the upstream")?;
        let datagrams = UdpSocket::bind("127.0.0.1:0").await.context("bind the STUN server")?;
        let (port, upstream) = (secure.local_addr()?.port(), plain.local_addr()?.port());
        let stun = datagrams.local_addr()?.port();
        let config = tls::config(&NAMES)?;
        let tasks = [
            tokio::spawn(accept_secure(secure, config, Arc::clone(&state))),
            tokio::spawn(accept_plain(plain, Arc::clone(&state))),
            tokio::spawn(listen(datagrams, Arc::clone(&state))),
        ];
        Ok(Self { port, upstream, stun, state, tasks })
    }

    /// `https://HOST:PORT`.
    pub fn origin(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
    }

    /// The port of all hosts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port of the STUN server.
    pub fn stun(&self) -> u16 {
        self.stun
    }

    /// Where a gate finds the site: the same documents without TLS.
    pub fn upstream(&self) -> String {
        format!("http://127.0.0.1:{}", self.upstream)
    }

    /// Answers this under a path of a host.
    pub fn put(&self, host: &str, path: &str, document: Document) {
        let mut documents = self.state.documents.lock().expect("no holder panics");
        documents.insert((host.to_owned(), path.to_owned()), document);
    }

    /// From now on the site is reached this way.
    pub fn route(&self, route: Route) {
        *self.state.route.lock().expect("no holder panics") = route;
    }

    /// Everything noted since the last [`Self::forget`].
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.state.arrivals.lock().expect("no holder panics").clone()
    }

    /// Empties the notes.
    pub fn forget(&self) {
        self.state.arrivals.lock().expect("no holder panics").clear();
    }

    /// Waits until nothing has arrived for so long, but not for ever.
    pub async fn quiet(&self, quiet: Duration, at_most: Duration) -> Result<()> {
        *self.state.last.lock().expect("no holder panics") = Instant::now();
        until_within(at_most, "a quiet moment", || {
            let last = *self.state.last.lock().expect("no holder panics");
            async move { Ok((last.elapsed() >= quiet).then_some(())) }
        })
        .await
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

// Aborting one of the three ends its connections, too: they are in its set.

async fn accept_secure(listener: TcpListener, config: Arc<tls::Config>, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (config, state) = (Arc::clone(&config), Arc::clone(&state));
        connections.spawn(async move {
            let Some((host, stream)) = tls::accept(stream, config).await else { return };
            state.note(Arrival { host, path: None });
            if let Some(stream) = stream {
                serve(stream, state, relay::front).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn accept_plain(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::<()>::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve::<TcpStream, _, _>(stream, Arc::clone(&state), answer::answer));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve<S, H, F>(stream: S, state: Arc<State>, handle: H)
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<Incoming>, Arc<State>) -> F,
    F: Future<Output = answer::Answer>,
{
    let service = service_fn(|request| {
        let answer = handle(request, Arc::clone(&state));
        async move { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    // A browser that hangs up in the middle is no error of ours.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn listen(socket: UdpSocket, state: Arc<State>) {
    let mut buffer = [0_u8; 1500];
    while let Ok((_, _from)) = socket.recv_from(&mut buffer).await {
        // WebRTC has no name for it: the one vector that sends datagrams is meant.
        state.note(Arrival { host: TRACKER.to_owned(), path: Some("/stun?v=d_webrtc".to_owned()) });
    }
}

/// Whether that host is the site, or one below it: a policy may declare several.
fn is_site(host: &str) -> bool {
    host.strip_suffix(SITE).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The host that a request names, without its port.
fn host_of(request: &Request<Incoming>) -> String {
    let named = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    named.unwrap_or_default().split(':').next().unwrap_or_default().to_owned()
}
