//! What an engine has to be able to do for whoever keeps the books.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::domain::book_day::Piece;
use crate::domain::closing::Closing;
use crate::domain::due::Tried;
use crate::domain::ids::MerchantUid;
use crate::domain::movement::Booked;
use crate::domain::payment::{Mode, Payment};
use crate::domain::totals::Totals;
use crate::domain::tries::Case;
use crate::ledger::{By, Closed, Filter, Ledger, LedgerError, MonthSeal, Refused, SealKept};

seam! {
    /// What many payments come to.
    trait Sums {
        /// What a choice of payments comes to, however many its limit would show.
        fn totals(&self, filter: &Filter) -> Result<Totals, LedgerError>;

        /// Reads every payment and says what is kept beside them and is not what they say, a sentence each: the sums of
        /// days, and what leads to few of them. Nothing where all is as it must be. Some seconds for a million payments.
        fn wrong_sums(&self) -> Result<Vec<String>, LedgerError>;
    }

    /// What days come to.
    trait BookDays {
        /// Hands over what a time of whole days comes to, by approval, in no order and as it stands at one moment: its
        /// days (see [`whole_days`](crate::domain::book_day::whole_days)), what went back in it, and further payments.
        fn book_days(
            &self,
            days: (i64, i64),
            span: (Timestamp, Timestamp),
            each: &mut dyn FnMut(Piece<'_>)
        ) -> Result<(), LedgerError>;
    }

    /// What counts in a time.
    trait Books {
        /// Hands over, in no order, whatever may count in a time (`since <= t < until`): payments of it, and payments of
        /// any time of which money went back.
        fn booked(
            &self,
            by: By,
            time: (Timestamp, Timestamp),
            each: &mut dyn FnMut(&Booked) -> ControlFlow<()>
        ) -> Result<(), LedgerError>;

        /// Hands over the payments that a filter picks, newest first, each with all that went back of it, whenever.
        fn booked_of(
            &self,
            filter: &Filter,
            each: &mut dyn FnMut(&Booked) -> ControlFlow<()>
        ) -> Result<(), LedgerError>;

        /// One payment with all that went back of it.
        fn booked_under(&self, uid: &MerchantUid) -> Result<Option<Booked>, LedgerError>;
    }

    /// Closed months, and what was held against the gateway before.
    trait Months {
        /// The first moment of a span, in epoch seconds, that no reading of the gateway's list covers which was made at
        /// or after `at`; `None` where all of it was read.
        fn unread_from(&self, span: (i64, i64), at: Timestamp) -> Result<Option<i64>, LedgerError>;

        /// When the first payment was asked for or paid.
        fn first_payment_at(&self) -> Result<Option<Timestamp>, LedgerError>;

        /// Every month that was closed, the first one first.
        fn closings(&self) -> Result<Vec<Closing>, LedgerError>;

        /// Reads what a closing of this time (`since <= t < until`, by approval) would be sealed over, and whether each of
        /// its payments is what was written.
        fn month_seal(&self, span: (Timestamp, Timestamp)) -> Result<MonthSeal, LedgerError>;

        /// Holds the payments of a closed month, and those that are of it now, against what was written of them.
        fn verify_seal(&self, month: &str, span: (Timestamp, Timestamp)) -> Result<SealKept, LedgerError>;

        /// What is wrong with closings that were written, a sentence each.
        fn check_closings(&self) -> Result<Vec<String>, LedgerError>;

        /// Writes down a closed month, sealed over its payments as they were seen before they were added up. The
        /// ledger's mark is raised with it: a copy from before is known for what it is.
        fn close_month(
            &mut self,
            closing: &Closing,
            span: (Timestamp, Timestamp),
            seen: &MonthSeal
        ) -> Result<Closed, LedgerError>;
    }

    /// What became of orders that were refused.
    trait Tries {
        /// Hands over, in no order, the orders that were first asked for in a time (`since <= t < until`) and were ever
        /// declined or rejected, whatever became of them: one at a time, so that it needs no more memory the more there are.
        fn cases(
            &self,
            span: (Timestamp, Timestamp),
            each: &mut dyn FnMut(&Case) -> ControlFlow<()>
        ) -> Result<(), LedgerError>;
    }

    /// Declined and rejected orders, for the rules that say when one may be tried again.
    trait Refusals {
        /// Hands over declined and rejected orders, the oldest first, until told to stop.
        fn refused(
            &self,
            of: &Refused,
            each: &mut dyn FnMut(Payment) -> ControlFlow<()>
            ) -> Result<(), LedgerError>;

        /// What is known beside a declined order: the tries on the customer's card since then, and since the order was
        /// asked for.
        fn tried(&self, payment: &Payment, since: Timestamp) -> Result<Tried, LedgerError>;

        /// How many orders of this mode are pending or unknown, and nobody has noted what became of them.
        fn open_count(&self, mode: Mode) -> Result<u64, LedgerError>;

        /// Whether any order of this mode that was declined or rejected was asked for before then.
        fn refused_before(&self, mode: Mode, before: Timestamp) -> Result<bool, LedgerError>;
    }
}
