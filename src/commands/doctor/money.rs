//! Real money or not: the profile's mode against what the ledger has seen.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::commands::doctor::report::Report;
use crate::domain::customer::Customer;
use crate::domain::payment::{Mode, Payment};
use crate::gateway::sandbox_flag;
use crate::ledger::{Filter, Ledger, LedgerError};
use crate::settings::Settings;

/// So many of the newest payments are looked at: older ones may be of another setup.
const PAYMENTS_LOOKED_AT: u64 = 50;
/// A channel that is not what is meant shows in the first of many, too.
const CUSTOMERS_LOOKED_AT: u32 = 10_000;

/// PGs whose test channels charge for real and give it back later the same day (facts 10).
const WITHDRAWN_AND_RETURNED: [&str; 13] = [
    "danal",
    "danal_tpay",
    "html5_inicis",
    "inicis",
    "inicis_unified",
    "mobilians",
    "mobilians_v2",
    "nice",
    "nice_v2",
    "settle",
    "settle_acc",
    "smartro",
    "smartro_v2",
];

/// And one that does not give it back (facts 10).
const WITHDRAWN: &str = "paymentwall";

/// PGs that make opposite things of a `tax_free` that is left out: the whole sum free of tax at KG Inicis, where the
/// merchant id sells both, and the whole of it taxed at KCP (facts 15.1).
const TAX_FREE_MATTERS: [&str; 5] = ["html5_inicis", "inicis", "kcp", "kcp_billing", "kcp_quick"];

/// Holds mode and channels against the saved customers and the newest payments.
pub(super) fn examine(settings: &Settings, ledger: Option<&Ledger>, report: &mut Report) {
    let seen = match ledger.map(|ledger| Seen::in_ledger(settings.mode, ledger)).transpose() {
        Ok(seen) => seen.unwrap_or_default(),
        Err(error) => {
            report.warn("mode", format!("not checked: {error}"), "fix the ledger first, then run this again");
            return;
        }
    };
    mode(settings.mode, &seen, report);
    channels(settings, &seen, report);
    tax(settings, &seen, report);
}

/// What the ledger tells of channels.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// How many payments and customers were looked at.
    looked_at: usize,
    /// Payments and customers whose channel, by the gateway's own flag, is of the other kind.
    other_channel: Few,
    /// Payments and customers that were written down under another mode.
    other_mode: Few,
    /// Of saved customers.
    pgs: BTreeSet<String>,
    /// Of payments.
    pgs_paid: BTreeSet<String>,
}

/// Ids of which a few are named and all are counted: a ledger may have a million of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Few {
    named: Vec<String>,
    count: usize,
}

impl Few {
    const NAMED: usize = 3;

    fn add(&mut self, id: &str) {
        if self.named.len() < Few::NAMED {
            self.named.push(id.to_owned());
        }
        self.count += 1;
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn shown(&self) -> String {
        let named = self.named.join(", ");
        let more = self.count - self.named.len();
        if more > 0 { format!("{named} and {more} more") } else { named }
    }
}

impl Seen {
    fn in_ledger(mode: Mode, ledger: &Ledger) -> Result<Seen, LedgerError> {
        let mut seen = Seen::default();
        for customer in ledger.some_customers(CUSTOMERS_LOOKED_AT)? {
            seen.customer(mode, &customer);
        }
        let mut payments: Vec<Payment> = Vec::new();
        let newest = Filter { limit: Some(PAYMENTS_LOOKED_AT), ..Filter::default() };
        ledger.visit(&newest, &mut |payment| {
            payments.push(payment);
            ControlFlow::Continue(())
        })?;
        for payment in payments {
            let events = ledger.events(&payment.terms.merchant_uid)?;
            let bodies = events.iter().rev().filter_map(|event| event.received.body.as_deref());
            seen.payment(mode, &payment, bodies.map(sandbox_flag).find(Option::is_some).flatten());
        }
        Ok(seen)
    }

    fn customer(&mut self, mode: Mode, customer: &Customer) {
        let card = &customer.card;
        self.note(mode, customer.mode, card.sandbox, customer.customer_uid.as_str());
        if let Some(pg) = card.pg_provider.as_ref().filter(|pg| !self.pgs.contains(*pg)) {
            self.pgs.insert(pg.clone());
        }
    }

    fn payment(&mut self, mode: Mode, payment: &Payment, sandbox_flag: Option<bool>) {
        self.note(mode, payment.terms.mode, sandbox_flag, payment.terms.merchant_uid.as_str());
        self.pgs_paid.extend(payment.pg_provider.clone());
    }

