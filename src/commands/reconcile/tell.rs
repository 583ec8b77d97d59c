//! What a reconciliation says: a line a payment as it is settled, and the whole at the end.

use std::collections::HashSet;

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::billing::reconcile::{Reviewed, Verdict};
use crate::commands::alarm;
use crate::commands::context::Context;
use crate::commands::session::{answered, complain};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::reason::Reason;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::field::Columns;
use crate::output::payment::{PaymentView, payment_object};
use crate::output::prose::wrong_channel;
use crate::output::text::{safe, sentence, when};
use crate::output::ui::Ui;
use crate::settings::Settings;
use jiff::tz::TimeZone;

/// What has come of it so far.
#[derive(Default)]
pub(super) struct Told {
    settled: Vec<Payment>,
    undecided: Vec<Payment>,
    drift: Vec<Drift>,
    /// Asked about, and as it was.
    stand: u64,
    lines: Vec<String>,
    exit: Option<Exit>,
    missing: Vec<String>,
    /// Something stays open because it was sent with another key.
    other_key: bool,
    /// Orders whose alarm was told.
    alarmed: HashSet<MerchantUid>,
}

/// One thing in which ledger and gateway do not agree.
#[derive(Serialize)]
struct Drift {
    /// `two_payments` or `contradicted`.
    kind: &'static str,
    merchant_uid: String,
    imp_uid: Option<String>,
    outcome: &'static str,
    /// The gateway's word.
    status: Option<String>,
    why: String,
}

impl Told {
    /// An id that the ledger does not know.
    pub(super) fn missing(&mut self, id: &str) {
        self.missing.push(id.to_owned());
        self.worsen(Exit::With(Kind::NotFound));
    }

    fn worsen(&mut self, exit: Exit) {
        self.exit = Some(self.exit.unwrap_or(Exit::Done).most_serious(exit));
    }

    /// One payment was asked about.
    pub(super) fn add(&mut self, settings: &Settings, ui: &mut Ui, reviewed: Reviewed) {
        if let Some(profile) = reviewed.mode_denied {
            ui.warning(&wrong_channel(&reviewed.payment, profile));
        }
        self.alarm(settings, ui, &reviewed.payment);
        let Reviewed { payment, before, verdict, .. } = reviewed;
        let uid = safe(payment.terms.merchant_uid.as_str()).into_owned();
        match verdict {
            Verdict::Settled => {
                self.lines.push(format!("{uid}  {} It was {before}.", settled(&payment)));
                self.worsen(Exit::of_outcome(payment.outcome));
                self.settled.push(payment);
            }
            Verdict::Stands => self.stand += 1,
            Verdict::Open { why, reached, try_again_at } => {
                self.other_key |= why == Reason::OtherKey;
                let until = try_again_at.map_or_else(String::new, |at| {
                    format!(" Not to be sent again before {}.", when(at, ui.zone()))
                });
                self.lines.push(format!(
                    "{uid}  {}: {}{until}",
                    capital(payment.outcome),
                    sentence(&why.to_string())
                ));
                let open = payment.outcome.is_open() && payment.noted.is_none();
                self.worsen(match (reached, open) {
                    (false, _) => Exit::With(Kind::Network),
                    (true, true) => Exit::With(Kind::Unknown),
                    (true, false) => Exit::Done,
                });
                if open {
                    self.undecided.push(payment);
                }
            }
            Verdict::Busy => {
                // What is recorded may be out of date by the time it is read.
                self.lines.push(format!("{uid}  Open: another process is at it now."));
                self.worsen(Exit::With(Kind::Unknown));
                self.undecided.push(payment);
            }
            Verdict::Contradicted { why, record } => {
                ui.warning(&format!("{uid} is recorded as {}, but {why}", payment.outcome));
                let shown = record.map(|record| (record.imp_uid, record.status)).unwrap_or_default();
                self.drift("contradicted", &payment, shown, why.to_string());
            }
        }
    }

    /// A person has noted what became of one that was this before.
    pub(super) fn noted(&mut self, payment: Payment, before: Outcome) {
        let uid = safe(payment.terms.merchant_uid.as_str()).into_owned();
        let word = if payment.is_noted_charged() { "charged" } else { "not charged" };
        let after = if payment.is_noted_charged() {
            "It is not sent again, and counts as paid, until the gateway shows something else."
        } else {
            "It may be sent again at once; the gateway is asked about it before."
        };
        self.lines.push(format!("{uid}  Noted as {word}. It was {before}. {after}"));
        self.settled.push(payment);
    }

    /// Several payments under one order: told, and drift until it is settled (contract, rule 11).
    fn alarm(&mut self, settings: &Settings, ui: &mut Ui, payment: &Payment) {
        let Some(alarm) = payment.alarm() else { return };
        let first = alarm.held.first().map_or("", |record| record.imp_uid.as_str());
        for record in alarm.held.iter().skip(1) {
            let why = format!("{} holds money under this order, and {first} does too", record.imp_uid);
            let shown = (Some(record.imp_uid.clone()), record.status.clone());
            self.drift("two_payments", payment, shown, why);
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

    /// `shown` is an imp_uid and the gateway's word for it.
    fn drift(
        &mut self,
        kind: &'static str,
        payment: &Payment,
        shown: (Option<String>, Option<String>),
        why: String,
    ) {
        self.worsen(Exit::With(Kind::Refused));
        self.drift.push(Drift {
            kind,
            merchant_uid: payment.terms.merchant_uid.to_string(),
            imp_uid: shown.0,
            outcome: payment.outcome.word(),
            status: shown.1,
            why,
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
        let is_well = self.undecided.is_empty() && self.drift.is_empty();
        match ui.format() {
            _ if ui.quiet() && is_well => Ok(()),
            Format::Json | Format::Jsonl => {
                let zone = ui.zone().clone();
                ui.json(&Whole {
                    settled: Payments { payments: &self.settled, replayed: false, zone: &zone },
                    undecided: Payments { payments: &self.undecided, replayed: true, zone: &zone },
                    drift: &self.drift,
                })
            }
            Format::Plain | Format::Csv => {
                let mut list = ui.list(Columns::<Payment>::usual())?;
                for payment in &self.settled {
                    list.payment(payment.into())?;
                }
                for payment in &self.undecided {
                    list.payment(PaymentView { payment, replayed: true })?;
                }
                list.finish("").map(|_| ())
            }
            Format::Table => {
                let counts = format!(
                    "{} settled, {} open, {} unchanged, {} contradicted",
                    self.settled.len(),
                    self.undecided.len(),
                    self.stand,
                    self.drift.len()
                );
                let mut lines = self.lines.clone();
                lines.push(counts);
                ui.answer(&lines.join("\n"))
            }
        }
    }
}

/// One payment that a person has settled, as an object.
pub(super) fn one_settled(payment: &Payment, ui: &mut Ui) -> std::io::Result<()> {
    let zone = ui.zone().clone();
    ui.json(&Whole {
        settled: Payments { payments: std::slice::from_ref(payment), replayed: false, zone: &zone },
        undecided: Payments { payments: &[], replayed: true, zone: &zone },
        drift: &[],
    })
}

/// How it was settled, and how sure that is.
fn settled(payment: &Payment) -> String {
    let shown = payment.imp_uid.as_deref().map_or_else(|| "it".to_owned(), |id| safe(id).into_owned());
    match payment.outcome {
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
    drift: &'a [Drift],
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
