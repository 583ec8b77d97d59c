//! What a reconciliation says: a line a payment as it is settled, and the whole at the end.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::billing::reconcile::{Reviewed, Verdict};
use crate::commands::alarm;
use crate::commands::context::Context;
use crate::commands::reconcile::drifted::{Drift, as_shown};
use crate::commands::reconcile::objects::{Payments, Whole};
use crate::commands::session::{answered, complain};
use crate::domain::drift::DriftKind;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::left::Found;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, RefundOutcome};
use crate::domain::reason::Reason;
use crate::domain::refund::Refund;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::{Ledger, LedgerError, Looked};
use crate::output::Format;
use crate::output::payment::PaymentView;
use crate::output::prose::wrong_channel;
use crate::output::reconciled::ReconciledRow;
use crate::output::refund::{refund_object, refund_sentence};
use crate::output::text::{safe, sentence, shell_word, when};
use crate::output::ui::Ui;
use crate::settings::Settings;

mod noted;
mod unanswered;

/// What has come of it so far.
#[derive(Default)]
pub(super) struct Told {
    settled: Vec<Payment>,
    undecided: Vec<Payment>,
    /// Asked about in vain, or not asked about for want of an answer to an earlier one.
    unanswered: Vec<Payment>,
    drift: Vec<Drift>,
    refunds: Vec<Refund>,
    /// A person has noted what became of them.
    noted: bool,
    /// What was told as drift, so that a list does not repeat what a look-up has said.
    said: HashSet<u64>,
    /// Asked about, and as it was.
    stand: u64,
    /// Payments made elsewhere that were recorded now.
    imported: u64,
    /// Listed by the gateway, and no charge with a billing key.
    others: u64,
    /// The books were held against each other.
    compared: bool,
    busy: bool,
    /// A refund of ours was asked about in vain.
    refund_in_vain: bool,
    lines: Vec<String>,
    /// Commands that would settle what is left.
    next: Vec<String>,
    exit: Option<Exit>,
    missing: Vec<String>,
    /// The gateway's word for status or refunds is not taken yet.
    pub(super) to_fix: bool,
    /// Something stays open because it was sent with another key.
    other_key: bool,
    /// Orders whose alarm was told.
    alarmed: HashSet<MerchantUid>,
    /// What was asked about and answered.
    looked: Looked,
    /// Disagreements that somebody has answered for, and that nobody asked to see.
    acknowledged: u64,
}

impl Told {
    /// An id that the ledger does not know.
    pub(super) fn missing(&mut self, id: &str) {
        self.missing.push(id.to_owned());
        self.worsen(Exit::With(Kind::NotFound));
    }

    /// A whole command that would settle some of what is left.
    pub(super) fn next(&mut self, command: &str) {
        self.next.push(format!("  next     {command}"));
    }

    /// A refund that was looked for in its payment's history, or was to be: `answered` is whether the gateway said
    /// anything about it.
    pub(super) fn refund(&mut self, refund: Refund, answered: bool, zone: &TimeZone) {
        let (id, uid) = (refund.id.as_str(), safe(refund.merchant_uid.as_str()).into_owned());
        self.lines.push(format!("{uid}  Refund {id}: {}", refund_sentence(&refund, None, None, zone)));
        self.worsen(match refund.outcome {
            RefundOutcome::Refunded => Exit::Done,
            RefundOutcome::Refused => Exit::With(Kind::Rejected),
            RefundOutcome::NotSent => Exit::With(Kind::Network),
            _ if !answered => Exit::With(Kind::Network),
            RefundOutcome::Unknown | RefundOutcome::Pending => Exit::With(Kind::Unknown),
        });
        self.refund_in_vain |= !answered;
        self.refunds.push(refund);
    }

    /// Whether drift of one of these kinds is left.
    pub(super) fn has(&self, kinds: &[DriftKind]) -> bool {
        self.drift.iter().any(|drift| drift.signed.is_none() && kinds.contains(&drift.found.kind))
    }

