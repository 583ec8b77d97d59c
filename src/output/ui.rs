//! The one way out: the answer to stdout, everything else to stderr.

use std::io::{self, BufRead, BufWriter, Read, Write};

use indicatif::ProgressBar;
use jiff::tz::TimeZone;
use serde::Serialize;
use thiserror::Error;

use crate::domain::customer::Customer;
use crate::domain::payment::Outcome;
use crate::output::Format;
use crate::output::colour::{Style, outcome_style, paint};
use crate::output::customer::customer_object;
use crate::output::field::Columns;
use crate::output::json;
use crate::output::options::{Out, UiOptions};
use crate::output::payment::{PaymentView, payment_object};
use crate::output::progress::{Progress, Wait};
use crate::output::prose::Story;
use crate::output::text::{safe, safe_lines};
use crate::output::unseen::Unseen;
use crate::output::wrap::{lines_of_sentences, sentences};

/// What a person said to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// It was waited for no longer.
    GivenUp,
}

/// What came of a question that is answered by a text.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// Without its line end.
    Line(String),
    /// There is nobody at the terminal any more.
    End,
    /// It was waited for no longer.
    GivenUp,
}

/// Whether a terminal shows what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    AsTyped,
    /// A secret.
    Never,
}

/// A line that somebody is about to type. To read it may take for ever, so that it can be done in another thread.
pub struct Reading(Box<dyn BufRead + Send>);

/// What was typed.
pub struct Typed {
    input: Box<dyn BufRead + Send>,
    line: Option<String>,
}

impl Reading {
    #[must_use]
    pub fn to_its_end(mut self) -> Typed {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        Typed { input: self.0, line: matches!(read, Ok(1..)).then_some(line) }
    }
}

/// There is nobody to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nobody can be asked here: stdin and stderr are not both terminals, or --no-input was given")]
pub struct NotInteractive;

/// What went wrong, for people and for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint<'a> {
    /// A word for programs, such as `config`.
    pub kind: &'a str,
    /// One sentence or two.
    pub message: &'a str,
    /// Lines of its own between message and hints, each with its line break: a comparison.
    pub details: Option<&'a str>,
    /// How to fix it.
    pub hints: &'a [String],
    /// The exit code.
    pub exit: u8,
}

/// The writers, and how to write.
pub struct Ui {
    options: UiOptions,
    out: Out,
    err: Box<dyn Write + Send>,
    /// `None` while somebody else reads it, and for ever where that was given up.
    input: Option<Box<dyn BufRead + Send>>,
    /// What may be drawn on stderr now; it steps aside for a line.
    drawn: Option<ProgressBar>,
}

impl Ui {
    /// Tests give buffers; the program gives stdout, stderr and a `BufReader` over stdin.
    #[must_use]
    pub fn new(
        options: UiOptions,
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
        stdin: Box<dyn BufRead + Send>,
    ) -> Ui {
        let out = BufWriter::with_capacity(64 * 1024, stdout);
        Ui { options, out, err: stderr, input: Some(stdin), drawn: None }
    }

    #[must_use]
    pub fn options(&self) -> &UiOptions {
        &self.options
    }

    #[must_use]
    pub fn format(&self) -> Format {
        self.options.format
    }

    #[must_use]
    pub fn quiet(&self) -> bool {
        self.options.quiet
    }

