//! What commands share when they answer.

use std::io;

use crate::failure::Failure;
use crate::output::ui::{Complaint, Ui, is_broken_pipe};

/// A reader that went away, as `head` does, is no failure: what was done is done, and there is
/// nobody to tell. `None` says so.
pub(in crate::commands) fn unless_reader_left<T>(written: io::Result<T>) -> Result<Option<T>, Failure> {
    match written {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_broken_pipe(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Says what went wrong with one of many, and that the others go on.
pub(in crate::commands) fn complain(ui: &mut Ui, failure: &Failure) {
    let details = (!failure.details.is_empty()).then(|| failure.details.join("\n") + "\n");
    ui.error(&Complaint {
        kind: failure.kind.word(),
        message: &failure.message,
        details: details.as_deref(),
        hints: &failure.hints,
        exit: failure.kind.code(),
    });
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::unless_reader_left;
    use crate::failure::Kind;

    #[test]
    fn a_reader_that_left_is_no_failure_and_a_full_disk_is_one() {
        assert_eq!(unless_reader_left(Ok(3)), Ok(Some(3)));
        assert_eq!(unless_reader_left::<()>(Err(io::ErrorKind::BrokenPipe.into())), Ok(None));
        let full = unless_reader_left::<()>(Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(full.unwrap_err().kind, Kind::Local);
    }
}
