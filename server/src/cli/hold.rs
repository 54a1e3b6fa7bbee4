//! `avow hold`: records that must stay for now, whatever their time and whoever asks (GDPR Article 17(3)(e)).

use crate::clock::{Clock, rfc3339};
use crate::config::Database;
use crate::rng::Rng;
use anyhow::Context as _;
use avow_shared::id::{Millis, RecordId, SiteId};

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Keep one record, or every record of a site, until the hold is lifted
    Add {
        /// The site
        #[arg(long, value_parser = super::site_id)]
        site: SiteId,
        /// One record's id; every record if not given
        #[arg(long, value_name = "ID")]
        record: Option<String>,
        /// Why, without a person's name: a case number
        #[arg(long)]
        reason: String,
    },
    /// List a site's holds
    List {
        /// The site
        #[arg(long, value_parser = super::site_id)]
        site: SiteId,
    },
    /// End a hold: what is due by then is erased by the servers
    Lift {
        /// The site
        #[arg(long, value_parser = super::site_id)]
        site: SiteId,
        /// The hold, as `list` names it
        id: String,
    },
}

/// Runs it.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    let now = Clock::system().now();
    match command {
        Command::Add { site, record, reason } => {
            let record = match record {
                Some(text) => {
                    Some(RecordId::parse(&text).context("a record's id is a UUIDv7 in lower case")?)
                }
                None => None,
            };
            let id = Rng::system().uuid(now).to_text();
            store.hold(&site, &id, record.as_ref(), &reason, now).await?;
            println!("{id}");
        }
        Command::List { site } => {
            for hold in store.holds(&site).await? {
                let record = hold.record.map(|bytes| bytes.try_into().ok().and_then(RecordId::from_bytes));
                let what = match record {
                    None => "every record".to_owned(),
                    Some(id) => id.map_or("?".to_owned(), RecordId::to_text),
                };
                let until = hold.lifted_at.map_or("now".to_owned(), |at| rfc3339(Millis(at)));
                let since = rfc3339(Millis(hold.created_at));
                println!("{}\t{what}\t{since}\t{until}\t{}", hold.id, hold.reason);
            }
        }
        Command::Lift { site, id } => {
            anyhow::ensure!(store.lift(&site, &id, now).await?, "there is no such hold in force");
            println!("{id} is lifted");
        }
    }
    Ok(())
}
