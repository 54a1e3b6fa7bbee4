//! `avow verify receipt` on receipts of a real server, and on altered ones.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use serde_json::{Value, json};

use crate::built;
use crate::command::{Desk, verify};

/// The receipt of a grant, and the log's key as the site tells it.
async fn receipt(server: &TestServer) -> Result<(Value, String)> {
    let about = server.get(&format!("/v1/sites/{SITE}/log")).await?.json();
    let key = about["keys"][0].as_str().context("a key")?.to_owned();
    let body = server.draft().await?.grant();
    server.post(&body).await?;
    server.post(server.draft().await?.refusal()).await?;
    let path = format!("/v1/receipts/{}?site={SITE}", body.id());
    Ok((server.get_as(&path, "avow-secret", body.secret()).await?.json(), key))
}

async fn a_receipt_of_the_server_is_verified(kind: Kind) -> Result<()> {
    let (server, desk) = (TestServer::on(kind).await?, Desk::new()?);
    let (receipt, key) = receipt(&server).await?;
    let file = desk.put("receipt.json", receipt.to_string())?;
    let answer = verify(&["receipt", &file, "--key", &key])?;
    answer.holds()?;
    ensure!(answer.out.ends_with("The receipt is verified.\n"), "{answer:?}");
    ensure!(answer.out.contains("not checked  that the log shows everybody the same head"), "{answer:?}");
    let result = verify(&["receipt", &file, "--key", &key, "--json"])?.json()?;
    let steps: Vec<&str> = result["checked"]
        .as_array()
        .context("steps")?
        .iter()
        .filter_map(|finding| finding["step"].as_str())
        .collect();
    let all = ["envelope", "record", "agreement", "commitment", "proof", "leaf", "head", "origin"];
    ensure!(steps == all && result["verified"] == true && result["key_is_given"] == true, "{result}");
    Ok(())
}

async fn a_key_out_of_the_receipt_is_called_that(kind: Kind) -> Result<()> {
    let (server, desk) = (TestServer::on(kind).await?, Desk::new()?);
    let (receipt, _) = receipt(&server).await?;
    let file = desk.put("receipt.json", receipt.to_string())?;
    let answer = verify(&["receipt", &file])?;
    answer.holds()?;
    ensure!(answer.out.contains("the key came from the receipt itself"), "{answer:?}");
    ensure!(!answer.out.contains("is verified"), "{answer:?}");
    ensure!(verify(&["receipt", &file, "--json"])?.json()?["key_is_given"] == false);
    Ok(())
}

async fn an_altered_receipt_is_refused_and_says_where(kind: Kind) -> Result<()> {
    let (server, desk) = (TestServer::on(kind).await?, Desk::new()?);
    let (receipt, key) = receipt(&server).await?;
    let text = |name: &str| receipt[name].as_str().unwrap_or_default().to_owned();
    let record = text("record");
    let spelled = |from: &str, to: &str| {
        assert!(record.contains(from), "{from} in {record}");
        json!(record.replacen(from, to, 1))
    };
    let proof = text("proof");
    let other = built::key(receipt["origin"].as_str().context("an origin")?, 9).0.to_string();
    for (name, value, step, found) in [
        ("schema", json!(2), "envelope", "schema 2"),
        ("index", json!(-1), "envelope", "not a receipt"),
        ("unknown", json!(1), "envelope", "unknown field"),
        ("record", spelled("{", "{ "), "record", "not canonical"),
        ("record", spelled("\"schema\":1", "\"schema\":3"), "record", "schema 1"),
        ("record", json!("{}"), "record", "schema 1"),
        ("site", json!("other"), "agreement", "site"),
        ("id", json!("019aa2f5-1c00-7abc-8def-0123456789ab"), "agreement", "id"),
        ("reference", json!("AAAA"), "agreement", "reference"),
        ("event", json!("denied"), "agreement", "event"),
        ("server_time", json!(1), "agreement", "server_time"),
        ("record", spelled("\"granted\":true", "\"granted\":false"), "commitment", "not the hash"),
        ("salt", json!("A".repeat(43)), "commitment", "not the hash"),
        ("salt", json!("A".repeat(42)), "commitment", "32 bytes"),
        ("commitment", json!("0".repeat(64)), "commitment", "not the hash"),
        ("proof", json!(""), "proof", "not a proof"),
        ("index", json!(1_000_000), "proof", "another leaf"),
        ("proof", json!(proof.replacen("\n\n", "\nAAAA\n\n", 1)), "proof", "not a proof"),
        (
            "proof",
            json!(proof.replacen(&text("origin"), "another.example/log", 1)),
            "head",
            "not of this text",
        ),
        ("origin", json!("another.example/log"), "origin", "another log"),
    ] {
        let mut wrong = receipt.clone();
        wrong[name] = value;
        let file = desk.put("wrong.json", wrong.to_string())?;
        verify(&["receipt", &file, "--key", &key])?.fails(step, found).with_context(|| name.to_owned())?;
    }
    let file = desk.put("receipt.json", receipt.to_string())?;
    verify(&["receipt", &file, "--key", &other])?.fails("head", "no key that is known")?;
    // Not one of its own keys, either, if another is put there.
    let mut wrong = receipt.clone();
    wrong["keys"] = json!([other]);
    let file = desk.put("wrong.json", wrong.to_string())?;
    verify(&["receipt", &file])?.fails("head", "no key that is known")?;
    wrong["keys"] = json!(["no key"]);
    let file = desk.put("wrong.json", wrong.to_string())?;
    verify(&["receipt", &file])?.fails("head", "is not one")
}