    /// The gateway's list shows what the ledger has.
    pub(super) fn agrees(&mut self) {
        self.stand += 1;
    }

    pub(super) fn imported(&mut self) {
        self.imported += 1;
    }

    /// A payment of another kind: counted, and listed where that is asked for.
    pub(super) fn other(&mut self, record: &GatewayRecord, listed: bool) {
        self.others += 1;
        if listed {
            let shown = |text: &Option<String>| text.as_deref().map_or("-".into(), safe).into_owned();
            self.lines.push(format!(
                "{}  no charge with a billing key  {}  {} {}",
                shown(&record.merchant_uid),
                shown(&record.imp_uid),
                safe(&record.amount_shown()),
                shown(&record.status)
            ));
        }
    }

    /// The gateway's lists are read too.
    pub(super) fn comparing(&mut self) {
        self.compared = true;
    }

    /// Whether a question had no answer, or another process is at a payment.
    pub(super) fn is_open(&self) -> bool {
        !self.unanswered.is_empty() || self.refund_in_vain || self.busy
    }

    /// Whether the gateway has answered a question about this order.
    pub(super) fn was_answered(&self, uid: &MerchantUid) -> bool {
        self.looked.orders.contains(uid.as_str())
    }

    pub(super) fn worsen(&mut self, exit: Exit) {
        self.exit = Some(self.exit.unwrap_or(Exit::Done).most_serious(exit));
    }

    /// One payment was asked about.
    pub(super) fn add(&mut self, settings: &Settings, ui: &mut Ui, reviewed: Reviewed) {
        if let Some(profile) = reviewed.mode_denied {
            ui.warning(&wrong_channel(&reviewed.payment, profile));
        }
        self.alarm(settings, ui, &reviewed.payment);
        if !matches!(reviewed.verdict, Verdict::Unanswered { .. } | Verdict::Busy) {
            self.looked.orders.insert(reviewed.payment.terms.merchant_uid.to_string());
        }
        let Reviewed { payment, row_before, verdict, .. } = reviewed;
        let uid = safe(payment.terms.merchant_uid.as_str()).into_owned();
        match verdict {
            Verdict::Settled => {
                self.lines.push(format!("{uid}  {} It was {}.", settled(&payment), row_before.outcome));
                self.worsen(Exit::of_outcome(payment.outcome));
                self.settled.push(payment);
            }
            Verdict::Stands => self.stand += 1,
            Verdict::Open { why, try_again_at } => {
                self.other_key |= why == Reason::OtherKey;
                let until = try_again_at.map_or_else(String::new, |at| {
                    format!(" Not to be sent again before {}.", when(at, ui.zone()))
                });
                self.lines.push(format!(
                    "{uid}  {}: {}{until}",
                    capital(payment.outcome),
                    sentence(&why.to_string())
                ));
                if payment.outcome.is_open() && payment.noted.is_none() {
                    self.worsen(Exit::With(Kind::Unknown));
                    self.undecided.push(payment);
                }
            }
            Verdict::Unanswered { why, .. } => {
                self.other_key |= why == Reason::OtherKey;
                self.unanswered(payment, &sentence(&why.to_string()));
            }
            Verdict::Busy => {
                // What is recorded may be out of date by the time it is read.
                self.busy = true;
                self.lines.push(format!("{uid}  Open: another process is at it now."));
                self.worsen(Exit::With(Kind::Unknown));
                self.undecided.push(payment);
            }
            Verdict::Contradicted { why, record } => {
                ui.warning(&format!("{uid} is recorded as {}, but {why}", payment.outcome));
                let kind = DriftKind::of_reason(&why);
                self.drift(kind, Some(&payment), record.as_deref(), why.to_string());
            }
        }
    }

