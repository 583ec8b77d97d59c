//! What has become of each row so far, and who is told of it when.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::billing::batch::{Batch, Done, Next, RowEnd, Stop};
use crate::billing::report::Ended;
use crate::billing::writer::Reader;
use crate::commands::alarm;
use crate::commands::batch::charges::Charges;
use crate::commands::batch::fate::Fate;
use crate::commands::batch::tally::{Counted, Tally};
use crate::commands::batch::tell::{self, Ending};
use crate::commands::ending::{failed, warn};
use crate::commands::session::{answered, complain};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::Payment;
use crate::domain::time::Moment;
use crate::failure::{Exit, Failure, Kind};
use crate::interrupt::Interrupts;
use crate::output::Format;
use crate::output::progress::Progress;
use crate::output::results::{ResultFile, RowView};
use crate::output::ui::Ui;

/// How long to wait for the next row before looking at everything else.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long ends may gather after one was looked at: to be woken for each of thousands a second costs
/// the workers a part of their time.
const GATHER: Duration = Duration::from_millis(5);

/// How many ends are looked at before everything else is: there may always be one more.
const ENDS_AT_ONCE: u32 = 256;

/// How long the answer of a row that is paid may take to the disk, usually. Nobody who presses Ctrl-C
/// twice notices.
const WRITTEN_WITHIN: Duration = Duration::from_millis(100);

/// How often there is a line of progress where there is no terminal.
const LINE_EVERY_MS: i64 = 60_000;

/// The rows and their fates.
pub(super) struct Board {
    charges: Arc<Charges>,
    fates: Vec<Fate>,
    /// For looking only, as the workers do.
    ledger: Reader,
    results: Option<ResultFile>,
    /// The first row that is not in the results file.
    next_result: u32,
    told_decided: bool,
    /// The reader of stdout went away.
    unheard: bool,
    /// Something went wrong that has no row.
    troubled: bool,
    begun: Moment,
    done: Counted,
}

impl Board {
    pub(super) fn new(
        charges: Arc<Charges>,
        fates: Vec<Fate>,
        ledger: Reader,
        results: Option<ResultFile>,
    ) -> Board {
        let begun = charges.clock.now();
        Board {
            charges,
            fates,
            ledger,
            results,
            next_result: 0,
            told_decided: false,
            unheard: false,
            troubled: false,
            begun,
            done: Counted::default(),
        }
    }

    /// Watches until every row that was begun has ended; false when that was not waited for.
    pub(super) fn watch(&mut self, batch: &mut Batch, interrupts: &Interrupts, ui: &mut Ui) -> bool {
        self.tell_decided(ui);
        let total = self.fates.iter().filter(|fate| !fate.is_final()).count();
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let progress = ui.progress(Some(total), "charging");
        let (mut interrupted, mut line_at_ms, mut paused) = (0, LINE_EVERY_MS, false);
        let to_the_end = loop {
            match batch.next(LOOK_EVERY) {
                Next::Done(done) => {
                    self.end(done, ui);
                    progress.advance(1);
                    for _ in 1..ENDS_AT_ONCE {
                        let Next::Done(done) = batch.next(Duration::ZERO) else { break };
                        self.end(done, ui);
                        progress.advance(1);
                    }
                    if self.done.ended < total {
                        self.charges.clock.sleep(GATHER);
                    }
                }
                Next::Waiting => {}
                Next::Over => break true,
            }
            let count = interrupts.count();
            if count >= 2 {
                // Answers that are on their way to the disk already.
                while let Next::Done(done) = batch.next(WRITTEN_WITHIN) {
                    self.end(done, ui);
                }
                self.abandon(batch, ui);
                break false;
            }
            if count > interrupted {
                interrupted = count;
                ui.note(
                    "Stopping: no further row is begun, and those under way are waited for. Once more to \
                     stop waiting; their outcome is then unknown.",
                );
            }
            let pause = batch.paused();
            if let (Some(left), false) = (pause, paused) {
                ui.status(&tell::paused(left));
            }
            paused = pause.is_some();
            let ms = self.elapsed_ms();
            self.show(&progress, total, ms);
            if ms >= line_at_ms {
                line_at_ms = ms.saturating_add(LINE_EVERY_MS);
                if !ui.options().stderr_is_terminal {
                    ui.status(&tell::progress(self.done, total, ms));
                }
            }
        };
        drop(progress);
        to_the_end
    }

    fn show(&self, progress: &Progress, total: u64, ms: i64) {
        progress.message(&tell::progress_short(self.done, total, ms));
    }

    fn elapsed_ms(&self) -> i64 {
        let elapsed = self.charges.clock.now().since(&self.begun).unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }

