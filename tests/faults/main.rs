//! Tests with faults made for real: killed processes, cut wires, full disks, a wiped Redis.

mod disk;
mod kill;
mod load;
mod services;
mod sync;
