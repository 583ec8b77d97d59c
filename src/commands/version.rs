//! What `billkey --version` says beside the version, for a bug report.

use std::sync::OnceLock;

use crate::ledger::engine_words;

/// Version, commit and engines, a line each.
#[must_use]
pub fn long_version() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let (version, commit, target) =
            (env!("CARGO_PKG_VERSION"), env!("BILLKEY_COMMIT"), env!("BILLKEY_TARGET"));
        format!(
            "{version}\ncommit  {commit}\ntarget  {target}\nledger  {}\nTLS     rustls with ring",
            engine_words()
        )
    })
}
