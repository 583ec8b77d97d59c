//! What is explained beside the commands: exit codes, states, the sandbox, columns, what every command takes.
//! `billkey help TOPIC` prints it at the terminal's width, and some of it is a manual page.

mod columns;
mod globals;
mod states;

use std::cmp::Ordering;

use crate::failure::{EXIT_CODES, Exit, ExitCode, Kind};
use crate::output::text::{pad, width};
use crate::output::wrap::paragraph;
use crate::sandbox::{CONTROL_ENDPOINTS, FAULT_GRAMMAR, IMP_KEY, IMP_SECRET, faults, seeded_customers};

pub(in crate::commands) use crate::commands::topics::columns::columns;
pub(in crate::commands) use crate::commands::topics::globals::{environment, globals};
pub(in crate::commands) use crate::commands::topics::states::states;

/// As `billkey help` takes them.
pub(in crate::commands) const TOPICS: [&str; 6] =
    ["exit-codes", "states", "sandbox", "columns", "globals", "environment"];

/// One of them.
pub(in crate::commands) struct Topic {
    /// As it is asked for: `exit-codes`.
    pub(in crate::commands) name: &'static str,
    /// In one line, without a full stop.
    pub(in crate::commands) about: &'static str,
    pub(in crate::commands) parts: Vec<Part>,
}

pub(in crate::commands) enum Part {
    Heading(&'static str),
    /// A paragraph, broken where the line ends.
    Prose(String),
    /// Lines that are not broken: a command, a grammar.
    AsIs(String),
    /// Terms, each with what there is to say of it beneath.
    Entries(Vec<(String, String)>),
    /// Terms and their texts side by side, under a word of their own where there is one.
    Pairs {
        of: Option<&'static str>,
        rows: Vec<(String, String)>,
    },
    ExitCodes(&'static [ExitCode]),
}

impl Topic {
    /// For a terminal of so many columns.
    #[must_use]
    pub(in crate::commands) fn text(&self, columns: usize) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| part.text(columns)).collect();
        let mut text = String::new();
        for (part, shown) in self.parts.iter().zip(parts) {
            text.push_str(&shown);
            // A heading stands right above what it is of.
            text.push_str(if matches!(part, Part::Heading(_)) { "\n" } else { "\n\n" });
        }
        text.trim_end().to_owned() + "\n"
    }
}

impl Part {
    fn text(&self, columns: usize) -> String {
        match self {
            Part::Heading(text) => (*text).to_owned(),
            Part::Prose(text) => paragraph(text, columns, ""),
            Part::AsIs(text) => text.clone(),
            Part::Entries(entries) => {
                let entry = |(term, text): &(String, String)| {
                    format!("{}\n{}", paragraph(term, columns, "  "), paragraph(text, columns, "      "))
                };
                entries.iter().map(entry).collect::<Vec<_>>().join("\n")
            }
            Part::Pairs { of, rows } => {
                let terms = rows.iter().map(|(term, _)| width(term)).max().unwrap_or(0);
                let pair = |(term, text): &(String, String)| {
                    paragraph(text, columns, &format!("  {}  ", pad(term, terms)))
                };
                of.iter()
                    .map(|of| (*of).to_owned())
                    .chain(rows.iter().map(pair))
                    .collect::<Vec<_>>()
                    .join("\n")
            }
            Part::ExitCodes(codes) => table(codes, columns),
        }
    }
}

fn table(codes: &[ExitCode], columns: usize) -> String {
    const AGAIN: &str = "RUN IT AGAIN?";
    let widest = codes.iter().map(|line| width(line.again)).fold(AGAIN.len(), usize::max);
    let mut lines = vec![format!("CODE  {}  MEANING", pad(AGAIN, widest))];
    for ExitCode { code, meaning, again } in codes {
        lines.push(paragraph(meaning, columns, &format!("{code:>4}  {}  ", pad(again, widest))));
    }
    lines.join("\n")
}

/// The table of exit codes.
#[must_use]
pub(in crate::commands) fn exit_codes() -> Topic {
    // What stops the whole before anything is sent is not weighed.
    let mut kinds: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Usage | Kind::Interrupted)).collect();
    kinds.sort_by(|one, other| {
        let (one, other) = (Exit::With(*one), Exit::With(*other));
        if one == other {
            Ordering::Equal
        } else if one.most_serious(other) == one {
            Ordering::Less
        } else {
            Ordering::Greater
        }
    });
    let codes: Vec<String> =
        kinds.into_iter().map(Kind::code).chain([0]).map(|code| code.to_string()).collect();
    Topic {
        name: "exit-codes",
        about: "how billkey ends, and whether to run the same command again",
        parts: vec![
            Part::ExitCodes(&EXIT_CODES),
            Part::Prose(format!(
                "A command that does many things ends with the most serious: {}.",
                codes.join(", ")
            )),
        ],
    }
}

