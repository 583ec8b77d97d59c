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
    let mut fine: Vec<&str> = Vec::new();
    let shared = unix::shared(&settings.database);
    for file in unix::kept(settings) {
        let Ok(found) = unix::Found::at(&file.path) else { continue };
        match unix::trouble(&file, &found, shared) {
            None if fine.contains(&file.what) => {}
            None => fine.push(file.what),
            Some(trouble) => trouble.tell(report),
        }
    }
    let Some(group) = shared else {
        return if fine.is_empty() {
            report.ok("files", "there are none yet");
        } else {
            let fine = fine.join(", ");
            report.ok("files", format!("{fine}: others can neither read what is secret nor change anything"));
        };
    };
    report.ok("files", format!("{}: the ledger is shared with the group {group}", fine.join(", ")));
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::fs::MetadataExt;
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
        pub(super) gid: u32,
        pub(super) is_folder: bool,
    }

    impl Found {
        pub(super) fn at(path: &Path) -> io::Result<Found> {
            let found = std::fs::metadata(path)?;
            let (uid, gid) = (found.uid(), found.gid());
            Ok(Found { mode: found.mode() & 0o7777, uid, gid, is_folder: found.is_dir() })
        }
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

    /// The group that the ledger is shared with: it may read and write it, and nobody else may.
    pub(super) fn shared(database: &Path) -> Option<u32> {
        let found = Found::at(database).ok()?;
        (found.mode & 0o067 == 0o060).then_some(found.gid)
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
        let beside = |suffix: &str| {
            let mut name = settings.database.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        for suffix in ["-wal", "-shm", ".mark", ".locks"] {
            keep("ledger", Some(beside(suffix)), Rule::Payments);
        }
        for lock in std::fs::read_dir(beside(".locks")).into_iter().flatten().flatten() {
            keep("ledger", Some(lock.path()), Rule::Payments);
        }
        let folder = settings.database.parent().filter(|folder| !folder.as_os_str().is_empty());
        keep("data directory", folder.map(Path::to_owned), Rule::Folder);
        keep("token cache", settings.token_cache(), Rule::Token);
        kept
    }

    pub(super) fn trouble(file: &Kept, found: &Found, shared: Option<u32>) -> Option<Trouble> {
        match (shared, file.rule) {
            (Some(group), Rule::Payments | Rule::Folder) => not_shared(file, found, group),
            (_, _) => not_private(file, found),
        }
    }

    fn chmod(mode: &str, file: &Kept) -> String {
        format!("chmod {mode} {}", shell_word(&file.path.display().to_string()))
    }

    /// What one of the ledger's group could not do with a file of a ledger that is shared, or others could.
    fn not_shared(file: &Kept, found: &Found, group: u32) -> Option<Trouble> {
        let (path, what, mode) = (file.path.display(), file.what, found.mode);
        let sticky = file.rule == Rule::Folder && mode & 0o1000 != 0;
        let others = if file.rule == Rule::Folder { 0o002 } else { 0o006 };
        if mode & others != 0 && !sticky {
            let message = format!("the {what} {path} is open to others than its group (mode {mode:04o})");
            return Some(Trouble { bad: Some(Kind::Local), message, fix: chmod("o-rwx", file) });
        }
        let (needed, add) = if found.is_folder { (0o070, "g+rwx") } else { (0o060, "g+rw") };
        let is_groups = found.gid == group && mode & needed == needed;
        (!is_groups && !sticky).then(|| Trouble {
            bad: Some(Kind::Local),
            message: format!(
                "the ledger is shared with the group {group}, and the {what} {path} is not (group {}, mode \
                 {mode:04o})",
                found.gid
            ),
            fix: format!("chgrp {group} {} && {}", shell_word(&path.to_string()), chmod(add, file)),
        })
    }

    fn not_private(file: &Kept, found: &Found) -> Option<Trouble> {
        let path = file.path.display();
        let (mode, what) = (found.mode, file.what);
        let private = if found.is_folder { "700" } else { "600" };
        let sticky = file.rule == Rule::Folder && mode & 0o1000 != 0;
        if mode & 0o022 != 0 && !sticky {
            let (kind, fix) = match file.rule {
                Rule::Settings => (Some(Kind::Config), chmod("go-w", file)),
                Rule::Payments => (Some(Kind::Local), chmod(private, file)),
                Rule::Folder => (Some(Kind::Local), chmod("go-w", file)),
                Rule::Token => (None, chmod(private, file)),
            };
            let message = format!("the {what} {path} can be changed by others (mode {mode:04o})");
            return Some(Trouble { bad: kind, message, fix });
        }
        if matches!(file.rule, Rule::Payments | Rule::Token) && mode & 0o044 != 0 {
            let message = format!("the {what} {path} can be read by others (mode {mode:04o})");
            return Some(Trouble { bad: None, message, fix: chmod(private, file) });
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
            let found = Found { mode, uid, gid: 7, is_folder: rule == Rule::Folder };
            trouble(&Kept { what: "file", path: "/x/y".into(), rule }, &found, None)
        }

        #[test]
        fn a_ledger_that_is_shared_has_nothing_beside_it_that_is_not() {
            let fix = |rule, mode, gid, is_folder| {
                let kept = Kept { what: "file", path: "/x/y".into(), rule };
                trouble(&kept, &Found { mode, uid: 12_345, gid, is_folder }, Some(7)).map(|found| found.fix)
            };
            assert_eq!(fix(Rule::Payments, 0o660, 7, false), None, "whoever of the group has made it");
            assert_eq!(fix(Rule::Payments, 0o770, 7, true), None);
            assert_eq!(fix(Rule::Folder, 0o2770, 7, true), None);
            assert_eq!(fix(Rule::Folder, 0o2775, 7, true), None);
            assert_eq!(fix(Rule::Folder, 0o1777, 0, true), None);
            let given = |add| Some(format!("chgrp 7 /x/y && chmod {add} /x/y"));
            assert_eq!(fix(Rule::Payments, 0o600, 7, false), given("g+rw"));
            assert_eq!(fix(Rule::Payments, 0o660, 8, false), given("g+rw"));
            assert_eq!(fix(Rule::Folder, 0o700, 7, true), given("g+rwx"));
            assert_eq!(fix(Rule::Payments, 0o664, 7, false), Some("chmod o-rwx /x/y".to_owned()));
            assert_eq!(fix(Rule::Folder, 0o777, 7, true), Some("chmod o-rwx /x/y".to_owned()));
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
            let found = Found { mode: 0o600, uid, gid: 7, is_folder: false };
            assert!(trouble(&file, &found, None).unwrap().message.contains("another user"));
        }
    }
}