    /// Several payments under one order: told, and drift until it is settled (contract, rule 11).
    fn alarm(&mut self, settings: &Settings, ui: &mut Ui, payment: &Payment) {
        let Some(alarm) = payment.alarm() else { return };
        let first = alarm.held.first().map_or("", |record| record.imp_uid.as_str());
        for record in alarm.held.iter().skip(1) {
            let why = format!("{} holds money under this order, and {first} does too", record.imp_uid);
            self.drift(DriftKind::TwoPayments, Some(payment), Some(&as_shown(record)), why);
        }
        if self.alarmed.insert(payment.terms.merchant_uid.clone()) {
            let _ = alarm::tell(payment, settings, ui);
        }
    }

    /// Alarms that this run did not come to.
    pub(super) fn alarms_left(&mut self, alarms: &[Payment], settings: &Settings, ui: &mut Ui) {
        for payment in alarms {
            if !self.alarmed.contains(&payment.terms.merchant_uid) {
                self.alarm(settings, ui, payment);
            }
        }
    }

    /// Ledger and gateway do not agree. What was said of the same payment before is not said twice.
    pub(super) fn drift(
        &mut self,
        kind: DriftKind,
        payment: Option<&Payment>,
        record: Option<&GatewayRecord>,
        why: String,
    ) {
        let drift = Drift::new(Found::of(kind, payment, record, why), payment, false);
        self.push(drift);
    }

    /// They did not agree until the ledger followed the gateway, which is told this once.
    pub(super) fn taken(&mut self, kind: DriftKind, before: &Payment, record: &GatewayRecord, why: String) {
        let found = Found::of(kind, Some(before), Some(record), why);
        self.push(Drift::new(found, Some(before), true));
    }

    /// A part of the gateway's list that was not read.
    pub(super) fn unread(&mut self, from_s: i64, to_s: i64, why: String) {
        self.push(Drift::new(Found::unread(from_s, to_s, why), None, false));
    }

    fn push(&mut self, drift: Drift) {
        let Found { kind, merchant_uid, imp_uid, .. } = &drift.found;
        let mut hasher = DefaultHasher::new();
        (kind, merchant_uid, imp_uid).hash(&mut hasher);
        if *kind == DriftKind::Unconfirmed || self.said.insert(hasher.finish()) {
            self.drift.push(drift);
        }
    }

    /// Everything in this time, epoch seconds, was read and answered: what is left of it was found now.
    pub(super) fn has_read(&mut self, from_s: i64, to_s: i64, customer: Option<CustomerUid>) {
        self.looked.span = Some((from_s, to_s));
        self.looked.customer = customer;
    }

    /// Keeps what is left for a person, and takes out what somebody has answered for; with `all` that stays, marked.
    pub(super) fn sign_off(
        &mut self,
        ledger: &mut Ledger,
        at: Timestamp,
        all: bool,
    ) -> Result<(), LedgerError> {
        let found: Vec<Found> =
            self.drift.iter().filter(|drift| drift.is_kept()).map(|drift| drift.found.clone()).collect();
        ledger.keep_drift(&found, &self.looked, at)?;
        for drift in self.drift.iter_mut().filter(|drift| drift.is_kept()) {
            drift.signed = ledger.answer_for(&drift.found.id())?;
        }
        let signed = self.drift.iter().filter(|drift| drift.signed.is_some()).count();
        self.acknowledged = u64::try_from(signed).unwrap_or(u64::MAX);
        self.drift.retain(|drift| all || drift.signed.is_none());
        self.to_fix &= self.has(&[DriftKind::StatusDiffers, DriftKind::RefundDiffers]);
        if self.drift.iter().any(Drift::is_left) {
            self.worsen(Exit::With(Kind::Refused));
        }
        Ok(())
    }

