//! Where a visitor is, as far as a law needs to know it: a country, and in some countries a part of it.
//!
//! The operator's own file answers (`avow geo install`); without one, and for every address that it does not know,
//! nothing is known and the strictest regime holds. An address is looked up and dropped: nothing here keeps, logs or
//! counts one. The file is read whole into memory and checked before it takes the place of the one before.
//!
//! Read next: [`Locator`] (whose word is taken), `parts` (names of states and provinces), `avow_shared::law` (what
//! holds where).

mod locator;
mod parts;

pub use locator::Locator;

use crate::rng::Rng;
use anyhow::Context as _;
use arc_swap::ArcSwapOption;
use maxminddb::{LookupResult, Reader, WithinOptions};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::net::IpAddr;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// File name of an installed database in the data directory.
pub const FILE: &str = "geo.mmdb";
/// The largest file that is read: several times the largest there is.
const MAX_BYTES: u64 = 512 << 20;

/// A country by its ISO 3166-1 code, and the part of it by what follows the hyphen in ISO 3166-2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Two letters.
    pub country: String,
    /// `None` where the file does not say, or says it in a way that is not known here.
    pub part: Option<String>,
    /// Who says so.
    pub found: Found,
}

/// Where a place is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The operator's file, by the address.
    File,
    /// A header of a trusted proxy.
    Header,
}

impl Found {
    /// Both.
    pub const ALL: [Self; 2] = [Self::File, Self::Header];

    /// The word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "geo",
            Self::Header => "header",
        }
    }
}

impl Place {
    /// From a code such as `GB` or `US-CA`; `None` for what is none, and for the codes that stand for "unknown".
    pub fn parse(code: &str, found: Found) -> Option<Self> {
        let (country, part) = code.trim().split_once('-').map_or((code.trim(), None), |(c, p)| (c, Some(p)));
        let letters = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if country.len() != 2
            || !country.bytes().all(|byte| byte.is_ascii_alphabetic())
            || part.is_some_and(|part| !letters(part, 3))
            || ["XX", "ZZ"].contains(&country)
        {
            return None;
        }
        Some(Self { country: country.to_ascii_uppercase(), part: part.map(str::to_ascii_uppercase), found })
    }
}

/// The database in use. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Geo(Arc<Inner>);

struct Inner {
    path: PathBuf,
    reader: ArcSwapOption<Reader<Vec<u8>>>,
    /// What the file looked like when it was read last, whether it could be used or not.
    seen: Mutex<Option<Stamp>>,
}

type Stamp = (SystemTime, u64);

/// An entry of either kind: MaxMind's, which nests, or the flat one of others.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    country: Option<Named<'a>>,
    subdivisions: Option<Vec<Named<'a>>>,
    country_code: Option<&'a str>,
    state1: Option<&'a str>,
}

#[derive(Deserialize)]
struct Named<'a> {
    iso_code: Option<&'a str>,
}

impl Geo {
    /// Looks at that file from now on; it need not be there, and is read by [`Geo::refresh`].
    pub fn at(path: &Path) -> Self {
        Self(Arc::new(Inner {
            path: path.to_owned(),
            reader: ArcSwapOption::empty(),
            seen: Mutex::default(),
        }))
    }

    /// Where an address is; `None` if that is not known.
    pub fn place(&self, address: IpAddr) -> Option<Place> {
        let reader = self.0.reader.load();
        placed(&reader.as_ref()?.lookup(address.to_canonical()).ok()?)
    }

    /// So many addresses that the file can place, each from a network drawn by chance: two that follow each other
    /// have little of the file in common, as two visitors have. With how many such networks there are.
    pub fn draw(&self, count: usize, rng: &Rng) -> (Vec<IpAddr>, usize) {
        let reader = self.0.reader.load();
        let Some(networks) =
            reader.as_ref().and_then(|reader| reader.networks(WithinOptions::default()).ok())
        else {
            return (Vec::new(), 0);
        };
        let mut entries = HashMap::new();
        let mut known = Vec::new();
        for network in networks.flatten() {
            let Some(offset) = network.offset() else { continue };
            let is_placed = entries.entry(offset).or_insert_with(|| placed(&network).is_some());
            if *is_placed && let Ok(network) = network.network() {
                known.push((network.ip(), network.prefix()));
            }
        }
        let drawn = (0..count).filter_map(|_| {
            let drawn =
                usize::try_from(u64::from_le_bytes(rng.bytes()) >> 33).ok()?.checked_rem(known.len())?;
            let (first, prefix) = *known.get(drawn)?;
            Some(within(first, prefix, u128::from_le_bytes(rng.bytes())))
        });
        (drawn.collect(), known.len())
    }

    /// Whether a file is in use.
    pub fn is_known(&self) -> bool {
        self.0.reader.load().is_some()
    }

