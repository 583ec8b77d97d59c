//! `billkey man`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::commands::session::answered;
use crate::failure::{Exit, Failure};
use crate::output::ui::Ui;

const AFTER_HELP: &str = "\
Examples:
  billkey man ./man
  billkey man ~/.local/share/man/man1
  billkey man /tmp/billkey-man --quiet

Exit codes:
  0 written   1 the directory cannot be written   2 as usual; see `billkey help exit-codes`";

/// Write the manual pages into a directory
///
/// One page for billkey and one for each command, for `man billkey-charge`. The directory is made if
/// it is not there. Needs no config file.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ManArgs {
    /// Where to write them
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Writes the pages.
pub fn run(args: &ManArgs, mut root: clap::Command, ui: &mut Ui) -> Result<Exit, Failure> {
    let directory = &args.directory;
    let cannot = |error: &std::io::Error| {
        Failure::io(format!("write manual pages into {}", directory.display()), error)
    };
    if !directory.is_dir() {
        fs::create_dir_all(directory).map_err(|error| cannot(&error))?;
        readable(directory, 0o755).map_err(|error| cannot(&error))?;
    }
    let mut pages = Vec::new();
    root.build();
    pages_of(&root, &mut pages);
    for (name, page) in &pages {
        let path = directory.join(name);
        fs::write(&path, page).map_err(|error| cannot(&error))?;
        readable(&path, 0o644).map_err(|error| cannot(&error))?;
    }
    let written = ui.done(&format!("Wrote {} pages to {}", pages.len(), directory.display()));
    answered(written, Exit::Done)
}

/// The pages of a built command and of its subcommands, by file name.
fn pages_of(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) {
    let man = clap_mangen::Man::new(command.clone());
    let mut page = Vec::new();
    // Into memory: writing cannot fail.
    if man.render(&mut page).is_ok() {
        pages.push((man.get_filename(), page));
    }
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        pages_of(subcommand, pages);
    }
}

/// Manual pages are for everybody, whatever the umask.
#[cfg(unix)]
fn readable(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn readable(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::pages_of;

    #[test]
    fn every_command_has_a_page_named_by_its_path() {
        let add = Command::new("add").about("Save a customer");
        let customer = Command::new("customer").subcommand(add);
        let mut root = Command::new("billkey").disable_help_subcommand(true).subcommand(customer);
        root.build();
        let mut pages = Vec::new();
        pages_of(&root, &mut pages);
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["billkey.1", "billkey-customer.1", "billkey-customer-add.1"]);
        assert!(String::from_utf8_lossy(&pages[2].1).contains("Save a customer"));
    }
}
