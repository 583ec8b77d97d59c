//! Every way a command can fail: a sentence, what to do next, and the exit code.
//!
//! Rooms below have errors of their own and know nothing of exit codes; here each becomes one of
//! the kinds that a script can rely on.

use std::error::Error;
use std::fmt;

use anyhow::Chain;

use crate::domain::charge::InvalidValue;
use crate::domain::ids::IdError;
use crate::domain::money::MoneyError;
use crate::domain::payment::Outcome;
use crate::domain::period::PeriodError;
use crate::domain::time::DurationError;
use crate::domain::words::os_words;
use crate::gateway::{GatewayFailure, GatewaySetupError, TokenFailure};
use crate::ledger::LedgerError;
use crate::output::field::ColumnsError;
use crate::register::RegisterError;
use crate::sandbox::SandboxError;
use crate::settings::{Fault, SettingsError};

/// Why the exit code is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Local,
    Usage,
    Config,
    Auth,
    Declined,
    Rejected,
    Unknown,
    Refused,
    Network,
    NotFound,
    /// Paid, and the order holds another payment.
    Alarm,
    Interrupted,
}

impl Kind {
    pub const ALL: [Kind; 12] = [
        Kind::Local,
        Kind::Usage,
        Kind::Config,
        Kind::Auth,
        Kind::Declined,
        Kind::Rejected,
        Kind::Unknown,
        Kind::Refused,
        Kind::Network,
        Kind::NotFound,
        Kind::Alarm,
        Kind::Interrupted,
    ];

    /// The exit code; scripts are written against it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Kind::Local => 1,
            Kind::Usage => 2,
            Kind::Config => 3,
            Kind::Auth => 4,
            Kind::Declined => 5,
            Kind::Rejected => 6,
            Kind::Unknown => 7,
            Kind::Refused => 8,
            Kind::Network => 9,
            Kind::NotFound => 10,
            Kind::Alarm => 11,
            Kind::Interrupted => 130,
        }
    }

    /// The `kind` of a JSON error.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Local => "local",
            Kind::Usage => "usage",
            Kind::Config => "config",
            Kind::Auth => "auth",
            Kind::Declined => "declined",
            Kind::Rejected => "rejected",
            Kind::Unknown => "unknown",
            Kind::Refused => "refused",
            Kind::Network => "network",
            Kind::NotFound => "not_found",
            Kind::Alarm => "alarm",
            Kind::Interrupted => "interrupted",
        }
    }
}

/// One line of the table of exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitCode {
    pub code: u8,
    pub meaning: &'static str,
    /// Whether to run the same command again.
    pub again: &'static str,
}

/// The table that `billkey help exit-codes` prints and the README repeats.
pub const EXIT_CODES: [ExitCode; 13] = [
    exit_code(0, "done; paid, or already paid", "no need"),
    exit_code(1, "local failure: ledger, disk, a bug", "look first"),
    exit_code(2, "usage: bad flags or values", "no"),
    exit_code(3, "configuration or credentials missing, unreadable, or unsafe", "no"),
    exit_code(4, "the gateway refused the API key", "no"),
    exit_code(5, "declined", "by your own rule, with --retry"),
    exit_code(6, "rejected", "look first"),
    exit_code(7, "unknown: may have been charged", "yes, it settles before it sends"),
    exit_code(
        8,
        "refused by billkey: not confirmed, same merchant_uid with other terms, similar charge, over a limit; of \
         reconcile, attention and doctor: something is left for a person",
        "no",
    ),
    exit_code(9, "nothing was sent: network, or busy", "yes"),
    exit_code(10, "not found", "no"),
    exit_code(11, "paid, now or before, and the order holds another payment", "no need: settle the alarm"),
    exit_code(130, "interrupted before anything was sent", "yes"),
];

const fn exit_code(code: u8, meaning: &'static str, again: &'static str) -> ExitCode {
    ExitCode { code, meaning, again }
}

