//! Tests with faults made for real: killed processes, cut wires, full disks.
