//! Files of both layouts, good and bad, and what happens when one takes the place of another.

use super::*;
use avow_shared::law::Rule;
use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use serde_json::{Value, json};
use std::fs;

/// An mmdb file of those networks; one of IPv4 is written as the IPv6 network that it is in such a file.
fn file(kind: &str, networks: &[(&str, Value)]) -> Vec<u8> {
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V6;
    database.metadata.database_type = kind.to_owned();
    database.metadata.languages = vec!["en".to_owned()];
    database.metadata.description.insert("en".to_owned(), "for tests".to_owned());
    database.metadata.binary_format_major_version = 2;
    database.metadata.build_epoch = 1_800_000_000;
    for (network, value) in networks {
        let place = database.insert_value(value).expect("a value");
        let network: IpAddrWithMask = network.parse().expect("a network");
        database.insert_node(network, place);
    }
    database.write_to(Vec::new()).expect("written")
}

fn nested() -> Vec<u8> {
    let part = |country: &str, part: &str| {
        json!({
            "city": { "names": { "en": "Somewhere" } },
            "country": { "iso_code": country, "geoname_id": 6_252_001 },
            "registered_country": { "iso_code": "DE" },
            "subdivisions": [{ "iso_code": part }, { "iso_code": "X" }],
        })
    };
    file(
        "GeoIP2-City",
        &[
            ("::203.0.113.0/120", part("US", "CA")),
            ("2001:db8:1::/48", part("CA", "QC")),
            ("::198.51.100.0/120", json!({ "country": { "iso_code": "GB" } })),
            // Nobody knows where it is, only who registered it.
            ("::192.0.2.0/120", json!({ "registered_country": { "iso_code": "GB" } })),
        ],
    )
}

fn flat() -> Vec<u8> {
    file(
        "city ipv4",
        &[
            ("::203.0.113.0/120", json!({ "country_code": "US", "state1": "California", "latitude": 1.5 })),
            ("::198.51.100.0/121", json!({ "country_code": "GB", "state1": "England" })),
            ("::198.51.100.128/121", json!({ "country_code": "CA", "state1": "Québec" })),
            ("::192.0.2.0/120", json!({ "country_code": "ZZ" })),
            ("2001:db8:1::/48", json!({ "country_code": "US", "state1": "Atlantis" })),
        ],
    )
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(bytes: &[u8]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a directory"));
        fs::write(folder.path(), bytes).expect("written");
        folder
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(FILE)
    }
}

/// That file without the words that describe it, as many are: the format does not need them.
fn undescribed(bytes: &[u8]) -> Vec<u8> {
    let described = b"\xe1\x42en\x49for tests";
    let at = bytes.windows(described.len()).position(|window| window == described).expect("it is described");
    [&bytes[..at], b"\xe0", &bytes[at + described.len()..]].concat()
}

fn opened(path: &Path) -> Geo {
    let geo = Geo::at(path);
    geo.refresh().expect("read");
    geo
}

fn at(geo: &Geo, address: &str) -> String {
    match geo.place(address.parse().expect("an address")) {
        None => "?".to_owned(),
        Some(Place { country, part: None, .. }) => country,
        Some(Place { country, part: Some(part), .. }) => format!("{country}-{part}"),
    }
}

#[test]
fn both_layouts_are_read() {
    let folder = Folder::with(&nested());
    let geo = opened(&folder.path());
    for (address, place) in [
        ("203.0.113.9", "US-CA"),
        ("::ffff:203.0.113.9", "US-CA"),
        ("2001:db8:1::7", "CA-QC"),
        ("198.51.100.1", "GB"),
        ("192.0.2.1", "?"),
        ("8.8.8.8", "?"),
        ("2001:db8:2::7", "?"),
    ] {
        assert_eq!(at(&geo, address), place, "{address}");
    }
    let folder = Folder::with(&flat());
    let geo = opened(&folder.path());
    for (address, place) in [
        ("203.0.113.9", "US-CA"),
        // A part that no law tells apart is not looked up.
        ("198.51.100.1", "GB"),
        ("198.51.100.200", "CA-QC"),
        ("192.0.2.1", "?"),
        // A state that nobody knows: the country still counts.
        ("2001:db8:1::7", "US"),
    ] {
        assert_eq!(at(&geo, address), place, "{address}");
    }
}

