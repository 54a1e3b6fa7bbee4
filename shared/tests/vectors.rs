//! The vectors, natively. The same runners and files are run in WebAssembly by `cargo xtask test`.

use avow_shared::vectors::{decisions, log};
use serde_json::Value;

#[test]
fn native_decisions_are_the_recorded_ones() {
    let answers = decisions::run(include_str!("../testdata/decisions.json")).unwrap();
    let answers: Value = serde_json::from_str(&answers).unwrap();
    let recorded: Value = serde_json::from_str(include_str!("../testdata/decisions.answers.json")).unwrap();
    assert_eq!(answers, recorded, "\n{}", serde_json::to_string_pretty(&answers).unwrap());
}

#[test]
fn native_answers_about_the_log_are_the_recorded_ones() {
    let answers = log_answers();
    let recorded: Value = serde_json::from_str(include_str!("../testdata/log.answers.json")).unwrap();
    assert_eq!(answers, recorded, "\n{}", serde_json::to_string_pretty(&answers).unwrap());
}

/// Constants that others published, so that no recording of our own answers can stand in for them.
#[test]
fn the_published_answers_are_given() {
    let answers = log_answers();
    for (name, published) in PUBLISHED {
        let case = answers.as_array().unwrap().iter().find(|case| case["name"] == *name);
        let case = case.unwrap_or_else(|| panic!("no case {name}"));
        assert_eq!(case["answer"], *published, "{name}");
    }
}

fn log_answers() -> Value {
    let answers = log::run(include_str!("../testdata/log.json")).expect("cases that can be read");
    serde_json::from_str(&answers).expect("answers are JSON")
}

const PUBLISHED: &[(&str, &str)] = &[
    // The Certificate Transparency tests' eight leaves (RFC 6962 section 2.1).
    ("root of 0 leaves", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("root of 1 leaves", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("root of 2 leaves", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("root of 3 leaves", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("root of 5 leaves", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("root of 8 leaves", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    // Go's `golang.org/x/mod/sumdb/note`.
    ("note of the known key", "signed by example.com/foo"),
    // C2SP tlog-tiles.
    ("tiles of 70,000 leaves", "273 1 0; tile/0/273.p/112 tile/1/001.p/17 tile/2/000.p/1"),
    // RFC 8037 appendix A.
    ("thumbprint of RFC 8037 A.3", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ("signature of RFC 8037 A.4", "Example of Ed25519 signing"),
    // RFC 8785 section 3.2.2.
    ("canonical form of the known document", r#"{"a":"€","b":1,"c":[1e+21,0.1]}"#),
];
