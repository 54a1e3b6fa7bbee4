//! How long it takes to find the law of an address that the file has, in files as large as those that operators have.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use avow_tests::geo;

use crate::report::Report;

/// Networks of the files: every /24 of so many of the 256 blocks of addresses, each with an entry of its own. The first
/// makes a file as large as MaxMind's of cities, the second one several times as large.
const BLOCKS: [u8; 2] = [20, 120];
/// Countries by turns.
const COUNTRIES: [&str; 6] = ["GB", "FR", "DE", "US", "BR", "JP"];

/// How often it is measured; the fastest counts, since whatever else runs can only slow it down.
const ROUNDS: u32 = 5;

/// Measures both with `avow geo check`.
pub fn run(program: &Path, folder: &Path, quick: bool, report: &mut Report) -> Result<()> {
    for blocks in if quick { &[1][..] } else { &BLOCKS[..] } {
        measure(program, folder, *blocks, if quick { 1 } else { ROUNDS }, report)?;
    }
    Ok(())
}

fn measure(program: &Path, folder: &Path, blocks: u8, rounds: u32, report: &mut Report) -> Result<()> {
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
    let mut fastest = f64::INFINITY;
    for _ in 0..rounds {
        let done =
            Command::new(program).args(["geo", "check"]).arg(&file).output().context("run avow geo check")?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told = String::from_utf8(done.stdout)?;
        ensure!(told.contains("of 200000 addresses drawn from them 200000 were found"), "{told}");
        fastest = fastest.min(micros(&told)?);
    }
    report.note(format!(
        "region: a file of {megabytes} MB with {} networks, 200000 addresses out of it, all found",
        networks.len()
    ));
    report.ceiling(&format!("region: the law of an address, {megabytes} MB"), fastest, 2.0, " µs");
    Ok(())
}

/// The time that `avow geo check` says.
fn micros(told: &str) -> Result<f64> {
    let each = told.split(", ").last().and_then(|end| end.trim().strip_suffix(" each")).context("a time")?;
    let (number, unit) = each.split_at(each.find(|c: char| c.is_alphabetic() || c == 'µ').context("a unit")?);
    let unit = if unit == "ns" {
        0.001
    } else if unit == "µs" {
        1.0
    } else {
        1e3
    };
    Ok(number.parse::<f64>()? * unit)
}
