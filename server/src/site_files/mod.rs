//! The server's site_files.
