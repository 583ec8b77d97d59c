//! The one integration binary: the real program, run as its users run it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::wildcard_enum_match_arm, clippy::as_conversions, unreachable_pub, dead_code)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test stands outside the house and reads clocks and environment itself"
)]

mod against;
mod ask_first;
mod attention;
mod bad_files;
mod bad_input;
mod batch;
mod books;
mod browser;
mod charge_rules;
mod citations;
mod clocks;
mod closed_months;
mod column_maps;
mod completion;
mod config;
mod crash;
mod doctor;
mod exports;
mod formats;
mod handed_in;
mod harmless_answers;
mod help;
mod house;
mod identity;
mod interrupts;
mod kept_answers;
mod links;
mod long_lists;
mod looking_up;
mod main_job;
mod many_customers;
mod many_payments;
mod month;
mod odd_answers;
mod open_orders;
mod order_ids;
mod other_key;
mod outside;
mod packages;
mod private;
mod proofs;
mod proxy;
mod recipes;
mod reconcile;
mod recount;
mod refund;
mod refund_answers;
mod refund_later;
mod refunds_beside;
mod registration;
mod report;
mod report_page;
mod requests;
mod retry_list;
mod sandbox_alone;
mod screens;
mod setup;
mod sharing;
mod simulation;
mod support;
mod tax;
mod two_payments;
mod upkeep;
