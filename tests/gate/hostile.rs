//! Requests that try to make the gate something else than the door of one site.

use anyhow::Result;

use crate::gate::{Gate, HOST};
use crate::site::Site;

/// A site that answers its root, so that a control can succeed.
async fn site() -> Result<Site> {
    let site = Site::start().await?;
    site.page("/", &["content-type: text/plain"], "the site");
    Ok(site)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_is_no_open_proxy() -> Result<()> {
    let site = site().await?;
    let other = Site::start().await?;
    other.page("/", &["content-type: text/plain"], "another");
    let gate = Gate::before(&site).await?;
    let host = format!("host: {HOST}\r\nconnection: close\r\n\r\n");
    let control = gate.raw(format!("GET / HTTP/1.1\r\n{host}").as_bytes(), |_| false).await?;
    assert!(control.starts_with("HTTP/1.1 200"), "{control}");
    let asked = site.asked().len();
    let address = &other.address;
    for line in [
        format!("GET http://{address}/ HTTP/1.1"),
        format!("GET https://{address}/ HTTP/1.1"),
        format!("CONNECT {address} HTTP/1.1"),
        "OPTIONS * HTTP/1.1".to_owned(),
        format!("GET {address} HTTP/1.1"),
    ] {
        let answer = gate.raw(format!("{line}\r\n{host}").as_bytes(), |_| false).await?;
        assert!(answer.starts_with("HTTP/1.1 4"), "{line}: {answer}");
    }
    assert_eq!(site.asked().len(), asked, "none of them came to the site");
    // A path that looks like a host is a path, and a Host header changes no destination.
    for request in [
        format!("GET //{address}/ HTTP/1.1\r\n{host}"),
        format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"),
    ] {
        gate.raw(request.as_bytes(), |_| false).await?;
    }
    assert_eq!(site.asked().len(), asked + 2);
    assert!(other.asked().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_hides_in_another() -> Result<()> {
    let site = site().await?;
    let gate = Gate::before(&site).await?;
    let hidden = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    let length = hidden.len();
    let chunk = "transfer-encoding: chunked\r\n";
    for framing in [
        format!("content-length: {length}\r\n{chunk}"),
        format!("{chunk}content-length: {length}\r\n"),
        format!("content-length: 0\r\ncontent-length: {length}\r\n"),
        format!("content-length: 0, {length}\r\n"),
        format!("content-length: +{length}\r\n"),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n".to_owned(),
        "transfer-encoding: identity\r\n".to_owned(),
        format!("transfer-encoding : chunked\r\ncontent-length: {length}\r\n"),
        format!("transfer-encoding:\u{b}chunked\r\ncontent-length: {length}\r\n"),
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: {HOST}\r\n{framing}\r\n0\r\n\r\n{hidden}");
        let answer = gate.raw(request.as_bytes(), |_| false).await.unwrap_or_default();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{framing}: {answer}");
    }
    for request in [
        format!("GET / HTTP/1.1\r\nhost: {HOST}\r\nhost: other\r\n\r\n"),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n folded: x\r\n\r\n"),
    ] {
        let answer = gate.raw(request.as_bytes(), |_| false).await.unwrap_or_default();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request}: {answer}");
    }
    assert!(site.asked().is_empty(), "{:?}", site.asked());
    // The control: the same body, framed as it should be.
    let right = format!("POST / HTTP/1.1\r\nhost: {HOST}\r\n{chunk}connection: close\r\n\r\n0\r\n\r\n");
    assert!(gate.raw(right.as_bytes(), |_| false).await?.starts_with("HTTP/1.1 200"));
    assert_eq!(site.asked().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_one_connection_stay_on_it() -> Result<()> {
    let site = site().await?;
    let gate = Gate::before(&site).await?;
    let request = format!(
        "GET / HTTP/1.1\r\nhost: {HOST}\r\nconnection: close, x-hop\r\nx-hop: 1\r\nte: trailers\r\n\
         upgrade: h2c\r\nx-forwarded-for: 6.6.6.6\r\nforwarded: for=6.6.6.6\r\nx-real-ip: 6.6.6.6\r\n\
         x-forwarded-proto: https\r\nx-kept: 1\r\n\r\n"
    );
    assert!(gate.raw(request.as_bytes(), |_| false).await?.starts_with("HTTP/1.1 200"));
    let asked = site.last();
    for gone in ["x-hop", "te", "upgrade", "forwarded", "x-real-ip"] {
        assert_eq!(asked.header(gone), "", "{gone}");
    }
    assert_eq!(asked.header("x-kept"), "1");
    assert_eq!((asked.header("x-forwarded-for"), asked.header("x-forwarded-proto")), ("127.0.0.1", "http"));
    assert_eq!(asked.header("host"), HOST);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_operators_is_not_for_visitors() -> Result<()> {
    let site = site().await?;
    let gate = Gate::before(&site).await?;
    for path in ["/.avow/metrics", "/.avow/healthz", "/.avow/readyz", "/.avow//metrics", "/.avow/%6detrics"] {
        assert_eq!(gate.get(path, &[]).await?.status, 404, "{path}");
    }
    assert!(gate.metrics().await?.contains("avow_gate_policy_stale 0"));
    assert_eq!(gate.get("/.avow/openapi.json", &[]).await?.status, 200, "the control");
    Ok(())
}
