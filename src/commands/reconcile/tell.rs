//! What a reconciliation says: a line a payment as it is settled, and the whole at the end.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use jiff::tz::TimeZone;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::Number;

use crate::billing::reconcile::{Reviewed, Verdict};
use crate::commands::alarm;
use crate::commands::context::Context;
use crate::commands::session::{answered, complain};
use crate::domain::drift::DriftKind;
use crate::domain::ids::MerchantUid;
use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, RefundOutcome};
use crate::domain::reason::Reason;
use crate::domain::record::Record;
use crate::domain::refund::Refund;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::field::Object;
use crate::output::payment::{PaymentView, payment_object};
use crate::output::prose::wrong_channel;
use crate::output::reconciled::ReconciledRow;
use crate::output::refund::{refund_object, refund_sentence};
use crate::output::text::{safe, sentence, when};
use crate::output::ui::Ui;
use crate::settings::Settings;

mod noted;

/// What has come of it so far.
#[derive(Default)]
pub(super) struct Told {
    settled: Vec<Payment>,
    undecided: Vec<Payment>,
    /// Asked about in vain, or not asked about for want of an answer to an earlier one.
    unanswered: Vec<Payment>,
    drift: Vec<Drift>,
    refunds: Vec<Refund>,
    /// What was told as drift, so that a list does not repeat what a look-up has said.
    said: HashSet<u64>,
    /// Asked about, and as it was.
    stand: u64,
    /// How much of the drift is left for somebody.
    left: u64,
    /// Payments made elsewhere that were recorded now.
    imported: u64,
    /// Listed by the gateway, and no charge with a billing key.
    others: u64,
    /// The books were held against each other.
    compared: bool,
    busy: bool,
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
}

/// One thing in which ledger and gateway do not agree.
#[derive(Serialize)]
struct Drift {
    /// A word of [`DriftKind`].
    kind: &'static str,
    merchant_uid: Option<String>,
    imp_uid: Option<String>,
    customer_uid: Option<String>,
    /// The gateway's, where it shows one.
    amount: Option<Number>,
    currency: Option<String>,
    cancel_amount: Option<Number>,
    /// The ledger's; null where it has no such order.
    outcome: Option<&'static str>,
    /// The gateway's word.
    status: Option<String>,
    why: String,
    #[serde(skip)]
    payment: Option<Box<Payment>>,
}

impl Told {
    /// An id that the ledger does not know.
    pub(super) fn missing(&mut self, id: &str) {
        self.missing.push(id.to_owned());
        self.worsen(Exit::With(Kind::NotFound));
    }

    /// A payment that nobody was asked about, because an earlier question had no answer.
    pub(super) fn not_asked(&mut self, payment: Payment) {
        self.unanswered(payment, "it was not asked about.");
    }

    fn unanswered(&mut self, payment: Payment, why: &str) {
        let uid = safe(payment.terms.merchant_uid.as_str());
        self.lines.push(format!("{uid}  {} as before; no answer: {why}", capital(payment.outcome)));
        self.worsen(Exit::With(Kind::Network));
        self.unanswered.push(payment);
    }

    /// A whole command that would settle some of what is left.
    pub(super) fn next(&mut self, command: &str) {
        self.next.push(format!("  next     {command}"));
    }

    /// A refund that was looked for in its payment's history.
    pub(super) fn refund(&mut self, refund: Refund, zone: &TimeZone) {
        let (id, uid) = (refund.id.as_str(), safe(refund.merchant_uid.as_str()).into_owned());
        self.lines.push(format!("{uid}  Refund {id}: {}", refund_sentence(&refund, None, zone)));
        self.worsen(match refund.outcome {
            RefundOutcome::Refunded => Exit::Done,
            RefundOutcome::Refused => Exit::With(Kind::Rejected),
            RefundOutcome::NotSent => Exit::With(Kind::Network),
            RefundOutcome::Unknown | RefundOutcome::Pending => Exit::With(Kind::Unknown),
        });
        self.refunds.push(refund);
    }

