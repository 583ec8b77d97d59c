//! Both files take their names when both are whole.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::commands::setup::ask::Answers;
use crate::domain::secret::Secret;
use crate::failure::Failure;
use crate::output::new_file::NewFile;

/// Writes the config file and the secret's.
pub(super) fn keep(answers: &Answers) -> Result<(), Failure> {
    // The directory of both is made with it.
    let config = answers.draft.prepared()?;
    let secret = match (answers.secret_file(), &answers.secret) {
        (Some(path), Some(secret)) => Some((written(&path, secret, answers)?, path)),
        (_, _) => None,
    };
    let Some((new, path)) = secret else { return finished(config, answers.draft.path()) };
    let was_there = path.exists();
    finished(new, &path)?;
    finished(config, answers.draft.path()).inspect_err(|_| {
        if !was_there {
            // No secret is left where nothing points at it.
            drop(fs::remove_file(&path));
        }
    })
}

fn finished(new: NewFile, path: &Path) -> Result<(), Failure> {
    new.finish().map_err(|error| Failure::io(format!("write {}", path.display()), &error))
}

/// The secret's file, for its owner alone, before it has its name.
fn written(path: &Path, secret: &Secret, answers: &Answers) -> Result<NewFile, Failure> {
    if path.exists() && !answers.draft.named_before(path) {
        let message = format!("there is a file {} already, which the config does not name", path.display());
        return Err(Failure::refused(format!("{message}. Nothing was written"))
            .hinted("move it away, or give the profile another name with --profile"));
    }
    let write = || -> io::Result<NewFile> {
        let new = NewFile::create(path)?;
        let mut file = new.writer()?;
        private(&file)?;
        file.write_all(format!("{}\n", secret.expose()).as_bytes())?;
        Ok(new)
    };
    write().map_err(|error| Failure::io(format!("write {}", path.display()), &error))
}

#[cfg(unix)]
fn private(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(_file: &fs::File) -> io::Result<()> {
    Ok(())
}
