//! Bundles: whole ones recompute to the signed root, parts carry proofs, the next is linked to the one before.

use std::io::{Cursor, Read, Write};

use anyhow::{Context, Result, ensure};
use avow_shared::commitment::commitment;
use avow_shared::id::hex;
use avow_shared::merkle::{Hash, verify_consistency};
use avow_shared::note::Verifier;
use avow_shared::receipt::Receipt;
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};
use avow_tests::stranger::{head, keys, root};
use avow_tests::time::until;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// A bundle, unpacked.
#[derive(Clone)]
struct Bundle(ZipArchive<Cursor<Vec<u8>>>);

impl Bundle {
    fn text(&mut self, name: &str) -> Result<String> {
        let mut text = String::new();
        self.0.by_name(name).with_context(|| name.to_owned())?.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Whether a record of that id is in it.
    fn has(&mut self, id: &str) -> bool {
        self.text("records.ndjson").is_ok_and(|records| records.contains(id))
    }

    fn index(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.text("bundle.json")?)?)
    }
}

/// What `avow verify bundle` says of it, and whether it is content.
fn verify(server: &TestServer, bundle: &Bundle, more: &[&str]) -> Result<(bool, String)> {
    let file = server.file("handed-over.zip", "")?;
    std::fs::write(&file, bundle.0.clone().into_inner().into_inner())?;
    let file = file.display().to_string();
    let said = server.avow(&[&["verify", "bundle", &file], more].concat())?;
    let (code, text) = (said.status.code(), String::from_utf8_lossy(&said.stdout).into_owned());
    ensure!(matches!(code, Some(0 | 1)), "{code:?}: {text}");
    Ok((code == Some(0), text))
}

async fn download(server: &TestServer, token: &str, wanted: &str) -> Result<Bundle> {
    let request = server
        .request(Method::POST, "/v1/exports")
        .header("authorization", token)
        .header("content-type", "application/json")
        .body(wanted.to_owned());
    let answer = request.send().await?;
    ensure!(answer.status() == 200, "{}", answer.status());
    let bytes = answer.bytes().await?.to_vec();
    Ok(Bundle(ZipArchive::new(Cursor::new(bytes))?))
}

/// What a stranger does with a whole bundle: its root.
fn recompute(bundle: &mut Bundle, known: &[Verifier]) -> Result<(u64, Hash)> {
    let leaves = bundle.text("leaves.csv")?;
    let records = bundle.text("records.ndjson")?;
    let mut records = records.lines();
    let mut entries = Vec::new();
    for (at, line) in leaves.lines().skip(1).enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let [index, kind, content, salt] = fields[..] else { anyhow::bail!("{line}") };
        ensure!(index == at.to_string(), "in order: {line}");
        if !salt.is_empty() {
            let salt: [u8; 32] = URL_SAFE_NO_PAD.decode(salt)?.try_into().ok().context("a salt")?;
            let record = records.next().context("a record for each salt")?;
            ensure!(hex(&commitment(&salt, record.as_bytes())) == content, "leaf {index}");
        }
        let kind = ["record", "artefact", "erasure", "epoch"].iter().position(|known| *known == kind);
        let mut entry = vec![u8::try_from(kind.context("a kind")?)? + 1];
        entry.extend(
            (0..32)
                .map(|at| u8::from_str_radix(&content[2 * at..2 * at + 2], 16))
                .collect::<Result<Vec<_>, _>>()?,
        );
        entries.push(entry);
    }
    ensure!(records.next().is_none(), "no record without its leaf");
    let signed = head(&bundle.text("head.note")?, known)?;
    ensure!(
        signed.size == entries.len() as u64 && signed.root == root(&entries),
        "they lead to the signed root"
    );
    Ok((signed.size, signed.root))
}

