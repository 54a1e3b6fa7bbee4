//! Every reader of input, with inputs in order and with so many random alterations of them. The same ones each time.

use std::io::Cursor;
use std::panic::catch_unwind;

use avow_inputs::{TARGETS, Target};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// Alterations of each reader's inputs.
const ROUNDS: u32 = 10_000;
/// The same in the long tier.
const ROUNDS_IN_FULL: u32 = 500_000;
/// Where parsers have their edges.
const WORDS: [&str; 24] = [
    "\n\n",
    "\n",
    " ",
    "\u{2014} ",
    "+",
    ".",
    "/",
    "x000/",
    ".p/255",
    "=",
    "\"",
    "\\u0000",
    "{",
    "}",
    "[",
    "]",
    ",",
    "null",
    "-1",
    "1e999",
    "18446744073709551616",
    "9007199254740992",
    "\u{feff}",
    "é",
];

#[test]
fn no_input_makes_a_reader_panic() {
    let full = std::env::var_os("AVOW_TEST_FULL").is_some_and(|value| !value.is_empty() && value != "0");
    let rounds = if full { ROUNDS_IN_FULL } else { ROUNDS };
    for target in TARGETS {
        for seed in target.seeds {
            run(&target, seed);
        }
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..rounds / target.cost {
            run(&target, &altered(&target, &mut rng));
        }
    }
}

/// A control: were the readers never to come past their first check, the alterations would test nothing.
#[test]
fn the_inputs_in_order_are_read() {
    use avow_shared::{checkpoint::Checkpoint, jcs, note::Note, proof_file::ProofFile, tile::Tile};
    for target in TARGETS {
        let read = |input: &[u8], text: &str| match target.name {
            "note" => Note::parse(text).is_ok() || avow_shared::note::Verifier::parse(text).is_some(),
            "checkpoint" => Checkpoint::parse(text).is_some(),
            "proof" => ProofFile::parse(text).is_some(),
            "tile" => Tile::parse(text).is_some(),
            "token" => text.split('.').count() == 3,
            "canonical" => jcs::canonical(text).is_ok(),
            "receipt" => avow_verify::receipt::check(text, &[]).fault().is_none(),
            "policy" => avow_server::policy::compile::read(text, "policy.toml").is_ok(),
            "submission" => serde_json::from_str::<avow_shared::submission::Submission>(text).is_ok(),
            "bundle" => avow_inputs::pack(input).is_some_and(|zip| is_good_bundle(&zip)),
            "container" => is_good_bundle(input),
            other => panic!("{other} has no control"),
        };
        for seed in target.seeds {
            let text = String::from_utf8_lossy(seed);
            assert!(read(seed, &text), "{}: {text}", target.name);
        }
    }
}

fn is_good_bundle(zip: &[u8]) -> bool {
    avow_verify::bundle::check(Cursor::new(zip), &[], None).fault().is_none()
}

fn run(target: &Target, input: &[u8]) {
    let run = target.run;
    assert!(catch_unwind(|| run(input)).is_ok(), "{}: panics on {}", target.name, input.escape_ascii());
}

/// An input with one to four alterations.
fn altered(target: &Target, rng: &mut StdRng) -> Vec<u8> {
    let mut input = target.seeds[rng.random_range(0..target.seeds.len())].to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..=input.len());
        match rng.random_range(0..6) {
            0 if at < input.len() => input[at] ^= 1 << rng.random_range(0..8),
            1 if at < input.len() => input[at] = rng.random_range(b' '..=b'~'),
            2 => drop(input.splice(at..at, WORDS[rng.random_range(0..WORDS.len())].bytes())),
            3 => drop(input.drain(at..rng.random_range(at..=input.len().min(at + 40)))),
            4 => {
                // A piece once more, somewhere else.
                let piece = input[at..input.len().min(at + rng.random_range(0..60))].to_vec();
                let to = rng.random_range(0..=input.len());
                drop(input.splice(to..to, piece));
            }
            _ => input.truncate(at),
        }
    }
    input
}
