//! `avow verify log` and `avow verify proof`: what was altered is named, and nothing altered passes.

use anyhow::{Result, ensure};
use avow_tests::hosts::Hosts;
use hyper::StatusCode;

use crate::built::{self, ORIGIN, entries, files, head, key, vkey};
use crate::command::{Answer, Desk, verify};
use crate::files::Files;

async fn log(count: u64) -> Result<(Vec<Vec<u8>>, Files)> {
    let entries = entries(count);
    let server = Files::serve(&files(&entries)).await?;
    Ok((entries, server))
}

fn check(server: &Files, more: &[&str]) -> Result<Answer> {
    let (url, vkey) = (server.url(), vkey());
    verify(&[&["log", &url, "--key", &vkey][..], more].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_of_many_sizes_are_computed_anew() -> Result<()> {
    for count in [0, 1, 2, 255, 256, 257, 600] {
        let (_, server) = log(count).await?;
        let answer = check(&server, &["--json"])?;
        answer.holds()?;
        let result = answer.json()?;
        ensure!(result["verified"] == true && result["head"]["size"] == count, "{count}: {result}");
        ensure!(result["head"]["origin"] == ORIGIN && result["fault"].is_null(), "{result}");
    }
    Ok(())
}

/// The size for which C2SP tlog-tiles names the tiles: three levels, the last of each not full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_with_three_levels_of_tiles_is_computed_anew() -> Result<()> {
    let (_, server) = log(70_000).await?;
    let answer = check(&server, &[])?;
    answer.holds()?;
    ensure!(answer.out.contains("63000 record, 7000 artefact"), "{answer:?}");
    ensure!(answer.out.contains("277 tiles"), "{answer:?}");
    let mut tile = vec![0; 32];
    tile[31] = 1;
    server.put("tile/2/000.p/1", tile);
    check(&server, &[])?.fails("tiles", "tile/2/000.p/1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_altered_file_is_named() -> Result<()> {
    let (entries, server) = log(600).await?;
    let right = files(&entries);
    check(&server, &[])?.holds()?;
    for path in
        ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/88"]
    {
        let mut wrong = right[path].clone();
        let last = wrong.len() - 1;
        wrong[last] ^= 1;
        server.put(path, wrong);
        // An altered entry shows in the tile over it.
        check(&server, &[])?.fails("tiles", &path.replace("entries", "0"))?;
        let step = if path.contains("entries") { "entries" } else { "tiles" };
        for cut in [vec![], right[path][..last].to_vec(), [&right[path][..], &[0]].concat()] {
            server.put(path, cut);
            check(&server, &[])?.fails(step, path)?;
        }
        server.remove(path);
        check(&server, &[])?.fails(step, path)?;
        server.put(path, right[path].clone());
    }
    check(&server, &[])?.holds()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_rewritten_in_all_its_files_shows_in_the_signed_root() -> Result<()> {
    let (entries, server) = log(600).await?;
    let mut forged = entries.clone();
    forged[10][5] ^= 1;
    for (path, bytes) in files(&forged) {
        if path != "checkpoint" {
            server.put(&path, bytes);
        }
    }
    check(&server, &[])?.fails("root", "not lead to the root")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_must_be_signed_by_the_key_that_was_given() -> Result<()> {
    let (entries, server) = log(5).await?;
    let right = head(&entries, 1);
    for (wrong, found) in [
        (head(&entries, 2), "no key that is known"),
        (right.replacen("\n5\n", "\n4\n", 1), "not of this text"),
        (right.replacen(ORIGIN, "log.example/other", 1), "not of this text"),
        (right.split("\n\n").next().unwrap_or_default().to_owned(), "not a signed note"),
        (built::signed("not a head\n", 1), "not the head of a log"),
        (String::new(), "not a signed note"),
    ] {
        server.put("checkpoint", wrong.into_bytes());
        check(&server, &[])?.fails("head", found)?;
    }
    server.put("checkpoint", vec![0xff]);
    check(&server, &[])?.fails("head", "not text")?;
    server.put("checkpoint", vec![b'x'; 70_000]);
    check(&server, &[])?.fails("head", "longer than")?;
    server.remove("checkpoint");
    check(&server, &[])?.fails("head", "no checkpoint")?;
    // Signed, but over more than is there.
    let more: Vec<_> = built::entries(6);
    server.put("checkpoint", head(&more, 1).into_bytes());
    check(&server, &[])?.fails("tiles", ".p/6")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_counts_if_its_key_is_given_and_never_stands_for_the_log() -> Result<()> {
    const OPEN: &str = "not checked  that the log shows everybody the same head";
    let (entries, server) = log(300).await?;
    let right = head(&entries, 1);
    let (note, witness) = built::cosigned(&right, "witness.example", 7, 1_767_225_600);
    server.put("checkpoint", note.clone().into_bytes());
    let without = check(&server, &[])?;
    without.holds()?;
    ensure!(without.out.contains(OPEN) && !without.out.contains("countersigned by"), "{without:?}");
    let with = check(&server, &["--key", &witness])?;
    with.holds()?;
    ensure!(!with.out.contains(OPEN), "{with:?}");
    ensure!(with.out.contains("countersigned by witness.example at 2026-01-01T00:00:00.000Z"), "{with:?}");
    verify(&["log", &server.url(), "--key", &witness])?.fails("head", "log's own key has not signed")?;
    // One that does not hold is worse than none.
    let (forged, _) = built::cosigned(&head(&entries[..299], 1), "witness.example", 7, 1_767_225_600);
    let line = forged.lines().last().unwrap_or_default();
    server.put("checkpoint", format!("{right}{line}\n").into_bytes());
    check(&server, &[])?.holds()?;
    check(&server, &["--key", &witness])?.fails("head", "not of this text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_must_extend_what_was_remembered() -> Result<()> {
    let (entries, server) = log(600).await?;
    let desk = Desk::new()?;
    for size in [0, 1, 255, 256, 300, 599, 600] {
        let since = desk.put("since", head(&entries[..size], 1))?;
        let answer = check(&server, &["--since", &since])?;
        answer.holds()?;
        ensure!(answer.out.contains(&format!("remembered head of {size} entries")), "{answer:?}");
    }
    let mut forged = entries.clone();
    forged[10][5] ^= 1;
    let longer = built::entries(601);
    for (wrong, found) in [
        (head(&forged[..300], 1), "the first 300 entries are not those"),
        (head(&longer, 1), "the log had 601 entries and has 600 now"),
        (head(&entries[..300], 2), "no key that is known"),
        ("no head".to_owned(), "not a signed note"),
    ] {
        let since = desk.put("since", wrong)?;
        check(&server, &["--since", &since])?.fails("since", found)?;
    }
    check(&server, &["--since", "/nowhere/checkpoint"])?.unreadable("/nowhere/checkpoint")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_fetched_is_not_called_wrong() -> Result<()> {
    let (_, server) = log(300).await?;
    server.answer("tile/0/001.p/44", StatusCode::SERVICE_UNAVAILABLE, Vec::new());
    check(&server, &[])?.unreadable("tile/0/001.p/44: the answer is 503")?;
    server.answer("checkpoint", StatusCode::FOUND, Vec::new());
    check(&server, &[])?.unreadable("checkpoint: the answer is 302")?;
    let (url, vkey) = (server.url(), vkey());
    drop(server);
    verify(&["log", &url, "--key", &vkey])?.unreadable("/logs/one/checkpoint: ")?;
    for wrong in ["ftp://a.example/log", "a.example", "https://u:p@a.example/", "https://a.example/?q"] {
        verify(&["log", wrong, "--key", &vkey])?.unreadable("an address of a log is")?;
    }
    Ok(())
}

/// Over TLS a server must show a certificate that somebody vouches for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_nobody_is_refused() -> Result<()> {
    let hosts = Hosts::start().await?;
    let url = format!("https://127.0.0.1:{}", hosts.port());
    verify(&["log", &url, "--key", &vkey()])?.unreadable("certificate")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_is_for_one_entry_under_one_key() -> Result<()> {
    let desk = Desk::new()?;
    let entries = entries(21);
    let proof = built::proof(&entries, 13);
    let file = desk.put("one.tlog-proof", &proof)?;
    let (entry, vkey) = (hex::encode(&entries[13]), vkey());
    let answer = verify(&["proof", &file, "--entry", &entry, "--key", &vkey, "--json"])?;
    answer.holds()?;
    ensure!(answer.json()?["head"]["size"] == 21, "{answer:?}");
    let other = hex::encode(&entries[12]);
    verify(&["proof", &file, "--entry", &other, "--key", &vkey])?.fails("leaf", "not lead to the root")?;
    let stranger = key(ORIGIN, 2).0.to_string();
    verify(&["proof", &file, "--entry", &entry, "--key", &stranger])?
        .fails("head", "no key that is known")?;
    for (from, to, step) in
        [("index 13", "index 14", "leaf"), ("index 13", "index 013", "proof"), ("\n21\n", "\n22\n", "head")]
    {
        let wrong = desk.put("wrong.tlog-proof", proof.replacen(from, to, 1))?;
        verify(&["proof", &wrong, "--entry", &entry, "--key", &vkey])?.fails(step, "")?;
    }
    verify(&["proof", &file, "--entry", "xyz", "--key", &vkey])?.unreadable("hexadecimal")?;
    verify(&["proof", &file, "--entry", &entry, "--key", "xyz"])?.unreadable("NAME+ID+KEY")?;
    verify(&["proof", &file, "--entry", &entry])?.unreadable("--key")
}