/// How a command ended that has said what there was to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// The answer is out, and it is not a success: a decline, an unknown charge.
    With(Kind),
}

impl Exit {
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::With(kind) => kind.code(),
        }
    }

    /// The exit of a charge with this outcome. A pending one may have been sent.
    #[must_use]
    pub fn of_outcome(outcome: Outcome) -> Exit {
        match outcome {
            Outcome::Paid => Exit::Done,
            Outcome::Declined => Exit::With(Kind::Declined),
            Outcome::Rejected => Exit::With(Kind::Rejected),
            Outcome::Unknown | Outcome::Pending => Exit::With(Kind::Unknown),
            Outcome::NotSent => Exit::With(Kind::Network),
        }
    }

    /// How serious this is beside others: many charges end with the most serious of their lines
    /// (contract: 7, 1, 4, 3, 9, 11, 8, 6, 5, 10, 0; an interrupt and wrong usage stop the whole).
    #[must_use]
    pub fn most_serious(self, other: Exit) -> Exit {
        if other.rank() > self.rank() { other } else { self }
    }

    fn rank(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::With(Kind::NotFound) => 1,
            Exit::With(Kind::Declined) => 2,
            Exit::With(Kind::Rejected) => 3,
            Exit::With(Kind::Interrupted) => 4,
            Exit::With(Kind::Refused) => 5,
            Exit::With(Kind::Alarm) => 6,
            Exit::With(Kind::Network) => 7,
            Exit::With(Kind::Usage) => 8,
            Exit::With(Kind::Config) => 9,
            Exit::With(Kind::Auth) => 10,
            Exit::With(Kind::Local) => 11,
            Exit::With(Kind::Unknown) => 12,
        }
    }
}

/// What a failure says of money that was to move: whoever reads it asks that first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing was.
    Nothing,
    /// Nothing was by this run. An earlier one may have sent it, which a ledger that cannot be read
    /// does not tell.
    NothingByThisRun,
    /// The message itself says what there is to say, or nothing was to be sent.
    NotSaid,
}

/// A failure, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: Kind,
    /// A sentence that names the value and says what was not done.
    pub message: String,
    pub sent: Sent,
    /// What to do next, one line each.
    pub hints: Vec<String>,
    /// What lies under it, for `-v` and a bug report.
    pub causes: Vec<String>,
    /// Lines that belong to the message, such as two sides that differ. People see them between
    /// message and hints; a JSON error leaves them out.
    pub details: Vec<String>,
}

