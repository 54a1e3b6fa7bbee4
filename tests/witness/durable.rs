//! What a witness has cosigned it remembers: through a stop, a kill, and a power cut.

use anyhow::{Context, Result, bail, ensure};
use avow_tests::database::directory;
use avow_tests::log::TestLog;
use avow_tests::tools::{self, by_tier};
use avow_tests::witness::{Home, TestWitness};
use std::sync::atomic::{AtomicU64, Ordering};

const ORIGIN: &str = "example.com/log";

/// The size that it remembers.
async fn remembered(witness: &TestWitness, log: &TestLog) -> Result<u64> {
    // No old size is larger than the head's, and this one is wrong whatever is known but zero.
    let reply = witness.add(log.request(0, 1)).await?;
    match reply.status.as_u16() {
        409 => Ok(reply.text().trim_end().parse()?),
        200 => Ok(0),
        _ => bail!("{} {}", reply.status, reply.text()),
    }
}

#[tokio::test]
async fn a_restart_keeps_key_and_memory() -> Result<()> {
    let log = TestLog::new(ORIGIN, 1).grown(20);
    let home = Home::watching(&[log.verifier()])?;
    let mut witness = home.start().await?;
    let key = witness.key().clone();
    ensure!(witness.add(log.request(0, 8)).await?.status == 200);
    let status = witness.process().stop().await?;
    ensure!(status.success(), "it ends by itself: {status}\n{}", witness.log());
    let witness = home.start().await?;
    ensure!(*witness.key() == key, "the key is the same");
    ensure!(remembered(&witness, &log).await? == 8);
    let fork = log.forked(6, 20);
    ensure!(witness.add(fork.request(8, 8)).await?.status == 409, "a fork at the same size");
    ensure!(witness.add(fork.request(8, 20)).await?.status == 422, "a longer fork");
    ensure!(witness.add(log.request(8, 20)).await?.status == 200, "the control");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_load_loses_nothing_cosigned() -> Result<()> {
    let log = TestLog::new(ORIGIN, 1).grown(4000);
    let home = Home::watching(&[log.verifier()])?;
    let mut known = 0;
    let mut cut_short = 0;
    for round in 0..by_tier(8, 40) {
        let mut witness = home.start().await?;
        let found = remembered(&witness, &log).await?.max(1);
        ensure!(found >= known, "cosigned {known}, remembers {found}");
        // What is on disk is a head of this log, whatever the last kill hit.
        let cosigned = AtomicU64::new(found);
        let started = AtomicU64::new(found);
        let id = witness.process().id().to_string();
        let grow = async {
            for size in found + 1.. {
                started.store(size, Ordering::Relaxed);
                let reply = witness.add(log.request(size - 1, size)).await;
                match reply {
                    Ok(reply) if reply.status == 200 => cosigned.store(size, Ordering::Relaxed),
                    Ok(reply) => bail!("{size}: {} {}", reply.status, reply.text()),
                    Err(_) => break,
                }
            }
            Ok(())
        };
        let kill = async {
            let after = found + 3 + round % 7;
            avow_tests::time::until("load", || async {
                Ok((cosigned.load(Ordering::Relaxed) >= after).then_some(()))
            })
            .await?;
            let killed = tokio::process::Command::new("kill").args(["-KILL", &id]).status().await?;
            ensure!(killed.success());
            Ok(())
        };
        tokio::try_join!(grow, kill)?;
        known = cosigned.into_inner();
        cut_short += u64::from(started.into_inner() > known);
    }
    ensure!(cut_short > 0, "the control: kills hit requests in flight");
    Ok(())
}

#[tokio::test]
async fn without_a_place_for_its_memory_it_does_not_cosign() -> Result<()> {
    let log = TestLog::new(ORIGIN, 1).grown(20);
    let home = Home::watching(&[log.verifier()])?;
    let witness = home.start().await?;
    ensure!(witness.add(log.request(0, 8)).await?.status == 200, "the control");
    let away = home.path().join("away");
    std::fs::rename(home.state(), &away)?;
    let reply = witness.add(log.request(8, 9)).await?;
    ensure!(reply.status == 500 && !reply.text().contains('\u{2014}'), "{} {}", reply.status, reply.text());
    std::fs::rename(&away, home.state())?;
    // It still stands where it stood.
    ensure!(remembered(&witness, &log).await? == 8);
    ensure!(witness.add(log.request(8, 9)).await?.status == 200);
    Ok(())
}

/// What must have happened, in this order, before a cosignature leaves.
const STEPS: [(&str, &str); 3] = [("fsync(", ".head.new>"), ("rename", ".head\""), ("fsync(", "/state>")];

/// Reads what `strace -f -y` wrote; the number of cosignatures that left, all of them after all steps.
fn judge(trace: &str) -> Result<usize> {
    let (mut done, mut cosigned) = (0, 0);
    for line in trace.lines() {
        let next = STEPS.get(done);
        // A call that another thread interrupts is written in two lines, the end without its arguments. Requests
        // come one after another, so the next step can only begin when this one has ended.
        if next.is_some_and(|(call, what)| line.contains(call) && line.contains(what)) {
            done += 1;
        } else if line.contains("HTTP/1.1 200") {
            ensure!(done == STEPS.len(), "a cosignature left after {done} steps: {line}");
            (done, cosigned) = (0, cosigned + 1);
        }
    }
    Ok(cosigned)
}

/// A killed process does not lose the page cache, so the test above cannot see a missing sync; a trace can.
#[tokio::test]
async fn each_cosignature_follows_a_sync_of_file_and_folder() -> Result<()> {
    if tools::installed(&["strace"], "AVOW_STRACE").is_none() {
        return tools::skip("strace");
    }
    let folder = directory()?;
    let file = folder.path().join("trace");
    let calls = "trace=fsync,fdatasync,rename,renameat,renameat2,write,writev,sendto,sendmsg";
    let wrapper = ["strace", "-f", "-y", "-s", "256", "-e", calls, "-o", &file.display().to_string(), "--"];
    let log = TestLog::new(ORIGIN, 1).grown(20);
    let mut home = Home::watching(&[log.verifier()])?;
    home.wrapper = wrapper.map(str::to_owned).to_vec();
    let mut witness = home.start().await?;
    for size in 1..=12 {
        let reply = witness.add(log.request(size - 1, size)).await?;
        ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
    }
    witness.process().kill();
    let trace = std::fs::read_to_string(&file).context("read the trace")?;
    ensure!(judge(&trace)? == 12, "every answer is in the trace");
    for (call, what) in STEPS {
        let without: String = trace
            .split_inclusive('\n')
            .filter(|line| !(line.contains(call) && line.contains(what)))
            .collect();
        ensure!(judge(&without).is_err(), "the control: a missing {call} of {what} is seen");
    }
    Ok(())
}