    /// The command by which a person answers for what is left, where that can be done.
    pub(super) fn to_sign(&self) -> Option<String> {
        // What could not be read is read again, and nobody has to answer for it.
        let is_for_people = |drift: &&Drift| drift.found.kind != DriftKind::Unconfirmed;
        let mut left = self.drift.iter().filter(|drift| drift.is_kept() && drift.signed.is_none());
        let mut left = left.by_ref().filter(is_for_people);
        let first = left.next()?.found.id();
        Some(match left.next() {
            None => format!("reconcile --acknowledge {} --reason \"...\"", shell_word(&first)),
            Some(_) => "attention".to_owned(),
        })
    }

    /// Tells the whole. `stopped` is why the rest was not asked about.
    pub(super) fn finish(
        mut self,
        context: &mut Context<'_>,
        stopped: Option<Failure>,
    ) -> Result<Exit, Failure> {
        let written = self.write(context.ui);
        answered(written, Exit::Done)?;
        for id in std::mem::take(&mut self.missing) {
            let failure =
                Failure::not_found(format!("there is no payment `{}` in the ledger", id.escape_debug()))
                    .hinted(format!("the ledger is {}", context.settings.database.display()));
            complain(&failure, context.ui);
        }
        if self.other_key {
            let accept = context.hint("ledger accept --reason \"...\"");
            context.ui.warning(&format!(
                "what was sent with another API key stays open until this one shows a payment of it, or until somebody \
                 says that both are of one account: {accept}"
            ));
        }
        let exit = self.exit.unwrap_or(Exit::Done);
        match stopped {
            Some(failure) => {
                complain(&failure, context.ui);
                Ok(exit.most_serious(Exit::With(failure.kind)))
            }
            None => Ok(exit),
        }
    }

    fn write(&self, ui: &mut Ui) -> std::io::Result<()> {
        let open = self.refunds.iter().any(|refund| refund.outcome.is_open());
        let is_well =
            self.undecided.is_empty() && self.unanswered.is_empty() && self.has_none_left() && !open;
        match ui.format() {
            _ if ui.quiet() && is_well => Ok(()),
            Format::Json | Format::Jsonl => {
                let zone = ui.zone().clone();
                let list = |payments, replayed| Payments { payments, replayed, zone: &zone };
                ui.json(&Whole {
                    settled: list(&self.settled, false),
                    undecided: list(&self.undecided, true),
                    unanswered: list(&self.unanswered, true),
                    drift: self.drift.iter().map(|drift| drift.object(&zone)).collect(),
                    refunds: self.refunds.iter().map(|refund| refund_object(refund, &zone)).collect(),
                    imported: self.compared.then_some(self.imported),
                    others: self.compared.then_some(self.others),
                })
            }
            Format::Plain | Format::Csv => {
                let zone = ui.zone().clone();
                let whys: Vec<String> = self.drift.iter().map(|drift| drift.why_plain(&zone)).collect();
                let said = |refund: &Refund| {
                    format!("refund {}: {}", refund.id.as_str(), refund_sentence(refund, None, None, &zone))
                };
                let of_refunds: Vec<String> = self.refunds.iter().map(said).collect();
                ui.reconciled(self.rows(&whys, &of_refunds))
            }
            Format::Table => {
                let mut lines = self.lines.clone();
                lines.extend(self.drift.iter().map(|drift| drift.line(ui.zone())));
                lines.push(self.counts());
                lines.extend(self.next.iter().cloned());
                ui.answer(&lines.join("\n"))
            }
        }
    }

    fn has_none_left(&self) -> bool {
        self.drift.iter().all(|drift| drift.signed.is_some())
    }

    fn counts(&self) -> String {
        let unanswered = match self.unanswered.len() {
            0 => String::new(),
            count => format!(", {count} without an answer"),
        };
        // Those of a note are with their payment.
        let told = self.refunds.iter().filter(|_| !self.noted);
        let told: Vec<bool> = told.map(|refund| refund.outcome.is_open()).collect();
        let refunds = |open: bool| told.iter().filter(|is_open| **is_open == open).count();
        let imported =
            if self.imported > 0 { format!(", {} imported", self.imported) } else { String::new() };
        let counts = format!(
            "{} settled, {} open, {} unchanged, {} contradicted{imported}{unanswered}",
            self.settled.len() + refunds(false),
            self.undecided.len() + refunds(true),
            self.stand,
            self.drift.iter().filter(|drift| drift.is_left()).count()
        );
        let counts = match self.acknowledged {
            0 => counts,
            acknowledged => format!("{counts}, {acknowledged} acknowledged"),
        };
        match self.others {
            0 => counts,
            count => format!("{counts}\n{count} at the gateway are no charges with a billing key"),
        }
    }

