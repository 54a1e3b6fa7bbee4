//! Tests of the gate through its front door: a real `avow gate` between a raw client and a raw site.

mod caches;
mod consent;
mod faults;
mod gate;
mod hostile;
mod learn;
mod recipes;
mod signal;
mod site;
mod unharmed;
