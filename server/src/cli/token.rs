//! `avow token`.

use crate::config::Database;

/// Commands.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List the tokens
    List,
}

/// Runs a command.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    match command {
        Command::List => {
            for token in store.list_tokens(None).await? {
                println!("{}\t{}\t{}", token.id, token.site, token.scope);
            }
        }
    }
    Ok(())
}
