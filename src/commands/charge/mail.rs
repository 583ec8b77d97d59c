//! What a failed charge names where nobody watches. With `--quiet` a line of cron's is silent until it fails, and
//! its reader has the mail alone: which customer, which order, how much, when, by which profile, and what to do
//! next (contract, "Streams and formats").

use crate::commands::charge::ChargeArgs;
use crate::commands::context::Context;
use crate::commands::pasted::charge_command;
use crate::commands::unwatched::{profile_asked_for, seoul_now, with_facts};
use crate::domain::charge::ChargeRequest;
use crate::domain::money::{Amount, Currency};
use crate::failure::{Failure, Kind};
use crate::output::text::when;
use crate::settings::{Environment, Flags};

/// The same failure, named. `request` is `None` where the command line did not come to one.
pub(super) fn named(
    failure: Failure,
    args: &ChargeArgs,
    request: Option<&ChargeRequest>,
    context: &Context<'_>,
) -> Failure {
    if !context.ui.quiet() {
        return failure;
    }
    let at = when(context.now(), context.ui.zone());
    let profile = context.settings.profile.clone();
    let Some(request) = request else { return with_facts(failure, as_given(args), at, profile) };
    let terms = &request.terms;
    let what = [terms.customer_uid.to_string(), terms.merchant_uid.to_string(), terms.amount.to_string()];
    let failure = with_facts(failure, what, at, profile);
    // Every other failure of a charge says what to do, or is one that the same line meets again.
    if !failure.hints.is_empty() || matches!(failure.kind, Kind::Usage) {
        return failure;
    }
    let again = charge_command(context.settings, request, &[]);
    failure.hinted(format!("when that is put right, to go on with the same order: {again}"))
}

/// The same of a run that has no settings: what stands on its command line is all there is.
pub fn named_without_settings(
    failure: Failure,
    args: &ChargeArgs,
    flags: &Flags,
    environment: &Environment,
) -> Failure {
    with_facts(failure, as_given(args), seoul_now(), profile_asked_for(flags, environment))
}

/// Customer, order and amount in the words of the command line.
fn as_given(args: &ChargeArgs) -> [String; 3] {
    let plan = args.plan.as_deref().map(|plan| format!(", plan {plan}")).unwrap_or_default();
    let order = match (&args.merchant_uid, &args.once_per) {
        (Some(id), _) => id.clone(),
        (None, Some(period)) => format!("once per {period}{plan}"),
        (None, None) => "not named".to_owned(),
    };
    let read = Currency::parse(&args.currency).ok().map(|currency| Amount::parse(&args.amount, currency));
    let amount = match read {
        Some(Ok(amount)) => amount.to_string(),
        Some(Err(_)) | None => args.amount.clone(),
    };
    [args.customer_uid.clone(), order, amount]
}