async fn a_whole_bundle_proves_itself_and_follows_the_one_before(kind: Kind) -> Result<()> {
    let server = TestServer::start(Setup {
        flags: ["--rate-limit", "off"].map(str::to_owned).to_vec(),
        ..Setup::on(kind)
    })
    .await?;
    let keys = keys(&server).await?;
    let token = format!("Bearer {}", server.token("dpo")?);
    let draft = server.draft().await?;
    let gone = draft.refusal();
    server.post(&gone).await?;
    for _ in 0..300 {
        server.post(draft.grant()).await?;
    }
    let wanted = format!("{{\"site\":\"{SITE}\"}}");
    let mut first = download(&server, &token, &wanted).await?;
    let (size, old_root) = recompute(&mut first, &keys)?;
    ensure!(first.index()?["previous"].is_null() && first.text("consistency.txt").is_err());
    ensure!(first.text("records.csv")?.lines().count() == 302, "a line of names, and one for each record");
    ensure!(first.text("policies/1.toml")? == policy::toml(""), "what it came from");
    ensure!(first.text("keys.txt")?.trim() == keys[0].to_string());
    let key = keys[0].to_string();
    let (good, said) = verify(&server, &first, &["--key", &key])?;
    ensure!(good && said.contains("301 of them"), "{said}");
    let head = server.file("head.kept", &first.text("head.note")?)?;
    let head = head.display().to_string();

    let url = format!("/v1/consents/{}?site={SITE}", gone.id());
    server.request(Method::DELETE, &url).header("avow-secret", gone.secret()).send().await?;
    let mut second = download(&server, &token, &wanted).await?;
    let (new_size, root) = recompute(&mut second, &keys)?;
    let index = second.index()?;
    ensure!(new_size == size + 1 && index["erasures"]["withdrawn"] == 1, "{index}");
    ensure!(second.text("README.txt")?.contains("1 withdrawn"));
    ensure!(!second.text("records.ndjson")?.contains(gone.id()), "what was erased is not in it");
    let proof: Vec<Hash> = second
        .text("consistency.txt")?
        .lines()
        .map(|line| STANDARD.decode(line)?.try_into().ok().context("32 bytes"))
        .collect::<Result<_>>()?;
    verify_consistency((size, &old_root), (new_size, &root), &proof)?;
    ensure!(index["previous"]["root"] == hex(&old_root));
    let (good, said) = verify(&server, &second, &["--key", &key, "--since", &head])?;
    ensure!(good && said.contains("1 records were erased") && said.contains("the remembered head"), "{said}");
    // The first bundle ends before the head of the second.
    let later = server.file("head.kept", &second.text("head.note")?)?;
    let (good, said) = verify(&server, &first, &["--key", &key, "--since", &later.display().to_string()])?;
    ensure!(!good && said.contains("WRONG        since"), "{said}");
    Ok(())
}

async fn a_part_carries_a_proof_for_each_record(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let keys = keys(&server).await?;
    let token = format!("Bearer {}", server.token("dpo")?);
    let draft = server.draft().await?;
    let one = draft.grant();
    server.post(&one).await?;
    server.post(draft.refusal()).await?;
    let wanted = format!("{{\"site\":\"{SITE}\",\"record\":\"{}\"}}", one.id());
    let mut bundle = download(&server, &token, &wanted).await?;
    ensure!(bundle.index()?["scope"] == "partial");
    ensure!(bundle.text("README.txt")?.contains("NOT proved"));
    let record = bundle.text("records.ndjson")?;
    ensure!(record.lines().count() == 1 && record.contains(one.id()));
    let leaves = bundle.text("leaves.csv")?;
    let leaf = leaves.lines().find(|line| line.contains(",record,")).context("a record's leaf")?;
    let salt = leaf.rsplit(',').next().context("a salt")?;
    let salt = URL_SAFE_NO_PAD.decode(salt)?.try_into().ok().context("32 bytes")?;
    let proofs = bundle.text("proofs.ndjson")?;
    let proofs = proofs.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    ensure!(proofs.len() == leaves.lines().count() - 1, "each leaf has one, manifests too");
    let index: u64 = leaf.split(',').next().context("an index")?.parse()?;
    let proof = proofs.iter().find(|proof| proof["index"] == index).context("its proof")?;
    let receipt =
        Receipt { record: record.trim_end(), salt, proof: proof["proof"].as_str().unwrap_or_default() };
    receipt.verify(&keys)?;
    let (good, said) = verify(&server, &bundle, &["--key", &keys[0].to_string()])?;
    ensure!(good && said.contains("nothing was left out"), "{said}");
    let (good, said) = verify(&server, &bundle, &[])?;
    ensure!(good && said.contains("agrees with itself"), "{said}");
    // The next whole bundle is not linked to a part.
    let mut whole = download(&server, &token, &format!("{{\"site\":\"{SITE}\"}}")).await?;
    ensure!(whole.index()?["previous"].is_null());
    Ok(())
}

async fn the_command_line_makes_one_of_the_published_head(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let keys = keys(&server).await?;
    server.post(server.draft().await?.refusal()).await?;
    let out = server.file("bundle.zip", "")?;
    let out_text = out.display().to_string();
    until("a published head", || async {
        let made = server.avow(&["export", "--site", SITE, "--bundle", "--out", &out_text])?;
        Ok(made.status.success().then_some(()))
    })
    .await?;
    let mut bundle = Bundle(ZipArchive::new(Cursor::new(std::fs::read(&out)?))?);
    recompute(&mut bundle, &keys)?;
    ensure!(server.avow_ok(&["audit", "--site", SITE])?.contains("export"), "it is audited");
    Ok(())
}

