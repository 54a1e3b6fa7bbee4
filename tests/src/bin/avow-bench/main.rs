//! `cargo xtask bench`: the figures that the project promises, each as a ratio to a yardstick of the same run.
//!
//! Rounds are interleaved (yardstick, Avow, yardstick, …) so that a slow minute of the machine hits both;
//! medians are reported. Options: `--quick` (one short round, small history: shows that it works, measures
//! nothing), `--out FILE` (the table as Markdown). Ends with 1 if a limit is missed. `avow-bench gate` measures
//! the gate instead, `avow-bench log` the log, `avow-bench geo` only where addresses are.
//!
//! Environment: `AVOW_BIN` (the release build), `AVOW_DIST` (the widget's built files), and
//! `AVOW_TEST_POSTGRES_URL`; what is not set is said and left out.

mod body;
mod gate;
mod gate_site;
mod geo;
mod load;
mod log;
mod pgbench;
mod report;
mod server;
mod yardstick;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::body::{SITE, Template};
use crate::load::{Run, Until, Write};
use crate::report::{Report, float, median, rate};
use crate::server::{Database, Server};
use crate::yardstick::Bare;

/// Keep-alive connections, as the promise states it.
const CONNECTIONS: usize = 64;

/// How long and how much.
#[derive(Clone, Copy)]
struct Plan {
    rounds: u32,
    time: Duration,
    history: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, rest @ ..] = arguments.as_slice()
        && role == yardstick::ROLE
    {
        return Bare::from_arguments(rest)?.serve().await.map(|()| ExitCode::SUCCESS);
    }
    if arguments == [gate_site::ROLE] {
        return gate_site::serve().await.map(|()| ExitCode::SUCCESS);
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    if arguments.first().is_some_and(|part| part == "gate") {
        let mut report = Report::default();
        gate::run(quick, &mut report).await?;
        return finish(&arguments, quick, &report);
    }
    if arguments.first().is_some_and(|part| part == "log") {
        let mut report = Report::default();
        log::run(quick, &mut report).await?;
        return finish(&arguments, quick, &report);
    }
    if arguments.first().is_some_and(|part| part == "geo") {
        let program =
            std::env::var_os("AVOW_BIN").map(PathBuf::from).context("AVOW_BIN: the program to measure")?;
        let mut report = Report::default();
        geo::run(&program, tempfile::tempdir()?.path(), quick, &mut report)?;
        return finish(&arguments, quick, &report);
    }
    let plan = if quick {
        Plan { rounds: 1, time: Duration::from_millis(500), history: 2_000 }
    } else {
        Plan { rounds: 5, time: Duration::from_secs(4), history: 1_000_000 }
    };
    let program =
        std::env::var_os("AVOW_BIN").map(PathBuf::from).context("AVOW_BIN: the program to measure")?;
    let folder = tempfile::tempdir()?;
    let mut report = Report::default();
    report.note(format!(
        "{} rounds of {:?} each, medians; {CONNECTIONS} keep-alive connections",
        plan.rounds, plan.time
    ));
    sqlite(&program, folder.path(), plan, &mut report).await?;
    match std::env::var("AVOW_TEST_POSTGRES_URL") {
        Ok(url) => postgres(&program, folder.path(), &url, plan, &mut report).await?,
        Err(_) => report.note("PostgreSQL: not measured, AVOW_TEST_POSTGRES_URL is not set".to_owned()),
    }
    geo::run(&program, folder.path(), quick, &mut report)?;
    sizes(&mut report)?;
    finish(&arguments, quick, &report)
}