macro_rules! makers {
    ($($(#[$doc:meta])* $name:ident $kind:ident;)*) => {
        impl Failure {
            $($(#[$doc])* #[must_use] pub fn $name(message: impl Into<String>) -> Failure {
                Failure::new(Kind::$kind, message)
            })*
        }
    };
}

makers! {
    /// The ledger, the disk, or a bug: exit 1.
    local Local;
    /// Flags or values: exit 2.
    usage Usage;
    /// Configuration or credentials: exit 3.
    config Config;
    /// The gateway refused the API key: exit 4.
    auth Auth;
    /// The card company said no: exit 5.
    declined Declined;
    /// The gateway refused the request: exit 6.
    rejected Rejected;
    /// May have been charged: exit 7.
    unknown Unknown;
    /// Refused by billkey itself: exit 8.
    refused Refused;
    /// Nothing was sent: exit 9.
    network Network;
    /// There is no such thing: exit 10.
    not_found NotFound;
    /// Paid, and the order holds another payment: exit 11.
    alarm Alarm;
    /// Interrupted before anything was sent: exit 130.
    interrupted Interrupted;
}

impl Failure {
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            message: message.into(),
            sent: Sent::NotSaid,
            hints: Vec::new(),
            details: Vec::new(),
            causes: Vec::new(),
        }
    }

    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub fn detailed(mut self, line: impl Into<String>) -> Failure {
        self.details.push(line.into());
        self
    }

    /// The same of a charge that came to nothing, before anything was asked of the gateway.
    #[must_use]
    pub fn nothing_sent(mut self) -> Failure {
        if self.sent == Sent::NotSaid {
            self.sent = match self.kind {
                Kind::Usage | Kind::Refused => Sent::Nothing,
                Kind::Local
                | Kind::Config
                | Kind::Auth
                | Kind::Declined
                | Kind::Rejected
                | Kind::Unknown
                | Kind::Network
                | Kind::NotFound
                | Kind::Alarm
                | Kind::Interrupted => Sent::NothingByThisRun,
            };
        }
        self
    }

    /// The message, and whether anything was sent.
    #[must_use]
    pub fn sentences(&self) -> String {
        let sent = match self.sent {
            Sent::Nothing => "Nothing was sent.",
            Sent::NothingByThisRun => "Nothing was sent by this run.",
            Sent::NotSaid => return self.message.clone(),
        };
        format!("{}. {sent}", self.message.trim_end_matches('.'))
    }

    /// A file or directory that could not be read or written.
    #[must_use]
    pub fn io(doing: impl fmt::Display, error: &std::io::Error) -> Failure {
        Failure::local(format!("cannot {doing}: {}", os_words(error))).caused_by(error)
    }

    /// Keeps an error, and what lies under it in turn, for whoever asks with `-v`.
    #[must_use]
    fn caused_by(mut self, cause: &(dyn Error + 'static)) -> Failure {
        self.causes.extend(Chain::new(cause).map(ToString::to_string));
        self
    }

    /// The same of an error whose own sentence is the message already.
    #[must_use]
    fn caused_below(self, error: &impl Error) -> Failure {
        match error.source() {
            Some(cause) => self.caused_by(cause),
            None => self,
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Failure {
        let kind = match error.fault {
            Fault::Usage => Kind::Usage,
            Fault::Config => Kind::Config,
        };
        let hints = error.hint.into_iter().collect();
        Failure { hints, ..Failure::new(kind, error.message) }
    }
}

/// Errors that are a value given by the user.
macro_rules! usage_errors {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Failure {
                Failure::usage(error.to_string())
            }
        })*
    };
}

usage_errors!(InvalidValue, MoneyError, IdError, PeriodError, DurationError);

/// The answer could not be written. Where a reader that went away is no failure, ask
/// `commands::session::answered`.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::io("write the answer", &error)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Failure {
        // Not the ledger is wrong but what stands beside it: a setup to be put right.
        let setup = matches!(error, LedgerError::TwoNames { .. } | LedgerError::Stamped { .. });
        let kind = if setup { Kind::Config } else { Kind::Local };
        Failure::new(kind, error.to_string()).caused_below(&error)
    }
}

impl From<TokenFailure> for Failure {
    fn from(failure: TokenFailure) -> Failure {
        Failure::from(GatewayFailure::from(failure))
    }
}

/// For what is asked of the gateway beside charges: whatever went wrong, nothing was charged.
impl From<GatewayFailure> for Failure {
    fn from(failure: GatewayFailure) -> Failure {
        let message = failure.to_string();
        match failure {
            GatewayFailure::Token(TokenFailure::KeyRefused { .. }) => Failure::auth(message).hinted(
                "`billkey config show` says where key and secret come from; compare them with the console's.",
            ),
            GatewayFailure::Token(TokenFailure::NotReached { .. } | TokenFailure::NoAnswer { .. })
            | GatewayFailure::NotReached { .. }
            | GatewayFailure::NoAnswer { .. } => Failure::network(message),
            GatewayFailure::Refused { .. } => Failure::rejected(message),
        }
    }
}

impl From<GatewaySetupError> for Failure {
    fn from(error: GatewaySetupError) -> Failure {
        Failure::config(error.to_string())
    }
}

