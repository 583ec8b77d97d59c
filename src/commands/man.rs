//! `billkey man`.

mod page;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::commands::man::page::{of_command, of_topic};
use crate::commands::session::answered;
use crate::commands::topics::{exit_codes, states};
use crate::failure::{Exit, Failure};
use crate::output::new_file::NewFile;
use crate::output::ui::Ui;

const AFTER_HELP: &str = "\
Examples:
  billkey man ./man
  billkey man ~/.local/share/man/man1
  billkey man /tmp/billkey-man --quiet

Exit codes:
  0 written   1 the directory cannot be written
  2 as usual; see `billkey help exit-codes`";

/// Write the manual pages into a directory
///
/// One page for billkey and one for each command, for `man billkey-charge`; billkey-states(7) and
/// billkey-exit-codes(7) besides. Where DIR is called man1 those two go into man7 beside it, where
/// man looks for them. Directories are made if they are not there. Needs no config file.
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
    let mut pages = Vec::new();
    root.build();
    pages_of(&root, &mut pages);
    write_all(directory, &pages)?;
    let topics: Vec<(String, Vec<u8>)> = [states(), exit_codes()]
        .iter()
        .filter_map(|topic| Some((format!("billkey-{}.7", topic.name), of_topic(topic)?)))
        .collect();
    let of_topics = topics_directory(directory);
    write_all(&of_topics, &topics)?;
    let beside = if of_topics == *directory {
        String::new()
    } else {
        format!(", {} of them to {}", topics.len(), of_topics.display())
    };
    let count = pages.len() + topics.len();
    let written = ui.done(&format!("Wrote {count} pages to {}{beside}", directory.display()));
    answered(written, Exit::Done)
}

/// Where the pages of section 7 go.
fn topics_directory(directory: &Path) -> PathBuf {
    if directory.file_name().is_some_and(|name| name == "man1") {
        directory.with_file_name("man7")
    } else {
        directory.to_owned()
    }
}

fn write_all(directory: &Path, pages: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    let cannot = |error: &std::io::Error| {
        Failure::io(format!("write manual pages into {}", directory.display()), error)
    };
    if !directory.is_dir() {
        fs::create_dir_all(directory).map_err(|error| cannot(&error))?;
        readable(directory, 0o755).map_err(|error| cannot(&error))?;
    }
    for (name, page) in pages {
        let path = directory.join(name);
        // What stands there meanwhile, a link too, is not written into.
        let written = NewFile::create(&path).and_then(|new| {
            new.put(page)?;
            readable(&path, 0o644)
        });
        written.map_err(|error| cannot(&error))?;
    }
    Ok(())
}

/// The pages of a built command and of its subcommands, by file name.
fn pages_of(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    pages.extend(of_command(command).map(|page| (format!("{name}.1"), page)));
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
    use std::path::Path;

    use clap::Command;

    use super::{pages_of, topics_directory};

    #[test]
    fn section_7_goes_where_man_looks_for_it() {
        let of = |directory: &str| topics_directory(Path::new(directory)).display().to_string();
        assert_eq!(
            (of("share/man/man1"), of("man1/"), of("pages")),
            ("share/man/man7".into(), "man7".into(), "pages".into())
        );
    }

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
