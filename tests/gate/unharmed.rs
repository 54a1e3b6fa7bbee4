//! What is no page goes through as it is: compressed, chunked, in ranges, streamed, upgraded.

use std::io::{Read as _, Write as _};

use anyhow::{Context as _, Result};
use avow_tests::time::until;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::gate::{Gate, HOST};
use crate::site::{Answer, Site, response};

fn gzip(text: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text)?;
    Ok(encoder.finish()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_through_to_the_byte() -> Result<()> {
    let site = Site::start().await?;
    let bytes: Vec<u8> = (0..=255u8).cycle().take(300_000).collect();
    let folded = gzip(&bytes)?;
    site.page("/a.bin", &["content-type: application/octet-stream", "etag: \"a\"", "x-own: 1"], &bytes);
    site.page("/a.css", &["content-type: text/css", "content-encoding: gzip"], &folded);
    site.on(
        "/part",
        Answer::Bytes(response(
            "206 Partial Content",
            &["content-type: video/mp4", "content-range: bytes 5-9/100"],
            b"56789",
        )),
    );
    site.on(
        "/chunks",
        Answer::Pieces(vec![
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                .to_vec(),
            b"5\r\n{\"a\":\r\n".to_vec(),
            b"2\r\n1}\r\n0\r\n\r\n".to_vec(),
        ]),
    );
    site.on(
        "/old",
        Answer::BreaksOff(b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nto the end".to_vec()),
    );
    site.on("/unchanged", Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n".to_vec()));
    let gate = Gate::before(&site).await?;
    let reply = gate.get("/a.bin", &[("sec-fetch-dest", "image")]).await?;
    assert!(reply.body == bytes);
    assert_eq!(
        (reply.header("etag"), reply.header("x-own"), reply.header("content-length")),
        ("\"a\"", "1", "300000")
    );
    let reply = gate.get("/a.css", &[("accept-encoding", "gzip")]).await?;
    assert!(reply.body == folded);
    assert_eq!(reply.header("content-encoding"), "gzip");
    let reply = gate.get("/part", &[("range", "bytes=5-9"), ("sec-fetch-dest", "video")]).await?;
    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (206, "56789"));
    assert_eq!(reply.header("content-range"), "bytes 5-9/100");
    assert_eq!(site.last().header("range"), "bytes=5-9");
    assert_eq!(gate.get("/chunks", &[]).await?.text(), "{\"a\":1}");
    assert_eq!(gate.get("/old", &[]).await?.text(), "to the end");
    let reply = gate.get("/unchanged", &[("if-none-match", "\"a\""), ("sec-fetch-dest", "image")]).await?;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (304, "\"a\""));
    assert_eq!(site.last().header("if-none-match"), "\"a\"");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_request_has_the_length_and_no_body() -> Result<()> {
    let site = Site::start().await?;
    site.on(
        "/a.bin",
        Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 300\r\ncontent-type: image/png\r\n\r\n".to_vec()),
    );
    let gate = Gate::before(&site).await?;
    let head = format!("HEAD /a.bin HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    let answer = gate.raw(head.as_bytes(), |_| false).await?.to_lowercase();
    assert!(answer.contains("content-length: 300\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    // Of a page the length is not known before it is rewritten.
    site.on(
        "/",
        Answer::Bytes(
            b"HTTP/1.1 200 OK\r\ncontent-length: 300\r\ncontent-type: text/html\r\netag: \"a\"\r\n\r\n"
                .to_vec(),
        ),
    );
    let head = format!("HEAD / HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    let answer = gate.raw(head.as_bytes(), |_| false).await?.to_lowercase();
    assert!(!answer.contains("content-length") && answer.contains("etag: w/\"a~s."), "{answer}");
    assert!(answer.contains("content-security-policy") && answer.ends_with("\r\n\r\n"), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_reach_the_site_with_their_length_or_in_pieces() -> Result<()> {
    let site = Site::start().await?;
    site.page("/form?a=%2F", &["content-type: text/plain"], "taken");
    let gate = Gate::before(&site).await?;
    let body = "x".repeat(500_000);
    let reply = gate.ask(Method::POST, "/form?a=%2F").body(body.clone()).send().await?;
    assert_eq!(reply.status(), 200);
    let asked = site.last();
    assert_eq!(
        (asked.line.as_str(), asked.header("content-length")),
        ("POST /form?a=%2F HTTP/1.1", "500000")
    );
    assert!(asked.body == body.as_bytes());
    let pieces = futures_util::stream::iter(["one ", "two"].map(Ok::<_, std::io::Error>));
    gate.ask(Method::PUT, "/form?a=%2F").body(reqwest::Body::wrap_stream(pieces)).send().await?;
    let asked = site.last();
    assert_eq!((asked.header("transfer-encoding"), asked.body.as_slice()), ("chunked", &b"one two"[..]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compressed_page_is_rewritten_and_compressed_again() -> Result<()> {
    let site = Site::start().await?;
    let page =
        format!("<!doctype html><head><img src=https://third.example/p>{}", "<p>text</p>".repeat(20_000));
    site.page("/", &["content-type: text/html", "content-encoding: gzip"], gzip(page.as_bytes())?);
    let gate = Gate::before(&site).await?;
    let asked = [("accept-encoding", "gzip, br, zstd"), ("sec-fetch-dest", "document")];
    let reply = gate.get("/", &asked).await?;
    assert_eq!(site.last().header("accept-encoding"), "gzip, br", "nothing that the gate cannot take apart");
    assert_eq!(reply.header("content-encoding"), "gzip");
    let mut text = String::new();
    GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text)?;
    assert!(text.contains("<img data-avow-src=") && text.ends_with("<p>text</p>"), "{}", &text[..200]);
    // Who takes no coding gets none.
    let reply = gate.get("/", &[("sec-fetch-dest", "document")]).await?;
    assert_eq!(reply.header("content-encoding"), "");
    assert!(reply.text().contains("<img data-avow-src="));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_stream_arrives_as_it_comes() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = Site::at(listener.local_addr()?);
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let events = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await?;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: one\n\n").await?;
        // The second only after the first has been read at the other end.
        wait.await.context("the test goes on")?;
        stream.write_all(b"data: two\n\n").await?;
        anyhow::Ok(())
    });
    let gate = Gate::before(&site).await?;
    let answer = gate.ask(Method::GET, "/events").header("accept", "text/event-stream").send().await?;
    let mut pieces = answer.bytes_stream();
    assert_eq!(pieces.next().await.context("an event")??, "data: one\n\n");
    go.send(()).ok().context("the site waits")?;
    assert_eq!(pieces.next().await.context("an event")??, "data: two\n\n");
    events.await??;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_goes_both_ways() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = Site::at(listener.local_addr()?);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        #[expect(clippy::result_large_err, reason = "the library's own type")]
        let callback = |request: &Request, mut response: Response| {
            let path = request.uri().path().to_owned();
            response.headers_mut().insert("x-path", path.parse().expect("a path"));
            response.headers_mut().insert("set-cookie", "ad=1".parse().expect("a cookie"));
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, callback).await?;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() || message.is_binary() {
                socket.send(message).await?;
            }
        }
        anyhow::Ok(())
    });
    let gate = Gate::before(&site).await?;
    let stream = TcpStream::connect(&gate.address).await?;
    let request = format!("ws://{HOST}/socket").into_client_request()?;
    let (mut socket, answer) = tokio_tungstenite::client_async(request, stream).await?;
    assert_eq!(answer.headers().get("x-path").context("the site's header")?, "/socket");
    assert!(!answer.headers().contains_key("set-cookie"), "cookies are filtered here, too");
    for text in ["hello", &"x".repeat(100_000)] {
        socket.send(Message::text(text)).await?;
        assert_eq!(socket.next().await.context("an echo")??, Message::text(text));
    }
    socket.close(None).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_answer_costs_no_memory() -> Result<()> {
    let site = Site::start().await?;
    let length = avow_tests::tools::by_tier(64, 1024) * 1024 * 1024;
    site.on("/film", Answer::Large(length));
    site.on("/trailer", Answer::Large(16 * 1024 * 1024));
    let mut gate = Gate::before(&site).await?;
    // What the first answers take stays with the process: buffers, and the allocator's reserve.
    gate.ask(Method::GET, "/trailer").header("sec-fetch-dest", "video").send().await?.bytes().await?;
    let before = resident(gate.process().id())?;
    let answer = gate.ask(Method::GET, "/film").header("sec-fetch-dest", "video").send().await?;
    let mut pieces = answer.bytes_stream();
    let (mut got, mut most) = (0, 0);
    while let Some(piece) = pieces.next().await {
        got += piece?.len() as u64;
        most = most.max(resident(gate.process().id())?);
    }
    assert_eq!(got, length);
    assert!(most < before + 16 * 1024, "{before} kB before, {most} kB at the most");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_sent_on_while_it_comes() -> Result<()> {
    let site = Site::start().await?;
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: 100000\r\n\r\n";
    let mut start = head.to_vec();
    start.extend(b"<!doctype html><head><title>early</title></head><body><p>");
    site.on("/", Answer::Stalls(start));
    let gate = Gate::before(&site).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    let got = until("the start of the page", || async {
        gate.raw(request.as_bytes(), |answer| answer.contains("<title>early</title>")).await.map(Some)
    })
    .await?;
    assert!(got.contains("(window,document,"), "{got}");
    Ok(())
}

/// Resident memory of a process, kilobytes.
fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
