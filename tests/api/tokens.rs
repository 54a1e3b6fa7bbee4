//! Tokens: shown once, useless when revoked or replaced, and never stored as they are.

use anyhow::{Context as _, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::SITE;
use avow_tests::server::TestServer;

async fn opens(server: &TestServer, token: &str) -> Result<bool> {
    let path = format!("/v1/export?site={SITE}&format=csv");
    let reply = server.get_as(&path, "authorization", &format!("Bearer {token}")).await?;
    ensure!(reply.status == 200 || reply.status == 401, "{} {}", reply.status, reply.text());
    Ok(reply.status == 200)
}

/// The id under which `list` shows the only token that is good: its fifth column says since when it is not.
fn listed(server: &TestServer) -> Result<String> {
    let list = server.avow_ok(&["token", "list", "--site", SITE])?;
    let rows = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let good = rows.filter(|row| row.len() >= 5 && row[2] == "dpo" && row[4] == "-").collect::<Vec<_>>();
    ensure!(good.len() == 1, "one good token in:\n{list}");
    Ok(good[0][0].to_owned())
}

async fn revoking_and_rotating_take_effect_at_once(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let first = server.token("dpo")?;
    ensure!(opens(&server, &first).await?, "a new token opens");
    let list = server.avow_ok(&["token", "list", "--site", SITE])?;
    ensure!(!list.contains(&first), "the list does not show it again: {list}");
    let printed = server.avow_ok(&["token", "rotate", &listed(&server)?])?;
    let second =
        printed.split_whitespace().max_by_key(|word| word.len()).context("the new token")?.to_owned();
    ensure!(!opens(&server, &first).await?, "the replaced token is dead");
    ensure!(opens(&server, &second).await?, "the new one opens");
    server.avow_ok(&["token", "revoke", &listed(&server)?])?;
    ensure!(!opens(&server, &second).await?, "a revoked token is dead");
    Ok(())
}

async fn a_token_is_stored_as_a_hash_only(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let token = server.token("dpo")?;
    ensure!(opens(&server, &token).await?, "it is in use");
    ensure!(!server.log().contains(&token), "no token in the log");
    if let Some(directory) = server.database().directory() {
        let mut found = 0;
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                continue;
            }
            let bytes = std::fs::read(path)?;
            ensure!(!contains(&bytes, token.as_bytes()), "no token in the database");
            found += usize::from(contains(&bytes, SITE.as_bytes()));
        }
        ensure!(found > 0, "the control: what is stored can be found in those files");
    }
    Ok(())
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

avow_tests::on_both!(revoking_and_rotating_take_effect_at_once, a_token_is_stored_as_a_hash_only);
