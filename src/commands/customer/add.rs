//! `billkey customer add`: one customer_uid whose billing key exists.

use crate::commands::context::Context;
use crate::commands::customer::AddArgs;
use crate::commands::customer::answers::{answer, not_saved, prose};
use crate::commands::customer::saving::{Given, Kept, Profile, ask_for_new, check_new, keep};
use crate::commands::naming::customer_meant;
use crate::domain::ids::CustomerUid;
use crate::failure::{Exit, Failure, Kind};

pub(super) fn run(args: &AddArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    // A text that can be no id creates no ledger.
    CustomerUid::parse(&args.customer_uid)?;
    let AddArgs { name, email, tel, note, .. } = args.clone();
    let given = Given { name, email, tel, note };
    given.check()?;
    let mut ledger = context.open_ledger()?;
    let uid = customer_meant(&args.customer_uid, Some(&ledger))?;
    let known = ledger.find_customer(&uid)?.is_some();
    let registered = if args.no_verify {
        if !known {
            check_new(&uid)?;
        }
        None
    } else {
        let gateway = context.open_gateway()?;
        let waiting = context.ui.waiting("asking the gateway for the billing key");
        let asked = ask_for_new(&gateway.client, &uid).map_err(|failure| advised(not_saved(failure, &uid)));
        drop(waiting);
        Some(asked?)
    };
    let (profile, now) = (Profile::of(context.settings), context.now());
    let kept = keep(&mut ledger, &uid, &given, registered.as_ref(), &profile, now)?;
    for warning in &kept.warnings {
        context.ui.warning(warning);
    }
    let Kept { known, customer, .. } = kept;
    answer(context.ui, &prose(known.as_ref(), &customer, registered.as_ref()), &customer)
}

/// What to do about it.
fn advised(failure: Failure) -> Failure {
    let hint = match failure.kind {
        Kind::Network => "to save it without asking the gateway: add --no-verify",
        Kind::NotFound => {
            "check the customer_uid and the profile; to save it before there is a card: add --no-verify"
        }
        Kind::Local
        | Kind::Usage
        | Kind::Config
        | Kind::Auth
        | Kind::Declined
        | Kind::Rejected
        | Kind::Unknown
        | Kind::Refused
        | Kind::Alarm
        | Kind::Interrupted => return failure,
    };
    failure.hinted(hint)
}

#[cfg(test)]
mod tests {
    use super::{advised, not_saved};
    use crate::domain::ids::CustomerUid;
    use crate::failure::{Failure, Kind};

    #[test]
    fn a_failure_keeps_its_kind_and_says_that_nothing_was_saved() {
        let uid = CustomerUid::parse("gildong_0001_1234").unwrap();
        let failure = advised(not_saved(Failure::network("the gateway refused the connection"), &uid));
        assert_eq!(failure.kind, Kind::Network);
        assert_eq!(failure.message, "the gateway refused the connection. gildong_0001_1234 was not saved.");
        assert_eq!(failure.hints, ["to save it without asking the gateway: add --no-verify"]);
    }
}
