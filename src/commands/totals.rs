//! What the ledger counted, as it is shown.

use crate::domain::payment::Outcome;
use crate::ledger::Totals;
use crate::output::list::PaymentSummary;

/// What stands under a table of payments.
pub(in crate::commands) fn summary(totals: Totals) -> PaymentSummary {
    PaymentSummary {
        count: totals.count,
        paid: totals.count_of(Outcome::Paid),
        net: totals.net,
        net_mode: totals.net_mode,
        apart: totals.apart,
        noted: totals.noted,
        noted_net: totals.noted_net,
        further: totals.further,
        further_held: totals.further_held,
    }
}
