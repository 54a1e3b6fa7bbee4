//! A site that misbehaves, and a policy that is out of reach: the visitor gets an error or a page that denies.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context as _, Result};
use avow_tests::database::Kind;
use avow_tests::policy;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::gate::{Gate, HOST};
use crate::site::{Answer, Site, response};

const HTML: &str = "content-type: text/html; charset=utf-8";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_misbehaves_is_an_error_and_the_gate_goes_on() -> Result<()> {
    let site = Site::start().await?;
    let mut many = String::from("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n");
    for number in 0..10_000 {
        write!(many, "x-{number}: 1\r\n")?;
    }
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-long: {}\r\n\r\n", "x".repeat(100_000));
    site.on("/many", Answer::Bytes((many + "\r\n").into_bytes()));
    site.on("/long", Answer::Bytes(long.into_bytes()));
    site.on("/nonsense", Answer::BreaksOff(b"SSH-2.0-x\r\n".to_vec()));
    site.on("/nothing", Answer::BreaksOff(Vec::new()));
    site.on("/half", Answer::BreaksOff(b"HTTP/1.1 200 OK\r\ncontent-".to_vec()));
    site.on("/late", Answer::Stalls(Vec::new()));
    site.page("/", &[HTML], "<p>x");
    let gate = Gate::start(Kind::Sqlite, &policy::toml(""), &site, &["--patience", "2"]).await?;
    for (path, status) in [
        ("/many", 502),
        ("/long", 502),
        ("/nonsense", 502),
        ("/nothing", 502),
        ("/half", 502),
        ("/late", 504),
    ] {
        assert_eq!(gate.page(path, "").await?.status, status, "{path}");
        assert_eq!(gate.page("/", "").await?.status, 200, "after {path}");
    }
    let metrics = gate.metrics().await?;
    assert!(metrics.contains("avow_gate_upstream_failures_total{reason=\"late\"} 1"), "{metrics}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_or_stalls_is_not_made_whole() -> Result<()> {
    let site = Site::start().await?;
    let start =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9000\r\n\r\n<!doctype html><p>x"
            .to_vec();
    site.on("/broken", Answer::BreaksOff(start.clone()));
    site.on("/stalled", Answer::Stalls(start));
    let gate = Gate::start(Kind::Sqlite, &policy::toml(""), &site, &["--patience", "2"]).await?;
    for path in ["/broken", "/stalled"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
        let answer = gate.raw(request.as_bytes(), |_| false).await?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{path}: a last chunk would say that the page is whole");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bomb_is_broken_off_in_little_memory() -> Result<()> {
    let site = Site::start().await?;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..512 {
        bomb.write_all(&spaces)?;
    }
    let mut folded = Vec::new();
    folded.extend(bomb.finish()?);
    site.page("/bomb", &[HTML, "content-encoding: gzip"], folded);
    site.page("/cut", &[HTML, "content-encoding: gzip"], b"\x1f\x8b\x08\0\0\0\0\0\0\xffnot gzip");
    let mut plain = GzEncoder::new(Vec::new(), Compression::best());
    plain.write_all(&spaces)?;
    site.page("/plain", &[HTML, "content-encoding: gzip"], plain.finish()?);
    let mut gate = Gate::before(&site).await?;
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {HOST}\r\naccept-encoding: gzip\r\nsec-fetch-dest: document\r\n\r\n"
        )
    };
    let status = format!("/proc/{}/status", gate.process().id());
    let peak = || -> Result<u64> {
        let status = std::fs::read_to_string(&status)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        Ok(peak.trim().trim_end_matches("kB").trim().parse()?)
    };
    // What the first page of all takes (code, arenas, connections) is not what the bomb takes.
    let answer = gate.raw(request("/plain").as_bytes(), |_| false).await?;
    assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
    let before = peak()?;
    let answer = gate.raw(request("/bomb").as_bytes(), |_| false).await?;
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.ends_with("0\r\n\r\n"));
    let grown = peak()? - before;
    println!("a page of 512 MB: {before} kB before, {grown} kB more at the most");
    assert!(grown < 64 * 1024, "{grown} kB more at the most, for a page of 512 MB");
    let answer = gate.raw(request("/cut").as_bytes(), |_| false).await?;
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    assert!(gate.metrics().await?.contains("avow_gate_rewrite_failures_total 2"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_pages_are_gated_all_the_same() -> Result<()> {
    let site = Site::start().await?;
    let wide: Vec<u8> =
        "<script src=//t.example></script>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    site.page("/wide", &["content-type: text/html; charset=utf-16le"], &wide);
    site.page("/broken", &[HTML], b"<html><<head\0><script src='//third.example");
    site.page("/untyped", &[], "<!doctype html><script src=//third.example></script>");
    site.page(
        "/strange",
        &["content-type: text/html; charset=nonsense"],
        "<p>\u{ff}<img src=//third.example/p>",
    );
    site.page("/svg", &["content-type: image/svg+xml"], "<svg xmlns='http://www.w3.org/2000/svg'/>");
    site.page("/zstd", &[HTML, "content-encoding: zstd"], b"(\xb5/\xfd");
    site.on("/error", Answer::Bytes(response("500 Oh", &[HTML], b"<img src=//third.example/p>")));
    let gate = Gate::before(&site).await?;
    for path in ["/wide", "/broken", "/untyped", "/strange", "/svg", "/zstd", "/error"] {
        let reply = gate.page(path, "").await?;
        assert_eq!(reply.headers.get_all("content-security-policy").iter().count(), 2, "{path}");
    }
    assert!(
        gate.page("/wide", "").await?.body == wide,
        "an encoding that cannot be rewritten stays as it is"
    );
    assert!(gate.page("/error", "").await?.text().contains("data-avow-src"));
    assert!(gate.page("/strange", "").await?.text().contains("data-avow-src"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_with_five_thousand_hosts_denies_what_no_header_can_hold() -> Result<()> {
    let site = Site::start().await?;
    site.page("/", &[HTML], "<img src=https://h7.example/p><img src=https://third.example/p>");
    let hosts: Vec<String> = (0..5_000).map(|n| format!("\"https://h{n}.example\"")).collect();
    let hosts = format!("hosts = [\"https://third.example\", {}]", hosts.join(", "));
    // Under the purpose `analytics`, the second one with that host.
    let text = policy::toml("");
    let (before, after) = text.split_at(text.find("id = \"counter\"").context("the service")?);
    let text = before.to_owned() + &after.replacen("hosts = [\"https://third.example\"]", &hosts, 1);
    let gate = Gate::start(Kind::Sqlite, &text, &site, &[]).await?;
    assert_eq!(gate.page("/", "").await?.status, 200);
    let some = gate.decide(&["analytics"]).await?;
    let reply = gate.page("/", &some.cookie).await?;
    assert_eq!(reply.status, 200);
    let size: usize = reply.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    assert!(size < 64 * 1024, "{size} bytes of headers");
    assert!(
        reply.text().contains("data-avow-src=\"https://h7.example/p\""),
        "what the policy leaves out is held"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_the_last_policy_holds() -> Result<()> {
    if !Kind::Postgres.is_here()? {
        return Ok(());
    }
    let site = Site::start().await?;
    site.page("/", &[HTML], "<img src=https://third.example/p>");
    let gate = Gate::start(Kind::Postgres, &policy::toml(""), &site, &[]).await?;
    let some = gate.decide(&["analytics"]).await?;
    assert_eq!(gate.page("/", &some.cookie).await?.header("avow-class"), "analytics");
    gate.database().wire().context("a wire")?.cut();
    for _ in 0..3 {
        assert_eq!(gate.page("/", &some.cookie).await?.header("avow-class"), "analytics");
        assert_eq!(gate.page("/", "").await?.header("avow-class"), "none");
    }
    // The policy is looked at again every two seconds.
    avow_tests::time::until("the figure of failed looks", || async {
        gate.page("/", "").await?;
        Ok(gate.metrics().await?.contains("avow_policy_cache_stale_total").then_some(()))
    })
    .await
}