    fn note(&mut self, mode: Mode, recorded: Mode, sandbox_flag: Option<bool>, id: &str) {
        self.looked_at += 1;
        if mode.disagrees_with(sandbox_flag) {
            self.other_channel.add(id);
        } else if recorded != mode {
            self.other_mode.add(id);
        }
    }
}

fn mode(mode: Mode, seen: &Seen, report: &mut Report) {
    if !seen.other_channel.is_empty() {
        let ids = seen.other_channel.shown();
        let (message, fix) = match mode {
            Mode::Live => (
                format!(
                    "the profile is live, and the gateway says of {ids} that it is no sale: TEST channel, of which \
                     some withdraw real money until the night"
                ),
                "register these cards through a live channel, or set mode = \"test\"",
            ),
            Mode::Test | Mode::Sandbox => (
                format!(
                    "the profile is {mode}, and the gateway says of {ids} that money moves: LIVE channel"
                ),
                "set mode = \"live\", or charge with another profile",
            ),
        };
        report.warn("mode", message, fix);
    }
    if !seen.other_mode.is_empty() {
        report.warn(
            "mode",
            format!(
                "the profile is {mode}, and {} were written down under another mode",
                seen.other_mode.shown()
            ),
            "give each mode a profile and a ledger of its own",
        );
    }
    if seen.other_channel.is_empty() && seen.other_mode.is_empty() {
        let fits = if seen.looked_at == 0 {
            "the ledger tells nothing to hold against it"
        } else {
            "what the ledger has seen fits it"
        };
        report.ok("mode", format!("{mode}; {fits}"));
    }
}

fn channels(settings: &Settings, seen: &Seen, report: &mut Report) {
    match settings.mode {
        Mode::Live => return report.ok("channels", "live: every charge is real money"),
        Mode::Sandbox => return report.ok("channels", "sandbox: no money moves"),
        Mode::Test => {}
    }
    let pgs: BTreeSet<&str> = seen.pgs.iter().map(String::as_str).chain(settings.pg_name()).collect();
    let named = |really: &dyn Fn(&str) -> bool| {
        pgs.iter().copied().filter(|pg| really(pg)).collect::<Vec<_>>().join(", ")
    };
    let returned = named(&|pg| WITHDRAWN_AND_RETURNED.contains(&pg));
    let kept = named(&|pg| pg == WITHDRAWN);
    if returned.is_empty() && kept.is_empty() {
        return report.ok("channels", "none whose test mode is known to withdraw real money");
    }
    if !returned.is_empty() {
        report.warn(
            "channels",
            format!("a test charge through {returned} really withdraws; the PG gives it back the same day"),
            "use a card of your own; PortOne goes on saying paid after the PG has given it back",
        );
    }
    if !kept.is_empty() {
        report.warn(
            "channels",
            format!("a test charge through {kept} really withdraws, and is not given back"),
            "refund each test charge yourself",
        );
    }
}

/// Whether what is left out of a charge means what the merchant takes it for.
fn tax(settings: &Settings, seen: &Seen, report: &mut Report) {
    if let Some(rule) = settings.tax {
        return report.ok("tax", rule.word());
    }
    if settings.sandbox() {
        return report.ok("tax", "sandbox: no tax is due");
    }
    let known = seen.pgs.iter().chain(&seen.pgs_paid).map(String::as_str).chain(settings.pg_name());
    let matters: BTreeSet<&str> = known.filter(|pg| TAX_FREE_MATTERS.contains(pg)).collect();
    if matters.is_empty() {
        return report.ok("tax", "not set; charges name the tax parts that they are given");
    }
    report.warn(
        "tax",
        format!(
            "not set, and {} makes its own of a tax_free that is left out: by contract the whole amount may count as \
             free of tax, or as taxed",
            matters.into_iter().collect::<Vec<_>>().join(", ")
        ),
        "set tax to \"taxed\", \"mixed\" or \"tax-free\" in the profile",
    );
}

#[cfg(test)]
mod tests {
    use super::{Seen, mode};
    use crate::commands::doctor::report::Report;
    use crate::domain::payment::Mode;
    use crate::output::checklist::State;

    fn told(profile: Mode, notes: &[(Mode, Option<bool>)]) -> Vec<(State, String)> {
        let mut seen = Seen::default();
        for (recorded, flag) in notes {
            seen.note(profile, *recorded, *flag, "order_1");
        }
        let mut report = Report::default();
        mode(profile, &seen, &mut report);
        report.checks.into_iter().map(|check| (check.state, check.message)).collect()
    }

    #[test]
    fn what_fits_and_what_says_nothing_is_ok() {
        for notes in [&[][..], &[(Mode::Live, Some(false)), (Mode::Live, None)]] {
            let told = told(Mode::Live, notes);
            assert!(matches!(told.as_slice(), [(State::Ok, _)]), "{told:?}");
        }
    }

    #[test]
    fn the_gateways_own_flag_is_held_against_the_mode() {
        let live = told(Mode::Live, &[(Mode::Live, Some(true))]);
        assert!(matches!(live.as_slice(), [(State::Warn, message)] if message.contains("TEST channel")));
        let test = told(Mode::Test, &[(Mode::Test, Some(false))]);
        assert!(matches!(test.as_slice(), [(State::Warn, message)] if message.contains("LIVE channel")));
    }

    #[test]
    fn of_many_ids_three_are_named_and_the_others_counted() {
        let told = told(Mode::Test, &[(Mode::Live, None); 1005]);
        assert!(
            matches!(told.as_slice(), [(State::Warn, message)]
            if message.contains("order_1, order_1, order_1 and 1002 more")),
            "{told:?}"
        );
    }

    #[test]
    fn a_ledger_of_two_modes_is_told() {
        let told = told(Mode::Test, &[(Mode::Live, None), (Mode::Test, Some(true))]);
        assert!(matches!(told.as_slice(), [(State::Warn, message)] if message.contains("another mode")));
    }
}