#[test]
fn drawn_addresses_are_those_that_the_file_places_each_from_a_network_of_its_own() {
    let folder = Folder::with(&nested());
    let geo = opened(&folder.path());
    let (drawn, networks) = geo.draw(400, &Rng::seeded(7));
    assert_eq!((drawn.len(), networks), (400, 3), "not the network that is only registered");
    for place in ["US-CA", "CA-QC", "GB"] {
        let found: HashSet<_> =
            drawn.iter().filter(|address| at(&geo, &address.to_string()) == place).collect();
        assert!(found.len() > 40, "{place}: {} addresses", found.len());
    }
    assert!(drawn.iter().all(|address| geo.place(*address).is_some()));
    assert_eq!(within([192, 0, 2, 0].into(), 32, u128::MAX), IpAddr::from([192, 0, 2, 0]));
    assert_eq!(within([192, 0, 2, 0].into(), 23, u128::MAX), IpAddr::from([192, 0, 3, 255]));
}

#[test]
fn without_a_file_nothing_is_known() {
    let folder = tempfile::tempdir().expect("a directory");
    let geo = opened(&folder.path().join(FILE));
    assert!(!geo.is_known());
    assert_eq!(at(&geo, "203.0.113.9"), "?");
}

#[test]
fn a_new_file_is_taken_up_and_a_bad_one_is_not() {
    let folder = Folder::with(&nested());
    let geo = opened(&folder.path());
    let swap = |bytes: &[u8]| {
        // By rename, as an operator should: a reader never meets half of it.
        let new = folder.0.path().join("new");
        fs::write(&new, bytes).expect("written");
        fs::rename(new, folder.path()).expect("renamed");
        geo.refresh()
    };
    swap(&file("GeoIP2-Country", &[("::203.0.113.0/120", json!({ "country": { "iso_code": "FR" } }))]))
        .expect("taken up");
    assert_eq!(at(&geo, "203.0.113.9"), "FR");
    let good = nested();
    for bad in [&b""[..], b"not a file of that kind", &good[..good.len() / 3], &good[good.len() / 2..]] {
        swap(bad).expect_err("refused");
        assert_eq!(at(&geo, "203.0.113.9"), "FR", "the one before stays");
        geo.refresh().expect("told once");
    }
    swap(&good).expect("taken up");
    assert_eq!(at(&geo, "203.0.113.9"), "US-CA");
    fs::remove_file(folder.path()).expect("removed");
    geo.refresh().expect("no file is no fault");
    assert_eq!(at(&geo, "203.0.113.9"), "?");
}

#[test]
fn a_file_that_cannot_be_used_is_told_and_nothing_is_known() {
    let folder = Folder::with(b"not a file of that kind");
    let geo = Geo::at(&folder.path());
    assert!(geo.refresh().expect_err("refused").to_string().contains("no mmdb file"));
    assert!(!geo.is_known());
}

#[test]
fn a_whole_file_that_names_no_country_is_refused_and_the_one_before_stays() {
    let of_networks = |kind: &str, entry: Value| file(kind, &[("::203.0.113.0/120", entry)]);
    let others = [
        of_networks("GeoLite2-ASN", json!({ "autonomous_system_number": 64_496 })),
        of_networks("GeoIP2-Domain", json!({ "domain": "example.org" })),
        // Who registered an address is not where it is.
        of_networks("GeoIP2-Country", json!({ "registered_country": { "iso_code": "GB" } })),
        of_networks("city ipv4", json!({ "country_code": "ZZ", "state1": "" })),
    ];
    let data = tempfile::tempdir().expect("a directory");
    let place = install(&Folder::with(&nested()).path(), data.path()).expect("installed");
    let running = opened(&place);
    for other in others.iter().flat_map(|other| [other.clone(), undescribed(other)]) {
        let source = Folder::with(&other);
        let told = install(&source.path(), data.path()).expect_err("refused").to_string();
        assert!(told.contains("names no country for any address"), "{told}");
        assert_eq!(fs::read(&place).expect("still there"), nested());
        // One that was put there by hand.
        fs::rename(source.path(), &place).expect("renamed");
        let told = running.refresh().expect_err("refused").to_string();
        assert!(told.contains("names no country for any address"), "{told}");
        assert_eq!(at(&running, "203.0.113.9"), "US-CA", "the one before stays");
        fs::write(&place, nested()).expect("written");
        running.refresh().expect("taken up");
    }
}

