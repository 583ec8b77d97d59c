//! What it means to a run that a ledger's file could not be looked after, and what to do about it.

use std::path::Path;

use crate::commands::context::Context;
use crate::failure::Failure;
use crate::ledger::UpkeepError;
use crate::output::text::shell_word;

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

/// The failure, with commands that can be pasted.
pub(super) fn failed(error: UpkeepError, context: &Context<'_>) -> Failure {
    let message = error.to_string();
    match error {
        UpkeepError::Ledger(error) => context.ledger_failure(error),
        UpkeepError::NoSuchFile { .. } => {
            Failure::not_found(message).hinted("name a file that `billkey ledger backup` made")
        }
        UpkeepError::NotABackup { .. } => {
            Failure::usage(message).hinted("name a file that `billkey ledger backup` made")
        }
        UpkeepError::NoStamp { path } => {
            let file = word(&path);
            let mut copy = path.into_os_string();
            copy.push(".backup");
            let copy = word(Path::new(&copy));
            Failure::usage(message)
                .hinted(format!("to make a backup of it: billkey --database {file} ledger backup {copy}"))
                .hinted(format!("and then: {}", context.hint(&format!("ledger restore {copy}"))))
        }
        UpkeepError::NewerBackup { .. } => Failure::local(message).hinted("update billkey"),
        UpkeepError::Occupied { .. } => Failure::usage(message).hinted("name another file"),
        UpkeepError::NoFolder { path } => Failure::usage(message).hinted(format!("mkdir -p {}", word(&path))),
        UpkeepError::OtherLedger { path, ledger, .. } => {
            let mut aside = ledger.clone().into_os_string();
            aside.push(".aside");
            let (aside, ledger) = (word(Path::new(&aside)), word(&ledger));
            let again = context.hint(&format!("ledger restore {}", word(&path)));
            Failure::refused(message).hinted(format!(
                "to put it there all the same: mkdir {aside} && mv {ledger} {ledger}-* {ledger}.mark {aside}/ ; {again}"
            ))
        }
        UpkeepError::Spoiled { .. } => Failure::local(message).hinted("restore an earlier backup"),
        UpkeepError::InUse { .. } => {
            Failure::network(message).hinted("run the same command again when the other has ended")
        }
        UpkeepError::NotWritable { .. } => {
            Failure::local(message).hinted("run it as a user who may write there, or name another place")
        }
        UpkeepError::Underway { .. } => Failure::network(message).hinted("run the same command again"),
        UpkeepError::NoRoom { .. } => Failure::local(message).hinted("make room, then run it again"),
    }
}