    /// Reads the file if it has changed. What cannot be used leaves the one before in place, and is told once; what
    /// cannot be read is tried again.
    pub fn refresh(&self) -> anyhow::Result<()> {
        let stamp = stamp(&self.0.path);
        if *self.seen() == stamp {
            return Ok(());
        }
        // A file that was taken away: what it said is not true any longer.
        let bytes = stamp.is_some().then(|| bytes(&self.0.path)).transpose()?;
        *self.seen() = stamp;
        let reader = bytes.map(|bytes| checked(bytes, &self.0.path)).transpose()?;
        self.0.reader.store(reader.map(Arc::new));
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Option<Stamp>> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Geo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Geo")
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let place = || format!("{}", path.display());
    let length = std::fs::metadata(path).with_context(place)?.len();
    anyhow::ensure!(length <= MAX_BYTES, "{} is larger than {} MiB", path.display(), MAX_BYTES >> 20);
    std::fs::read(path).with_context(place)
}

/// Walks all of a file, so that no lookup meets a fault later, and wants a country in it.
fn checked(bytes: Vec<u8>, path: &Path) -> anyhow::Result<Reader<Vec<u8>>> {
    let reader = Reader::from_source(bytes).with_context(|| format!("{} is no mmdb file", path.display()))?;
    // The reader's own check stops at an empty description, which is no fault in files that others write.
    let is_described = !reader.metadata().description.is_empty();
    let sound = if is_described { reader.verify().map_err(Into::into) } else { walk(&reader) };
    sound.with_context(|| format!("{} is damaged", path.display()))?;
    // Whole, but about something else, such as networks or domains: it would leave every visitor unknown.
    anyhow::ensure!(
        names_a_country(&reader),
        "{} names no country for any address: it is a file of another kind ({})",
        path.display(),
        reader.metadata().database_type
    );
    Ok(reader)
}

/// Whether any entry says where its addresses are. Of a file whose tree is known to end.
fn names_a_country(reader: &Reader<Vec<u8>>) -> bool {
    let Ok(networks) = reader.networks(WithinOptions::default()) else { return false };
    let mut decoded = HashSet::new();
    networks.flatten().any(|network| {
        network.offset().is_some_and(|entry| decoded.insert(entry)) && placed(&network).is_some()
    })
}

/// Where the addresses of an entry are; `None` if it names no country.
fn placed(found: &LookupResult<'_, Vec<u8>>) -> Option<Place> {
    let entry: Entry<'_> = found.decode().ok()??;
    let country = entry.country.and_then(|country| country.iso_code).or(entry.country_code)?;
    let part = match entry.subdivisions.as_deref() {
        Some([largest, ..]) => largest.iso_code,
        _ => entry.state1.and_then(|name| parts::code(country, name)),
    };
    Place::parse(&part.map_or_else(|| country.to_owned(), |part| format!("{country}-{part}")), Found::File)
        .or_else(|| Place::parse(country, Found::File))
}

/// The address of a network whose further bits are those.
fn within(first: IpAddr, prefix: u8, bits: u128) -> IpAddr {
    let free = |width: u32| u128::MAX.checked_shr(128 - width + u32::from(prefix)).unwrap_or(0);
    match first {
        IpAddr::V4(first) => {
            let bits = u32::try_from(bits & free(32)).expect("the bits below a prefix of 32");
            IpAddr::V4((u32::from(first) | bits).into())
        }
        IpAddr::V6(first) => IpAddr::V6((u128::from(first) | (bits & free(128))).into()),
    }
}

/// Visits every network and decodes every entry, as a lookup would.
fn walk(reader: &Reader<Vec<u8>>) -> anyhow::Result<()> {
    // A tree has one leaf more than it has nodes; one that leads back into itself has leaves without end.
    let mut left = u64::from(reader.metadata().node_count) + 1;
    let mut decoded = HashSet::new();
    for network in reader.networks(WithinOptions::default().include_networks_without_data())? {
        let network = network?;
        left = left.checked_sub(1).context("its tree leads back into itself")?;
        if network.offset().is_some_and(|entry| decoded.insert(entry)) {
            network.decode::<Entry<'_>>()?;
        }
    }
    Ok(())
}

/// Checks a file and puts it in the data directory, in one step, so that a server never sees half of it.
pub fn install(file: &Path, data: &Path) -> anyhow::Result<PathBuf> {
    let bytes = bytes(file)?;
    std::fs::create_dir_all(data).with_context(|| format!("{}", data.display()))?;
    let place = data.join(FILE);
    let mut copy = tempfile::NamedTempFile::new_in(data).with_context(|| format!("{}", data.display()))?;
    copy.write_all(&bytes)?;
    checked(bytes, file)?;
    // It is no secret, and the server may run as somebody else than who installs it.
    #[cfg(unix)]
    copy.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    copy.as_file().sync_all()?;
    copy.persist(&place).with_context(|| format!("{}", place.display()))?;
    Ok(place)
}

#[cfg(test)]
mod tests;
