//! What a PG does when its window registers a card (facts 6.4).

use serde::{Deserialize, Serialize};

/// Money that moves when the card is registered, before any charge of billkey's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    /// The amount is charged for real.
    Charges,
    /// Amount 0 becomes a real charge of 10 won, given back in about 30 minutes (danal_tpay).
    TestCharge,
    /// Something is charged whatever the amount, in US dollars (paymentwall).
    AlwaysInDollars,
    /// It is charged by some PGs, and this may be one of them.
    MayCharge,
}

/// PGs that are known to have no window for billing keys (facts 6.4). For nice_v2 the sources
/// contradict each other, so that this is a warning and no refusal.
pub const NO_WINDOW: [&str; 7] = ["nice", "nice_v2", "kcp", "inicis", "daou", "ksnet", "settle"];

/// The provider of `PROVIDER.MID`.
#[must_use]
pub fn provider_of(pg: &str) -> &str {
    pg.split_once('.').map_or(pg, |(provider, _)| provider)
}

/// Whether the PG's window is not opened by `IMP.request_pay` (facts 6.2).
#[must_use]
pub fn is_loaded_otherwise(pg: &str) -> bool {
    provider_of(pg) == "paypal_v2"
}

/// What is to be warned of before the window opens. `pg` is `PROVIDER.MID`, or `None` where a
/// channel key or the default channel decides.
#[must_use]
pub fn charge_at_issue(pg: Option<&str>, pay_method: &str, amount_won: i64) -> Option<Issue> {
    let by_amount = |issue| (amount_won > 0).then_some(issue);
    match pg.map(provider_of) {
        Some("danal_tpay") => by_amount(Issue::Charges).or(Some(Issue::TestCharge)),
        Some("paymentwall") => Some(Issue::AlwaysInDollars),
        Some("danal" | "mobilians") => by_amount(Issue::Charges).or(Some(Issue::MayCharge)),
        Some("welcome") if pay_method == "phone" => by_amount(Issue::Charges).or(Some(Issue::MayCharge)),
        Some("kakaopay") => by_amount(Issue::Charges),
        Some(
            "tosspayments" | "kcp_billing" | "html5_inicis" | "kicc" | "smartro_v2" | "welcome" | "naverpay"
            | "payco" | "tosspay_v2",
        ) => None,
        Some(_) | None => by_amount(Issue::MayCharge),
    }
}

#[cfg(test)]
mod tests {
    use super::{Issue, charge_at_issue, is_loaded_otherwise, provider_of};

    #[test]
    fn the_table_of_facts_6_4() {
        for (pg, pay_method, zero, some) in [
            ("tosspayments", "card", None, None),
            ("kcp_billing.A52Q7", "card", None, None),
            ("html5_inicis.INIBillTst", "card", None, None),
            ("danal_tpay.9810030929", "card", Some(Issue::TestCharge), Some(Issue::Charges)),
            ("danal", "phone", Some(Issue::MayCharge), Some(Issue::Charges)),
            ("mobilians", "phone", Some(Issue::MayCharge), Some(Issue::Charges)),
            ("kicc", "card", None, None),
            ("smartro_v2", "card", None, None),
            ("welcome", "card", None, None),
            ("welcome", "phone", Some(Issue::MayCharge), Some(Issue::Charges)),
            ("kakaopay.TCSUBSCRIP", "card", None, Some(Issue::Charges)),
            ("naverpay", "card", None, None),
            ("payco", "card", None, None),
            ("tosspay_v2", "tosspay", None, None),
            ("paymentwall", "card", Some(Issue::AlwaysInDollars), Some(Issue::AlwaysInDollars)),
            ("settle_acc", "trans", None, Some(Issue::MayCharge)),
            ("smilepay", "card", None, Some(Issue::MayCharge)),
            ("something_new", "card", None, Some(Issue::MayCharge)),
        ] {
            assert_eq!(charge_at_issue(Some(pg), pay_method, 0), zero, "{pg} {pay_method} 0");
            assert_eq!(charge_at_issue(Some(pg), pay_method, 8900), some, "{pg} {pay_method} 8900");
        }
        assert_eq!(charge_at_issue(None, "card", 0), None);
        assert_eq!(charge_at_issue(None, "card", 1), Some(Issue::MayCharge));
    }

    #[test]
    fn the_provider_comes_before_the_dot() {
        assert_eq!(provider_of("nice_v2.nictest04m"), "nice_v2");
        assert_eq!(provider_of("nice_v2"), "nice_v2");
        assert!(is_loaded_otherwise("paypal_v2.x") && !is_loaded_otherwise("paypal"));
    }
}
