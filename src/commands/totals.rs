//! What the ledger counted, as it is shown.

use crate::domain::payment::Outcome;
use crate::ledger::Totals;
use crate::output::list::PaymentSummary;

/// What stands under a table of payments.
pub(in crate::commands) fn summary(totals: Totals) -> PaymentSummary {
    let paid = totals.count_of(Outcome::Paid);
    let Totals { count, net, noted, noted_net, .. } = totals;
    PaymentSummary { count, paid, net, noted, noted_net }
}
