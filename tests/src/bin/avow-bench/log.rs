//! `avow-bench log`: what the log costs, and how fast what it promises is made and checked.
//!
//! `AVOW_BIN_WITHOUT_LOG` is a build of the last commit before the log (`c7bd8c8`), the yardstick of the write rate;
//! without it that figure is left out. "A core" is one run that is held to one processor (`taskset`).

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::body::{SITE, Template};
use crate::load::{self, Until, Write};
use crate::report::{Report, float, median, rate};
use crate::server::{Database, Server};
use crate::{CONNECTIONS, post};

/// Receipts that are asked for, from everywhere in the log, each once: the server keeps fewer tiles than that.
const ASKED: u64 = 2_000;

/// How long and how much.
struct Plan {
    rounds: u32,
    time: Duration,
    leaves: u64,
}

/// Measures all of it.
pub async fn run(quick: bool, report: &mut Report) -> Result<()> {
    let plan = if quick {
        Plan { rounds: 1, time: Duration::from_millis(500), leaves: 2_000 }
    } else {
        Plan { rounds: 5, time: Duration::from_secs(4), leaves: 1_000_000 }
    };
    let program =
        std::env::var_os("AVOW_BIN").map(PathBuf::from).context("AVOW_BIN: the program to measure")?;
    let folder = tempfile::tempdir()?;
    match std::env::var_os("AVOW_BIN_WITHOUT_LOG") {
        Some(without) => cost(&program, Path::new(&without), folder.path(), &plan, report).await?,
        None => report.note("the log's cost: not measured, AVOW_BIN_WITHOUT_LOG is not set".to_owned()),
    }
    let data = folder.path().join("full");
    let server = Server::start(&program, folder.path(), &Database::Folder(data.clone())).await?;
    fill_and_ask(&server, &plan, report).await?;
    let bundle = folder.path().join("bundle.zip");
    export(&program, &data, &server, &bundle, &plan, report).await?;
    let keys = reqwest::get(format!("http://{}/v1/sites/{SITE}/log", server.address)).await?.text().await?;
    let keys: serde_json::Value = serde_json::from_str(&keys)?;
    let key = keys["keys"][0].as_str().context("the log's key")?.to_owned();
    server.stop().await?;
    let mut bares = Vec::new();
    for _ in 0..plan.rounds.min(3) {
        bares.push(float(plan.leaves) / unpacked(&bundle)?);
    }
    let bare = median(bares);
    report.note(format!(
        "the bundle unpacked and hashed, and nothing else: {bare:.0} leaves/s on one processor"
    ));
    let bundle = bundle.display().to_string();
    let verify = ["verify", "bundle", &bundle, "--key", &key].map(str::to_owned);
    both(&program, "avow verify bundle", &verify, (bare, 0.5), &plan, report)?;
    let doctor = ["doctor", "log", "--site", SITE, "--data", &data.display().to_string()].map(str::to_owned);
    both(&program, "avow doctor log", &doctor, (bare, 0.5), &plan, report)
}

/// The write rate with the log and before there was one, rounds interleaved.
async fn cost(program: &Path, without: &Path, folder: &Path, plan: &Plan, report: &mut Report) -> Result<()> {
    let with = Server::start(program, folder, &Database::Folder(folder.join("with"))).await?;
    let bare = Server::start(without, folder, &Database::Folder(folder.join("without"))).await?;
    let (mut bares, mut own) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        bares.push(post(&bare, round, Until::Elapsed(plan.time)).await?);
        own.push(post(&with, round, Until::Elapsed(plan.time)).await?);
    }
    let (bare_rate, own_rate) = (rate(&bares), rate(&own));
    report.note(format!("durable consents: without the log {bare_rate:.0}/s, with it {own_rate:.0}/s"));
    report.floor("rate with the log, share of the rate without", own_rate / bare_rate, 0.75);
    with.stop().await?;
    bare.stop().await
}

/// Fills the log and asks for receipts of leaves all over it: each has an inclusion proof.
async fn fill_and_ask(server: &Server, plan: &Plan, report: &mut Report) -> Result<()> {
    let template = Template::new(server.address, 1, &server.hash, 0);
    let every = plan.leaves / ASKED;
    let asked: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let write: Write = Arc::new(move |number, buffer: &mut Vec<u8>| {
        let start = buffer.len();
        template.write(number, buffer);
        if number % every == 0 {
            kept.lock().expect("no writer panics").push(template.id_and_secret(&buffer[start..]));
        }
    });
    let filled = load::run(server.address, CONNECTIONS, Until::Sent(plan.leaves), 201, write).await?;
    report.note(format!("{} records logged at {:.0}/s", filled.count, filled.rate));
    let asked = std::mem::take(&mut *asked.lock().expect("no writer panics"));
    let (address, count) = (server.address, asked.len() as u64);
    let write: Write = Arc::new(move |number, buffer: &mut Vec<u8>| {
        let (id, secret) = &asked[usize::try_from(number).unwrap_or_default() % asked.len()];
        let request = format!(
            "GET /v1/receipts/{id}?site={SITE} HTTP/1.1\r\nHost: {address}\r\nAvow-Secret: {secret}\r\n\r\n"
        );
        buffer.extend_from_slice(request.as_bytes());
    });
    let answered = load::run(address, 1, Until::Sent(count), 200, write).await?;
    report.note(format!("a receipt with its proof: median {:.2} ms over HTTP", answered.p50));
    let (mean, quick) = proofs(server.address).await?;
    report.note(format!("an inclusion proof at the server: mean {mean:.2} ms"));
    report.floor("share of inclusion proofs made in under 1 ms", quick, 0.9);
    Ok(())
}