    /// Whether drift of one of these kinds is left.
    pub(super) fn has(&self, kinds: &[DriftKind]) -> bool {
        self.drift.iter().any(|drift| kinds.iter().any(|kind| kind.word() == drift.kind))
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
        !self.unanswered.is_empty() || self.busy
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
        let _ = alarm::tell(payment, settings, ui);
        self.alarmed.insert(payment.terms.merchant_uid.clone());
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
        let shown = |text: Option<&String>| text.cloned();
        let of_row = |payment: &Payment| payment.terms.merchant_uid.to_string();
        let merchant_uid =
            payment.map(of_row).or_else(|| record.and_then(|record| record.merchant_uid.clone()));
        let imp_uid = record.and_then(|record| record.imp_uid.clone());
        let mut hasher = DefaultHasher::new();
        (kind, &merchant_uid, &imp_uid).hash(&mut hasher);
        if kind != DriftKind::Unconfirmed && !self.said.insert(hasher.finish()) {
            return;
        }
        if kind.is_left() {
            self.worsen(Exit::With(Kind::Refused));
            self.left += 1;
        }
        let number = |text: Option<&String>| text.and_then(|text| text.parse().ok());
        let row_customer = payment.map(|payment| payment.terms.customer_uid.to_string());
        self.drift.push(Drift {
            kind: kind.word(),
            merchant_uid,
            imp_uid,
            customer_uid: record.and_then(|record| shown(record.customer_uid.as_ref())).or(row_customer),
            amount: record.and_then(|record| number(record.amount_text.as_ref())),
            currency: record.and_then(|record| shown(record.currency_text.as_ref())),
            cancel_amount: record.and_then(|record| number(record.cancel_amount_text.as_ref())),
            outcome: payment.map(|payment| payment.outcome.word()),
            status: record.and_then(|record| record.status.clone()),
            why,
            payment: payment.cloned().map(Box::new),
        });
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
            self.undecided.is_empty() && self.unanswered.is_empty() && self.drift.is_empty() && !open;
        match ui.format() {
            _ if ui.quiet() && is_well => Ok(()),
            Format::Json | Format::Jsonl => {
                let zone = ui.zone().clone();
                let list = |payments, replayed| Payments { payments, replayed, zone: &zone };
                ui.json(&Whole {
                    settled: list(&self.settled, false),
                    undecided: list(&self.undecided, true),
                    unanswered: list(&self.unanswered, true),
                    drift: &self.drift,
                    refunds: self.refunds.iter().map(|refund| refund_object(refund, &zone)).collect(),
                    imported: self.compared.then_some(self.imported),
                    others: self.compared.then_some(self.others),
                })
            }
            Format::Plain | Format::Csv => ui.reconciled(self.rows()),
            Format::Table => {
                let mut lines = self.lines.clone();
                lines.extend(self.drift.iter().map(line));
                lines.push(self.counts());
                lines.extend(self.next.iter().cloned());
                ui.answer(&lines.join("\n"))
            }
        }
    }

    fn counts(&self) -> String {
        let unanswered = match self.unanswered.len() {
            0 => String::new(),
            count => format!(", {count} without an answer"),
        };
        let imported =
            if self.imported > 0 { format!(", {} imported", self.imported) } else { String::new() };
        let counts = format!(
            "{} settled, {} open, {} unchanged, {} contradicted{imported}{unanswered}",
            self.settled.len(),
            self.undecided.len(),
            self.stand,
            self.left
        );
        match self.others {
            0 => counts,
            count => format!("{counts}\n{count} at the gateway are no charges with a billing key"),
        }
    }

    fn rows(&self) -> impl Iterator<Item = ReconciledRow<'_>> {
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
        payments.chain(self.drift.iter().map(|drift| ReconciledRow {
            result: drift.kind,
            payment: drift.payment.as_deref().map(|payment| PaymentView { payment, replayed: true }),
            merchant_uid: drift.merchant_uid.as_deref().unwrap_or_default(),
            imp_uid: drift.imp_uid.as_deref(),
            why: Some(&drift.why),
        }))
    }
}

/// One disagreement as a line for people.
fn line(drift: &Drift) -> String {
    let named = |id: &Option<String>| id.as_deref().map(|id| safe(id).into_owned());
    let order = named(&drift.merchant_uid).unwrap_or_else(|| "-".to_owned());
    let shown = named(&drift.imp_uid).map_or_else(String::new, |id| format!("  {id}"));
    format!("{order}  {}{shown}  {}", drift.kind, sentence(&safe(&drift.why)))
}

/// One payment that a person has settled, as an object.
pub(super) fn one_settled(payment: &Payment, ui: &mut Ui) -> std::io::Result<()> {
    let zone = ui.zone().clone();
    ui.json(&Whole {
        settled: Payments { payments: std::slice::from_ref(payment), replayed: false, zone: &zone },
        undecided: Payments { payments: &[], replayed: true, zone: &zone },
        unanswered: Payments { payments: &[], replayed: true, zone: &zone },
        drift: &[],
        refunds: Vec::new(),
        imported: None,
        others: None,
    })
}

/// What the ledger keeps of a payment that the gateway showed, as it was shown.
fn as_shown(record: &Record) -> GatewayRecord {
    let digits = |amount: &Option<Amount>| amount.as_ref().map(Amount::to_digits);
    GatewayRecord {
        imp_uid: Some(record.imp_uid.clone()),
        merchant_uid: record.merchant_uid.clone(),
        customer_uid: record.customer_uid.clone(),
        status: record.status.clone(),
        amount_text: digits(&record.amount),
        currency_text: record.amount.map(|amount| amount.currency().code().to_owned()),
        cancel_amount_text: digits(&record.cancelled),
        ..GatewayRecord::default()
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

/// `reconcile --json`.
#[derive(Serialize)]
struct Whole<'a> {
    settled: Payments<'a>,
    undecided: Payments<'a>,
    unanswered: Payments<'a>,
    drift: &'a [Drift],
    /// Those that were open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<Object<'a, Refund>>,
    /// How many payments made elsewhere were recorded; absent where the gateway's lists were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    imported: Option<u64>,
    /// How many that the gateway lists are no charges with a billing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<u64>,
}

struct Payments<'a> {
    payments: &'a [Payment],
    replayed: bool,
    zone: &'a TimeZone,
}

impl Serialize for Payments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.payments.len()))?;
        for payment in self.payments {
            let view = PaymentView { payment, replayed: self.replayed };
            list.serialize_element(&payment_object(view, self.zone))?;
        }
        list.end()
    }
}
