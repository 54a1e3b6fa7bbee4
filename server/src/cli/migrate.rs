//! `avow migrate`: brings the schema up to date without serving.

use crate::config::Database;

/// Runs it.
pub async fn run(database: Database) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    store.close().await;
    println!("the schema is up to date");
    Ok(())
}
