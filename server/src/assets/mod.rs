//! The server's assets.