/// Writes the table if that was asked for; fails if a limit is missed.
fn finish(arguments: &[String], quick: bool, report: &Report) -> Result<ExitCode> {
    if let Some(at) = arguments.iter().position(|argument| argument == "--out") {
        std::fs::write(arguments.get(at + 1).context("--out FILE")?, report.markdown())?;
    }
    // A quick round shows that the program works; it is too short to judge.
    Ok(if quick || report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Durable consents into the embedded database, and the files that every page fetches.
async fn sqlite(program: &Path, folder: &Path, plan: Plan, report: &mut Report) -> Result<()> {
    let database = Database::Folder(folder.join("empty"));
    let server = Server::start(program, folder, &database).await?;
    let sample = Template::new(server.address, 1, &server.hash, 0);
    let (row, answer) = stored_bytes(&server).await?;
    let bare = Bare { page: answer, row: row.len(), folder: Some(folder.join("bare")) };
    tokio::fs::create_dir(folder.join("bare")).await?;
    let bare = yardstick::start(&bare).await?;
    let echo = request("POST", &bare.address.to_string(), "/", sample.body());
    let commit = request("POST", &bare.address.to_string(), "/commit", sample.body());
    report.note(format!(
        "a submission has {} bytes, what is stored of it {}, its answer {answer}",
        sample.body().len(),
        row.len()
    ));
    let (mut echoes, mut loops, mut commits, mut posts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let cpu = server.cpu_seconds();
    for round in 0..plan.rounds {
        echoes.push(
            load::run(bare.address, CONNECTIONS, Until::Elapsed(plan.time), 200, constant(&echo)).await?,
        );
        loops.push(yardstick::group_commit(folder, CONNECTIONS, plan.time, &row).await?);
        commits.push(
            load::run(bare.address, CONNECTIONS, Until::Elapsed(plan.time), 200, constant(&commit)).await?,
        );
        posts.push(post(&server, round, Until::Elapsed(plan.time)).await?);
    }
    let (echo, group, commit, empty) = (rate(&echoes), median(loops), rate(&commits), rate(&posts));
    report.note(format!(
        "bare echo {echo:.0}/s, bare group commit {group:.0}/s, behind the bare server {commit:.0}/s, durable consents {empty:.0}/s"
    ));
    report.note(format!(
        "of a bare group commit in the process itself, without HTTP: behind the bare server {:.2}, Avow {:.2}",
        commit / group,
        empty / group
    ));
    if let (Some(before), Some(after)) = (cpu, server.cpu_seconds()) {
        let count: u64 = posts.iter().map(|run| run.count).sum();
        let each = (after - before) / float(count) * 1e6;
        report.note(format!("processor time of the server for one consent: {each:.1} µs"));
    }
    report.floor("SQLite: durable consents, share of a bare echo", empty / echo, 0.10);
    report.floor(
        "SQLite: durable consents, share of a bare group commit behind a bare server",
        empty / commit,
        // 0.6 for the step without a log, of which the log may cost a quarter (ADR 0009).
        0.45,
    );
    report.note(format!("latency p50 {:.1} ms", median(posts.iter().map(|run| run.p50).collect())));
    report.ceiling("SQLite: p99", median(posts.iter().map(|run| run.p99).collect()), 50.0, " ms");
    files(&server, plan, report).await?;
    history(program, folder, server, plan, report).await?;
    Ok(())
}

/// As many bytes as Avow stores for one submission: the canonical record, the id, four hashes or salts, and the
/// leaf's commitment. With the length of the answer.
async fn stored_bytes(server: &Server) -> Result<(Vec<u8>, usize)> {
    let mut request = Vec::new();
    Template::new(server.address, 1, &server.hash, u32::MAX).write(0, &mut request);
    let request = String::from_utf8(request)?;
    let (_, body) = request.split_once("\r\n\r\n").context("a request has a body")?;
    let answer = reqwest::Client::new()
        .post(format!("http://{}/v1/consents", server.address))
        .header("Origin", "http://bench.localhost")
        .header("Content-Type", "application/json")
        .body(body.to_owned())
        .send()
        .await?
        .bytes()
        .await?;
    let fields: serde_json::Value = serde_json::from_slice(&answer)?;
    let record = fields["record"].as_str().context("the answer holds no record")?;
    Ok(([record.as_bytes(), &[0; 16], &[0; 4 * 32], &[0; 32]].concat(), answer.len()))
}

/// The rate with a long history against the rate with none: two servers, rounds interleaved.
async fn history(
    program: &Path,
    folder: &Path,
    empty: Server,
    plan: Plan,
    report: &mut Report,
) -> Result<()> {
    let full = Server::start(program, folder, &Database::Folder(folder.join("full"))).await?;
    let filled = post(&full, 1000, Until::Sent(plan.history)).await?;
    report.note(format!("{} records stored at {:.0}/s", filled.count, filled.rate));
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        without.push(post(&empty, 100 + round, Until::Elapsed(plan.time)).await?);
        with.push(post(&full, 100 + round, Until::Elapsed(plan.time)).await?);
    }
    let what = format!("SQLite: rate with {} records stored, share of the rate with few", plan.history);
    report.floor(&what, rate(&with) / rate(&without), 0.9);
    if let Some((now, peak)) = full.memory() {
        let megabytes = |bytes: u64| float(bytes) / f64::from(1 << 20);
        report.note(format!("resident memory after that: {:.1} MiB", megabytes(now)));
        report.ceiling("SQLite: peak resident memory", megabytes(peak), 64.0, " MiB");
    }
    empty.stop().await?;
    full.stop().await
}

/// The site script and the largest asset, against a bare GET of the same number of bytes.
async fn files(server: &Server, plan: Plan, report: &mut Report) -> Result<()> {
    let script = reqwest::get(format!("http://{}/site/{SITE}.js", server.address)).await?.text().await?;
    let wasm = script
        .split('"')
        .find(|word| {
            word.starts_with("avow-") && Path::new(word).extension().is_some_and(|end| end == "wasm")
        })
        .context("the site script names no module")?
        .to_owned();
    for (name, path) in [("site script", format!("/site/{SITE}.js")), ("module", format!("/assets/{wasm}"))] {
        let address = server.address.to_string();
        let size = reqwest::Client::new()
            .get(format!("http://{address}{path}"))
            .header("Accept-Encoding", "br")
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?
            .len();
        let bare = yardstick::start(&Bare { page: size, row: 0, folder: None }).await?;
        let bare_get = request("GET", &bare.address.to_string(), "/", "");
        let get = request("GET", &address, &path, "");
        let (mut yard, mut own) = (Vec::new(), Vec::new());
        for _ in 0..plan.rounds {
            let until = Until::Elapsed(plan.time / 2);
            yard.push(load::run(bare.address, CONNECTIONS, until, 200, constant(&bare_get)).await?);
            own.push(load::run(server.address, CONNECTIONS, until, 200, constant(&get)).await?);
        }
        report.note(format!("{name}, {size} bytes: bare GET {:.0}/s, Avow {:.0}/s", rate(&yard), rate(&own)));
        report.floor(&format!("{name}: share of a bare GET"), rate(&own) / rate(&yard), 0.6);
    }
    Ok(())
}

/// Durable consents into PostgreSQL, against its own single-row inserts.
async fn postgres(program: &Path, folder: &Path, url: &str, plan: Plan, report: &mut Report) -> Result<()> {
    let url = pgbench::create(url, "avow_bench").await?;
    let server = Server::start(program, folder, &Database::Url(url.clone())).await?;
    let sample = Template::new(server.address, 1, &server.hash, 0);
    let (mut single, mut posts) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        single.push(pgbench::run(&url, folder, plan.time, sample.body()).await?);
        posts.push(post(&server, round, Until::Elapsed(plan.time)).await?);
    }
    let (single, own) = (median(single), rate(&posts));
    report.note(format!("pgbench, 16 clients: {single:.0} inserts/s; Avow on PostgreSQL {own:.0}/s"));
    report.floor("PostgreSQL: durable consents, share of pgbench's inserts", own / single, 0.5);
    report.note(format!("PostgreSQL: p99 {:.1} ms", median(posts.iter().map(|run| run.p99).collect())));
    server.stop().await
}

/// The built files. Their sum, with the policy's text, is `cargo xtask widget`'s to judge.
fn sizes(report: &mut Report) -> Result<()> {
    let Some(dist) = std::env::var_os("AVOW_DIST") else {
        report.note("sizes: not measured, AVOW_DIST is not set".to_owned());
        return Ok(());
    };
    let text =
        std::fs::read_to_string(Path::new(&dist).join("manifest.json")).context("read the manifest")?;
    let manifest: serde_json::Value = serde_json::from_str(&text)?;
    let sizes = manifest["sizes"].as_object().context("sizes in the manifest")?;
    for (name, size) in sizes {
        let bytes = size["br"].as_f64().context("a size after brotli")?;
        report.note(format!("{name}: {bytes} bytes after brotli"));
        if name == "guard.js" {
            report.ceiling("guard, brotli", bytes / 1000.0, 4.0, " kB");
        }
    }
    Ok(())
}

async fn post(server: &Server, run: u32, until: Until) -> Result<Run> {
    let template = Template::new(server.address, 1, &server.hash, run);
    let write: Write = Arc::new(move |number, buffer: &mut Vec<u8>| template.write(number, buffer));
    load::run(server.address, CONNECTIONS, until, 201, write).await
}

fn request(method: &str, host: &str, path: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: br\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn constant(request: &[u8]) -> Write {
    let request = request.to_vec();
    Arc::new(move |_, buffer: &mut Vec<u8>| buffer.extend_from_slice(&request))
}