    #[must_use]
    pub fn interactive(&self) -> bool {
        self.options.interactive
    }

    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.options.zone
    }

    pub(in crate::output) fn parts(&mut self) -> (&UiOptions, &mut Out) {
        (&self.options, &mut self.out)
    }

    /// Prose on stdout: what was asked for. Line breaks inside are kept, one is added at the end.
    pub fn answer(&mut self, text: &str) -> io::Result<()> {
        self.write_answer(&safe_lines(text))
    }

    /// The same, its sentences broken at the terminal's columns; what is laid out stays as it is.
    pub fn told(&mut self, text: &str) -> io::Result<()> {
        let text = lines_of_sentences(&safe_lines(text), self.options.width);
        self.write_answer(&text)
    }

    /// Values on one line of stdout, with tabs between them: what `plain` is for an answer that is no record.
    pub fn plain(&mut self, values: &[&str]) -> io::Result<()> {
        let values: Vec<_> = values.iter().map(|value| safe(value)).collect();
        self.write_answer(&values.join("\t"))
    }

    /// Prose on stdout about something that was done; nothing with `--quiet`.
    pub fn done(&mut self, text: &str) -> io::Result<()> {
        if self.options.quiet { Ok(()) } else { self.told(text) }
    }

    /// What is said of a charge on stdout, its opening in the outcome's colour. A paid one is a
    /// success, and silent with `--quiet`.
    pub fn outcome(&mut self, story: &Story) -> io::Result<()> {
        if self.options.quiet && story.outcome == Outcome::Paid {
            return Ok(());
        }
        let opening = paint(story.opening, outcome_style(story.outcome), self.options.colour_stdout);
        self.write_answer(&format!("{opening}{}", safe_lines(&story.after_opening(self.options.width))))
    }

    pub(in crate::output) fn write_answer(&mut self, text: &str) -> io::Result<()> {
        let (out, drawn) = (&mut self.out, &self.drawn);
        aside(drawn.as_ref(), || {
            writeln!(out, "{}", text.trim_end_matches('\n'))?;
            out.flush()
        })
    }

    /// What another program reads, on stdout as it is.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// Any object on stdout: indented with `json`, a line with `jsonl`.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = match self.options.format {
            Format::Jsonl => json::line(value),
            Format::Table | Format::Plain | Format::Json | Format::Csv => json::pretty(value),
        }?;
        self.write_answer(&text)
    }

    /// One payment on stdout: an object with `json` and `jsonl`, one line with `plain`, header and
    /// line with `csv`, a table of one row with `table`.
    pub fn payment(&mut self, view: PaymentView<'_>) -> io::Result<()> {
        if self.options.format.is_json() {
            let zone = self.options.zone.clone();
            return self.json(&payment_object(view, &zone));
        }
        let mut list = self.list(Columns::usual())?;
        list.payment(view)?;
        list.finish("").map(|_| ())
    }

    /// One customer on stdout, in the way of [`Ui::payment`].
    pub fn customer(&mut self, customer: &Customer) -> io::Result<()> {
        if self.options.format.is_json() {
            let zone = self.options.zone.clone();
            return self.json(&customer_object(customer, &zone));
        }
        let mut list = self.list(Columns::usual())?;
        list.row(customer)?;
        list.finish("").map(|_| ())
    }

    /// A sentence on stderr; nothing with `--quiet`.
    pub fn status(&mut self, text: &str) {
        if !self.options.quiet {
            self.note(text);
        }
    }

    /// Lines on stderr whatever the options: what a question is about.
    pub fn note(&mut self, text: &str) {
        let text = lines_of_sentences(&safe_lines(text), self.options.width_stderr);
        self.write_err(&format!("{}\n", text.trim_end_matches('\n')));
    }

    /// `warning: …` on stderr; not silenced by `--quiet`.
    pub fn warning(&mut self, text: &str) {
        let text = sentences(&safe(text), self.options.width_stderr, "warning: ", "         ");
        self.write_err(&format!("{}\n", labelled("warning:", Style::Yellow, &text, &self.options)));
    }

    /// `error: …`, its details and its hints on stderr; with `json` and `jsonl` an object.
    pub fn error(&mut self, complaint: &Complaint<'_>) {
        let text = if self.options.format.is_json() {
            // An object of texts and a number: turning it into JSON cannot fail.
            json::line(&complaint_object(complaint)).unwrap_or_default() + "\n"
        } else {
            complaint_text(complaint, &self.options)
        };
        self.write_err(&text);
    }

    /// Asks on stderr and reads a line from stdin. Only `y` and `yes` mean yes. `wait` reads the line, or gives
    /// that up: then nothing can be asked any more.
    pub fn ask(
        &mut self,
        question: &str,
        wait: impl FnOnce(Reading) -> Option<Typed>,
    ) -> Result<Answer, NotInteractive> {
        if !self.options.interactive {
            return Err(NotInteractive);
        }
        let input = self.input.take().ok_or(NotInteractive)?;
        self.write_err(&format!("{} [y/N] ", safe(question)));
        let typed = wait(Reading(input));
        let line = typed.as_ref().map(|typed| typed.line.as_deref());
        let answer = match line {
            Some(Some(line)) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") => Answer::Yes,
            Some(_) => Answer::No,
            None => Answer::GivenUp,
        };
        if line.flatten().is_none() {
            // The terminal is still on the line of the question.
            self.write_err("\n");
        }
        self.input = typed.map(|typed| typed.input);
        Ok(answer)
    }

    /// Asks on stderr for a line of text. `wait` is as in [`Ui::ask`].
    pub fn ask_text(
        &mut self,
        question: &str,
        shown: Shown,
        wait: impl FnOnce(Reading) -> Option<Typed>,
    ) -> Result<Reply, NotInteractive> {
        if !self.options.interactive {
            return Err(NotInteractive);
        }
        let unseen = match shown {
            Shown::AsTyped => None,
            Shown::Never => Some(Unseen::begin().ok_or(NotInteractive)?),
        };
        let input = self.input.take().ok_or(NotInteractive)?;
        self.write_err(&format!("{} ", safe(question)));
        let typed = wait(Reading(input));
        let line = typed.as_ref().map(|typed| typed.line.clone());
        if unseen.is_some() || line.as_ref().is_none_or(Option::is_none) {
            // The terminal is still on the line of the question.
            self.write_err("\n");
        }
        drop(unseen);
        self.input = typed.map(|typed| typed.input);
        Ok(match line {
            Some(Some(line)) => Reply::Line(line.trim_end_matches(['\r', '\n']).to_owned()),
            Some(None) => Reply::End,
            None => Reply::GivenUp,
        })
    }

    /// All of stdin that is there, up to so many bytes, where it is no person's.
    pub fn piped(&mut self, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(input) = self.input.as_mut() {
            input.take(bytes_max).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// A bar of `total` steps, or a spinner, on a terminal; nothing elsewhere.
    pub fn progress(&mut self, total: Option<u64>, message: &str) -> Progress {
        let progress = Progress::start(self.draws(), total, message);
        self.drawn = Some(progress.bar());
        progress
    }

    /// A spinner for one wait, from its second second on, on a terminal; nothing elsewhere.
    pub fn waiting(&mut self, message: &str) -> Wait {
        let wait = Wait::start(self.draws(), message);
        self.drawn = Some(wait.bar());
        wait
    }

    fn draws(&self) -> bool {
        self.options.stderr_is_terminal && !self.options.quiet
    }

    /// Stderr that cannot be written has nobody left to tell.
    fn write_err(&mut self, text: &str) {
        let (err, drawn) = (&mut self.err, &self.drawn);
        aside(drawn.as_ref(), || {
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        });
    }
}

/// Takes what is drawn off the terminal while a line is written.
fn aside<T>(drawn: Option<&ProgressBar>, write: impl FnOnce() -> T) -> T {
    match drawn {
        Some(bar) if !bar.is_finished() => bar.suspend(write),
        Some(_) | None => write(),
    }
}

#[derive(Serialize)]
struct ComplaintObject<'a> {
    error: ComplaintFields<'a>,
}

