//! `avow token`: makes, lists, rotates and revokes access tokens.

use avow_shared::id::{Millis, SiteId};

use crate::access::{self, Issued, Scope};
use crate::clock::{Clock, rfc3339};
use crate::config::Database;
use crate::rng::Rng;

/// What to do with tokens.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Make a token and print it, this once
    Create {
        /// What it is good for
        #[arg(long, value_enum)]
        scope: Scope,
        /// The site it is for
        #[arg(long, value_parser = super::site_id)]
        site: SiteId,
        /// A name for lists: the role or the program that uses it
        #[arg(long, default_value = "")]
        label: String,
    },
    /// List the tokens of one site, or of all
    List {
        /// The site
        #[arg(long, value_parser = super::site_id)]
        site: Option<SiteId>,
    },
    /// Replace a token by a new one; the old one ends at once
    Rotate {
        /// The token's id, as listed
        id: String,
    },
    /// End a token
    Revoke {
        /// The token's id, as listed
        id: String,
    },
}

/// Does it, and prints what a person needs to know.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    let store = &super::open(&database).await?;
    let (clock, rng) = (&Clock::system(), &Rng::system());
    match command {
        Command::Create { scope, site, label } => {
            print(&access::create(store, clock, rng, &site, scope, &label).await?);
        }
        Command::List { site } => {
            println!("{:36}  {:32}  {:8}  {:24}  {:24}  label", "id", "site", "scope", "created", "revoked");
            for token in access::list(store, site.as_ref()).await? {
                let revoked = token.revoked_at.map_or_else(|| "-".to_owned(), |at| rfc3339(Millis(at)));
                println!(
                    "{:36}  {:32}  {:8}  {:24}  {revoked:24}  {}",
                    token.id,
                    token.site,
                    token.scope,
                    rfc3339(Millis(token.created_at)),
                    token.label
                );
            }
        }
        Command::Rotate { id } => print(&access::rotate(store, clock, rng, &id).await?),
        Command::Revoke { id } => {
            if !access::revoke(store, clock, &id).await? {
                anyhow::bail!("no token of that id is good");
            }
            eprintln!("revoked {id}");
        }
    }
    Ok(())
}

/// The token alone goes to standard output, so that a script can take it.
fn print(issued: &Issued) {
    println!("{}", issued.token);
    eprintln!("token {}: keep it now, it cannot be shown again", issued.id);
}