    /// `whys` has a sentence for each disagreement, `of_refunds` one for each refund.
    fn rows<'a>(
        &'a self,
        whys: &'a [String],
        of_refunds: &'a [String],
    ) -> impl Iterator<Item = ReconciledRow<'a>> {
        let payments = [
            ("settled", &self.settled, false),
            ("undecided", &self.undecided, true),
            ("unanswered", &self.unanswered, true),
        ];
        let payments = payments.into_iter().flat_map(|(result, payments, replayed)| {
            payments.iter().map(move |payment| ReconciledRow {
                result,
                payment: Some(PaymentView { payment, replayed }),
                merchant_uid: payment.terms.merchant_uid.as_str(),
                imp_uid: None,
                why: None,
            })
        });
        let refunds = self.refunds.iter().zip(of_refunds).map(|(refund, why)| ReconciledRow {
            result: of_refund(refund.outcome),
            payment: None,
            merchant_uid: refund.merchant_uid.as_str(),
            imp_uid: Some(&refund.imp_uid),
            why: Some(why),
        });
        payments.chain(refunds).chain(self.drift.iter().zip(whys).map(|(drift, why)| ReconciledRow {
            result: drift.found.kind.word(),
            payment: drift.payment.as_deref().map(|payment| PaymentView { payment, replayed: true }),
            merchant_uid: drift.found.merchant_uid.as_deref().unwrap_or_default(),
            imp_uid: drift.found.imp_uid.as_deref(),
            why: Some(why),
        }))
    }
}

/// What became of a refund, beside the words of payments.
fn of_refund(outcome: RefundOutcome) -> &'static str {
    match outcome {
        RefundOutcome::Refunded => "refund_refunded",
        RefundOutcome::Refused => "refund_refused",
        RefundOutcome::NotSent => "refund_not_sent",
        RefundOutcome::Unknown | RefundOutcome::Pending => "refund_unknown",
    }
}

/// How it was settled, and how sure that is.
fn settled(payment: &Payment) -> String {
    let shown = payment.imp_uid.as_deref().map_or_else(|| "it".to_owned(), |id| safe(id).into_owned());
    match payment.outcome {
        Outcome::Paid if payment.cancel_amount.is_some_and(|back| back.minor() > 0) => {
            let back = payment.cancel_amount.map_or_else(String::new, |back| back.to_string());
            let paid = payment.terms.amount;
            format!("Paid {paid} and refunded {back}: the gateway shows {shown}. That is certain.")
        }
        Outcome::Paid => format!("Paid {}: the gateway shows {shown}. That is certain.", payment.terms.amount),
        Outcome::Declined => {
            let reason = payment.why();
            let reason = reason.as_deref().unwrap_or("no reason was given");
            format!("Declined: {} Some PGs turn a decline to paid for days.", sentence(reason))
        }
        Outcome::NotSent => {
            "Not sent: the gateway shows no trace of it. A look-up cannot be surer; a charge asks once more before it \
             sends."
                .to_owned()
        }
        Outcome::Rejected | Outcome::Unknown | Outcome::Pending => format!("{}.", capital(payment.outcome)),
    }
}

fn capital(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Paid => "Paid",
        Outcome::Declined => "Declined",
        Outcome::Rejected => "Rejected",
        Outcome::Unknown => "Unknown",
        Outcome::NotSent => "Not sent",
        Outcome::Pending => "Pending",
    }
}