#[derive(Serialize)]
struct ComplaintFields<'a> {
    kind: &'a str,
    message: &'a str,
    hint: Option<String>,
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
}

fn complaint_object<'a>(complaint: &Complaint<'a>) -> ComplaintObject<'a> {
    let hint = (!complaint.hints.is_empty()).then(|| complaint.hints.join("\n"));
    let Complaint { kind, message, exit, details, .. } = *complaint;
    ComplaintObject { error: ComplaintFields { kind, message, hint, exit, details } }
}

/// `error: …`, details, `  hint: …`; all of it safe, each with its line break.
fn complaint_text(complaint: &Complaint<'_>, options: &UiOptions) -> String {
    let message = sentences(&safe(complaint.message), options.width_stderr, "error: ", "       ");
    let mut text = format!("{}\n", labelled("error:", Style::Red, &message, options));
    if let Some(details) = complaint.details {
        text.push_str(safe_lines(details).trim_end_matches('\n'));
        text.push('\n');
    }
    // Each of them may be a command: the terminal breaks it, so that it is pasted as one line.
    for hint in complaint.hints {
        let label = paint("hint:", Style::Bold, options.colour_stderr);
        text.push_str(&format!("  {label} {}\n", safe(hint)));
    }
    text
}

/// A text that begins with its label, which is shown in its style.
fn labelled(label: &str, style: Style, text: &str, options: &UiOptions) -> String {
    let after = text.strip_prefix(label).unwrap_or_default();
    format!("{}{after}", paint(label, style, options.colour_stderr))
}

#[cfg(test)]
mod tests;
