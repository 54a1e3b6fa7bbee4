//! Hostile ZIPs: nothing of them is unpacked, and nothing of them is believed.

use crate::maker::{Made, key};
use avow_shared::id::hex;
use avow_verify::bundle::check;
use sha2::{Digest as _, Sha256};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The sentence of the container's fault.
fn refused(zip: &[u8]) -> String {
    let report = check(Cursor::new(zip), &[key()], None);
    let fault = report.fault().unwrap_or_else(|| panic!("it is refused: {report}"));
    assert_eq!(fault.step, "container", "{report}");
    fault.found.clone()
}

fn with(name: &str, bytes: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default().compression_method(method)).expect("memory takes it");
    zip.write_all(bytes).expect("memory takes it");
    zip.finish().expect("memory takes it").into_inner()
}

#[test]
fn files_that_do_not_belong_are_refused() {
    for name in [
        "../README.txt",
        "/etc/passwd",
        "policies/",
        "policies/../1.json",
        "policies/01.json",
        "policies/1.exe",
        "policies/4294967296.json",
        "readme.txt",
        "README.txt\u{0}",
        "C:\\README.txt",
        "README.txt/",
        "artefacts/abc.png",
        "artefacts/../../../../../../../../../../../../../../../../../../../etc/passwd.png",
    ] {
        let mut made = Made::whole();
        made.files.push((name.to_owned(), Vec::new()));
        assert!(refused(&made.zip()).contains("does not belong"), "{name}");
    }
}

#[test]
fn a_picture_that_nobody_published_is_refused() {
    let picture = b"not one of ours";
    let named = format!("artefacts/{}.png", hex(&Sha256::digest(picture)));
    let mut made = Made::whole();
    made.add(&named, picture);
    let report = check(Cursor::new(made.packed(CompressionMethod::Stored)), &[key()], None);
    assert_eq!(report.fault().map(|fault| fault.step), Some("artefacts"), "{report}");
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    let zeros = vec![0; 64 << 20];
    for (name, found) in
        [("records.ndjson", "more than"), ("README.txt", "more than"), ("policies/1.json", "more than")]
    {
        assert!(refused(&with(name, &zeros, CompressionMethod::Deflated)).contains(found), "{name}");
    }
    // A line without an end is given up on.
    let mut made = Made::whole();
    made.file("leaves.csv").extend(vec![b'0'; 300 << 10]);
    assert!(refused(&made.zip()).contains("too long"));
}

#[test]
fn what_lies_about_its_length_or_its_sum_is_refused() {
    let zip = Made::whole().zip();
    let directory = zip.windows(4).position(|four| four == b"PK\x01\x02").expect("a directory");
    // Checksum, packed and unpacked length of the first file.
    for at in [16, 20, 24] {
        let mut other = zip.clone();
        other[directory + at] ^= 1;
        refused(&other);
    }
}

#[test]
fn what_is_around_a_zip_is_refused() {
    let zip = Made::whole().zip();
    refused(&[&b"#!/bin/sh\n"[..], &zip].concat());
    refused(&[&zip[..], b"more"].concat());
    refused(&zip[..zip.len() - 1]);
    refused(&zip[..21]);
    refused(b"");
    let mut comment = zip.clone();
    let length = comment.len();
    comment[length - 2] = 1;
    comment.push(b'!');
    refused(&comment);
}

#[test]
fn the_same_name_twice_is_refused() {
    // The writer refuses to write one, so another name of the same length is renamed, in both its places.
    let mut made = Made::whole();
    made.files.push(("policies/2.json".to_owned(), b"{}".to_vec()));
    let mut zip = made.zip();
    while let Some(at) = zip.windows(15).position(|name| name == b"policies/2.json") {
        zip[at + 9] = b'1';
    }
    assert!(refused(&zip).contains("twice"));
}

#[test]
fn no_flip_in_the_container_changes_what_is_verified() {
    let zip = Made::whole().zip();
    let good = check(Cursor::new(&zip), &[key()], None);
    for at in 0..zip.len() {
        let mut other = zip.clone();
        other[at] ^= 0x10;
        let report = check(Cursor::new(&other), &[key()], None);
        // Bytes that mean nothing (dates, versions of programs) may be any; then the result is the same to the letter.
        assert!(report.fault().is_some() || report == good, "byte {at}: {report}");
    }
}
