//! Whose a file is that decides where money goes: a config or a secret of another user's is not used.
//!
//! As ssh has it: such a file belongs to whoever runs the program or to the superuser. With `sudo` it may also
//! belong to who called that, as git has it.

use std::fs::Metadata;
use std::path::Path;

use crate::settings::error::SettingsError;

/// Who may own such a file beside this user and the superuser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Owners {
    /// Who called `sudo`, by its number.
    sudo: Option<u32>,
}

impl Owners {
    /// `sudo_uid` is what the environment says (`SUDO_UID`): it is believed of the superuser alone, who is told it
    /// by `sudo` itself.
    pub(super) fn new(sudo_uid: Option<&str>) -> Owners {
        Owners { sudo: sudo_uid.and_then(|uid| uid.parse().ok()) }
    }

    /// Refuses a file that is another user's, or that everybody may change. `what` is `config` or `secret`.
    #[cfg(unix)]
    pub(super) fn check(self, what: &str, path: &Path, metadata: &Metadata) -> Result<(), SettingsError> {
        use std::os::unix::fs::MetadataExt;

        use crate::output::text::shell_word;

        let us = rustix::process::geteuid().as_raw();
        let (shown, word) = (path.display(), shell_word(&path.display().to_string()));
        if !self.may_be(metadata.uid(), us) {
            let message = format!(
                "the {what} file {shown} belongs to another user (uid {}, and this is uid {us}); it was not used",
                metadata.uid()
            );
            let with_right = if us == 0 { "" } else { "sudo " };
            return Err(SettingsError::config(message).hinted(format!("{with_right}chown {us} {word}")));
        }
        let mode = metadata.mode() & 0o7777;
        if metadata.is_file() && mode & 0o002 != 0 {
            let message = format!(
                "the {what} file {shown} can be changed by everybody (mode {mode:04o}); it was not used"
            );
            return Err(SettingsError::config(message).hinted(format!("chmod go-w {word}")));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    pub(super) fn check(self, _what: &str, _path: &Path, _metadata: &Metadata) -> Result<(), SettingsError> {
        Ok(())
    }

    #[cfg(unix)]
    fn may_be(self, owner: u32, us: u32) -> bool {
        owner == us || owner == 0 || (us == 0 && self.sudo == Some(owner))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::Owners;

    #[test]
    fn a_file_is_ours_the_superusers_or_that_of_who_called_sudo() {
        for (what, sudo, owner, us, may_be) in [
            ("our own", None, 1000, 1000, true),
            ("the superuser's", None, 0, 1000, true),
            ("another user's", None, 1001, 1000, false),
            ("a user's, for the superuser", None, 1000, 0, false),
            ("that of who called sudo", Some("1000"), 1000, 0, true),
            ("another than who called sudo", Some("1000"), 1001, 0, false),
            ("what a user says of sudo itself", Some("1001"), 1001, 1000, false),
            ("what is no number", Some("kim"), 1000, 0, false),
        ] {
            assert_eq!(Owners::new(sudo).may_be(owner, us), may_be, "{what}");
        }
    }
}