pub(in crate::commands) fn sandbox() -> Topic {
    let intro = format!(
        "With --sandbox a command talks to an I'mport-like gateway inside this program: on 127.0.0.1, over real \
         HTTP, with a book and a ledger of its own that outlast the run. No configuration, no key, no network, no \
         money. `billkey sandbox serve` runs the same gateway alone, for other programs; its key is {IMP_KEY}, its \
         secret {IMP_SECRET}."
    );
    let customers = seeded_customers();
    let customers =
        customers.iter().map(|customer| (customer.customer_uid.to_owned(), customer.what.to_owned()));
    let known = faults();
    let known =
        known.iter().map(|fault| (format!("{}{}", fault.name, fault.argument), fault.what.to_owned()));
    let endpoints =
        CONTROL_ENDPOINTS.iter().map(|(endpoint, what)| ((*endpoint).to_owned(), (*what).to_owned()));
    let example = "  BILLKEY_SANDBOX_FAULTS=lost_after billkey --sandbox charge gildong_0001_1234 \\\n      \
                   --amount 8900 --name \"Monthly subscription\" --merchant-uid order_1 --yes";
    let mut parts = vec![
        Part::Prose(intro),
        Part::Heading("CUSTOMERS"),
        Part::Prose("A new book has these; what a charge does depends on whom it charges.".to_owned()),
        Part::Pairs { of: None, rows: customers.collect() },
        Part::Heading("FAULTS"),
        Part::Prose("BILLKEY_SANDBOX_FAULTS makes the gateway misbehave, for this run:".to_owned()),
        Part::AsIs(example.to_owned()),
    ];
    // Its grammar stands indented between two paragraphs.
    parts.extend(FAULT_GRAMMAR.trim_end().split("\n\n").map(|part| {
        if part.starts_with(' ') { Part::AsIs(part.to_owned()) } else { Part::Prose(part.replace('\n', " ")) }
    }));
    parts.extend([
        Part::Entries(known.collect()),
        Part::Heading("CONTROL"),
        Part::Prose("The gateway answers these too, for tests:".to_owned()),
        Part::Entries(endpoints.collect()),
    ]);
    Topic { name: "sandbox", about: "the gateway inside this program", parts }
}

#[cfg(test)]
mod tests {
    use super::{Topic, columns, environment, exit_codes, sandbox, states};
    use crate::domain::payment::Outcome;
    use crate::failure::{EXIT_CODES, Kind};
    use crate::output::text::width;
    use crate::sandbox::faults;

    /// In one line, however it was broken.
    fn told(topic: &Topic) -> String {
        topic.text(80).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_topics_tell_all_there_is() {
        for line in &EXIT_CODES {
            let (text, meaning) = (exit_codes().text(400), line.meaning);
            assert!(text.contains(&format!("{:>4}  ", line.code)) && text.contains(meaning), "{meaning}");
        }
        for outcome in Outcome::ALL {
            let states = states().text(80);
            let about = states.split("\n\n").find(|part| part.starts_with(outcome.word())).unwrap();
            for what in ["known", "customer", "do", "never"] {
                assert!(about.contains(&format!("\n  {what} ")), "{outcome}: {what}");
            }
        }
        assert!(told(&states()).contains("settle_after") && told(&states()).contains("billkey reconcile"));
        for fault in faults() {
            assert!(told(&sandbox()).contains(&fault.what.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }

    #[test]
    fn the_most_serious_comes_first_and_none_is_missing() {
        let told = told(&exit_codes());
        let (_, order) = told.split_once("the most serious: ").unwrap();
        let codes: Vec<u8> =
            order.trim_end_matches('.').split(", ").map(|code| code.parse().unwrap()).collect();
        assert_eq!(
            (codes[..4].to_vec(), codes.last()),
            (vec![7, 1, 4, 3], Some(&0)),
            "contract, \"Exit codes\""
        );
        assert_eq!(codes.len(), Kind::ALL.len() - 1, "all but usage and interrupted, and 0");
    }

    #[test]
    fn a_topic_fits_the_terminal_that_it_is_read_at() {
        for topic in [exit_codes(), states(), sandbox(), columns(), environment()] {
            // Commands and the table's other columns are not broken.
            for wide in [80, 79, 72] {
                for line in topic.text(wide).lines().filter(|line| !line.contains("BILLKEY_SANDBOX_FAULTS="))
                {
                    let as_is = line.contains("--merchant-uid order_1") || line.contains("heading = ");
                    assert!(width(line) <= wide || (as_is && width(line) <= 80), "{}: {line}", topic.name);
                }
            }
        }
    }
}
