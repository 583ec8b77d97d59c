//! Ledger and gateway held against each other: every payment that the gateway lists in a time, and every paid one
//! that the ledger has in it.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::billing::pages::Pages;
use crate::commands::belonging;
use crate::commands::context::{Context, Gateway};
use crate::commands::reconcile::differ::tell;
use crate::commands::reconcile::settle::{Asking, settle};
use crate::commands::reconcile::tell::Told;
use crate::commands::reconcile::{ReconcileArgs, Span};
use crate::domain::drift::{DriftKind, drift, is_ours, terms_of};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{GatewayRecord, Outcome, Payment};
use crate::domain::standing::Distrust;
use crate::domain::time::from_epoch_s;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::{PaymentLists, Window, WindowRead, following, windows};
use crate::interrupt::Interrupts;
use crate::ledger::{Entry, Filter, How, Imported, Ledger, LedgerError};
use crate::output::progress::Progress;
use crate::output::text::{when, when_rfc3339};

/// What the books are held against each other with.
pub(super) struct Books<'a> {
    pub args: &'a ReconcileArgs,
    pub ledger: &'a mut Ledger,
    pub gateway: &'a Gateway,
    pub interrupts: Interrupts,
    pub customer: Option<CustomerUid>,
    pub span: Span,
    /// Eight bytes for each order of ours that the gateway has listed.
    listed: HashSet<u64>,
    /// The second at which the reading ends, itself included.
    to_s: i64,
}

/// What is going on, for whoever waits.
const READING: &str = "reading the gateway's payments";

/// How many payments that no list has shown are asked about at a time.
const ASKED_AT_ONCE: usize = 1_000;

/// So many windows are read after the last one, each as long as the one before took.
const CATCH_UPS_MAX: u32 = 5;

/// What windows are read with.
struct Reading<'r> {
    lists: PaymentLists<'r>,
    progress: &'r Progress,
}

/// A row that a look-up of its own is to settle, and what a list has shown of it.
struct Directly {
    row: Payment,
    record: GatewayRecord,
    kinds: Vec<DriftKind>,
}

/// Why the reading did not come to its end.
enum Stop {
    Ledger(LedgerError),
    Failure(Failure),
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Stop {
        Stop::Ledger(error)
    }
}

