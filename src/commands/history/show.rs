//! `billkey history show`: everything about one payment.

use crate::commands::context::Context;
use crate::commands::history::HistoryShowArgs;
use crate::commands::session::answered;
use crate::failure::{Exit, Failure};
use crate::output::detail::PaymentDetail;

pub(super) fn run(args: &HistoryShowArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ledger = context.read_ledger()?;
    let Some(payment) = ledger.find_any(&args.id)? else {
        let id = args.id.escape_debug();
        let message = format!("the ledger {} has no payment {id}", ledger.path().display());
        return Err(Failure::not_found(message)
            .hinted("give a merchant_uid, an imp_uid or an approval number; `billkey history TEXT` looks for anything else"));
    };
    let events = ledger.events(&payment.terms.merchant_uid)?;
    let customer = ledger.find_customer(&payment.terms.customer_uid)?;
    let customer_name = customer.as_ref().and_then(|customer| customer.name.as_deref());
    let refunds = ledger.refunds(&payment.terms.merchant_uid)?;
    let detail = PaymentDetail { payment: &payment, events: &events, refunds: &refunds, customer_name };
    answered(context.ui.payment_detail(&detail), Exit::Done)
}
