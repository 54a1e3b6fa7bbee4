//! A witness of a real log: it cosigns what grows, and refuses the fork of a second server on a copied database.

use crate::rewound::copy;
use anyhow::{Result, ensure};
use avow_shared::proof_file::verify_head;
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};
use avow_tests::stranger::keys;
use avow_tests::time::until;
use avow_tests::witness::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_heads_bear_the_witness_and_a_fork_is_not_published() -> Result<()> {
    let flags = ["--head-interval", "0", "--rate-limit", "off"].map(str::to_owned).to_vec();
    let mut server = TestServer::start(Setup { flags: flags.clone(), ..Setup::on(Kind::Sqlite) }).await?;
    let log = keys(&server).await?;
    let home = Home::watching(&log)?;
    let witness = home.start().await?;
    let named = format!(
        "\n[log]\npublic = true\n[[log.witness]]\nurl = \"{}\"\nkey = \"{}\"\n",
        witness.base(),
        witness.key()
    );
    server.publish(&policy::toml(&named))?;
    let both = vec![log[0].clone(), witness.key().clone()];
    let cosigned = |note: String, least: u64| {
        let both = both.clone();
        move || {
            let (head, signed) = verify_head(&note, &both).ok()?;
            (head.size >= least && signed.len() == 2).then_some(head)
        }
    };
    let path = format!("/log/{SITE}/checkpoint");
    server.post(server.draft().await?.refusal()).await?;
    let first =
        until("a head with both signatures", || async { Ok(cosigned(server.get(&path).await?.text(), 1)()) })
            .await?;

    // Somebody copies everything, and runs a second server on the copy: from here on there are two histories.
    let copied = tempfile::tempdir()?;
    server.process().stop().await?;
    let folder = server.database().data().to_owned();
    copy(&folder, copied.path())?;
    let memory = std::fs::read(folder.join("signer/shop.head"))?;
    server.restart_after_kill().await?;
    server.post(server.draft().await?.refusal()).await?;
    let second = until("a later head with both signatures", || async {
        Ok(cosigned(server.get(&path).await?.text(), first.size + 1)())
    })
    .await?;
    server.process().stop().await?;
    copy(copied.path(), &folder)?;
    std::fs::write(folder.join("signer/shop.head"), memory)?;
    server.restart_after_kill().await?;
    // It signs, for its memory was put back as well; but the witness has seen another history.
    ensure!(server.post(server.draft().await?.grant()).await?.status == 201);
    until("the witness to refuse the fork", || async {
        Ok(server.log().contains("another history").then_some(()))
    })
    .await?;
    let note = server.get(&path).await?.text();
    let (published, _) = verify_head(&note, &both)?;
    ensure!(published.size <= first.size && published.size < second.size, "the fork is not published");
    let metrics = server.get("/metrics").await?.text();
    ensure!(metrics.contains("avow_witness_failures_total{why=\"fork\"}"), "{metrics}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_is_away_holds_up_nothing() -> Result<()> {
    let flags = ["--head-interval", "0"].map(str::to_owned).to_vec();
    let server = TestServer::start(Setup { flags, ..Setup::on(Kind::Sqlite) }).await?;
    let log = keys(&server).await?;
    let home = Home::watching(&log)?;
    let witness = home.start().await?;
    let named = format!(
        "\n[log]\npublic = true\n[[log.witness]]\nurl = \"{}\"\nkey = \"{}\"\n",
        witness.base(),
        witness.key()
    );
    drop(witness);
    server.publish(&policy::toml(&named))?;
    server.post(server.draft().await?.refusal()).await?;
    until("a head without it", || async {
        let note = server.get(&format!("/log/{SITE}/checkpoint")).await?.text();
        let (head, signed) = verify_head(&note, &log)?;
        Ok((head.size >= 3 && signed.len() == 1).then_some(()))
    })
    .await
}
