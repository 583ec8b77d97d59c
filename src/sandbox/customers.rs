//! The customers a new book starts with, as obviously made up as their names say.

/// One customer of a new book, and what a charge to it does.
#[derive(Debug)]
pub struct SeededCustomer {
    /// The `customer_uid` to charge.
    pub customer_uid: &'static str,
    /// The card holder.
    pub name: &'static str,
    /// An address at a domain that cannot exist.
    pub email: &'static str,
    /// A telephone number.
    pub tel: &'static str,
    /// The PG the billing key belongs to.
    pub pg_provider: &'static str,
    /// The card company; none for a wallet.
    pub card_name: Option<&'static str>,
    /// The card company's standard code (facts 9).
    pub card_code: Option<&'static str>,
    /// The masked card number.
    pub card_number: Option<&'static str>,
    /// What a charge to this customer does, as a sentence.
    pub what: &'static str,
    /// The fault plan that makes it so.
    pub(super) faults: &'static str,
    /// Whether it is a super billing key, over several channels (facts 5).
    pub(super) is_super: bool,
}

impl SeededCustomer {
    /// A customer of the plain kind, who pays by this card.
    const fn with_card(
        customer_uid: &'static str,
        name: &'static str,
        (card_name, card_code, card_number): (&'static str, &'static str, &'static str),
        what: &'static str,
        faults: &'static str,
    ) -> SeededCustomer {
        SeededCustomer {
            customer_uid,
            name,
            email: "someone@sandbox.invalid",
            tel: "010-0000-0000",
            pg_provider: "nice_v2",
            card_name: Some(card_name),
            card_code: Some(card_code),
            card_number: Some(card_number),
            what,
            faults,
            is_super: false,
        }
    }

    /// A customer whose charges go wrong in one way.
    const fn with_fault(
        customer_uid: &'static str,
        what: &'static str,
        faults: &'static str,
    ) -> SeededCustomer {
        SeededCustomer::with_card(
            customer_uid,
            "가상고객",
            ("BC카드", "361", "9430-20**-****-0000"),
            what,
            faults,
        )
    }
}

const APPROVED: &str = "Every charge is approved.";

static CUSTOMERS: &[SeededCustomer] = &[
    SeededCustomer {
        email: "gildong@sandbox.invalid",
        tel: "010-0000-1234",
        ..SeededCustomer::with_card(
            "gildong_0001_1234",
            "홍길동",
            ("신한카드", "366", "5409-26**-****-1234"),
            APPROVED,
            "",
        )
    },
    SeededCustomer {
        email: "younghee@sandbox.invalid",
        tel: "010-0000-5678",
        ..SeededCustomer::with_card(
            "younghee_0002_5678",
            "김영희",
            ("KB국민카드", "381", "4579-73**-****-5678"),
            APPROVED,
            "",
        )
    },
    SeededCustomer {
        email: "chulsoo@sandbox.invalid",
        tel: "010-0000-9012",
        ..SeededCustomer::with_card(
            "chulsoo_0003_9012",
            "박철수",
            ("현대카드", "367", "4330-28**-****-9012"),
            APPROVED,
            "",
        )
    },
    SeededCustomer {
        pg_provider: "kakaopay",
        card_name: None,
        card_code: None,
        card_number: None,
        ..SeededCustomer::with_card(
            "minji_0004_kakao",
            "이민지",
            ("", "", ""),
            "Every charge is approved and comes back as pay_method point, without a card.",
            "",
        )
    },
    SeededCustomer {
        is_super: true,
        ..SeededCustomer::with_card(
            "super_0005_3456",
            "최수퍼",
            ("삼성카드", "365", "5361-48**-****-3456"),
            "Every charge is approved; the customer holds a super billing key over two channels.",
            "",
        )
    },
    SeededCustomer::with_fault("sandbox_declined", "Every charge is declined: not enough money.", "decline"),
    SeededCustomer::with_fault(
        "sandbox_expired",
        "Every charge is declined: the card has expired.",
        "decline=[CC54] 카드유효기간만료 또는 불일치",
    ),
    SeededCustomer::with_fault(
        "sandbox_rejected",
        "Every charge is rejected and nothing is recorded.",
        "reject",
    ),
    SeededCustomer::with_fault("sandbox_unknown", "Every charge is made and its answer lost.", "lost_after"),
    SeededCustomer::with_fault("sandbox_lost", "Every request is lost before the charge.", "lost_before"),
    SeededCustomer::with_fault(
        "sandbox_slow",
        "Every charge is made and answered after 3 seconds.",
        "slow=3s",
    ),
    SeededCustomer::with_fault(
        "sandbox_hidden",
        "Every charge is made, its answer lost, and no look-up finds it for a minute.",
        "lost_after,hidden=1m",
    ),
    SeededCustomer::with_fault(
        "sandbox_late",
        "The connection is dropped at once and the charge lands 10 seconds later.",
        "late_charge=10s",
    ),
    SeededCustomer::with_fault(
        "sandbox_late_approval",
        "Every charge is declined and turns paid 10 seconds later.",
        "flips_to_paid=10s",
    ),
    SeededCustomer::with_fault(
        "sandbox_misrecorded",
        "Every charge is rejected although it was made; look-ups show it 10 seconds later.",
        "reject_but_charged=10s",
    ),
    SeededCustomer::with_fault(
        "sandbox_html",
        "Every charge is made and answered by a 502 page.",
        "html_502",
    ),
    SeededCustomer::with_fault("sandbox_cut", "Every charge is made and its answer cut short.", "cut_json"),
    SeededCustomer::with_fault(
        "sandbox_twins",
        "Two charges of one merchant_uid at the same time are both made.",
        "twins",
    ),
    SeededCustomer::with_fault(
        "sandbox_reissued",
        "The card is another one than the one shown before the charge.",
        "reissue",
    ),
    SeededCustomer::with_fault(
        "sandbox_no_refund",
        "Every charge is approved and every refund refused.",
        "refund_refused",
    ),
];

/// The customers of a new book, in the order of the help text.
pub fn seeded_customers() -> &'static [SeededCustomer] {
    CUSTOMERS
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::sandbox::customers::seeded_customers;
    use crate::sandbox::faults::FaultPlan;

    #[test]
    fn every_seeded_customer_is_one_of_a_kind_and_its_faults_exist() {
        let mut seen = HashSet::new();
        for customer in seeded_customers() {
            assert!(seen.insert(customer.customer_uid), "{} is there twice", customer.customer_uid);
            FaultPlan::parse(customer.faults).unwrap();
            assert!(customer.what.ends_with('.'));
        }
    }
}
