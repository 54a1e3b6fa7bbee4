//! Placeholder until its modules land.
fn main() {}
