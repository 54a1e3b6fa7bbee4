//! `avow geo`: the file that says where visitors are.

use crate::config::Database;
use crate::geo::{self, Geo};
use crate::rng::Rng;
use avow_shared::law::Rule;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Check an mmdb file and put it in the data directory; a running server takes it up by itself
    Install {
        /// The file: MaxMind's layout, or the flat one
        file: PathBuf,
    },
    /// Check an mmdb file without installing it, and say how long it takes to find the law of an address that is in it
    Check {
        /// The file
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
        Command::Check { file } => check(&file)?,
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

/// Addresses that are looked up to time it.
const LOOKUPS: usize = 200_000;

fn check(file: &Path) -> anyhow::Result<()> {
    let geo = Geo::at(file);
    geo.refresh()?;
    anyhow::ensure!(geo.is_known(), "{} is not there", file.display());
    // Out of the file itself: an address that it does not have is found out after a few steps.
    let (addresses, networks) = geo.draw(LOOKUPS, &Rng::system());
    let started = Instant::now();
    let (mut placed, mut known) = (0_usize, 0_usize);
    for address in &addresses {
        let place = geo.place(*address);
        placed += usize::from(place.is_some());
        let rule = place.as_ref().and_then(|place| Rule::at(&place.country, place.part.as_deref()));
        known += usize::from(rule.is_some());
    }
    let each = started.elapsed() / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    println!(
        "{}: whole; {networks} networks name a country; of {} addresses drawn from them {placed} were found and {known} \
         are where a row of the law is, {each:?} each",
        file.display(),
        addresses.len(),
    );
    Ok(())
}
