//! `billkey config`.

mod change;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::commands::config::change::{GetArgs, SetArgs, UnsetArgs};
use crate::commands::context::Context;
use crate::commands::session::{Session, answered};
use crate::commands::starter::STARTER;
use crate::failure::{Exit, Failure};
use crate::output::field::{Columns, Field, Give, Listed, Value};
use crate::output::ui::Ui;
use crate::settings::{Settings, Shown, config_path};

const AFTER_HELP: &str = "\
Examples:
  billkey config init
  billkey config show
  billkey config set limits.max_amount 500,000

`billkey config COMMAND --help` says more about each, and its exit codes.";

/// Set up billkey, and see what is set up
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_long_help = AFTER_HELP)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    Init(InitArgs),
    Show(ShowArgs),
    Get(GetArgs),
    Set(SetArgs),
    Unset(UnsetArgs),
    Path(PathArgs),
}

const INIT_HELP: &str = "\
Examples:
  billkey config init
  billkey config init --config ./billkey.toml
  billkey config init --json

Exit codes:
  0 written   1 it cannot be written   8 there is a config file already
  2, 3 as usual; see `billkey help exit-codes`";

/// Write a config file to begin with
///
/// Every key is in it, explained and commented out. It is for its owner alone, and a file that is
/// there already is left as it is.
#[derive(Debug, Args)]
#[command(after_long_help = INIT_HELP)]
struct InitArgs {}

const SHOW_HELP: &str = "\
Examples:
  billkey config show
  billkey --profile main config show --json
  billkey --sandbox config show

Exit codes:
  0 done   3 the config file cannot be used
  1, 2 as usual; see `billkey help exit-codes`";

/// Show the settings that count, and where each comes from
///
/// Flags beat environment beats file. Secrets are shown as `set`; their file is not read and their
/// program is not run.
#[derive(Debug, Args)]
#[command(after_long_help = SHOW_HELP)]
struct ShowArgs {}

const PATH_HELP: &str = "\
Examples:
  billkey config path
  billkey config path --json
  ${EDITOR:-vi} \"$(billkey config path)\"

Exit codes:
  0 done, also when there is no such file   3 there is no home directory
  1, 2 as usual; see `billkey help exit-codes`";

/// Print where the config file is, or would be
#[derive(Debug, Args)]
#[command(after_long_help = PATH_HELP)]
struct PathArgs {}

/// Runs the command. `init` and `path` read no config file.
#[must_use]
pub fn run(args: &ConfigArgs, session: &Session) -> u8 {
    let path = || config_path(&session.flags, &session.environment).map(|path| path.value);
    match &args.command {
        ConfigCommand::Init(InitArgs {}) => session.without_settings(|ui| init(&path()?, ui)),
        ConfigCommand::Show(ShowArgs {}) => session.with_settings(show),
        ConfigCommand::Get(args) => change::get(args, session),
        ConfigCommand::Set(args) => change::set(args, session),
        ConfigCommand::Unset(args) => change::unset(args, session),
        ConfigCommand::Path(PathArgs {}) => session.without_settings(|ui| {
            let path = path()?;
            let written = if ui.format().is_json() {
                ui.json(&json!({ "path": path.display().to_string(), "exists": path.exists() }))
            } else {
                ui.answer(&path.display().to_string())
            };
            answered(written, Exit::Done)
        }),
    }
}

fn init(path: &Path, ui: &mut Ui) -> Result<Exit, Failure> {
    let shown = path.display();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| Failure::io(format!("create the directory {}", folder.display()), &error))?;
    }
    match create(path) {
        Ok(mut file) => file
            .write_all(STARTER.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|error| Failure::io(format!("write {shown}"), &error))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let message = format!("there is a config file already: {shown}. It was left as it is");
            return Err(Failure::refused(message).hinted("--config FILE writes one elsewhere."));
        }
        Err(error) => return Err(Failure::io(format!("create {shown}"), &error)),
    }
    let written = if ui.format().is_json() {
        ui.json(&json!({ "path": shown.to_string() }))
    } else {
        ui.done(&format!("Wrote {shown}"))
    };
    ui.status(
        "Set imp_key and one of the three secrets in it; `billkey token` then says whether they are right.",
    );
    answered(written, Exit::Done)
}

/// A new file for its owner alone; one that is there already, a link too, is an error.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn show(context: &mut Context<'_>) -> Result<Exit, Failure> {
    if let Some(warning) = context.settings.settle_after_warning() {
        context.ui.warning(&warning);
    }
    answered(write_settings(context.settings, context.ui), Exit::Done)
}

fn write_settings(settings: &Settings, ui: &mut Ui) -> io::Result<()> {
    if ui.format().is_json() {
        let config_file = settings.config_file.as_ref().map(|path| path.display().to_string());
        return ui.json(&SettingsAnswer { config_file, settings: ByKey(settings.shown()) });
    }
    match &settings.config_file {
        Some(path) => ui.status(&format!("Read {}", path.display())),
        None => ui.status("There is no config file. `billkey config init` writes one to begin with."),
    }
    let mut list = ui.list::<Shown>(Columns::usual())?;
    for shown in settings.shown() {
        list.row(shown)?;
    }
    list.finish("").map(|_| ())
}

#[derive(Serialize)]
struct SettingsAnswer<'a> {
    config_file: Option<String>,
    settings: ByKey<'a>,
}

/// `{"mode": {"value": "live", "origin": "default"}, ...}`, in the order of the config file.
struct ByKey<'a>(&'a [Shown]);

#[derive(Serialize)]
struct Entry<'a> {
    value: Option<&'a str>,
    origin: Option<String>,
}

impl Serialize for ByKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|shown| {
            let origin = shown.origin.as_ref().map(ToString::to_string);
            (shown.key, Entry { value: shown.value.as_deref(), origin })
        }))
    }
}

const fn field(
    name: &'static str,
    heading: &'static str,
    get: for<'a> fn(&'a Shown) -> Value<'a>,
) -> Field<Shown> {
    Field { name, heading: Some(heading), give: Give::Text, get }
}

/// A settings' line as a row. A terminal that is narrow cuts where it comes from first.
impl Listed for Shown {
    const FIELDS: &'static [Field<Shown>] = &[
        field("key", "KEY", |shown| Value::Word(shown.key)),
        field("value", "VALUE", |shown| Value::text(shown.value.as_ref())),
        field("origin", "FROM", |shown| {
            shown.origin.as_ref().map_or(Value::Absent, |origin| Value::Text(origin.to_string().into()))
        }),
    ];
    const TABLE: &'static [Field<Shown>] = Shown::FIELDS;
    const GIVES: &'static [(usize, usize)] = &[(2, 10), (1, 20)];
    const NOUN: &'static str = "setting";
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use jiff::tz::TimeZone;

    use super::{STARTER, init};
    use crate::failure::Kind;
    use crate::output::ui::Ui;
    use crate::settings::{Presentation, Streams};

    fn silent_ui() -> Ui {
        let options = Presentation::default().ui_options(&Streams::default(), TimeZone::UTC);
        Ui::new(options, Box::new(io::sink()), Box::new(io::sink()), Box::new(io::empty()))
    }

    #[test]
    fn init_writes_a_file_for_its_owner_alone_and_never_over_another() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/config.toml");
        init(&path, &mut silent_ui()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), STARTER);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "mine").unwrap();
        assert_eq!(init(&path, &mut silent_ui()).unwrap_err().kind, Kind::Refused);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
