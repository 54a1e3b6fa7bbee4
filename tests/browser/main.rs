//! Tests in real browsers. All tests of an engine share one browser; the engines run side by side.
//!
//! Filters and flags are those of `cargo test`: `cargo test -p avow-tests --test browser -- firefox::refuse`.

mod access;
mod axe;
mod bundle;
mod cambridge_education;
mod careers_enterprise;
mod choice;
mod compatible;
mod controls;
mod declared;
mod delivery;
mod device;
mod enlarged;
mod essential;
mod guard;
mod harness;
mod intervals;
mod kent_learning;
mod languages;
mod late;
mod layouts;
mod looks;
mod lost;
mod markup;
mod media;
mod objection;
mod opt_out;
mod outage;
mod parity;
mod receipt;
mod receipts;
mod region;
mod round_trip;
mod scriptless;
mod seetec;
mod selftest;
mod shown;
mod signals;
mod silence;
mod smooth;
mod snippet;
mod southend_connexions;
mod speed;
mod start;
mod subdomains;
mod visit;
mod wcag;

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
    round_trip::add(&mut suite);
    objection::add(&mut suite);
    opt_out::add(&mut suite);
    essential::add(&mut suite);
    languages::add(&mut suite);
    careers_enterprise::add(&mut suite);
    southend_connexions::add(&mut suite);
    kent_learning::add(&mut suite);
    cambridge_education::add(&mut suite);
    seetec::add(&mut suite);
    start::add(&mut suite);
    shown::add(&mut suite);
    snippet::add(&mut suite);
    markup::add(&mut suite);
    guard::add(&mut suite);
    late::add(&mut suite);
    compatible::add(&mut suite);
    delivery::add(&mut suite);
    scriptless::add(&mut suite);
    subdomains::add(&mut suite);
    access::add(&mut suite);
    axe::add(&mut suite);
    wcag::add(&mut suite);
    parity::add(&mut suite);
    controls::add(&mut suite);
    enlarged::add(&mut suite);
    intervals::add(&mut suite);
    signals::add(&mut suite);
    declared::add(&mut suite);
    silence::add(&mut suite);
    layouts::add(&mut suite);
    smooth::add(&mut suite);
    speed::add(&mut suite);
    looks::add(&mut suite);
    suite.run()
}
