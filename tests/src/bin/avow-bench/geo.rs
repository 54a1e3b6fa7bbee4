//! How long it takes to find the law of an address, in a file as large as the largest that operators have.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use avow_tests::geo;

use crate::report::Report;

/// Networks of the file: one in each /24 of so many of the 256 blocks of addresses.
const BLOCKS: u8 = 20;
/// Countries by turns.
const COUNTRIES: [&str; 6] = ["GB", "FR", "DE", "US", "BR", "JP"];

/// Measures it with `avow geo check`.
pub fn run(program: &Path, folder: &Path, quick: bool, report: &mut Report) -> Result<()> {
    let blocks = if quick { 1 } else { BLOCKS };
    let mut networks = Vec::new();
    for block in 0..blocks {
        for (at, (high, low)) in
            (0..=255_u8).flat_map(|high| (0..=255_u8).map(move |low| (high, low))).enumerate()
        {
            let country = COUNTRIES[(at + usize::from(block)) % COUNTRIES.len()];
            networks.push((format!("{}.{high}.{low}.0/24", block + 11), country));
        }
    }
    let networks: Vec<_> =
        networks.iter().map(|(network, country)| (network.as_str(), *country, None)).collect();
    let file = folder.join("geo.mmdb");
    std::fs::write(&file, geo::file(&networks)?)?;
    let megabytes = std::fs::metadata(&file)?.len() / 1_000_000;
    let done =
        Command::new(program).args(["geo", "check"]).arg(&file).output().context("run avow geo check")?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let told = String::from_utf8(done.stdout)?;
    let each = told.split(", ").last().and_then(|end| end.trim().strip_suffix(" each")).context("a time")?;
    let (number, unit) = each.split_at(each.find(|c: char| c.is_alphabetic() || c == 'µ').context("a unit")?);
    let micros = number.parse::<f64>()?
        * if unit == "ns" {
            0.001
        } else if unit == "µs" {
            1.0
        } else {
            1e3
        };
    report.note(format!("region: a file of {megabytes} MB"));
    report.ceiling("region: the law of an address", micros, 2.0, " µs");
    Ok(())
}
