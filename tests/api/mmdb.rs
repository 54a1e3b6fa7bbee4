//! MaxMind's own files: whole ones that name countries are read as MaxMind means them; no broken one is taken, and none
//! that is about something else.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use avow_tests::database::{Database, Kind};
use avow_tests::mmdb;
use avow_tests::server::avow;

/// Words in the names of files that are broken on purpose, or that would keep a reader busy for ever.
const BROKEN: [&str; 6] = ["Broken", "Invalid", "broken", "-dos", "-limit", "bad-data"];
/// Words in the names of those among them that are odd and can be read: readers of old tripped over them.
const ODD: [&str; 2] = ["-last-in-metadata", "-corrupt-search-tree"];
/// Words in the names of those files whose entries say where addresses are, as readers of countries expect it.
const PLACES: [&str; 3] = ["Country", "City", "Enterprise"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_maxmind_are_read_as_they_are_meant_and_broken_ones_refused() -> Result<()> {
    let Some(folder) = mmdb::files()? else { return Ok(()) };
    let database = Database::create(Kind::Sqlite).await?;
    let install = |file: &Path| avow(&database, &["geo", "install", &file.display().to_string()]);
    let show = |address: &str| -> Result<String> {
        let done = avow(&database, &["geo", "show", address])?;
        ensure!(done.status.success(), "{address}: {}", said(&done));
        Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    for (name, places) in [
        ("GeoLite2-Country-Test", [("81.2.69.160", "GB\tgb"), ("216.160.83.56", "US\tus-ca")]),
        // Washington has no row: it is read as from California.
        ("GeoIP2-City-Test", [("::ffff:81.2.69.160", "GB-ENG\tgb"), ("216.160.83.56", "US-WA\tus-ca")]),
        ("GeoIP2-Enterprise-Test", [("2.125.160.216", "GB-ENG\tgb"), ("8.8.8.8", "not known\tstrictest")]),
    ] {
        let done = install(&folder.join(format!("test-data/{name}.mmdb")))?;
        ensure!(done.status.success(), "{name}: {}", said(&done));
        for (address, place) in places {
            let shown = show(address)?;
            ensure!(shown == place, "{name}: {address} is {shown}, not {place}");
        }
    }

    let (mut taken, mut refused, mut others) = (0, 0, 0);
    for file in all(&folder)? {
        let path = file.display().to_string();
        let is = |words: &[&str]| words.iter().any(|word| path.contains(word));
        let is_broken = is(&BROKEN) && !is(&ODD);
        let is_taken = !is_broken && is(&PLACES);
        let done = install(&file)?;
        // By its own decision, and not because it was ended.
        ensure!(
            done.status.code() == Some(i32::from(!is_taken)),
            "{path}: {:?}: {}",
            done.status,
            said(&done)
        );
        if is_taken {
            taken += 1;
        } else {
            ensure!(said(&done).contains(&path), "{path} is named: {}", said(&done));
            let is_other = said(&done).contains("names no country for any address");
            ensure!(is_other != is_broken, "{path}: {}", said(&done));
            if is_broken { refused += 1 } else { others += 1 }
        }
        // Whatever is in use answers.
        show("81.2.69.160")?;
    }
    ensure!(
        taken >= 8 && refused > 20 && others > 20,
        "there were {taken} of places, {refused} broken ones and {others} about something else"
    );
    Ok(())
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).trim().to_owned()
}

/// Every mmdb file below that folder.
fn all(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(all(&path)?);
        } else if path.extension().is_some_and(|end| end == "mmdb") {
            files.push(path);
        }
    }
    Ok(files)
}
