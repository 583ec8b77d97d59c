//! `billkey reconcile --acknowledge`: somebody answers for what is left, or takes that back. A payment beside another
//! one is an alarm, and told as such; `answer_for` has the rest.

use crate::commands::alarm;
use crate::commands::context::Context;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::answer_for::{about, answer, named, subjects};
use crate::commands::reconcile::objects::one_settled;
use crate::commands::session::answered;
use crate::domain::payment::Payment;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::{Acknowledgement, Ledger};
use crate::output::text::{safe, when};

/// Which payment it is about, and whether somebody answers for it or takes that back.
struct Asked<'a> {
    imp_uid: &'a str,
    given: bool,
}

/// Signs, where that is asked for; the ledger alone is needed. `None` where it is not.
pub(super) fn run(args: &ReconcileArgs, context: &mut Context<'_>) -> Option<Result<Exit, Failure>> {
    let asked = match (&args.acknowledge, &args.unacknowledge) {
        (Some(imp_uid), _) => Asked { imp_uid, given: true },
        (None, Some(imp_uid)) => Asked { imp_uid, given: false },
        (None, None) => return None,
    };
    Some(sign(&asked, args.reason.as_deref().unwrap_or_default(), context))
}

fn sign(asked: &Asked<'_>, reason: &str, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage("--reason is empty: say why, for whoever reads it later"));
    }
    let mut ledger = context.ledger_at_hand()?;
    let Asked { imp_uid, given } = *asked;
    let others = subjects(&ledger)?;
    if let Some(named) = named(&others, imp_uid) {
        return answer(named, (given, reason), &mut ledger, context);
    }
    let before = match subject(&ledger, asked) {
        Ok(before) => before,
        Err(no_alarm) => {
            let flag = if given { "--acknowledge" } else { "--unacknowledge" };
            return match about(&others, (flag, imp_uid), context)? {
                Some(other) => answer(other, (given, reason), &mut ledger, context),
                None => Err(no_alarm),
            };
        }
    };
    let signed = before.records.iter().any(|record| record.imp_uid == imp_uid && record.signed.is_some());
    // Said twice it is said once.
    if signed != given {
        let signature = Acknowledgement {
            imp_uid: imp_uid.to_owned(),
            at: context.now(),
            operator: context.settings.operator.clone(),
            reason: reason.to_owned(),
            given,
        };
        if !ledger.acknowledge(&signature)? {
            return Err(unknown(&ledger, imp_uid));
        }
    }
    let uid = &before.terms.merchant_uid;
    let after = ledger.find(uid)?.unwrap_or(before);
    tell(&after, asked, context)
}

/// The order that it is about: one whose alarm the payment is a part of, or where it is signed for already.
fn subject(ledger: &Ledger, asked: &Asked<'_>) -> Result<Payment, Failure> {
    let Asked { imp_uid, given } = *asked;
    let uids = ledger.orders_showing(imp_uid)?;
    let mut orders = Vec::new();
    for uid in &uids {
        orders.extend(ledger.find(uid)?);
    }
    let Some(first) = orders.first().cloned() else { return Err(unknown(ledger, imp_uid)) };
    let counts = |order: &Payment| {
        let signed = order.records.iter().any(|record| record.imp_uid == imp_uid && record.signed.is_some());
        let held = order.alarm().is_some_and(|alarm| alarm.held.iter().any(|held| held.imp_uid == imp_uid));
        signed || (given && held)
    };
    orders.into_iter().find(counts).ok_or_else(|| {
        let (order, imp_uid) = (safe(first.terms.merchant_uid.as_str()).into_owned(), safe(imp_uid));
        Failure::not_found(if given {
            format!(
                "there is no alarm that {imp_uid} is a part of: no two payments under {order} hold money. Nothing \
                 was written"
            )
        } else {
            format!("nobody has acknowledged {imp_uid}, of the order {order}. Nothing was written")
        })
    })
}

fn unknown(ledger: &Ledger, imp_uid: &str) -> Failure {
    let path = ledger.place();
    Failure::not_found(format!(
        "the ledger {path} knows no payment {}, and nothing else of that id that is left for a person. Nothing was written",
        safe(imp_uid)
    ))
    .hinted(
        "`billkey attention` lists what is left, with the id of each: drift_…, schedule_…, imps_… or imp_…",
    )
}

fn tell(payment: &Payment, asked: &Asked<'_>, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let alarm = alarm::tell(payment, context.settings, context.ui);
    let exit = if alarm { Exit::With(Kind::Refused) } else { Exit::Done };
    let ui = &mut *context.ui;
    if ui.format().is_json() {
        return answered(one_settled(payment, ui), exit);
    }
    let (imp_uid, order) = (safe(asked.imp_uid), safe(payment.terms.merchant_uid.as_str()));
    let signed = payment.records.iter().find(|record| record.imp_uid == asked.imp_uid);
    let signed = signed.and_then(|record| record.signed.as_ref());
    let text = match signed {
        Some(signed) => format!(
            "{imp_uid} of the order {order} is acknowledged since {}: {}",
            when(signed.at, ui.zone()),
            safe(&signed.reason)
        ),
        None => format!("{imp_uid} of the order {order} is not acknowledged any more."),
    };
    answered(ui.done(&text), exit)
}