async fn what_was_erased_after_the_head_is_named(kind: Kind) -> Result<()> {
    let flags = ["--head-interval", "3"].map(str::to_owned).to_vec();
    let server = TestServer::start(Setup { flags, ..Setup::on(kind) }).await?;
    let keys = keys(&server).await?;
    let out = server.file("bundle.zip", "")?.display().to_string();
    let export = || -> Result<Bundle> {
        server.avow_ok(&["export", "--site", SITE, "--bundle", "--out", &out])?;
        Ok(Bundle(ZipArchive::new(Cursor::new(std::fs::read(&out)?))?))
    };
    // A head may be published between the erasure and the bundle: then the bundle has the erasure, and another
    // record is erased.
    let mut bundle = until("a bundle whose head is older than an erasure", async || {
        let gone = server.draft().await?.refusal();
        server.post(&gone).await?;
        until("a head over the record", async || {
            Ok(export().ok().filter(|found| found.clone().has(gone.id())))
        })
        .await?;
        let url = format!("/v1/consents/{}?site={SITE}", gone.id());
        let erased = server.request(Method::DELETE, &url).header("avow-secret", gone.secret()).send().await?;
        ensure!(erased.status().is_success(), "{}", erased.status());
        let mut bundle = export()?;
        ensure!(!bundle.has(gone.id()), "it is gone");
        Ok(bundle.text("erased-later.csv").is_ok().then_some(bundle))
    })
    .await?;
    ensure!(bundle.text("erased-later.csv")?.lines().count() == 2);
    let (good, said) = verify(&server, &bundle, &["--key", &keys[0].to_string()])?;
    ensure!(good && said.contains("1 records that are missing"), "{said}");
    Ok(())
}

async fn an_altered_one_is_refused_and_the_fault_named(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let key = keys(&server).await?[0].to_string();
    let token = format!("Bearer {}", server.token("dpo")?);
    server.post(server.draft().await?.refusal()).await?;
    let mut bundle = download(&server, &token, &format!("{{\"site\":\"{SITE}\"}}")).await?;
    for (name, from, to, step) in [
        ("records.ndjson", "\"granted\":false", "\"granted\":true", "records"),
        ("head.note", "\n\n", "\n \n", "head"),
        ("bundle.json", "\"full\"", "\"partial\"", "container"),
    ] {
        let altered = repacked(&mut bundle, name, from, to)?;
        let (good, said) = verify(&server, &altered, &["--key", &key, "--json"])?;
        let said: Value = serde_json::from_str(&said)?;
        ensure!(!good && said["fault"]["step"] == step && said["verified"] == false, "{name}: {said}");
    }
    Ok(())
}

/// The same bundle with a text replaced in one file.
fn repacked(bundle: &mut Bundle, changed: &str, from: &str, to: &str) -> Result<Bundle> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let names: Vec<String> =
        bundle.0.file_names().map(|name| Ok(name?.into_owned())).collect::<Result<_>>()?;
    for name in names {
        let mut bytes = Vec::new();
        bundle.0.by_name(&name)?.read_to_end(&mut bytes)?;
        if name == changed {
            let text = String::from_utf8(bytes)?;
            ensure!(text.contains(from), "{text}");
            bytes = text.replacen(from, to, 1).into_bytes();
        }
        zip.start_file(&name, SimpleFileOptions::default())?;
        zip.write_all(&bytes)?;
    }
    Ok(Bundle(ZipArchive::new(zip.finish()?)?))
}

async fn only_an_officer_gets_one(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let request = server.request(Method::POST, "/v1/exports").body(format!("{{\"site\":\"{SITE}\"}}"));
    ensure!(request.send().await?.status() == 401);
    let operator = server.token("operator")?;
    let request = server
        .request(Method::POST, "/v1/exports")
        .header("authorization", format!("Bearer {operator}"))
        .body(format!("{{\"site\":\"{SITE}\"}}"));
    ensure!(request.send().await?.status() == 401);
    Ok(())
}

avow_tests::on_both!(
    a_whole_bundle_proves_itself_and_follows_the_one_before,
    a_part_carries_a_proof_for_each_record,
    the_command_line_makes_one_of_the_published_head,
    what_was_erased_after_the_head_is_named,
    an_altered_one_is_refused_and_the_fault_named,
    only_an_officer_gets_one,
);
