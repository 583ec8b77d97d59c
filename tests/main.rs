//! The one integration binary: the real program, run as its users run it.
#![allow(
    clippy::disallowed_methods,
    reason = "a test stands outside the house and reads clocks and environment itself"
)]
#![allow(
    clippy::as_conversions,
    unreachable_pub,
    reason = "no money is counted here, and nothing is published"
)]

mod charge_rules;
mod house;
mod main_job;
mod simulation;
mod support;
