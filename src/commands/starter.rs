//! What a config file begins as: the sample, in which only the names of its tables count.

pub(in crate::commands) const STARTER: &str = include_str!("../../sample-config.toml");