impl<'a> Books<'a> {
    pub(super) fn new(
        args: &'a ReconcileArgs,
        ledger: &'a mut Ledger,
        gateway: &'a Gateway,
        interrupts: Interrupts,
        span: Span,
        customer: Option<CustomerUid>,
    ) -> Books<'a> {
        Books { args, ledger, gateway, interrupts, customer, span, listed: HashSet::new(), to_s: i64::MIN }
    }

    /// Reads, compares, and records what is to be recorded. Gives why it stopped, if it did.
    pub(super) fn hold_against(
        mut self,
        context: &mut Context<'_>,
        told: &mut Told,
    ) -> Result<Option<Failure>, Failure> {
        belonging::belongs(context, self.ledger, self.gateway)?;
        let distrust = self.ledger.standing()?.distrusted.filter(|distrust| !distrust.accepted);
        let read = self.read_all(context, told).and_then(|whole| {
            self.ask_directly(context, told)?;
            Ok(whole)
        });
        let (whole, stopped) = match read {
            Ok(whole) => (whole, None),
            Err(Stop::Failure(failure)) => (false, Some(failure)),
            Err(Stop::Ledger(error)) => return Err(error.into()),
        };
        if whole && stopped.is_none() && !told.is_open() {
            let from_s = self.span.since.as_second();
            told.has_read(from_s, self.to_s.saturating_add(1), self.customer.clone());
        }
        if let Some(distrust) = distrust {
            self.end(&distrust, whole && !told.is_open(), context)?;
        }
        Ok(stopped)
    }

    /// Reads every window, oldest first: what is refunded meanwhile shows in a later one. False where one did not
    /// come to rest.
    fn read_all(&mut self, context: &mut Context<'_>, told: &mut Told) -> Result<bool, Stop> {
        let client = Arc::clone(&self.gateway.client);
        let for_token = Arc::clone(&client);
        let token = self.interrupts.run(1, move || for_token.token(false).map(drop), &mut || ());
        token.unwrap_or(Ok(())).map_err(|failure| Stop::Failure(failure.into()))?;
        let now_s = |context: &Context<'_>| client.now_s().unwrap_or(i64::MIN).max(context.now().as_second());
        self.to_s =
            self.span.until.map_or_else(|| now_s(context), |until| until.as_second().saturating_sub(1));
        let all = windows(self.span.since.as_second(), self.to_s);
        let total = if context.ui.interactive() { self.counted(&all, context) } else { None };
        let progress = context.ui.progress(total, READING);
        let tell = |pause: Option<Duration>| match pause {
            Some(left) => progress.message(&format!("waiting {} s as the gateway asks", left.as_secs() + 1)),
            None => progress.message(READING),
        };
        let pages = self.pages(context, &tell);
        let lists = PaymentLists::through(&client, Box::new(|path| pages.ask(path)));
        let mut reading = Reading { lists, progress: &progress };
        let mut whole = true;
        for window in all {
            whole &= self.read(&mut reading, window, context, told)?;
        }
        // What was refunded meanwhile is listed at the time of its refund, which none of the windows had.
        let mut passes = 0;
        while self.span.until.is_none() && passes < CATCH_UPS_MAX {
            let (read_to_s, now_s) = (self.to_s, now_s(context));
            if now_s <= read_to_s {
                break;
            }
            self.to_s = now_s;
            passes += 1;
            whole &= self.read(&mut reading, following(read_to_s, now_s), context, told)?;
        }
        Ok(whole)
    }

    fn pages<'t>(&self, context: &Context<'_>, tell: &'t dyn Fn(Option<Duration>)) -> Pages<'t> {
        let (gateway, clock) = (Arc::clone(&self.gateway.client), Arc::clone(&context.clock));
        Pages { gateway, clock, interrupts: self.interrupts.clone(), tell }
    }

    /// How many payments there are, for whoever watches; `None` where that is not to be had.
    fn counted(&self, all: &[Window], context: &mut Context<'_>) -> Option<u64> {
        let _wait = context.ui.waiting("counting the gateway's payments");
        let pages = self.pages(context, &|_| ());
        let lists = PaymentLists::through(&self.gateway.client, Box::new(|path| pages.ask(path)));
        all.iter().map(|window| lists.count(*window)).sum()
    }

    /// One window. False where it did not come to rest.
    fn read(
        &mut self,
        reading: &mut Reading<'_>,
        window: Window,
        context: &mut Context<'_>,
        told: &mut Told,
    ) -> Result<bool, Stop> {
        let mut failed = None;
        let Reading { lists, progress } = reading;
        let read = lists.read(window, &mut |records| {
            progress.advance(u64::try_from(records.len()).unwrap_or(u64::MAX));
            if self.interrupts.requested() {
                return ControlFlow::Break(());
            }
            match self.page(records, context, told) {
                Ok(()) => ControlFlow::Continue(()),
                Err(stop) => {
                    failed = Some(stop);
                    ControlFlow::Break(())
                }
            }
        });
        if let Some(stop) = failed {
            return Err(stop);
        }
        match read {
            Ok(WindowRead::Whole) => Ok(true),
            Ok(WindowRead::Unconfirmed(why)) => {
                told.unread(window.from_s, window.to_s, unread(window, &why.to_string(), context));
                Ok(false)
            }
            Ok(WindowRead::Stopped) => {
                let message = "interrupted; what was recorded before stays recorded";
                Err(Stop::Failure(Failure::interrupted(message)))
            }
            Err(failure) => {
                let left = Window { to_s: self.to_s, ..window };
                let why = unread(left, &failure.to_string(), context);
                told.unread(left.from_s, left.to_s, why);
                told.worsen(Exit::With(Kind::Network));
                let failure = Failure::from(failure).hinted("run the same command again");
                Err(Stop::Failure(failure))
            }
        }
    }

    /// One page of the gateway's list.
    fn page(
        &mut self,
        records: Vec<GatewayRecord>,
        context: &mut Context<'_>,
        told: &mut Told,
    ) -> Result<(), Stop> {
        let uids: Vec<Option<MerchantUid>> = records
            .iter()
            .map(|record| record.merchant_uid.as_deref().and_then(|uid| MerchantUid::parse(uid).ok()))
            .collect();
        let asked: Vec<MerchantUid> = uids.iter().flatten().cloned().collect();
        let mut rows = self.ledger.find_many(&asked)?.into_iter();
        let rows: Vec<Option<Payment>> =
            uids.iter().map(|uid| uid.as_ref().and_then(|_| rows.next().flatten())).collect();
        let mut imports = Vec::new();
        let mut directly = Vec::new();
        for (record, row) in records.into_iter().zip(rows) {
            let row = match row {
                Some(row) => Some(row),
                None => self.spelt_otherwise(&record)?,
            };
            if !self.is_wanted(&record, row.as_ref()) {
                continue;
            }
            if !is_ours(&record, row.is_some()) {
                told.other(&record, self.args.all);
                continue;
            }
            self.listed.extend(row.as_ref().map(|row| hashed(row.terms.merchant_uid.as_str())));
            self.listed.extend(record.merchant_uid.as_ref().map(hashed));
            self.sort(record, row, (&mut imports, &mut directly), context, told);
        }
        self.record(imports, context, told)?;
        self.settle_listed(&directly, context, told)
    }

    /// Asks about each by itself. Where there is no answer, what the list has shown is all that is known, and is told.
    fn settle_listed(
        &mut self,
        directly: &[Directly],
        context: &mut Context<'_>,
        told: &mut Told,
    ) -> Result<(), Stop> {
        let mut seen = HashSet::new();
        let uids = directly.iter().map(|one| &one.row.terms.merchant_uid);
        let uids: Vec<MerchantUid> = uids.filter(|uid| seen.insert(*uid)).cloned().collect();
        let settled = self.settle(&uids, context, told);
        for Directly { row, record, kinds } in directly {
            if !told.was_answered(&row.terms.merchant_uid) {
                tell(told, kinds, Some(row), record);
            }
        }
        settled
    }

    /// An order that looks the same and is spelt otherwise is the known one (contract, rule 12).
    fn spelt_otherwise(&self, record: &GatewayRecord) -> Result<Option<Payment>, LedgerError> {
        let uid = record.merchant_uid.as_deref().filter(|uid| !uid.is_ascii());
        uid.map_or(Ok(None), |uid| self.ledger.find_any(uid))
    }

    fn is_wanted(&self, record: &GatewayRecord, row: Option<&Payment>) -> bool {
        let Some(customer) = &self.customer else { return true };
        record.customer_uid.as_deref() == Some(customer.as_str())
            || row.is_some_and(|row| row.terms.customer_uid == *customer)
    }

    /// What is to be done about one record: to be recorded, to be asked about directly, or told.
    fn sort(
        &self,
        record: GatewayRecord,
        row: Option<Payment>,
        (imports, directly): (&mut Vec<(Imported, Vec<DriftKind>)>, &mut Vec<Directly>),
        context: &Context<'_>,
        told: &mut Told,
    ) {
        let kinds = drift(row.as_ref(), &record, context.settings.mode);
        if kinds.is_empty() {
            return told.agrees();
        }
        // Of a row that nothing was sent of from here, the gateway's record is all there is.
        let is_elsewhere = row.as_ref().is_none_or(|row| row.attempts == 0 && row.outcome != Outcome::Paid);
        if self.args.import
            && is_elsewhere
            && let Some(imported) = self.imported(&record, context)
        {
            return imports.push((imported, kinds));
        }
        match row {
            // What is open, or was refused and is paid after all, is settled as ever: by a look-up of its own. So is
            // what is seen of a second payment, which is kept, and an alarm from then on.
            Some(row)
                if row.outcome != Outcome::Paid
                    || (self.args.fix && can_be_fixed(&kinds))
                    || kinds.contains(&DriftKind::TwoPayments) =>
            {
                directly.push(Directly { row, record, kinds });
            }
            row => tell(told, &kinds, row.as_ref(), &record),
        }
    }

    fn imported(&self, record: &GatewayRecord, context: &Context<'_>) -> Option<Imported> {
        let begun = [record.started_at_s, record.paid_at_s, record.failed_at_s, record.cancelled_at_s];
        let requested_at = begun.into_iter().flatten().find_map(from_epoch_s)?;
        Some(Imported {
            terms: terms_of(record, context.settings.mode)?,
            requested_at,
            record: Box::new(record.clone()),
            at: context.now(),
            account: self.gateway.client.account().to_owned(),
            operator: context.settings.operator.clone(),
        })
    }

    /// Records a page's payments in one transaction. What another process has recorded meanwhile is compared anew.
    fn record(
        &mut self,
        imports: Vec<(Imported, Vec<DriftKind>)>,
        context: &Context<'_>,
        told: &mut Told,
    ) -> Result<(), Stop> {
        if imports.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> = imports.iter().map(|(one, _)| Entry::Imported(one.clone())).collect();
        for ((imported, _), written) in imports.into_iter().zip(self.ledger.write(&entries)) {
            let written = written?;
            if written.how == How::Moved {
                let kinds = drift(Some(&written.payment), &imported.record, context.settings.mode);
                tell(told, &kinds, Some(&written.payment), &imported.record);
            } else {
                told.imported();
            }
        }
        Ok(())
    }

    /// Asks about orders by themselves, as a reconciliation without `--since` does.
    fn settle(
        &mut self,
        uids: &[MerchantUid],
        context: &mut Context<'_>,
        told: &mut Told,
    ) -> Result<(), Stop> {
        let asking = Asking {
            gateway: Arc::clone(&self.gateway.client),
            interrupts: self.interrupts.clone(),
            fix: self.args.fix,
        };
        let stopped = settle(self.ledger, uids.to_vec(), &asking, context, told).map_err(Stop::Failure)?;
        stopped.map_or(Ok(()), |failure| Err(Stop::Failure(failure)))
    }

    /// Asks about each payment that the ledger has as paid in this time and the lists did not show: a list that
    /// does not show it proves nothing.
    fn ask_directly(&mut self, context: &mut Context<'_>, told: &mut Told) -> Result<(), Stop> {
        let Span { since, until } = self.span;
        let mut filter = Filter {
            customer: self.customer.clone(),
            outcomes: vec![Outcome::Paid],
            since: Some(since),
            until,
            ..Filter::default()
        };
        // Newest first, in pieces: how many there are is the gateway's doing.
        loop {
            let (mut missing, mut reached) = (Vec::new(), None);
            let (ledger, listed) = (&*self.ledger, &mut self.listed);
            ledger.visit(&filter, &mut |payment| {
                if missing.len() == ASKED_AT_ONCE {
                    reached = Some(payment.requested_at);
                    return ControlFlow::Break(());
                }
                // Marked as listed it is not asked about a second time.
                if listed.insert(hashed(payment.terms.merchant_uid.as_str())) {
                    missing.push(payment.terms.merchant_uid);
                }
                ControlFlow::Continue(())
            })?;
            self.settle(&missing, context, told)?;
            let Some(reached) = reached else { return Ok(()) };
            // Others of the same moment may be left.
            filter.until = Some(reached.saturating_add(SignedDuration::from_millis(1)).unwrap_or(reached));
        }
    }

    /// Ends the ledger's distrust, or says why it stays.
    fn end(&mut self, distrust: &Distrust, answered: bool, context: &mut Context<'_>) -> Result<(), Failure> {
        let zone = context.ui.zone().clone();
        let from = distrust.read_back_from();
        let stays = if !self.args.import {
            Some("what was made elsewhere was not recorded (--import)".to_owned())
        } else if self.customer.is_some() || self.span.until.is_some() {
            Some("a part of the payments was read (--customer, --until)".to_owned())
        } else if self.span.since > from {
            Some(format!("it would have to be read from {} on", when(from, &zone)))
        } else if !answered {
            Some("the gateway did not answer every question".to_owned())
        } else {
            None
        };
        if let Some(why) = stays {
            context.ui.warning(&format!("the ledger stays distrusted: {why}"));
            return Ok(());
        }
        let how = format!("reconcile --since {} --import", when_rfc3339(self.span.since, &zone));
        let operator = context.settings.operator.clone();
        if self.ledger.end_distrust(distrust, context.now(), operator.as_deref(), &how)? {
            context.ui.note("The ledger has what the gateway shows, and is not distrusted any more. The wait before the next charge stays.");
        }
        Ok(())
    }
}

/// Whether a look-up of its own and the gateway's word can settle it: terms and second payments are for a person.
fn can_be_fixed(kinds: &[DriftKind]) -> bool {
    kinds.iter().all(|kind| matches!(kind, DriftKind::StatusDiffers | DriftKind::RefundDiffers))
}

/// What was not read, and why.
fn unread(window: Window, why: &str, context: &Context<'_>) -> String {
    let at = |second: i64| {
        Timestamp::from_second(second).map_or_else(|_| second.to_string(), |at| when(at, context.ui.zone()))
    };
    let (from, to) = (at(window.from_s), at(window.to_s));
    format!("payments between {from} and {to} may be missing here: {why}")
}

fn hashed(uid: impl AsRef<str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    uid.as_ref().hash(&mut hasher);
    hasher.finish()
}
