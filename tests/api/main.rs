//! Tests over HTTP and the command line, each on both databases.
