//! The log through the front door: receipts, tiles, erasure, and what happens to a database that went back.

mod bundle;
mod doctor;
mod erasure;
mod letters;
mod receipts;
mod retention;
mod rewound;
mod shown;
mod tiles;
mod views;
mod witnessed;
