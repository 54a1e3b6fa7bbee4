//! `avow site`, `avow snippet`, `avow policy-schema`.

use crate::config::Database;

/// Commands.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List the sites
    List,
}

/// Runs a command.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    match command {
        Command::List => {
            for site in store.list_sites().await? {
                println!("{}\t{}", site.site, site.current_version);
            }
        }
    }
    Ok(())
}

/// Prints the schema.
pub fn schema() -> anyhow::Result<()> {
    anyhow::bail!("no schema yet")
}
