//! A reconciliation for programs: `{"settled", "undecided", "unanswered", "drift"}`.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::commands::reconcile::drifted::DriftObject;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::output::field::Object;
use crate::output::payment::{PaymentView, payment_object};
use crate::output::ui::Ui;

/// One payment that a person has settled, as an object.
pub(super) fn one_settled(payment: &Payment, ui: &mut Ui) -> std::io::Result<()> {
    let zone = ui.zone().clone();
    ui.json(&Whole {
        settled: Payments { payments: std::slice::from_ref(payment), replayed: false, zone: &zone },
        undecided: Payments { payments: &[], replayed: true, zone: &zone },
        unanswered: Payments { payments: &[], replayed: true, zone: &zone },
        drift: Vec::new(),
        refunds: Vec::new(),
        imported: None,
        others: None,
    })
}

/// `reconcile --json`.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    pub(super) settled: Payments<'a>,
    pub(super) undecided: Payments<'a>,
    pub(super) unanswered: Payments<'a>,
    pub(super) drift: Vec<DriftObject<'a>>,
    /// Those that were open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refunds: Vec<Object<'a, Refund>>,
    /// How many payments made elsewhere were recorded; absent where the gateway's lists were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) imported: Option<u64>,
    /// How many that the gateway lists are no charges with a billing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) others: Option<u64>,
}

pub(super) struct Payments<'a> {
    pub(super) payments: &'a [Payment],
    pub(super) replayed: bool,
    pub(super) zone: &'a TimeZone,
}

impl Serialize for Payments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.payments.len()))?;
        for payment in self.payments {
            let view = PaymentView { payment, replayed: self.replayed };
            list.serialize_element(&payment_object(view, self.zone))?;
        }
        list.end()
    }
}
