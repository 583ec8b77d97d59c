//! `billkey history show`: everything about one payment.

use crate::commands::context::Context;
use crate::commands::history::HistoryShowArgs;
use crate::commands::pasted::{charge_command_of, command_of};
use crate::commands::session::answered;
use crate::domain::payment::Payment;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::ledger::Ledger;
use crate::output::copy_text::copy_text;
use crate::output::detail::PaymentDetail;
use crate::output::prose::Commands;

/// Shorter beginnings name too much, and the next payment makes them name another one.
const PREFIX_MIN: usize = 4;

/// Of so many that begin alike, the newest are named.
const NAMED_MAX: usize = 5;

pub(super) fn run(args: &HistoryShowArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ledger = context.read_ledger()?;
    let payment = match ledger.find_any(&args.id)? {
        Some(payment) => payment,
        None => begun_with(&args.id, &ledger)?,
    };
    let events = ledger.events(&payment.terms.merchant_uid)?;
    let customer = ledger.find_customer(&payment.terms.customer_uid)?;
    let customer_name = customer.as_ref().and_then(|customer| customer.name.as_deref());
    let refunds = ledger.refunds(&payment.terms.merchant_uid)?;
    if args.copy_text {
        let person = customer_name.or(payment.buyer_name.as_deref());
        let lang = args.lang.unwrap_or_default();
        let text = copy_text(&payment, person, lang, context.ui.zone());
        let written = if context.ui.format().is_json() {
            context.ui.json(&serde_json::json!({ "lang": lang.word(), "text": text }))
        } else {
            context.ui.answer(&text)
        };
        return answered(written, Exit::Done);
    }
    let commands = Commands {
        reconcile: command_of(context.settings, "reconcile", payment.terms.merchant_uid.as_str()),
        again: charge_command_of(context.settings, &payment, &[]),
        retry: charge_command_of(context.settings, &payment, &["--retry"]),
    };
    let detail = PaymentDetail {
        payment: &payment,
        events: &events,
        refunds: &refunds,
        customer_name,
        commands: &commands,
    };
    answered(context.ui.payment_detail(&detail), Exit::Done)
}

/// The only payment whose merchant_uid or imp_uid begins so.
fn begun_with(id: &str, ledger: &Ledger) -> Result<Payment, Failure> {
    let (path, shown) = (ledger.place(), id.escape_debug());
    let nothing = || {
        Failure::not_found(format!("the ledger {path} has no payment {shown}")).hinted(
            "give a merchant_uid, an imp_uid, the beginning of one that no other has, or an approval number; \
             `billkey history TEXT` looks for anything else",
        )
    };
    if id.chars().count() < PREFIX_MIN {
        return Err(nothing());
    }
    let mut begun = ledger.begun_with(id, NAMED_MAX.max(2))?;
    match (begun.len(), begun.pop()) {
        (1, Some(only)) => Ok(only),
        (_, None) => Err(nothing()),
        (_, Some(last)) => {
            begun.push(last);
            let count = number_of(ledger.begun_count(id)?, "payment");
            let newest: Vec<String> =
                begun.iter().take(NAMED_MAX).map(|payment| payment.terms.merchant_uid.to_string()).collect();
            let message = format!("{count} in {path} begin with {shown}, the newest {}", newest.join(", "));
            Err(Failure::usage(message).hinted("give more of the id"))
        }
    }
}
