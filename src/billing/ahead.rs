//! What a charge would do, found out without writing or sending anything: before the question, and for a dry
//! run.

use crate::billing::desk::{Asked, Desk};
use crate::billing::report::{Ended, Held};
use crate::billing::request::{Charge, Known, Leave, ended_by, stored};
use crate::domain::payment::Payment;
use crate::domain::protocol::{self, Before, BeforeSend, Opening};
use crate::ledger::LedgerError;

/// What a charge would do at this moment.
#[derive(Debug)]
pub enum Ahead {
    /// The stored row is the answer, or stands in the way; the gateway was not asked.
    Stored(Ended),
    /// What comes of the gateway's answer.
    Asked {
        row: Option<Box<Payment>>,
        would: Box<BeforeSend>,
        /// Why the gateway was not asked.
        held: Option<Held>,
        /// The answer, for whoever charges within a minute.
        known: Box<Known>,
    },
}

/// Looks at the row, asks the gateway, and says what would come of it.
pub fn look_ahead(desk: &Desk<'_>, charge: &Charge) -> Result<Ahead, LedgerError> {
    let Charge { request, retry, leave: Leave { unasked, .. }, settle_after, .. } = charge;
    let row = desk.ledger.find(&request.terms.merchant_uid)?;
    let before = match &row {
        None => Before::First { retry: *retry, unasked: *unasked },
        Some(row) => match protocol::open(&stored(row, request), *retry, *unasked) {
            Opening::Ask(before) => before,
            Opening::Replay | Opening::RefuseOtherTerms => match ended_by(row.clone(), charge) {
                Ok(ended) => return Ok(Ahead::Stored(ended)),
                Err(_) => Before::Send,
            },
        },
    };
    let Asked { known, finding, waited, held, .. } =
        desk.ask(&request.terms, row.as_ref(), *settle_after, charge.known.as_ref())?;
    let would = Box::new(protocol::found_before(before, finding, waited));
    Ok(Ahead::Asked { row: row.map(Box::new), would, held, known: Box::new(known) })
}
