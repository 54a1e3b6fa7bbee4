//! The server's middleware.
