//! The `billkey` program.

fn main() {}
