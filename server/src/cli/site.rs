//! `avow site`, `avow snippet`, `avow policy-schema`.

use crate::config::Database;

/// Commands.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List the sites
    List,
}

/// Options of `avow snippet`.
#[derive(Clone, Debug, clap::Args)]
pub struct SnippetArgs {
    /// The site
    pub site: String,
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

/// Prints the snippet.
pub async fn snippet(_database: Database, args: SnippetArgs) -> anyhow::Result<()> {
    anyhow::bail!("no snippet for {} yet", args.site)
}

/// Prints the schema.
pub fn schema() -> anyhow::Result<()> {
    anyhow::bail!("no schema yet")
}
