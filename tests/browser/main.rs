//! Tests in real browsers. All tests of an engine share one browser; the engines run side by side.
//!
//! Filters and flags are those of `cargo test`: `cargo test -p avow-tests --test browser -- firefox::refuse`.

mod access;
mod bundle;
mod choice;
mod compatible;
mod delivery;
mod device;
mod guard;
mod harness;
mod languages;
mod late;
mod looks;
mod outage;
mod receipt;
mod receipts;
mod region;
mod selftest;
mod shown;
mod smooth;
mod snippet;
mod speed;
mod visit;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut suite = harness::Suite::default();
    selftest::add(&mut suite);
    choice::add(&mut suite);
    outage::add(&mut suite);
    receipt::add(&mut suite);
    bundle::add(&mut suite);
    receipts::add(&mut suite);
    region::add(&mut suite);
    languages::add(&mut suite);
    shown::add(&mut suite);
    snippet::add(&mut suite);
    guard::add(&mut suite);
    late::add(&mut suite);
    compatible::add(&mut suite);
    delivery::add(&mut suite);
    access::add(&mut suite);
    smooth::add(&mut suite);
    speed::add(&mut suite);
    looks::add(&mut suite);
    suite.run()
}
