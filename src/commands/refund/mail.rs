//! What a failed refund names where nobody watches, as a charge does (contract, "Streams and formats").

use crate::commands::context::Context;
use crate::commands::refund::RefundArgs;
use crate::commands::unwatched::with_facts;
use crate::domain::money::Amount;
use crate::domain::payment::Payment;
use crate::failure::Failure;
use crate::output::text::when;

/// The same failure, named. `payment` is `None` where the command line meant none.
pub(super) fn named(
    failure: Failure,
    args: &RefundArgs,
    payment: Option<&Payment>,
    context: &Context<'_>,
) -> Failure {
    if !context.ui.quiet() {
        return failure;
    }
    let customer = payment.map(|payment| payment.terms.customer_uid.to_string());
    let customer = customer.or_else(|| args.expect_customer.clone());
    let order = payment.map_or_else(|| args.id.clone(), |payment| payment.terms.merchant_uid.to_string());
    let read = args.amount.as_ref().zip(payment).map(|(text, payment)| {
        Amount::parse(text, payment.terms.amount.currency())
            .map_or_else(|_| text.clone(), |amount| amount.to_string())
    });
    let amount = read.or_else(|| args.amount.clone()).unwrap_or_else(|| "all that is left".to_owned());
    let what = [customer.unwrap_or_else(|| "not known".to_owned()), order, amount];
    with_facts(failure, what, when(context.now(), context.ui.zone()), context.settings.profile.clone())
}
