//! Files that say where addresses are, in MaxMind's layout.

use anyhow::{Context as _, Result, anyhow};
use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use serde_json::json;

/// A file of those networks: block of IPv4 addresses, country, and the part of it if it is known.
pub fn file(networks: &[(&str, &str, Option<&str>)]) -> Result<Vec<u8>> {
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V6;
    "GeoIP2-City".clone_into(&mut database.metadata.database_type);
    database.metadata.languages = vec!["en".to_owned()];
    database.metadata.description.insert("en".to_owned(), "for tests".to_owned());
    database.metadata.binary_format_major_version = 2;
    database.metadata.build_epoch = 1_800_000_000;
    for (network, country, part) in networks {
        let parts: Vec<_> = part.iter().map(|part| json!({ "iso_code": part })).collect();
        let entry = json!({ "country": { "iso_code": country }, "subdivisions": parts });
        let place = database.insert_value(entry).map_err(|error| anyhow!("{error:?}"))?;
        // IPv4 lies at the beginning of the addresses of IPv6.
        let (address, length) = network.split_once('/').context("a block")?;
        let network = format!("::{address}/{}", 96 + length.parse::<u8>()?);
        let network: IpAddrWithMask = network.parse().map_err(|error| anyhow!("{error:?}"))?;
        database.insert_node(network, place);
    }
    database.write_to(Vec::new()).map_err(|error| anyhow!("{error:?}"))
}
