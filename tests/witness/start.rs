//! With what a witness starts, and with what it refuses to: a damaged memory is not a fresh one.

use anyhow::{Context, Result, ensure};
use avow_tests::log::TestLog;
use avow_tests::witness::Home;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

const ORIGIN: &str = "example.com/log";

#[tokio::test]
async fn a_damaged_memory_is_no_fresh_start() -> Result<()> {
    let log = TestLog::new(ORIGIN, 1).grown(20);
    let home = Home::watching(&[log.verifier()])?;
    let witness = home.start().await?;
    ensure!(witness.add(log.request(0, 8)).await?.status == 200);
    drop(witness);
    let path = home.files("head")?.pop().context("the head is kept")?;
    let whole = fs::read(&path)?;
    let mut damages: Vec<Vec<u8>> = vec![
        Vec::new(),
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        vec![0; whole.len()],
        vec![0xff; whole.len()],
        TestLog::new(ORIGIN, 9).grown(8).signed(8).into_bytes(),
        TestLog::new("example.org/other", 1).grown(8).signed(8).into_bytes(),
    ];
    for at in [0, ORIGIN.len() + 1, whole.len() / 2, whole.len() - 9] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        damages.push(flipped);
    }
    for damage in damages {
        fs::write(&path, &damage)?;
        let said = home.fails().await?;
        ensure!(said.contains(ORIGIN) && said.contains(".head"), "it names log and file: {said}");
        ensure!(fs::read(&path)? == damage, "it leaves the file as it is");
    }
    fs::remove_file(&path)?;
    fs::create_dir(&path)?;
    home.fails().await?;
    fs::remove_dir(&path)?;
    fs::write(&path, &whole)?;
    let witness = home.start().await.context("the control: undamaged, it starts")?;
    ensure!(witness.add(log.request(8, 9)).await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn a_memory_under_another_key_of_the_log_is_not_believed() -> Result<()> {
    let (old, new) = (TestLog::new(ORIGIN, 1).grown(9), TestLog::new(ORIGIN, 2).grown(9));
    let before = Home::watching(&[old.verifier()])?;
    let witness = before.start().await?;
    ensure!(witness.add(old.request(0, 8)).await?.status == 200);
    drop(witness);
    let after = Home::watching(&[new.verifier()])?;
    fs::rename(before.state(), after.state())?;
    after.fails().await?;
    // A log that changes its key is watched under both until the new one has signed a head.
    let both = Home::watching(&[old.verifier(), new.verifier()])?;
    fs::rename(after.state(), both.state())?;
    let witness = both.start().await?;
    ensure!(witness.add(new.request(8, 9)).await?.status == 200);
    drop(witness);
    fs::rename(both.state(), after.state())?;
    after.start().await?;
    Ok(())
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused() -> Result<()> {
    let home = Home::watching(&[TestLog::new(ORIGIN, 1).verifier()])?;
    let key = home.start().await?.key().clone();
    let mode = fs::metadata(home.key())?.permissions().mode();
    ensure!(mode & 0o777 == 0o600, "it is made for its owner alone: {mode:o}");
    for mode in [0o640, 0o604, 0o660, 0o644, 0o620, 0o610] {
        fs::set_permissions(home.key(), Permissions::from_mode(mode))?;
        let said = home.fails().await?;
        ensure!(said.contains("chmod 600"), "{mode:o}: {said}");
    }
    for mode in [0o600, 0o400] {
        fs::set_permissions(home.key(), Permissions::from_mode(mode))?;
        ensure!(*home.start().await?.key() == key, "the control, and the key is the same");
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_holds_no_key_is_refused_and_left() -> Result<()> {
    let home = Home::watching(&[TestLog::new(ORIGIN, 1).verifier()])?;
    home.start().await?;
    let whole = fs::read_to_string(home.key())?;
    let key = whole.trim_end();
    for wrong in
        [String::new(), "\n".to_owned(), key[..20].to_owned(), format!("{whole}{whole}"), format!("{key} \n")]
    {
        fs::write(home.key(), &wrong)?;
        let said = home.fails().await?;
        ensure!(said.contains("not a key"), "{said}");
        ensure!(!said.contains(&key[..20]), "it does not say what it read");
        ensure!(fs::read_to_string(home.key())? == wrong, "it is left as it is");
    }
    fs::write(home.key(), &whole)?;
    home.start().await.context("the control")?;
    Ok(())
}

#[tokio::test]
async fn two_witnesses_do_not_share_a_memory() -> Result<()> {
    let home = Home::watching(&[TestLog::new(ORIGIN, 1).verifier()])?;
    let mut first = home.start().await?;
    let said = home.fails().await?;
    ensure!(said.contains("another witness"), "{said}");
    first.process().kill();
    home.start().await.context("a lock ends with its holder")?;
    Ok(())
}

#[tokio::test]
async fn nothing_to_watch_is_an_error() -> Result<()> {
    let said = Home::watching(&[])?.fails().await?;
    ensure!(said.contains("no log"), "{said}");
    // A witness's key is none of a log.
    let log = TestLog::new(ORIGIN, 1);
    let witness = Home::watching(&[log.verifier()])?.start().await?.key().clone();
    let said = Home::watching(&[witness])?.fails().await?;
    ensure!(said.contains("not a log's"), "{said}");
    Ok(())
}
