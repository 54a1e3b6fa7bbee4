//! The site behind the gate: answers with the very bytes that a test gives it, and remembers what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and target.
    pub line: String,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, unchunked.
    pub body: Vec<u8>,
}

impl Asked {
    /// The first header of that name, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// What the site does with a request.
#[derive(Clone)]
pub enum Answer {
    /// Sends these bytes and keeps the connection.
    Bytes(Vec<u8>),
    /// Sends these bytes one after the other, each as soon as the one before is gone, and closes.
    Pieces(Vec<Vec<u8>>),
    /// Sends these bytes and then nothing, for good.
    Stalls(Vec<u8>),
    /// Sends these bytes and closes.
    BreaksOff(Vec<u8>),
    /// Sends a head and then so many bytes of `x`.
    Large(u64),
}

/// A running site.
pub struct Site {
    /// `127.0.0.1:PORT`
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
}

impl Site {
    /// Starts one that knows no path yet.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let site = Self { address, asked: Arc::default(), answers: Arc::default() };
        let (asked, answers) = (site.asked.clone(), site.answers.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, asked.clone(), answers.clone()));
            }
        });
        Ok(site)
    }

    /// One that a test serves by itself at that address.
    pub fn at(address: std::net::SocketAddr) -> Self {
        Self { address: address.to_string(), asked: Arc::default(), answers: Arc::default() }
    }

    /// From now on, this path (with its query) is answered so.
    pub fn on(&self, path: &str, answer: Answer) {
        self.answers.lock().expect("no holder panics").insert(path.to_owned(), answer);
    }

    /// A path with a 200, these header lines and this body.
    pub fn page(&self, path: &str, headers: &[&str], body: impl AsRef<[u8]>) {
        self.on(path, Answer::Bytes(response("200 OK", headers, body.as_ref())));
    }

    /// Everything asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no holder panics").clone()
    }

    /// The last request.
    pub fn last(&self) -> Asked {
        self.asked().pop().expect("something was asked")
    }
}

/// A response with a stated length.
pub fn response(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for line in headers {
        head += line;
        head += "\r\n";
    }
    let mut all = (head + "\r\n").into_bytes();
    all.extend_from_slice(body);
    all
}

async fn connection(
    mut stream: TcpStream,
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        let path = request.line.split(' ').nth(1).unwrap_or_default().to_owned();
        asked.lock().expect("no holder panics").push(request);
        let answer = answers.lock().expect("no holder panics").get(&path).cloned();
        let answer = answer.unwrap_or_else(|| Answer::Bytes(response("404 Not Found", &[], b"no such path")));
        let done = match answer {
            Answer::Bytes(bytes) => stream.write_all(&bytes).await,
            Answer::Pieces(pieces) => {
                for piece in pieces {
                    if stream.write_all(&piece).await.is_err() || stream.flush().await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
                return;
            }
            Answer::Stalls(bytes) => {
                let _ = stream.write_all(&bytes).await;
                // Until the gate has had enough.
                let _ = stream.read(&mut [0]).await;
                return;
            }
            Answer::BreaksOff(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Answer::Large(length) => large(&mut stream, length).await,
        };
        if done.is_err() {
            return;
        }
    }
}

async fn large(stream: &mut TcpStream, length: u64) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ncontent-type: video/mp4\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let piece = vec![b'x'; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let now = usize::try_from(left.min(piece.len() as u64)).expect("a piece fits");
        stream.write_all(&piece[..now]).await?;
        left -= now as u64;
    }
    Ok(())
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let got = tokio::time::timeout(Duration::from_secs(60), stream.read_buf(buffer)).await.ok()?.ok()?;
    (got > 0).then_some(())
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    let end = loop {
        match buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(at) => break at + 4,
            None => fill(stream, buffer).await?,
        }
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = Asked { line, headers, body: Vec::new() };
    if request.header("transfer-encoding") == "chunked" {
        loop {
            let size = loop {
                match buffer.windows(2).position(|two| two == b"\r\n") {
                    Some(at) => break buffer.drain(..at + 2).collect::<Vec<u8>>(),
                    None => fill(stream, buffer).await?,
                }
            };
            let size = usize::from_str_radix(std::str::from_utf8(&size).ok()?.trim(), 16).ok()?;
            while buffer.len() < size + 2 {
                fill(stream, buffer).await?;
            }
            request.body.extend(buffer.drain(..size));
            buffer.drain(..2);
            if size == 0 {
                break;
            }
        }
    } else {
        let length: usize = request.header("content-length").parse().unwrap_or(0);
        while buffer.len() < length {
            fill(stream, buffer).await?;
        }
        request.body = buffer.drain(..length).collect();
    }
    Some(request)
}