    fn end(&mut self, done: Done, ui: &mut Ui) {
        let Done { row, end } = done;
        let fate = match end {
            RowEnd::Ended(ended) => {
                if let Ended::Answered(report) = &ended {
                    // Without it nothing is said of the card; the ledger itself is told about elsewhere.
                    let uid = &report.payment.terms.customer_uid;
                    let saved = self.ledger.look().find_customer(uid).ok().flatten();
                    warn(ui, report, saved.as_ref(), &self.charges.settings);
                }
                Fate::of(&ended)
            }
            RowEnd::Failed(error) => {
                complain(&failed(ui, error), ui);
                Fate::Failed
            }
            RowEnd::Died => {
                let line = self.charges.rows.line(row);
                ui.warning(&format!("a bug cut off the charge of line {line}; run the same command again"));
                let fate = self.unseen(row, ui);
                if fate == Fate::Unknown { fate } else { Fate::Failed }
            }
            RowEnd::Stopped => Fate::NotTried,
            RowEnd::PgStopped => Fate::PgStopped,
        };
        let fate = fate.after(self.fate(row));
        self.set(row, fate);
        self.done.ended += 1;
        match fate {
            Fate::Paid | Fate::AlreadyPaid => self.done.paid += 1,
            Fate::Declined | Fate::DeclinedBefore | Fate::Rejected | Fate::RejectedBefore => {
                self.done.declined += 1;
            }
            Fate::Unknown => self.done.unknown += 1,
            Fate::Send
            | Fate::Settle
            | Fate::NotSent
            | Fate::KeyRefused
            | Fate::Busy
            | Fate::Failed
            | Fate::NotTried
            | Fate::PgStopped
            | Fate::Refused(_) => {}
        }
        self.tell_row(row, ui);
        self.write_results(ui);
    }

    fn set(&mut self, row: u32, fate: Fate) {
        if let Some(place) = usize::try_from(row).ok().and_then(|row| self.fates.get_mut(row)) {
            *place = fate;
        }
    }

    fn fate(&self, row: u32) -> Fate {
        let fate = usize::try_from(row).ok().and_then(|row| self.fates.get(row));
        fate.copied().unwrap_or(Fate::NotTried)
    }

    /// Rows under way that nobody waits for: the ledger has their intents, and the next run settles
    /// them.
    fn abandon(&mut self, batch: &Batch, ui: &mut Ui) {
        for row in batch.begun() {
            if !self.fate(*row).is_final() {
                let fate = self.unseen(*row, ui);
                self.set(*row, fate);
            }
        }
    }

    /// The fate of a row whose end nobody saw; unknown where the ledger cannot be read either.
    fn unseen(&mut self, row: u32, ui: &mut Ui) -> Fate {
        self.stored(row, ui, Fate::of_unseen)
    }

    /// A row that was to be looked up, and was not.
    fn not_asked(&mut self, row: u32, ui: &mut Ui) -> Fate {
        self.stored(row, ui, Fate::of_not_asked)
    }

    fn stored(&mut self, row: u32, ui: &mut Ui, fate: impl FnOnce(Option<&Payment>) -> Fate) -> Fate {
        let stored = self.charges.stored(row, &self.ledger.look());
        match stored {
            Ok(payment) => fate(payment.as_ref()),
            Err(error) => {
                self.trouble(&error.into(), ui);
                Fate::Unknown
            }
        }
    }

    /// Something of this side's that stops no charge: what is under way goes on, and the exit code
    /// says it in the end.
    fn trouble(&mut self, failure: &Failure, ui: &mut Ui) {
        self.troubled = true;
        complain(failure, ui);
    }

    /// With `jsonl` and a results file: what is known before anything is sent.
    fn tell_decided(&mut self, ui: &mut Ui) {
        if std::mem::replace(&mut self.told_decided, true) {
            return;
        }
        for row in self.charges.rows.all() {
            if self.fate(row).is_final() {
                self.tell_row(row, ui);
            }
        }
        self.write_results(ui);
    }

    /// With `jsonl`: one row, as it happens.
    fn tell_row(&mut self, row: u32, ui: &mut Ui) {
        let fate = self.fate(row);
        if ui.format() != Format::Jsonl || self.unheard || (ui.quiet() && fate.exit() == Exit::Done) {
            return;
        }
        let shown = self.charges.shown(row, fate, Some(&self.ledger.look()));
        let told = shown.and_then(|shown| {
            let written = ui.row_line(shown.view(self.charges.rows.line(row)));
            self.unheard = written.is_err();
            answered(written, Exit::Done)
        });
        if let Err(failure) = told {
            self.trouble(&failure, ui);
        }
    }

    /// Writes as many rows as have ended, in the order of the file.
    fn write_results(&mut self, ui: &mut Ui) {
        if let Some(mut results) = self.results.take() {
            match self.write_ended(&mut results) {
                Ok(()) => self.results = Some(results),
                Err(failure) => self.trouble(&failure.hinted("a further run writes the file anew"), ui),
            }
        }
    }

    fn finish_results(&mut self, ui: &mut Ui) {
        if let Some(results) = self.results.take()
            && let Err(error) = results.finish()
        {
            let failure = Failure::io("write the results", &error);
            self.trouble(&failure.hinted("a further run writes the file anew"), ui);
        }
    }

