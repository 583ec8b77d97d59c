//! The checks so far, and the exit code they lead to.

use crate::failure::{Exit, Kind};
use crate::output::checklist::{Check, State};

/// What was found, in the order of the screen.
#[derive(Debug, Default)]
pub(in crate::commands::doctor) struct Report {
    pub(in crate::commands::doctor) checks: Vec<Check>,
    /// Whether a bad one is about configuration or credentials.
    setup_is_bad: bool,
    /// Whether one is on this side, and none of the setup.
    side_is_bad: bool,
    /// Whether one is at the gateway.
    gateway_is_bad: bool,
}

impl Report {
    pub(in crate::commands::doctor) fn ok(&mut self, name: &'static str, message: impl Into<String>) {
        self.add(name, State::Ok, message.into(), None);
    }

    pub(in crate::commands::doctor) fn warn(
        &mut self,
        name: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(name, State::Warn, message.into(), Some(fix.into()));
    }

    /// `kind` is whose mistake it is: [`Kind::Config`]; [`Kind::Refused`] for what is left for a person; or
    /// anything else.
    pub(in crate::commands::doctor) fn bad(
        &mut self,
        kind: Kind,
        name: &'static str,
        message: impl Into<String>,
        fix: Option<String>,
    ) {
        self.setup_is_bad |= kind == Kind::Config;
        self.side_is_bad |= !matches!(kind, Kind::Config | Kind::Network | Kind::Refused);
        self.gateway_is_bad |= kind == Kind::Network;
        self.add(name, State::Bad, message.into(), fix);
    }

    pub(in crate::commands::doctor) fn append(&mut self, other: Report) {
        self.setup_is_bad |= other.setup_is_bad;
        self.side_is_bad |= other.side_is_bad;
        self.gateway_is_bad |= other.gateway_is_bad;
        self.checks.extend(other.checks);
    }

    /// A setup that is bad comes first: until it is mended the rest may look bad because of it. What is down at the
    /// gateway comes last: that may pass by itself.
    pub(in crate::commands::doctor) fn exit(&self) -> Exit {
        if self.setup_is_bad {
            Exit::With(Kind::Config)
        } else if self.side_is_bad {
            Exit::With(Kind::Local)
        } else if self.gateway_is_bad {
            Exit::With(Kind::Network)
        } else if self.checks.iter().any(|check| check.state == State::Bad) {
            Exit::With(Kind::Refused)
        } else {
            Exit::Done
        }
    }

    fn add(&mut self, name: &'static str, state: State, message: String, fix: Option<String>) {
        self.checks.push(Check { name, state, message, fix });
    }
}

#[cfg(test)]
mod tests {
    use super::Report;
    use crate::failure::{Exit, Kind};

    #[test]
    fn a_bad_setup_counts_more_than_a_bad_disk_and_warnings_not_at_all() {
        let mut report = Report::default();
        report.ok("a", "");
        report.warn("b", "", "");
        assert_eq!(report.exit(), Exit::Done);
        report.bad(Kind::Refused, "alarms", "", None);
        assert_eq!(report.exit(), Exit::With(Kind::Refused));
        report.bad(Kind::Network, "gateway", "", None);
        assert_eq!(report.exit(), Exit::With(Kind::Network));
        report.bad(Kind::Local, "disk", "", None);
        assert_eq!(report.exit(), Exit::With(Kind::Local));
        let mut setup = Report::default();
        setup.bad(Kind::Config, "secret", "", None);
        report.append(setup);
        assert_eq!(report.exit(), Exit::With(Kind::Config));
    }
}
