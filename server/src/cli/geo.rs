//! `avow geo`: the file that says where visitors are.

use crate::config::Database;
use crate::geo::{self, Geo};
use avow_shared::law::Rule;
use std::net::IpAddr;
use std::path::PathBuf;

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Check an mmdb file and put it in the data directory; a running server takes it up by itself
    Install {
        /// The file: MaxMind's layout, or the flat one
        file: PathBuf,
    },
    /// Print where an address is, and which row of the law holds there
    Show {
        /// The address
        address: IpAddr,
        /// Another file than the installed one
        #[arg(long, value_name = "FILE")]
        geo: Option<PathBuf>,
    },
}

/// Runs it.
pub fn run(database: &Database, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Install { file } => {
            let place = geo::install(&file, &database.data)?;
            println!("{} is in use from now on", place.display());
        }
        Command::Show { address, geo } => {
            let path = geo.unwrap_or_else(|| database.data.join(geo::FILE));
            let geo = Geo::at(&path);
            geo.refresh()?;
            anyhow::ensure!(geo.is_known(), "{} is not there: `avow geo install FILE`", path.display());
            let place = geo.place(address);
            let rule = place.as_ref().and_then(|place| Rule::at(&place.country, place.part.as_deref()));
            let told = place.map(|place| match place.part {
                Some(part) => format!("{}-{part}", place.country),
                None => place.country,
            });
            let told = told.unwrap_or_else(|| "not known".to_owned());
            println!("{told}\t{}", rule.map_or("strictest", |rule| rule.id));
        }
    }
    Ok(())
}
