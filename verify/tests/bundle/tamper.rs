//! What a forger could change: every byte of every file, and whole files with a sense of their own.

use crate::maker::{Made, key, sign};
use avow_shared::note::Verifier;
use avow_verify::Report;
use avow_verify::bundle::{check, names};
use serde_json::Value;
use std::io::Cursor;
use zip::CompressionMethod;

fn checked(made: &Made, keys: &[Verifier]) -> Report {
    // Packing is not what is changed here, and takes most of the time.
    check(Cursor::new(made.packed(CompressionMethod::Stored)), keys, None)
}

fn json(report: &Report) -> Value {
    serde_json::to_value(report).expect("a report is JSON")
}

#[test]
fn a_whole_bundle_is_verified_and_says_what_is_not() {
    let report = checked(&Made::whole(), &[key()]);
    assert_eq!(report.fault(), None, "{report}");
    let said = report.to_string();
    for sentence in [
        "root: that of the 9 leaves",
        "records: 4 of them",
        "erasures: 1 records were erased",
        "public: the first 4 leaves are those of the published head",
        "previous: the first 5 leaves are those of the bundle before",
        "policies: the files of 1 published versions",
        "artefacts: 1 files of builds",
        "1 records that are missing",
        "1 records name: their version is not published",
        "The bundle is verified.",
    ] {
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
    assert_eq!(json(&report)["head"]["size"], 9);
}

#[test]
fn a_part_is_verified_and_says_that_it_is_one() {
    let report = checked(&Made::part(), &[key()]);
    assert_eq!(report.fault(), None, "{report}");
    let said = report.to_string();
    assert!(said.contains("records: 2 of them") && said.contains("nothing was left out"), "{said}");
    assert!(said.contains("that the head extends the published head"), "{said}");
}

#[test]
fn without_a_key_it_agrees_with_itself_only() {
    let report = checked(&Made::whole(), &[]);
    assert_eq!(report.fault(), None, "{report}");
    assert_eq!(json(&report)["key_is_given"], false);
    assert!(report.to_string().contains("came from the bundle itself"), "{report}");
}

#[test]
fn no_byte_of_any_file_can_be_changed() {
    let (whole, part) = (Made::whole(), Made::part());
    for made in [&whole, &part] {
        for (file, (name, bytes)) in made.files.iter().enumerate() {
            // What a part has in common with the whole was looked at there.
            let seen = made.files != whole.files && whole.files.contains(&made.files[file]);
            for at in 0..if seen { 0 } else { bytes.len() } {
                // The least bit, or the case of a letter: what readers forgive most easily.
                let flip = if at % 2 == 0 { 0x01 } else { 0x20 };
                let mut other = made.clone();
                other.files[file].1[at] ^= flip;
                let report = checked(&other, &[key()]);
                assert!(report.fault().is_some(), "{name}, byte {at} ^ {flip:#x}: {report}");
            }
        }
    }
}

#[test]
fn no_line_can_be_dropped_doubled_or_moved() {
    for made in [Made::whole(), Made::part()] {
        for (file, (name, bytes)) in made.files.iter().enumerate() {
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            for at in 0..lines.len() {
                let mut dropped = lines.clone();
                dropped.remove(at);
                let mut doubled = lines.clone();
                doubled.insert(at, lines[at]);
                let mut moved = lines.clone();
                moved.swap(at, (at + 1) % lines.len());
                for (how, changed) in [("dropped", dropped), ("doubled", doubled), ("moved", moved)] {
                    let changed = changed.concat();
                    // The same signature twice is the same head.
                    let signature =
                        changed.starts_with(bytes) && [names::HEAD, names::PUBLIC].contains(&name.as_str());
                    if changed == *bytes || signature {
                        continue;
                    }
                    let mut other = made.clone();
                    other.files[file].1 = changed;
                    let report = checked(&other, &[key()]);
                    assert!(report.fault().is_some(), "{name}, line {at} {how}: {report}");
                }
            }
        }
    }
}

#[test]
fn no_file_can_be_left_out() {
    for made in [Made::whole(), Made::part()] {
        for file in 0..made.files.len() {
            let mut other = made.clone();
            let (name, _) = other.files.remove(file);
            let report = checked(&other, &[key()]);
            // Witnesses may not have seen the head yet: it is said that they have not. The page is for convenience.
            let optional = [names::PUBLIC, names::VERIFIER].contains(&name.as_str());
            assert_eq!(report.fault().is_none(), optional, "{name}: {report}");
        }
    }
}

#[test]
fn faults_are_named() {
    let whole = |name: &str, from: &str, to: &str| {
        let mut made = Made::whole();
        made.replace(name, from, to);
        made
    };
    let mut forked = Made::whole();
    *forked.file(names::PUBLIC) = sign(4, [9; 32]).into_bytes();
    let mut later = Made::whole();
    *later.file(names::PUBLIC) = sign(10, [9; 32]).into_bytes();
    for (made, step) in [
        (whole(names::RECORDS, "\"granted\":false", "\"granted\":true"), "records"),
        (whole(names::TABLE, "en", "cy"), "table"),
        (whole(names::INDEX, "\"withdrawn\": 1", "\"withdrawn\": 2"), "erasures"),
        (whole(names::MANIFESTS, "visitor", "officer"), "manifests"),
        (whole(names::MANIFESTS, "withdrawn", "retention"), "erasures"),
        (whole("policies/1.json", "1", "2"), "policies"),
        (whole(names::ERASED_LATER, "8", "7"), "erasures"),
        (whole(names::README, "the whole log", "some of it"), "readme"),
        (whole(names::VERIFIER, "html", "HTML"), "verifier"),
        (forked, "public"),
        (later, "public"),
    ] {
        let report = checked(&made, &[key()]);
        assert_eq!(report.fault().map(|fault| fault.step), Some(step), "{report}");
    }
}

#[test]
fn of_many_leaves_the_first_that_is_wrong_is_named() {
    // Unpacked these are some megabytes, checked in batches on all processors.
    let made = Made::long(3_000);
    let report = checked(&made, &[key()]);
    assert_eq!(report.fault(), None, "{report}");
    assert!(report.to_string().contains("root: that of the 3009 leaves"), "{report}");
    let found = |wrong: &[usize]| {
        let mut made = made.clone();
        let records = made.file(names::RECORDS);
        let mut lines: Vec<&mut [u8]> = records.split_mut(|byte| *byte == b'\n').collect();
        for leaf in wrong {
            // Five of the entries before them have no record here.
            lines[leaf - 5][1] ^= 1;
        }
        checked(&made, &[key()]).fault().map(|fault| fault.found.clone()).unwrap_or_default()
    };
    for wrong in [[9, 10], [1_200, 2_900], [3_007, 3_008]] {
        assert!(found(&wrong).contains(&format!("that of leaf {} ", wrong[0])), "{}", found(&wrong));
    }
}

#[test]
fn it_must_extend_what_was_seen_before() {
    let made = Made::whole();
    let zip = made.zip();
    let since = |note: &str| check(Cursor::new(&zip), &[key()], Some(note));
    let good = since(&made.earlier(7));
    assert!(good.fault().is_none() && good.to_string().contains("the remembered head"), "{good}");
    for wrong in
        [sign(7, [9; 32]), sign(10, [9; 32]), made.earlier(7).replace("\n7\n", "\n6\n"), String::new()]
    {
        let report = since(&wrong);
        assert_eq!(report.fault().map(|fault| fault.step), Some("since"), "{wrong}: {report}");
    }
    let part = Made::part();
    let same = check(Cursor::new(part.zip()), &[key()], Some(&sign(9, [9; 32])));
    assert!(same.fault().is_some_and(|fault| fault.found.contains("forked")), "{same}");
}

#[test]
fn another_key_verifies_nothing() {
    let stranger = Verifier::parse("log.example/avow+e112240d+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
    let report = checked(&Made::whole(), &[stranger.expect("a key")]);
    assert_eq!(report.fault().map(|fault| fault.step), Some("head"), "{report}");
}

/// Bundles that were handed over stay valid, whatever a later version of this program writes.
#[test]
fn bundles_of_schema_1_are_verified_for_ever() {
    for (zip, words) in [
        (&include_bytes!("../../testdata/whole-1.zip")[..], "that of the 9 leaves"),
        (&include_bytes!("../../testdata/part-1.zip")[..], "each leaf is under the head of 9 entries"),
    ] {
        let report = check(Cursor::new(zip), &[key()], None);
        assert!(report.fault().is_none() && report.to_string().contains(words), "{report}");
    }
}
