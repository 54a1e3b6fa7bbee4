//! A public log: its tiles recompute to its published head, and show nothing beyond it.

use anyhow::{Result, ensure};
use avow_shared::merkle::leaf_hash;
use avow_shared::tile::Tile;
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Reply, Setup, TestServer};
use avow_tests::stranger::{entries, head, keys, root};
use avow_tests::time::until;

const PUBLIC: &str = "\n[log]\npublic = true\n";

async fn public(kind: Kind, flags: &[&str]) -> Result<TestServer> {
    let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
    let setup = Setup { policies: vec![policy::toml(PUBLIC)], flags, ..Setup::on(kind) };
    TestServer::start(setup).await
}

async fn get(server: &TestServer, path: &str) -> Result<Reply> {
    server.get(&format!("/log/{SITE}/{path}")).await
}

async fn a_stranger_recomputes_the_published_head(kind: Kind) -> Result<()> {
    let server = public(kind, &["--head-interval", "0", "--rate-limit", "off"]).await?;
    let keys = keys(&server).await?;
    let draft = server.draft().await?;
    for _ in 0..300 {
        server.post(draft.refusal()).await?;
    }
    let published = until("the head to be published", || async {
        let note = get(&server, "checkpoint").await?.text();
        Ok(Some(head(&note, &keys)?).filter(|head| head.size >= 301))
    })
    .await?;
    let mut all = Vec::new();
    for tile in Tile::all(published.size) {
        let reply = get(&server, &tile.path()).await?;
        ensure!(reply.status == 200, "{} {}", tile.path(), reply.text());
        ensure!(reply.header("cache-control").contains("immutable"), "a tile never changes");
        ensure!(reply.body.len() == usize::from(tile.width) * 32, "{}: {}", tile.path(), reply.body.len());
        if tile.level == 0 {
            let bundle = get(&server, &tile.entries_path()).await?;
            let bundle = entries(&bundle.body)?;
            let hashes: Vec<u8> = bundle.iter().flat_map(|entry| leaf_hash(entry)).collect();
            ensure!(hashes == reply.body, "{}: entries and hashes agree", tile.path());
            all.extend(bundle);
        }
    }
    ensure!(root(&all) == published.root, "the entries lead to the published root");
    // Entries are of 33 bytes: a kind, and a hash.
    ensure!(all.iter().all(|entry| entry.len() == 33 && (1..=4).contains(&entry[0])));
    // Partial tiles of earlier sizes are there as well, also of tiles that are full by now.
    for earlier in ["tile/0/000.p/1", "tile/0/000.p/200", "tile/entries/000.p/17", "tile/1/000.p/1"] {
        ensure!(get(&server, earlier).await?.status == 200, "{earlier}");
    }
    for beyond in
        ["tile/0/001", "tile/0/002", "tile/1/000.p/2", "tile/2/000.p/1", "tile/0/x000/001", "tile/9/000"]
    {
        ensure!(get(&server, beyond).await?.status == 404, "{beyond}");
    }
    Ok(())
}

async fn nothing_is_shown_beyond_the_published_head(kind: Kind) -> Result<()> {
    let server = public(kind, &["--head-interval", "3600"]).await?;
    let keys = keys(&server).await?;
    let before = until("the first head to be published", || async {
        Ok(Some(head(&get(&server, "checkpoint").await?.text(), &keys)?))
    })
    .await?;
    for _ in 0..5 {
        server.post(server.draft().await?.refusal()).await?;
    }
    let next = format!("tile/0/000.p/{}", before.size + 1);
    ensure!(get(&server, &next).await?.status == 404, "the next leaf is not shown yet");
    Ok(())
}

async fn a_log_is_private_unless_its_owner_says_otherwise(kind: Kind) -> Result<()> {
    let server = TestServer::start(Setup {
        flags: vec!["--head-interval".to_owned(), "0".to_owned()],
        ..Setup::on(kind)
    })
    .await?;
    server.post(server.draft().await?.refusal()).await?;
    let token = format!("Bearer {}", server.token("dpo")?);
    let path = format!("/log/{SITE}/checkpoint");
    until("the officer to see a head", || async {
        let reply = server.get_as(&path, "authorization", &token).await?;
        Ok((reply.status == 200 && reply.header("cache-control") == "no-store").then_some(()))
    })
    .await?;
    ensure!(get(&server, "checkpoint").await?.status == 404);
    ensure!(get(&server, "tile/0/000.p/1").await?.status == 404);
    Ok(())
}

avow_tests::on_both!(
    a_stranger_recomputes_the_published_head,
    nothing_is_shown_beyond_the_published_head,
    a_log_is_private_unless_its_owner_says_otherwise,
);
