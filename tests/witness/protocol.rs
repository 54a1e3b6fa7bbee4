//! What a witness cosigns, and how it refuses the rest (C2SP tlog-witness v1.0.0).

use anyhow::{Result, ensure};
use avow_shared::note::{Note, Signed, Verifier};
use avow_tests::log::{TestLog, request};
use avow_tests::server::Reply;
use avow_tests::time;
use avow_tests::witness::{Home, NAME, TestWitness};
use futures_util::future::join_all;
use reqwest::Method;

const ORIGIN: &str = "example.com/log";

fn log() -> TestLog {
    TestLog::new(ORIGIN, 1).grown(40)
}

/// Asks, and checks that the answer completes the head: the log and the witness have signed it, the witness now.
async fn cosigned(witness: &TestWitness, log: &TestLog, old: u64, size: u64) -> Result<()> {
    let before = time::now() / 1000;
    let reply = witness.add(log.request(old, size)).await?;
    ensure!(reply.status == 200, "{old} to {size}: {} {}", reply.status, reply.text());
    let keys: [Verifier; 2] = [log.verifier(), witness.key().clone()];
    let note = format!("{}{}", log.signed(size), reply.text());
    let signed: Vec<Signed> = Note::parse(&note)?.verify(&keys)?;
    ensure!(signed.len() == 2 && signed[1].by.name() == NAME, "{signed:?}");
    let time = i64::try_from(signed[1].time)?;
    ensure!((before..=time::now() / 1000).contains(&time), "a cosignature states its time: {time}");
    Ok(())
}

fn conflict(reply: &Reply, size: u64) -> Result<()> {
    ensure!(reply.status == 409, "{} {}", reply.status, reply.text());
    ensure!(reply.header("content-type") == "text/x.tlog.size", "{}", reply.header("content-type"));
    ensure!(reply.text() == format!("{size}\n"), "{:?}", reply.text());
    Ok(())
}

#[tokio::test]
async fn a_log_is_followed_from_the_first_contact_on() -> Result<()> {
    let (log, other) = (log(), TestLog::new("example.org/other", 2).grown(9));
    let witness = Home::watching(&[log.verifier(), other.verifier()])?;
    let witness = witness.start().await?;
    for (old, size) in [(0, 5), (5, 5), (5, 8), (8, 8), (8, 33), (33, 40)] {
        cosigned(&witness, &log, old, size).await?;
    }
    // Each log has a memory of its own.
    cosigned(&witness, &other, 0, 9).await
}

#[tokio::test]
async fn a_fork_is_refused_and_kept_as_evidence() -> Result<()> {
    let log = log();
    let home = Home::watching(&[log.verifier()])?;
    let witness = home.start().await?;
    cosigned(&witness, &log, 0, 8).await?;
    let fork = log.forked(6, 20);
    conflict(&witness.add(fork.request(8, 8)).await?, 8)?;
    for size in [9, 16, 20] {
        let reply = witness.add(fork.request(8, size)).await?;
        ensure!(reply.status == 422, "{size}: {} {}", reply.status, reply.text());
    }
    let (kept, head) = (home.files("fork")?, home.files("head")?);
    ensure!(kept.len() == 1 && std::fs::read_to_string(&kept[0])? == fork.signed(8), "{kept:?}");
    ensure!(head.len() == 1 && std::fs::read_to_string(&head[0])? == log.signed(8), "{head:?}");
    ensure!(witness.log().contains("two heads of one size"), "{}", witness.log());
    cosigned(&witness, &log, 8, 9).await
}

#[tokio::test]
async fn whoever_names_another_size_is_told_the_right_one() -> Result<()> {
    let log = log();
    let witness = Home::watching(&[log.verifier()])?;
    let witness = witness.start().await?;
    conflict(&witness.add(log.request(5, 8)).await?, 0)?;
    cosigned(&witness, &log, 0, 8).await?;
    for (old, size) in [(0, 9), (7, 9), (9, 12), (5, 7)] {
        conflict(&witness.add(log.request(old, size)).await?, 8)?;
    }
    // A log that shrinks contradicts itself.
    let reply = witness.add(request(8, &[], &log.signed(5))).await?;
    ensure!(reply.status == 400, "{} {}", reply.status, reply.text());
    cosigned(&witness, &log, 8, 9).await
}

#[tokio::test]
async fn what_is_not_of_a_watched_log_is_refused() -> Result<()> {
    let log = log();
    let witness = Home::watching(&[log.verifier()])?;
    let witness = witness.start().await?;
    let unknown = TestLog::new("example.org/other", 1).grown(5);
    let stranger = TestLog::new(ORIGIN, 9).grown(5);
    let many = "A".repeat(17 * 1024);
    let cases: [(u16, String); 8] = [
        (404, unknown.request(0, 5)),
        (403, stranger.request(0, 5)),
        (400, log.signed(5)),
        (400, format!("old 0\n\n{}", log.head(5))),
        (400, format!("old 0\n\n{}", log.sign("no head\n"))),
        (400, String::new()),
        (413, many),
        (422, request(0, &[[7; 32]], &log.signed(5))),
    ];
    for (status, body) in cases {
        let reply = witness.add(body).await?;
        ensure!(reply.status == status, "{status}: {} {}", reply.status, reply.text());
        ensure!(reply.header("content-type") == "text/plain; charset=utf-8", "{status}");
        ensure!(reply.text().lines().count() == 1, "one sentence: {:?}", reply.text());
    }
    let reply = witness.add(vec![0xff; 9]).await?;
    ensure!(reply.status == 400, "{} {}", reply.status, reply.text());
    let reply = witness.send(Method::GET, "/add-checkpoint", "").await?;
    ensure!(reply.status == 405 && reply.header("allow") == "POST", "{}", reply.status);
    let reply = witness.send(Method::POST, "/", log.request(0, 5)).await?;
    ensure!(reply.status == 404, "{}", reply.status);
    // Nothing of that was remembered.
    cosigned(&witness, &log, 0, 5).await
}

#[tokio::test]
async fn of_requests_that_race_one_wins() -> Result<()> {
    let log = TestLog::new(ORIGIN, 1).grown(400);
    let witness = Home::watching(&[log.verifier()])?;
    let witness = witness.start().await?;
    cosigned(&witness, &log, 0, 1).await?;
    let mut known = 1;
    for _ in 0..10 {
        let sizes: Vec<u64> = (known + 1..=known + 16).collect();
        let asked = join_all(sizes.iter().map(|size| witness.add(log.request(known, *size)))).await;
        let replies = asked.into_iter().collect::<Result<Vec<_>>>()?;
        let won: Vec<u64> = sizes
            .iter()
            .zip(&replies)
            .filter(|(_, reply)| reply.status == 200)
            .map(|(size, _)| *size)
            .collect();
        let [size] = won[..] else { anyhow::bail!("{won:?} were all cosigned after {known}") };
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            conflict(reply, size)?;
        }
        known = size;
    }
    Ok(())
}
