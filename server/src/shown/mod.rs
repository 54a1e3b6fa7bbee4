//! What a visitor was shown, shown again: the banner of a record, by the texts of its version and the very code of
//! its widget build, both kept since they were published.
//!
//! Read in this order: [`build`] (the code that was kept), [`scene`] (what is to be shown), [`ticket`] (an address
//! for it that ends), [`stage`] (the page), [`pictures`] (the same as files, in the log).
//! What this is not: a proof. What is proved are texts and code by their hashes; how a screen drew them is not.

mod browser;
pub mod build;
pub mod pictures;
pub mod scene;
pub mod stage;
pub mod ticket;