/// Altered record, salt and commitment that agree among themselves show in the proof.
async fn a_receipt_made_up_whole_does_not_lead_to_the_root(kind: Kind) -> Result<()> {
    let (server, desk) = (TestServer::on(kind).await?, Desk::new()?);
    let (mut receipt, key) = receipt(&server).await?;
    let record = receipt["record"].as_str().context("a record")?;
    let record = record.replacen("\"granted\":true", "\"granted\":false", 1);
    let commitment = avow_shared::commitment::commitment(&[7; 32], record.as_bytes());
    receipt["record"] = json!(record);
    receipt["salt"] = json!("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
    receipt["commitment"] = json!(hex::encode(commitment));
    let file = desk.put("receipt.json", receipt.to_string())?;
    verify(&["receipt", &file, "--key", &key])?.fails("leaf", "not lead to the root")
}

async fn what_cannot_be_opened_is_not_called_wrong(_: Kind) -> Result<()> {
    let desk = Desk::new()?;
    verify(&["receipt", "/nowhere/receipt.json"])?.unreadable("/nowhere/receipt.json")?;
    let binary = desk.put("binary", [0xff; 10])?;
    verify(&["receipt", &binary])?.unreadable("UTF-8")?;
    let long = desk.put("long", vec![b' '; 1_048_577])?;
    verify(&["receipt", &long])?.unreadable("longer than")?;
    let half = desk.put("half", "{\"schema\":1,")?;
    verify(&["receipt", &half])?.fails("envelope", "not a receipt")
}

/// A receipt may be a stranger's: it must not move the cursor and write a verdict of its own.
async fn a_receipt_cannot_write_to_the_terminal(_: Kind) -> Result<()> {
    let desk = Desk::new()?;
    let file = desk.put("receipt.json", r#"{"\u001b[2J\nThe receipt is verified.\n":1}"#)?;
    let answer = verify(&["receipt", &file])?;
    answer.fails("envelope", "[2J")?;
    let printed = format!("{}{}", answer.out, answer.err);
    ensure!(!printed.contains('\u{1b}') && !printed.lines().any(|line| line.starts_with("The receipt is v")));
    Ok(())
}

async fn a_public_log_of_the_server_is_verified(kind: Kind) -> Result<()> {
    let flags = ["--head-interval", "0", "--rate-limit", "off"].map(str::to_owned).to_vec();
    let setup = Setup { policies: vec![policy::toml("\n[log]\npublic = true\n")], flags, ..Setup::on(kind) };
    let (server, desk) = (TestServer::start(setup).await?, Desk::new()?);
    let (_, key) = receipt(&server).await?;
    let url = format!("{}/log/{SITE}", server.base());
    let published = |at_least: u64| {
        let (server, url) = (&server, format!("/log/{SITE}/checkpoint"));
        until("the head to be published", move || {
            let url = url.clone();
            async move {
                let note = server.get(&url).await?.text();
                let size = note.lines().nth(1).and_then(|size| size.parse::<u64>().ok());
                Ok(size.filter(|size| *size >= at_least).map(|_| note))
            }
        })
    };
    let since = desk.put("since", published(3).await?)?;
    verify(&["log", &url, "--key", &key])?.holds()?;
    for _ in 0..260 {
        server.post(server.draft().await?.refusal()).await?;
    }
    published(260).await?;
    let answer = verify(&["log", &url, "--key", &key, "--since", &since])?;
    answer.holds()?;
    ensure!(answer.out.contains("it extends the remembered head"), "{answer:?}");
    Ok(())
}

avow_tests::on_both!(
    a_receipt_of_the_server_is_verified,
    a_key_out_of_the_receipt_is_called_that,
    an_altered_receipt_is_refused_and_says_where,
    a_receipt_made_up_whole_does_not_lead_to_the_root,
    what_cannot_be_opened_is_not_called_wrong,
    a_receipt_cannot_write_to_the_terminal,
    a_public_log_of_the_server_is_verified,
);
