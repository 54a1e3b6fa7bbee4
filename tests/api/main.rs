//! Tests over HTTP and the command line, each on both databases.

mod bad_input;
mod chain;
mod delivery;
mod export;
mod lookup;
mod mmdb;
mod notice;
mod pages;
mod privacy;
mod publish;
mod region;
mod repeat;
mod tokens;
