//! A server of plain files, as the store of a published log is one.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

type Shared = Arc<Mutex<BTreeMap<String, (StatusCode, Vec<u8>)>>>;

/// The running server; it ends when dropped.
pub struct Files {
    port: u16,
    stored: Shared,
    task: JoinHandle<()>,
}

impl Files {
    pub async fn serve(files: &BTreeMap<String, Vec<u8>>) -> Result<Self> {
        let files = files.iter().map(|(path, bytes)| (path.clone(), (StatusCode::OK, bytes.clone())));
        let files: Shared = Arc::new(Mutex::new(files.collect()));
        let listener = TcpListener::bind("127.0.0.1:0").await.context("bind the files")?;
        let port = listener.local_addr()?.port();
        let task = tokio::spawn(accept(listener, Arc::clone(&files)));
        Ok(Self { port, stored: files, task })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/logs/one", self.port)
    }

    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        self.answer(path, StatusCode::OK, bytes);
    }

    pub fn answer(&self, path: &str, status: StatusCode, bytes: Vec<u8>) {
        self.stored.lock().expect("no holder panics").insert(path.to_owned(), (status, bytes));
    }

    pub fn remove(&self, path: &str) {
        self.stored.lock().expect("no holder panics").remove(path);
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, files: Shared) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let files = Arc::clone(&files);
        connections.spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let answer = found(&files, request.uri().path());
                async move { Ok::<_, Infallible>(answer) }
            });
            // A client that hangs up in the middle is no error of ours.
            let http = hyper::server::conn::http1::Builder::new();
            drop(http.serve_connection(TokioIo::new(stream), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

fn found(files: &Shared, path: &str) -> Response<Full<Bytes>> {
    let files = files.lock().expect("no holder panics");
    let file = path.strip_prefix("/logs/one/").and_then(|path| files.get(path)).cloned();
    let (status, bytes) = file.unwrap_or((StatusCode::NOT_FOUND, Vec::new()));
    let mut answer = Response::new(Full::from(bytes));
    *answer.status_mut() = status;
    answer
}
