//! Where the data lies: the options that every command shares.

use crate::store::Location;
use std::path::PathBuf;

/// File name of the database in the data directory.
const FILE: &str = "avow.db";

/// Options that name the database.
#[derive(Clone, Debug, clap::Args)]
pub struct Database {
    /// Directory of the embedded database; made if it is not there
    #[arg(long, env = "AVOW_DATA", value_name = "DIR", default_value = "./avow-data", global = true)]
    pub data: PathBuf,
    /// Use this PostgreSQL database instead: postgres://user:password@host/name
    #[arg(long, env = "AVOW_DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub database: Option<String>,
}

impl Database {
    /// The database that is meant.
    pub fn location(&self) -> Location {
        match &self.database {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(self.data.join(FILE)),
        }
    }
}
