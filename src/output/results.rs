//! The rows of a batch: into a file as they end, and onto stdout under their summary.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::payment::Payment;
use crate::output::field::{Listed, Object, Shown};
use crate::output::json;
use crate::output::list::csv_error;
use crate::output::new_file::NewFile;
use crate::output::payment::{PaymentView, payment_object};
use crate::output::ui::Ui;

/// One row of a batch, as far as it came.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    /// The line of the input, counted from 1.
    pub line: u64,
    pub payment: PaymentView<'a>,
    /// Why billkey itself refused it, as a word; nothing was sent.
    pub refused: Option<&'static str>,
}

/// Writes one row.
pub type WriteRow<'w> = dyn FnMut(RowView<'_>) -> io::Result<()> + 'w;

/// The payment object, and what belongs to the row.
#[derive(Serialize)]
struct RowObject<'a> {
    #[serde(flatten)]
    payment: Object<'a, Payment>,
    line: u64,
    refused: Option<&'static str>,
}

fn row_object<'a>(row: RowView<'a>, zone: &'a TimeZone) -> RowObject<'a> {
    RowObject { payment: payment_object(row.payment, zone), line: row.line, refused: row.refused }
}

/// A file with a line for each row of the input.
pub struct ResultFile {
    body: Body,
    zone: TimeZone,
    file: NewFile,
}

enum Body {
    Csv(Box<csv::Writer<File>>),
    Jsonl(BufWriter<File>),
}

impl ResultFile {
    /// Begins a file of JSON lines, or a CSV file with a header, formula-safe.
    pub fn begin(file: NewFile, jsonl: bool, bom: bool, zone: TimeZone) -> io::Result<ResultFile> {
        let mut out = file.writer()?;
        if jsonl {
            return Ok(ResultFile { body: Body::Jsonl(BufWriter::new(out)), zone, file });
        }
        if bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let names = Payment::FIELDS.iter().map(|field| field.name);
        writer.write_record(["line"].into_iter().chain(names).chain(["refused"])).map_err(csv_error)?;
        Ok(ResultFile { body: Body::Csv(Box::new(writer)), zone, file })
    }

    pub fn row(&mut self, row: RowView<'_>) -> io::Result<()> {
        match &mut self.body {
            Body::Jsonl(out) => writeln!(out, "{}", json::line(&row_object(row, &self.zone))?),
            Body::Csv(writer) => {
                let shown = Shown { zone: &self.zone, replayed: row.payment.replayed };
                writer.write_field(row.line.to_string()).map_err(csv_error)?;
                for field in Payment::FIELDS {
                    let cell = (field.get)(row.payment.payment);
                    writer.write_field(cell.for_csv(shown).as_bytes()).map_err(csv_error)?;
                }
                writer.write_field(row.refused.unwrap_or_default()).map_err(csv_error)?;
                writer.write_record(None::<&[u8]>).map_err(csv_error)
            }
        }
    }

    /// Hands everything so far to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.body {
            Body::Csv(writer) => writer.flush(),
            Body::Jsonl(out) => out.flush(),
        }
    }

    /// Gives the file its name: every row is in it. Until then an older one stays.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.file.finish()
    }
}

impl Ui {
    /// One row as a line of JSON, out at once.
    pub fn row_line(&mut self, row: RowView<'_>) -> io::Result<()> {
        let (options, out) = self.parts();
        writeln!(out, "{}", json::line(&row_object(row, &options.zone))?)?;
        out.flush()
    }

    /// `{"summary": …, "payments": […]}`, a row at a time: `rows` hands each to what it is given.
    pub fn rows_under(
        &mut self,
        summary: &impl Serialize,
        rows: &mut dyn FnMut(&mut WriteRow<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let (options, out) = self.parts();
        write!(out, "{{\"summary\": {},\n\"payments\": [", json::line(summary)?)?;
        let mut before = "\n";
        rows(&mut |row| {
            write!(out, "{before}{}", json::line(&row_object(row, &options.zone))?)?;
            before = ",\n";
            Ok(())
        })?;
        out.write_all(b"\n]}\n")?;
        out.flush()
    }
}
