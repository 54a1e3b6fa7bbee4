//! The Avow server: takes decisions, keeps them as durable records, and hands them out to those who may see them.
//!
//! Read in this order: [`app`] (what is started), [`routes`] (what answers), [`api`] (HTTP), [`consent`]
//! (what a decision must satisfy), [`log`] (one commit for many requests), [`store`] (the databases).
//! Arrows: `routes → api → consent → log → store`; a plain read may go from `api` straight to `store`.

pub mod access;
pub mod api;
pub mod app;
pub mod assets;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod consent;
pub mod error;
pub mod gate;
pub mod geo;
pub mod limits;
pub mod log;
pub mod mac;
pub mod metrics;
pub mod middleware;
pub mod pages;
pub mod policy;
pub mod rng;
pub mod routes;
pub mod seal;
pub mod seen;
pub mod shown;
pub mod site_files;
pub mod state;
pub mod store;
pub mod verdict;
pub mod verify;
pub mod witness;

#[cfg(test)]
mod testing;
