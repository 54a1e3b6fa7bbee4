//! The server's limits.