/// What a proof took on average, ms, and the share of those that took less than 1 ms, as the server counted them.
async fn proofs(address: SocketAddr) -> Result<(f64, f64)> {
    let page = reqwest::get(format!("http://{address}/metrics")).await?.text().await?;
    let figure = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse::<f64>().ok()).with_context(|| format!("{name} in /metrics"))
    };
    let count = figure("avow_proof_seconds_count")?;
    let quick = figure("avow_proof_seconds_bucket{le=\"0.001\"}")?;
    Ok((figure("avow_proof_seconds_sum")? / count * 1000.0, quick / count))
}

/// Streams a bundle of the whole log to a file.
async fn export(
    program: &Path,
    data: &Path,
    server: &Server,
    bundle: &Path,
    plan: &Plan,
    report: &mut Report,
) -> Result<()> {
    let made = Command::new(program)
        .args(["token", "create", "--scope", "dpo", "--site", SITE, "--label", "bench", "--data"])
        .arg(data)
        .output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = String::from_utf8(made.stdout)?;
    let token = token.split_whitespace().last().context("a token")?.to_owned();
    let started = Instant::now();
    let mut answer = reqwest::Client::new()
        .post(format!("http://{}/v1/exports", server.address))
        .header("Authorization", format!("Bearer {token}"))
        .header("Content-Type", "application/json")
        .body(format!("{{\"site\":\"{SITE}\"}}"))
        .send()
        .await?
        .error_for_status()?;
    let mut file = tokio::fs::File::create(bundle).await?;
    let mut size = 0;
    while let Some(piece) = answer.chunk().await? {
        size += piece.len() as u64;
        file.write_all(&piece).await?;
    }
    file.flush().await?;
    let seconds = started.elapsed().as_secs_f64();
    report.note(format!("the bundle has {:.0} MB", float(size) / 1e6));
    report.floor("bundle of the whole log, records a second", float(plan.leaves) / seconds, 50_000.0);
    if let Some((_, peak)) = server.memory() {
        report.ceiling(
            "peak resident memory of the server after that",
            float(peak) / f64::from(1 << 20),
            128.0,
            " MiB",
        );
    }
    Ok(())
}

/// Seconds to unpack every file of a bundle and to take its SHA-256: less than that nobody who checks it can do, and
/// so the yardstick of checking.
fn unpacked(bundle: &Path) -> Result<f64> {
    let started = Instant::now();
    let mut archive = zip::ZipArchive::new(BufReader::new(std::fs::File::open(bundle)?))?;
    for index in 0..archive.len() {
        let mut hash = Sha256::new();
        let mut file = BufReader::with_capacity(1 << 16, archive.by_index(index)?);
        loop {
            let piece = file.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            hash.update(piece);
            let taken = piece.len();
            file.consume(taken);
        }
        std::hint::black_box(hash.finalize());
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Runs a command on one processor and on all of them. The first is judged as a share of the yardstick's rate; the
/// yardstick of the second is one run on each processor at
/// once, for how much two processors are worth is the machine's affair.
fn both(
    program: &Path,
    what: &str,
    arguments: &[String],
    (bare, share): (f64, f64),
    plan: &Plan,
    report: &mut Report,
) -> Result<()> {
    let processors = std::thread::available_parallelism()?.get();
    let leaves = |seconds: f64| float(plan.leaves) / seconds;
    let held = |processor: usize| {
        let mut held = Command::new("taskset");
        held.args(["-c", &processor.to_string()]).arg(program).args(arguments);
        timed(&mut held).map(leaves)
    };
    let (mut one, mut all, mut apart) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds.min(3) {
        one.push(held(0)?);
        all.push(leaves(timed(Command::new(program).args(arguments))?));
        apart.push(std::thread::scope(|scope| {
            let runs: Vec<_> =
                (0..processors).map(|processor| scope.spawn(move || held(processor))).collect();
            runs.into_iter().map(|run| run.join().expect("a run does not panic")).sum::<Result<f64>>()
        })?);
    }
    let (one, all, apart) = (median(one), median(all), median(apart));
    report.note(format!("{what}: {one:.0} leaves/s on one processor (meant: 60,000)"));
    report.floor(&format!("{what}, share of the bare rate"), one / bare, share);
    report.note(format!(
        "{what}: {all:.0} leaves/s on all {processors} processors, {:.2} of one and {:.2} of a run on each at once",
        all / one,
        all / apart
    ));
    Ok(())
}

fn timed(command: &mut Command) -> Result<f64> {
    let started = Instant::now();
    let Output { status, stdout, stderr } = command.output()?;
    let seconds = started.elapsed().as_secs_f64();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(status.success(), "{command:?}: {}{}", text(&stdout), text(&stderr));
    Ok(seconds)
}
