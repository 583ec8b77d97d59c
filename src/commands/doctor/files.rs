//! Who can read and change the files that hold secrets and payments.

use crate::commands::doctor::report::Report;
use crate::settings::Settings;

#[cfg(not(unix))]
pub(super) fn examine(_settings: &Settings, report: &mut Report) {
    report.ok("files", "who may read them is not looked at on this system");
}

/// Looks at each file that there is. The secret's file is looked at when it is read.
#[cfg(unix)]
pub(super) fn examine(settings: &Settings, report: &mut Report) {
    use std::os::unix::fs::MetadataExt;

    let mut fine: Vec<&str> = Vec::new();
    for file in unix::kept(settings) {
        let Ok(metadata) = std::fs::metadata(&file.path) else { continue };
        let found = unix::Found { mode: metadata.mode() & 0o7777, uid: metadata.uid() };
        match unix::trouble(&file, &found) {
            None if fine.contains(&file.what) => {}
            None => fine.push(file.what),
            Some(trouble) => trouble.tell(report),
        }
    }
    if fine.is_empty() {
        report.ok("files", "there are none yet");
    } else {
        report.ok(
            "files",
            format!("{}: others can neither read what is secret nor change anything", fine.join(", ")),
        );
    }
}

#[cfg(unix)]
mod unix {
    use std::path::{Path, PathBuf};

    use crate::commands::doctor::report::Report;
    use crate::failure::Kind;
    use crate::output::text::shell_word;
    use crate::settings::Settings;

    /// What others may do with a file.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) enum Rule {
        /// Read it: a secret inside is refused where it is read.
        Settings,
        /// Nothing: names, telephone numbers, cards.
        Payments,
        /// Nothing, or it is not used.
        Token,
        /// Look into it: what is secret in it has a mode of its own.
        Folder,
    }

    pub(super) struct Kept {
        pub(super) what: &'static str,
        pub(super) path: PathBuf,
        pub(super) rule: Rule,
    }

    pub(super) struct Found {
        pub(super) mode: u32,
        pub(super) uid: u32,
    }

    /// What is wrong with a file; `bad` is whose mistake it is when it is more than a warning.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Trouble {
        bad: Option<Kind>,
        message: String,
        fix: String,
    }

    impl Trouble {
        pub(super) fn tell(self, report: &mut Report) {
            match self.bad {
                Some(kind) => report.bad(kind, "files", self.message, Some(self.fix)),
                None => report.warn("files", self.message, self.fix),
            }
        }
    }

    pub(super) fn kept(settings: &Settings) -> Vec<Kept> {
        let mut kept = Vec::new();
        let mut keep = |what, path: Option<PathBuf>, rule| {
            if let Some(path) = path {
                kept.push(Kept { what, path, rule });
            }
        };
        keep("config", settings.config_file.clone(), Rule::Settings);
        keep("ledger", Some(settings.database.clone()), Rule::Payments);
        for suffix in ["-wal", "-shm"] {
            let mut name = settings.database.clone().into_os_string();
            name.push(suffix);
            keep("ledger", Some(name.into()), Rule::Payments);
        }
        keep("data directory", settings.database.parent().map(Path::to_owned), Rule::Folder);
        keep("token cache", settings.token_cache(), Rule::Token);
        kept
    }

    pub(super) fn trouble(file: &Kept, found: &Found) -> Option<Trouble> {
        let path = file.path.display();
        let (mode, what) = (found.mode, file.what);
        let chmod = |mode: &str| format!("chmod {mode} {}", shell_word(&path.to_string()));
        let sticky = file.rule == Rule::Folder && mode & 0o1000 != 0;
        if mode & 0o022 != 0 && !sticky {
            let (kind, fix) = match file.rule {
                Rule::Settings => (Some(Kind::Config), chmod("go-w")),
                Rule::Payments => (Some(Kind::Local), chmod("600")),
                Rule::Folder => (Some(Kind::Local), chmod("go-w")),
                Rule::Token => (None, chmod("600")),
            };
            let message = format!("the {what} {path} can be changed by others (mode {mode:04o})");
            return Some(Trouble { bad: kind, message, fix });
        }
        let private = matches!(file.rule, Rule::Payments | Rule::Token);
        if private && mode & 0o044 != 0 {
            let message = format!("the {what} {path} can be read by others (mode {mode:04o})");
            return Some(Trouble { bad: None, message, fix: chmod("600") });
        }
        let us = rustix::process::geteuid().as_raw();
        // The directories of the system itself are root's.
        let folder_of_root = file.rule == Rule::Folder && found.uid == 0;
        if found.uid != us && !folder_of_root {
            let message =
                format!("the {what} {path} belongs to another user (uid {}, we are {us})", found.uid);
            let fix = "run billkey as that user, always as the same one".to_owned();
            return Some(Trouble { bad: None, message, fix });
        }
        None
    }

    #[cfg(test)]
    mod tests {
        use super::{Found, Kept, Rule, Trouble, trouble};
        use crate::failure::Kind;

        fn judged(rule: Rule, mode: u32) -> Option<Trouble> {
            let uid = rustix::process::geteuid().as_raw();
            trouble(&Kept { what: "file", path: "/x/y".into(), rule }, &Found { mode, uid })
        }

        #[test]
        fn what_others_can_change_is_bad() {
            let bad = |rule, mode| judged(rule, mode).and_then(|trouble| trouble.bad);
            assert_eq!(bad(Rule::Settings, 0o664), Some(Kind::Config));
            assert_eq!(bad(Rule::Payments, 0o602), Some(Kind::Local));
            assert_eq!(bad(Rule::Folder, 0o777), Some(Kind::Local));
            assert_eq!(judged(Rule::Folder, 0o1777), None, "a sticky directory keeps files where they are");
        }

        #[test]
        fn what_others_can_read_is_a_warning_where_it_is_private() {
            for rule in [Rule::Payments, Rule::Token] {
                let trouble = judged(rule, 0o640).unwrap();
                assert_eq!((trouble.bad, trouble.fix.as_str()), (None, "chmod 600 /x/y"));
            }
            assert_eq!(judged(Rule::Settings, 0o644), None);
            assert_eq!(judged(Rule::Folder, 0o755), None);
            assert_eq!(judged(Rule::Payments, 0o600), None);
        }

        #[test]
        fn a_file_of_another_user_is_a_warning() {
            let uid = rustix::process::geteuid().as_raw() + 1;
            let file = Kept { what: "ledger", path: "/x".into(), rule: Rule::Payments };
            assert!(trouble(&file, &Found { mode: 0o600, uid }).unwrap().message.contains("another user"));
        }
    }
}