    fn write_ended(&mut self, results: &mut ResultFile) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::io("write the results", &error);
        let before = self.next_result;
        while self.next_result < self.charges.rows.count() && self.fate(self.next_result).is_final() {
            let row = self.next_result;
            let shown = self.charges.shown(row, self.fate(row), Some(&self.ledger.look()))?;
            results.row(shown.view(self.charges.rows.line(row))).map_err(failed)?;
            self.next_result += 1;
        }
        if self.next_result > before { results.flush().map_err(failed) } else { Ok(()) }
    }

    /// Tells what became of all of it, and the exit code.
    pub(super) fn conclude(mut self, ui: &mut Ui, ending: &Ending) -> Result<Exit, Failure> {
        let stop = ending.stop;
        self.tell_decided(ui);
        for row in self.charges.rows.all() {
            let fate = self.fate(row);
            if !fate.is_final() {
                // What may have been charged by an earlier run, still nobody knows.
                let fate =
                    if fate == Fate::Settle { self.not_asked(row, ui) } else { Fate::NotTried.after(fate) };
                self.set(row, fate);
                self.tell_row(row, ui);
            }
        }
        self.write_results(ui);
        self.finish_results(ui);
        let alarmed = self.alarms(ui)?;
        let exit = self.exit(stop, alarmed);
        if ui.quiet() && exit == Exit::Done {
            return Ok(exit);
        }
        let fates = &self.fates;
        let fate = |row: u32| {
            let fate = usize::try_from(row).ok().and_then(|row| fates.get(row));
            fate.copied().unwrap_or(Fate::NotTried)
        };
        let tally = Tally::of(&self.charges, fate).unwrap_or_default();
        let took_ms = self.elapsed_ms();
        for sentence in tell::stopped(ending, &tally) {
            ui.note(&sentence);
        }
        let written = match ui.format() {
            Format::Table => tell::summary(&self.charges, &fate, &tally, &self.ledger.look(), ui)?,
            Format::Json => {
                let summary = tell::summary_object(&tally, ending, exit, took_ms);
                let each = |row: u32| self.charges.shown(row, fate(row), Some(&self.ledger.look()));
                tell::json(&self.charges, &summary, self.charges.rows.all(), &each, ui)?
            }
            Format::Jsonl => Ok(()),
            Format::Plain | Format::Csv => {
                let each = |row: u32| self.charges.shown(row, fate(row), Some(&self.ledger.look()));
                tell::list(&self.charges, &each, ui)?
            }
        };
        let exit = answered(written, exit)?;
        match (exit, ui.format()) {
            (_, Format::Table) => Ok(exit),
            (Exit::Done, _) => {
                ui.status(&tell::summary_text(&tally));
                Ok(exit)
            }
            (Exit::With(kind), _) => Err(Failure::new(kind, tell::summary_line(&tally))),
        }
    }

    /// Tells of every order of the file under which several payments hold money, whatever became of its row
    /// now; whether one of them is paid.
    fn alarms(&self, ui: &mut Ui) -> Result<bool, Failure> {
        let alarms = self.ledger.look().alarms()?;
        if alarms.is_empty() {
            return Ok(false);
        }
        let rows = self.charges.rows.all().filter_map(|row| Some((self.charges.uid(row)?, row)));
        let rows: HashMap<MerchantUid, u32> = rows.collect();
        let mut paid = false;
        for payment in alarms {
            if let Some(row) = rows.get(&payment.terms.merchant_uid) {
                let told = alarm::tell(&payment, &self.charges.settings, ui);
                paid |= told && matches!(self.fate(*row), Fate::Paid | Fate::AlreadyPaid);
            }
        }
        Ok(paid)
    }

    fn exit(&self, stop: Option<Stop>, alarmed: bool) -> Exit {
        let own = if self.troubled { Exit::With(Kind::Local) } else { Exit::Done };
        let own = if alarmed { own.most_serious(Exit::With(Kind::Alarm)) } else { own };
        let lines = self.fates.iter().map(|fate| fate.exit()).fold(own, Exit::most_serious);
        let left = self.fates.contains(&Fate::NotTried);
        match (stop, lines) {
            (Some(Stop::Interrupted), Exit::With(Kind::Unknown | Kind::Local)) => lines,
            (Some(Stop::Interrupted), _) if left => Exit::With(Kind::Interrupted),
            // Nobody asked for the stop: the rows that it left are rows that were not sent.
            (Some(Stop::Gateway(_)) | None, _) if left => lines.most_serious(Exit::With(Kind::Network)),
            (_, _) => lines,
        }
    }
}

impl crate::commands::batch::charges::Shown {
    pub(super) fn view(&self, line: u64) -> RowView<'_> {
        let payment = crate::output::payment::PaymentView { payment: &self.payment, replayed: self.replayed };
        RowView { line, payment, refused: self.refused }
    }
}
