//! Many customers, one after the other: what `check` and `import` share.

use std::ops::ControlFlow;

use crate::commands::session::{answered, complain};
use crate::domain::customer::Customer;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::field::Columns;
use crate::output::options::is_broken_pipe;
use crate::output::ui::Ui;

/// After so many customers in a row for which the gateway was not reached, the rest is not tried:
/// each of them has been tried three times by then.
const UNREACHED_MAX: u32 = 3;

/// What has come of it so far.
#[derive(Debug)]
pub(super) struct Many {
    /// Held back until the end, but for `jsonl`.
    customers: Vec<Customer>,
    succeeded: u64,
    exit: Exit,
    unreached_in_a_row: u32,
    reader_left: bool,
}

impl Many {
    pub(super) fn new() -> Many {
        Many {
            customers: Vec::new(),
            succeeded: 0,
            exit: Exit::Done,
            unreached_in_a_row: 0,
            reader_left: false,
        }
    }

    /// How many went well.
    pub(super) fn succeeded(&self) -> u64 {
        self.succeeded
    }

    /// How it ends.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// One went well. With `jsonl` it is written at once. The work goes on when nobody reads any
    /// more: it is not done for the reader alone.
    pub(super) fn succeed(&mut self, customer: Customer, ui: &mut Ui) -> Result<(), Failure> {
        self.succeeded += 1;
        self.unreached_in_a_row = 0;
        match ui.format() {
            Format::Jsonl if ui.quiet() || self.reader_left => {}
            Format::Jsonl => {
                let written = ui.customer(&customer);
                self.reader_left = written.as_ref().is_err_and(is_broken_pipe);
                answered(written, Exit::Done)?;
            }
            Format::Table | Format::Plain | Format::Json | Format::Csv => self.customers.push(customer),
        }
        Ok(())
    }

    /// One went wrong and is reported. `Break` when the others would go the same way: the key was
    /// refused, or the gateway is out of reach.
    pub(super) fn fail(&mut self, failure: &Failure, ui: &mut Ui) -> ControlFlow<()> {
        complain(failure, ui);
        self.exit = self.exit.most_serious(Exit::With(failure.kind));
        let unreached = failure.kind == Kind::Network;
        self.unreached_in_a_row = if unreached { self.unreached_in_a_row + 1 } else { 0 };
        if failure.kind == Kind::Auth || self.unreached_in_a_row >= UNREACHED_MAX {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Writes what was held back, as one list. With `--quiet`, nothing.
    pub(super) fn write_list(&self, footer: &str, ui: &mut Ui) -> Result<(), Failure> {
        if ui.quiet() || ui.format() == Format::Jsonl {
            return Ok(());
        }
        let written = ui.list(Columns::usual()).and_then(|mut list| {
            for customer in &self.customers {
                list.row(customer)?;
            }
            list.finish(footer).map(drop)
        });
        answered(written, Exit::Done).map(drop)
    }
}
