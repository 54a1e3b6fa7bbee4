//! Writes records out for those who must show them.
