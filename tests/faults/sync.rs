//! A killed process does not lose the page cache, so the kill tests cannot see a missing sync. The
//! system-call trace can: before each acknowledgement is written, the log of the database was synced.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use avow_tests::database::{Kind, directory};
use avow_tests::policy::ORIGIN;
use avow_tests::process::Process;
use avow_tests::server::{Setup, TestServer};
use avow_tests::tools;
use reqwest::Client;

const REQUESTS: usize = 12;

/// What a trace says: acknowledgements written, and those without a sync since the one before.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    acknowledged: usize,
    unsynced: usize,
}

/// Reads what `strace -f -y` wrote. Requests must have been sent one after another.
fn judge(trace: &str) -> Verdict {
    let mut verdict = Verdict { acknowledged: 0, unsynced: 0 };
    let mut synced = false;
    // Per thread: a sync of the database's log that has begun but not ended.
    let mut begun: HashMap<&str, bool> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        let is_sync = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        if is_sync {
            let of_log = call.contains("-wal>");
            if call.contains("unfinished") {
                begun.insert(thread, of_log);
            } else if of_log && call.contains("= 0") {
                synced = true;
            }
        } else if call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>") {
            if begun.remove(thread) == Some(true) && call.contains("= 0") {
                synced = true;
            }
        } else if call.contains("HTTP/1.1 201") {
            // The line of a call is written when it begins: what it sends leaves after it.
            verdict.acknowledged += 1;
            verdict.unsynced += usize::from(!synced);
            synced = false;
        }
    }
    verdict
}

/// The wrapper that traces what `judge` reads.
fn tracer(file: &Path) -> Vec<String> {
    let calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg";
    ["strace", "-f", "-y", "-s", "32", "-e", calls, "-o"]
        .into_iter()
        .map(str::to_owned)
        .chain([file.display().to_string(), "--".to_owned()])
        .collect()
}

fn can_trace() -> Result<bool> {
    if tools::installed(&["strace"], "AVOW_STRACE").is_none() {
        tools::skip("strace")?;
        return Ok(false);
    }
    Ok(true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_acknowledgement_follows_a_sync() -> Result<()> {
    if !can_trace()? {
        return Ok(());
    }
    let folder = directory()?;
    let trace = folder.path().join("trace");
    let mut server = TestServer::start(Setup { wrapper: tracer(&trace), ..Setup::on(Kind::Sqlite) }).await?;
    let draft = server.draft().await?;
    for _ in 0..REQUESTS {
        let reply = server.post(draft.grant()).await?;
        ensure!(reply.status == 201, "{} {}", reply.status, reply.text());
    }
    server.process().kill();
    let verdict = judge(&std::fs::read_to_string(&trace).context("read the trace")?);
    ensure!(verdict == Verdict { acknowledged: REQUESTS, unsynced: 0 }, "{verdict:?}");
    Ok(())
}

/// The control: the same judge on a server that differs in `synchronous` only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_sync_is_caught() -> Result<()> {
    if !can_trace()? {
        return Ok(());
    }
    for (synchronous, unsynced) in [("FULL", 0), ("OFF", REQUESTS)] {
        let folder = directory()?;
        let trace = folder.path().join("trace");
        let wrapper = tracer(&trace);
        let (program, arguments) = wrapper.split_first().context("a wrapper")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg(env!("CARGO_BIN_EXE_avow-unsynced"))
            .args([folder.path().join("control.db").as_os_str(), synchronous.as_ref()]);
        let mut server = Process::spawn("avow-unsynced", &mut command)?;
        let base = server
            .line("its address", |line| Some(line.split_once("listening on ")?.1.trim().to_owned()))
            .await?;
        let client = Client::builder().no_proxy().build()?;
        for _ in 0..REQUESTS {
            let answer = client.post(&base).header("origin", ORIGIN).body("a record").send().await?;
            ensure!(answer.status() == 201, "{}", answer.status());
        }
        server.kill();
        let verdict = judge(&std::fs::read_to_string(&trace).context("read the trace")?);
        ensure!(
            verdict == Verdict { acknowledged: REQUESTS, unsynced },
            "synchronous={synchronous}: {verdict:?}"
        );
    }
    Ok(())
}
