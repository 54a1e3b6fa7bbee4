//! Tests with programs of others as judges: what we make they accept, what they make we accept.

mod go;
mod transparency;