#[test]
fn only_a_checked_file_is_installed() {
    let (source, data) = (Folder::with(&nested()), tempfile::tempdir().expect("a directory"));
    let place = install(&source.path(), data.path()).expect("installed");
    assert_eq!(at(&opened(&place), "203.0.113.9"), "US-CA");
    let bad = Folder::with(&nested()[..300]);
    install(&bad.path(), data.path()).expect_err("refused");
    assert_eq!(fs::read(&place).expect("still there"), nested());
    assert_eq!(fs::read_dir(data.path()).expect("the folder").count(), 1, "nothing is left over");
}

/// Whatever is wrong with a file, it is refused, or its lookups find what stands in it or nothing.
#[test]
fn no_damage_brings_a_lookup_down() {
    let good = nested();
    let folder = Folder::with(&good);
    let mut taken = 0;
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        for bytes in [&bytes[..], &good[..at]] {
            let Ok(reader) = checked(bytes.to_vec(), &folder.path()) else { continue };
            taken += 1;
            let geo = Geo(Arc::new(Inner {
                path: folder.path(),
                reader: ArcSwapOption::from_pointee(reader),
                seen: Mutex::default(),
            }));
            for address in ["203.0.113.9", "2001:db8:1::7", "198.51.100.1", "192.0.2.1", "::", "ffff::"] {
                let place = geo.place(address.parse().expect("an address"));
                assert!(place.is_none_or(|place| place.country.len() == 2), "byte {at}");
            }
        }
    }
    assert!(taken > 0, "some damage is in the words only");
}

#[test]
fn codes_are_read_and_other_texts_are_none() {
    for (code, row) in [
        ("GB", "gb"),
        ("gb", "gb"),
        (" GB ", "gb"),
        ("US-VA", "us-va"),
        ("us-va", "us-va"),
        ("CA-QC", "ca-qc"),
        ("CA-ON", "ca"),
    ] {
        let place = Place::parse(code, Found::Header).expect(code);
        let rule = Rule::at(&place.country, place.part.as_deref()).expect("a row");
        assert_eq!(rule.id, row, "{code}");
    }
    for wrong in ["", "XX", "ZZ", "GBR", "G", "GB-", "-GB", "GB-ABCD", "GB-A B", "GB, US", "é", "GB-É"] {
        assert_eq!(Place::parse(wrong, Found::Header), None, "{wrong}");
    }
}

#[test]
fn a_file_that_does_not_describe_itself_is_read_and_walked_all_the_same() {
    for whole in [undescribed(&flat()), undescribed(&nested())] {
        let geo = opened(&Folder::with(&whole).path());
        assert_eq!(geo.place("203.0.113.9".parse().expect("an address")), Place::parse("US-CA", Found::File));
    }
    let whole = undescribed(&flat());
    // Any byte of its tree or its entries that leads nowhere is found before a lookup meets it.
    let tree = whole.iter().rposition(|byte| *byte == 0xab).expect("the mark of the metadata");
    let refused = (0..tree).step_by(7).filter(|at| {
        let mut spoiled = whole.clone();
        spoiled[*at] ^= 0xff;
        let folder = Folder::with(&spoiled);
        let geo = Geo::at(&folder.path());
        let taken = geo.refresh().is_ok();
        // Taken or not, every address has an answer, or none.
        for address in ["203.0.113.9", "198.51.100.200", "2001:db8:1::1", "8.8.8.8"] {
            geo.place(address.parse().expect("an address"));
        }
        !taken
    });
    assert!(refused.count() > 20, "most of them are");
}

#[test]
fn a_tree_that_leads_back_into_itself_is_refused_at_once() {
    let mut bytes = undescribed(&flat());
    // Both records of the root, 24 bits each in so small a file, lead to the root.
    bytes[..6].fill(0);
    let folder = Folder::with(&bytes);
    let geo = Geo::at(&folder.path());
    let told = format!("{:#}", geo.refresh().expect_err("no end"));
    assert!(told.contains("is damaged"), "{told}");
}
