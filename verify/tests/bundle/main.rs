//! Bundles as they are made, and as a forger would make them.

mod maker;
mod tamper;
mod zips;