/// What the system said is put into our words here: the sandbox shares no code with the rest.
impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Failure {
        match &error {
            SandboxError::Listen { port, source } => {
                Failure::io(format!("listen on 127.0.0.1:{port} for the sandbox"), source)
                    .hinted("another port may be free; port 0 takes any")
            }
            SandboxError::Thread(source) => Failure::io("start the sandbox's thread", source),
            SandboxError::CreateBook { path, source } => {
                Failure::io(format!("create the sandbox's book {}", path.display()), source)
            }
            SandboxError::OpenBook { .. }
            | SandboxError::NewerBook { .. }
            | SandboxError::Book(_)
            | SandboxError::OddBook { .. }
            | SandboxError::UnknownFault { .. }
            | SandboxError::BadFault { .. } => Failure::local(error.to_string()).caused_below(&error),
        }
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Failure {
        let kind = match error {
            RegisterError::Listen { .. } => Kind::Network,
            RegisterError::Thread(_) | RegisterError::Random | RegisterError::Links { .. } => Kind::Local,
        };
        Failure::new(kind, error.to_string()).caused_below(&error)
    }
}

impl From<ColumnsError> for Failure {
    fn from(error: ColumnsError) -> Failure {
        Failure::usage(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{EXIT_CODES, Exit, Failure, Kind, Sent};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::Outcome;

    #[test]
    fn the_table_has_a_line_for_every_kind_and_no_other() {
        let mut codes: Vec<u8> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        codes.insert(0, 0);
        let table: Vec<u8> = EXIT_CODES.iter().map(|line| line.code).collect();
        assert_eq!(table, codes);
    }

    #[test]
    fn many_lines_end_with_the_most_serious() {
        let order = [7, 1, 4, 3, 9, 11, 8, 6, 5, 10];
        let exits: Vec<Exit> = order
            .iter()
            .map(|code| Exit::With(Kind::ALL.into_iter().find(|kind| kind.code() == *code).unwrap()))
            .collect();
        for (index, more) in exits.iter().enumerate() {
            assert_eq!(more.most_serious(Exit::Done), *more);
            for less in exits.iter().skip(index + 1) {
                assert_eq!(more.most_serious(*less), *more);
                assert_eq!(less.most_serious(*more), *more);
            }
        }
    }

    #[test]
    fn outcomes_have_the_exit_codes_of_the_contract() {
        let codes: Vec<u8> = Outcome::ALL.iter().map(|outcome| Exit::of_outcome(*outcome).code()).collect();
        assert_eq!(codes, [0, 5, 6, 7, 9, 7]);
    }

    #[test]
    fn what_was_sent_is_said_behind_the_message_and_once() {
        let failure = Failure::refused("not confirmed");
        assert_eq!(failure.sentences(), "not confirmed");
        let failure = failure.nothing_sent();
        assert_eq!((failure.sent, failure.message.as_str()), (Sent::Nothing, "not confirmed"));
        assert_eq!(failure.nothing_sent().sentences(), "not confirmed. Nothing was sent.");
        let broken = Failure::local("the ledger is damaged.").nothing_sent();
        assert_eq!(broken.sentences(), "the ledger is damaged. Nothing was sent by this run.");
    }

    #[test]
    fn a_failure_of_the_systems_keeps_its_number_among_the_causes() {
        let failure = Failure::io("read a.csv", &std::io::Error::from_raw_os_error(2));
        assert_eq!(failure.message, "cannot read a.csv: no such file or directory");
        assert_eq!(failure.causes, ["No such file or directory (os error 2)"]);
    }

    #[test]
    fn a_value_that_cannot_be_read_is_wrong_usage() {
        let failure = Failure::from(Amount::parse("x", Currency::KRW).unwrap_err());
        assert_eq!((failure.kind, failure.kind.code(), failure.kind.word()), (Kind::Usage, 2, "usage"));
        assert!(failure.message.contains("`x`"), "{}", failure.message);
    }
}
