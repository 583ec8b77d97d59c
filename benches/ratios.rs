//! Whole-process ratios; filled in below.
fn main() {}
