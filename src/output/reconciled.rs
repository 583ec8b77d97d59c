//! The lines of a reconciliation as plain text and CSV: the payment's fields, and behind them what became of it.

use std::io::{self, Write};

use crate::domain::payment::Payment;
use crate::output::Format;
use crate::output::field::{Field, Listed, Shown, Value};
use crate::output::list::csv_error;
use crate::output::payment::PaymentView;
use crate::output::ui::Ui;

/// One line of a reconciliation.
#[derive(Clone, Copy, Debug)]
pub struct ReconciledRow<'a> {
    /// `settled`, `undecided`, `unanswered`, what became of a refund, or a kind of drift.
    pub result: &'static str,
    /// As the ledger has it; without a row of it, what the gateway shows.
    pub payment: Option<PaymentView<'a>>,
    /// What stands in its place where there is no such payment.
    pub merchant_uid: &'a str,
    /// The gateway's own id, where the line is about one payment of it.
    pub imp_uid: Option<&'a str>,
    /// Why, as a sentence.
    pub why: Option<&'a str>,
}

impl ReconciledRow<'_> {
    fn cell(&self, field: &Field<Payment>) -> Value<'_> {
        match (field.name, self.payment) {
            ("message", _) if self.why.is_some() => text(self.why),
            ("imp_uid", _) if self.imp_uid.is_some() => text(self.imp_uid),
            (_, Some(view)) => (field.get)(view.payment),
            ("merchant_uid", None) => text(Some(self.merchant_uid)),
            (_, None) => Value::Absent,
        }
    }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Absent, |text| Value::Text(text.into()))
}

const RESULT: &str = "result";

impl Ui {
    /// Writes them as plain text or CSV.
    pub fn reconciled<'a>(&mut self, rows: impl Iterator<Item = ReconciledRow<'a>>) -> io::Result<()> {
        let (options, out) = self.parts();
        let shown = |row: &ReconciledRow<'_>| Shown {
            zone: &options.zone,
            replayed: row.payment.is_some_and(|view| view.replayed),
        };
        if options.format != Format::Csv {
            for row in rows {
                for field in Payment::FIELDS {
                    write!(out, "{}\t", row.cell(field).for_plain(shown(&row)))?;
                }
                writeln!(out, "{}", row.result)?;
            }
            return out.flush();
        }
        if options.csv_bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let names = Payment::FIELDS.iter().map(|field| field.name);
        writer.write_record(names.chain([RESULT])).map_err(csv_error)?;
        for row in rows {
            for field in Payment::FIELDS {
                writer.write_field(row.cell(field).for_csv(shown(&row)).as_bytes()).map_err(csv_error)?;
            }
            writer.write_field(row.result).map_err(csv_error)?;
            writer.write_record(None::<&[u8]>).map_err(csv_error)?;
        }
        writer.flush()
    }
}
