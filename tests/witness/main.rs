//! Tests of the witness through its front door: a real `avow witness`, and logs that are honest or are not.

mod durable;
mod protocol;
mod start;
