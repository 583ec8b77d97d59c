//! What the ids of rows mean: an order or a customer that the ledger knows is the known one, however the file
//! spells it; a new one has to be spelled right (contract, rule 12).

use crate::commands::batch::row::{
    CUSTOMER_UID, KNOWN_ORDER, MERCHANT_UID, Row, Rows, Rules, TAX_FREE, VAT_AMOUNT,
};
use crate::commands::naming::{customer_to_charge, order_meant};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Outcome;
use crate::domain::tax::TaxRule;
use crate::failure::{Failure, Kind};
use crate::intake::Problems;
use crate::ledger::{Create, Ledger};

/// How many rows are looked up in the ledger together.
const ROWS_AT_ONCE: usize = 500;

/// What a row means, where that is another text than its own.
#[derive(Debug, Default, PartialEq, Eq)]
struct Meaning {
    customer: Option<String>,
    order: Option<String>,
}

/// The rows with what they mean, and every problem there is with their ids.
pub(super) fn identify(rows: Rows, rules: &Rules) -> Result<(Rows, Problems), Failure> {
    let ledger = match &rules.ledger {
        Some(path) => match Ledger::open_at(path, Create::Never) {
            Ok(opened) => Some(opened.ledger),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    let looking = Looking {
        // Most ledgers hold no id that could be spelled in another way, and most ids are one of these.
        spelled_apart: match &ledger {
            Some(ledger) => ledger.has_other_spellings()?,
            None => false,
        },
        ledger: ledger.as_ref(),
        rules,
    };
    let mut problems = Problems::default();
    let mut meanings = Vec::new();
    let mut all = rows.all();
    loop {
        let some: Vec<u32> = all.by_ref().take(ROWS_AT_ONCE).collect();
        if some.is_empty() {
            break;
        }
        let meant = looking.look(&rows, &some, &mut problems)?;
        looking.check_tax(&rows, &some, &meant, &mut problems)?;
        // Of a million rows hardly one means another text than its own.
        meanings.extend(some.into_iter().zip(meant).filter(|(_, meaning)| *meaning != Meaning::default()));
    }
    if meanings.is_empty() {
        return Ok((rows, problems));
    }
    let mut meant = Rows::default();
    let mut meanings = meanings.iter().peekable();
    for row in rows.all() {
        let mut cells = rows.cells(row);
        if let Some((_, meaning)) = meanings.next_if(|(of, _)| *of == row) {
            cells[CUSTOMER_UID] = meaning.customer.as_deref().unwrap_or(cells[CUSTOMER_UID]);
            cells[KNOWN_ORDER] = meaning.order.as_deref().unwrap_or_default();
        }
        if !meant.push(rows.line(row), &cells) {
            problems.say(rows.line(row), None, "the whole file is too long; split it");
        }
    }
    Ok((meant, problems))
}

struct Looking<'a> {
    ledger: Option<&'a Ledger>,
    spelled_apart: bool,
    rules: &'a Rules,
}

impl Looking<'_> {
    fn look(&self, rows: &Rows, some: &[u32], problems: &mut Problems) -> Result<Vec<Meaning>, Failure> {
        let mut meanings = Vec::with_capacity(some.len());
        let mut customers = Vec::with_capacity(some.len());
        for row in some {
            let (cells, line) = (rows.cells(*row), rows.line(*row));
            let (customer_text, order_text) = (cells[CUSTOMER_UID], cells[MERCHANT_UID]);
            let customer = if self.has_one_spelling(customer_text) {
                Some(CustomerUid::parse(customer_text)?)
            } else {
                keep(customer_to_charge(customer_text, self.ledger), line, CUSTOMER_UID, problems)?
            };
            let order = if self.rules.once_per.is_some() || self.has_one_spelling(order_text) {
                None
            } else {
                keep(order_meant(order_text, self.ledger), line, MERCHANT_UID, problems)?
            };
            let other = |meant: &str, given: &str| (meant != given).then(|| meant.to_owned());
            meanings.push(Meaning {
                customer: customer.as_ref().and_then(|meant| other(meant.as_str(), customer_text)),
                order: order.and_then(|meant| other(meant.as_str(), order_text)),
            });
            customers.push(customer);
        }
        if let Some(once_per) = &self.rules.once_per {
            let known: Vec<CustomerUid> = customers.iter().flatten().cloned().collect();
            let mut orders = once_per.orders(self.ledger, &known)?.into_iter();
            for (meaning, customer) in meanings.iter_mut().zip(&customers) {
                let Some(customer) = customer else { continue };
                let own = once_per.id(customer)?;
                meaning.order = orders.next().filter(|order| *order != own).map(|order| order.to_string());
            }
        }
        Ok(meanings)
    }

    /// Rows whose tax parts do not go with the profile's `tax`. One that is only told again, or keeps the parts it was
    /// begun with, needs none.
    fn check_tax(
        &self,
        rows: &Rows,
        some: &[u32],
        meant: &[Meaning],
        problems: &mut Problems,
    ) -> Result<(), Failure> {
        let Some(rule) = self.rules.tax else { return Ok(()) };
        for (row, meaning) in some.iter().zip(meant) {
            let mut cells = rows.cells(*row);
            cells[CUSTOMER_UID] = meaning.customer.as_deref().unwrap_or(cells[CUSTOMER_UID]);
            cells[KNOWN_ORDER] = meaning.order.as_deref().unwrap_or_default();
            // Most rows go with it whatever their PG is, and are not looked up one by one.
            let suspect = match rule {
                TaxRule::Mixed => cells[TAX_FREE].is_empty(),
                TaxRule::Taxed => !(cells[TAX_FREE].is_empty() && cells[VAT_AMOUNT].is_empty()),
                TaxRule::TaxFree => false,
            };
            if !suspect {
                continue;
            }
            let Ok(Row { request, .. }) = self.rules.read(&cells) else { continue };
            let terms = &request.terms;
            let known = self.ledger.map(|ledger| ledger.find(&terms.merchant_uid)).transpose()?.flatten();
            if known.is_some_and(|row| row.outcome == Outcome::Paid || row.tax_kept().is_some()) {
                continue;
            }
            let saved = self.ledger.map(|ledger| ledger.find_customer(&terms.customer_uid)).transpose()?;
            let pg = saved.flatten().and_then(|customer| customer.card.pg_provider);
            let pg = pg.as_deref().or(self.rules.pg.as_deref());
            if let Err(error) = rule.parts(request.tax(), terms.amount, pg) {
                problems.say(rows.line(*row), Some(TAX_FREE), &error.to_string());
            }
        }
        Ok(())
    }

    fn has_one_spelling(&self, text: &str) -> bool {
        text.is_ascii() && !self.spelled_apart
    }
}

/// A row's own mistake is a problem of the file; a ledger that cannot be read is the run's.
fn keep<T>(
    meant: Result<T, Failure>,
    line: u64,
    column: usize,
    problems: &mut Problems,
) -> Result<Option<T>, Failure> {
    match meant {
        Ok(meant) => Ok(Some(meant)),
        Err(failure) if matches!(failure.kind, Kind::Usage | Kind::Refused) => {
            problems.say(line, Some(column), &failure.message);
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}
