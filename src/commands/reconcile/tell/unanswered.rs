//! What is said of questions that had no answer, or were not asked for want of one.

use crate::commands::reconcile::tell::{Told, capital};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::failure::{Exit, Kind};
use crate::ledger::{Ledger, LedgerError};
use crate::output::text::{safe, sentence};

impl Told {
    /// A payment that nobody was asked about, because an earlier question had no answer.
    pub(in crate::commands::reconcile) fn not_asked(&mut self, payment: Payment) {
        self.unanswered(payment, "it was not asked about.");
    }

    /// The same of several.
    pub(in crate::commands::reconcile) fn none_asked(
        &mut self,
        ledger: &Ledger,
        uids: &[MerchantUid],
    ) -> Result<(), LedgerError> {
        for uid in uids {
            if let Some(payment) = ledger.find(uid)? {
                self.not_asked(payment);
            }
        }
        Ok(())
    }

    pub(super) fn unanswered(&mut self, payment: Payment, why: &str) {
        let uid = safe(payment.terms.merchant_uid.as_str());
        self.lines.push(format!("{uid}  {} as before; no answer: {why}", capital(payment.outcome)));
        self.worsen(Exit::With(Kind::Network));
        self.unanswered.push(payment);
    }

    /// A refund that the gateway was asked about in vain.
    pub(in crate::commands::reconcile) fn refund_unanswered(
        &mut self,
        payment: Payment,
        refund: &Refund,
        why: &str,
    ) {
        let (uid, id) = (safe(payment.terms.merchant_uid.as_str()).into_owned(), refund.id.as_str());
        let word = refund.outcome.word();
        self.lines.push(format!("{uid}  Refund {id}: {word} as before; no answer: {}", sentence(why)));
        self.worsen(Exit::With(Kind::Network));
        self.refunds.push(refund.clone());
        if !self.unanswered.iter().any(|known| known.terms.merchant_uid == payment.terms.merchant_uid) {
            self.unanswered.push(payment);
        }
    }
}
