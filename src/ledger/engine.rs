//! The seam between the ledger and what it is kept in: what an engine has to be able to do, in the words of the domain.
//!
//! No transaction and no row crosses it. Whatever has to hold together is one call, so that an engine may make it in
//! one step: what is read at one moment, what is claimed by compare-and-swap, what many entries share a commit of.
//! What a row becomes is said by the rules (`rules.rs`), which every engine asks, and never by an engine itself.
//! A visit hands over one value after the other and stops when it is told to; the visitor may ask the engine meanwhile,
//! and writes nothing.
//!
//! Each trait is implemented in the file of an engine that has its statements. [`Ledger`] hands on all of their
//! functions under their names.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;

use crate::domain::customer::{Card, Customer};
use crate::domain::ids::{CustomerUid, MerchantUid, RefundId};
use crate::domain::left::{Found, Kept, Schedule};
use crate::domain::money::Amount;
use crate::domain::payment::{HistoryEntry, Outcome, Payment, Terms};
use crate::domain::place::Place;
use crate::domain::record::Signed;
use crate::domain::refund::Refund;
use crate::domain::standing::{Account, Distrust, Standing};
use crate::domain::time::SendMark;
use crate::ledger::{
    Acceptance, Accepted, Acknowledgement, AnswerFor, BackedUp, BatchLocked, Chains, DailyLimit, Entry,
    Examination, Filter, Ledger, LedgerError, Looked, LookedAhead, MarkTrouble, PaymentLock, PaymentLocks,
    Stats, Tick, UpkeepError, Written,
};

/// Traits of an engine, and the same functions of a ledger, each handed on to its engine. No function has the lifetime
/// behind its `mut`: a macro cannot say "mut or nothing" without something of its own in there.
macro_rules! seam {
    ($(
        $(#[$trait_doc:meta])*
        trait $subject:ident {
            $(
                $(#[$doc:meta])*
                fn $name:ident(& $(mut $($mutable:lifetime)?)? self $(, $argument:ident: $kind:ty)*) $(-> $given:ty)?;
            )+
        }
    )+) => {
        $(
            $(#[$trait_doc])*
            pub(in crate::ledger) trait $subject {
                $(
                    $(#[$doc])*
                    fn $name(& $(mut $($mutable)?)? self $(, $argument: $kind)*) $(-> $given)?;
                )+
            }

            impl Ledger {
                $(
                    $(#[$doc])*
                    pub fn $name(& $(mut $($mutable)?)? self $(, $argument: $kind)*) $(-> $given)? {
                        self.engine.$name($($argument),*)
                    }
                )+
            }
        )+
    };
}

mod books;

pub(super) use crate::ledger::engine::books::{BookDays, Books, Months, Refusals, Sums, Tries};

/// What keeps a ledger. One connection to it: it may move to another thread, and two threads have one each.
pub(super) trait Engine:
    Begun
    + Beside
    + BookDays
    + Books
    + Customers
    + Debug
    + Guarding
    + Identity
    + Left
    + Months
    + Reads
    + Records
    + Refunds
    + Refusals
    + Send
    + Short
    + Spelled
    + Sums
    + Tries
    + Upkeep
    + Writes
{
    /// Another connection to the same ledger, which is not held against its mark again.
    fn again(&self) -> Result<Box<dyn Engine>, LedgerError>;

    /// Whatever is read from now on is of one moment, until [`Engine::moving`]. Nothing is written meanwhile.
    fn still(&self) -> Result<(), LedgerError>;

    /// Ends what [`Engine::still`] began.
    fn moving(&self);

    /// For a test of one engine's own.
    #[cfg(test)]
    fn as_any(&self) -> &dyn std::any::Any;
}

seam! {
    /// Where the ledger is, and who is at it.
    trait Beside {
        /// Where it is; of a file the absolute path, with every symbolic link followed.
        #[must_use]
        fn place(&self) -> Place;

        /// Tries once to take the lock of one payment; `None` when another process or thread has it.
        fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError>;

        /// The locks alone, for threads that leave the ledger itself to another one.
        #[must_use]
        fn payment_locks(&self) -> PaymentLocks;

        /// Tries once to become the one batch on this ledger.
        fn lock_batch(&self) -> Result<BatchLocked, LedgerError>;
    }

    /// What is written of payments and refunds.
    trait Writes {
        /// Writes entries down in one transaction, in their order, and says what became of each. One that fails is
        /// rolled back by itself; the others stay. An error at the commit is everybody's: what was written may be
        /// durable or not, and whoever was about to send must not.
        fn write(&mut self, entries: &[Entry]) -> Vec<Result<Written, LedgerError>>;

        /// One entry; see [`Ledger::write`].
        fn write_one(&mut self, entry: &Entry) -> Result<Written, LedgerError>;
    }

    /// Payments and their events.
    trait Reads {
        fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError>;

        /// Many payments at one moment, in the order of their merchant_uids.
        fn find_many(&self, uids: &[MerchantUid]) -> Result<Vec<Option<Payment>>, LedgerError>;

        /// By merchant_uid, by an imp_uid that the gateway ever showed under the order, by an approval number of no
        /// other order, or by another spelling of the one merchant_uid that looks the same.
        fn find_any(&self, id: &str) -> Result<Option<Payment>, LedgerError>;

        /// The payments whose merchant_uid, or an imp_uid that the gateway ever showed under their order, begins so: the
        /// newest, `at_most` so many.
        fn begun_with(&self, prefix: &str, at_most: usize) -> Result<Vec<Payment>, LedgerError>;

        /// The payments with an approval number, newest first.
        fn by_approval(&self, apply_num: &str) -> Result<Vec<Payment>, LedgerError>;

        /// The newest payment that was paid, with a certain API key or with any: whoever asks the gateway about it
        /// knows what must be shown.
        fn newest_paid(&self, account: Option<&str>) -> Result<Option<Payment>, LedgerError>;

        /// The gateway's ids of the attempts that are known to have been declined, oldest first: a
        /// look-up's failed record with another id speaks for another attempt.
        fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError>;

        /// Everything that happened to a payment, in the order it was written down.
        fn events(&self, uid: &MerchantUid) -> Result<Vec<HistoryEntry>, LedgerError>;

        /// Payments of which it is not known whether the customer was charged, oldest first.
        fn unsettled(&self) -> Result<Vec<Payment>, LedgerError>;

        /// Payments that are settled and may show as charged all the same, oldest first: a no that is a doubt, and a
        /// paid one beside a request that was never answered (contract, rule 10).
        fn doubtful(&self) -> Result<Vec<Payment>, LedgerError>;

        /// Whether a customer ever paid here.
        fn was_paid(&self, customer: &CustomerUid) -> Result<bool, LedgerError>;

        /// Hands over the payments of a choice one by one, newest first, until told to stop.
        fn visit(
            &self,
            filter: &Filter,
            each: &mut dyn FnMut(Payment) -> ControlFlow<()>
        ) -> Result<(), LedgerError>;

        /// The same for a list of some fields of the payment object, by their names in the contract: what none of them
        /// is made of is not read. Of what the gateway showed, a payment has the records where another one under its
        /// order took money, and none where there is no such.
        fn visit_fields(
            &self,
            filter: &Filter,
            fields: &[&str],
            each: &mut dyn FnMut(Payment) -> ControlFlow<()>
        ) -> Result<(), LedgerError>;
    }

    /// Ids that look the same (contract, rule 12).
    trait Spelled {
        /// The merchant_uids of payments that look like this text. More than one where an older ledger holds
        /// them: the text then means both.
        fn orders_spelled(&self, text: &str) -> Result<Vec<MerchantUid>, LedgerError>;

        /// The same for the customer_uids of saved customers and of payments.
        fn customers_spelled(&self, text: &str) -> Result<Vec<CustomerUid>, LedgerError>;

        /// Whether anything here is spelled otherwise than its key: without that an ASCII text means itself alone.
        fn has_other_spellings(&self) -> Result<bool, LedgerError>;

        /// The outcomes of many payments at one moment, in the order of their merchant_uids.
        fn outcomes(&self, uids: &[MerchantUid]) -> Result<Vec<Option<Outcome>>, LedgerError>;
    }

    /// The beginnings of ids.
    trait Short {
        /// How many payments have a merchant_uid, or an imp_uid under their order, that begins so.
        fn begun_count(&self, prefix: &str) -> Result<u64, LedgerError>;

        /// The shortest beginning of a merchant_uid, eight letters or more, that no other id of the ledger has and that
        /// is no approval number; all of it where there is none.
        fn short_order(&self, uid: &MerchantUid) -> Result<String, LedgerError>;
    }

    /// What begins so, for a shell that completes a word: each question is bounded, however large the ledger is.
    trait Begun {
        /// The saved customers whose customer_uid begins so: the first, at most so many.
        fn customers_begun(&self, prefix: &str, at_most: usize) -> Result<Vec<Customer>, LedgerError>;

        /// Payments whose merchant_uid begins so, without what was shown under their orders: those among the newest,
        /// then others, at most so many.
        fn orders_begun(&self, prefix: &str, at_most: usize) -> Result<Vec<Payment>, LedgerError>;
    }

    /// What an intent is held against.
    trait Guarding {
        /// Other orders of the same customer and amount of which it is not certain whether they took money, oldest
        /// first.
        fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError>;

        /// A charge like this one since then, for a look ahead; what counts is the look that the intent
        /// itself takes (see [`crate::ledger::Guards`]).
        fn similar(
            &self,
            terms: &Terms,
            once_per: bool,
            since: Timestamp
        ) -> Result<Option<Payment>, LedgerError>;

        /// What a day's charges come to so far, in the limit's currency.
        fn spent(&self, limit: &DailyLimit) -> Result<Amount, LedgerError>;
    }

    /// The payments that the gateway showed under orders (contract, rule 11).
    trait Records {
        /// Payments under whose orders there is more than one that holds money, and nobody has answered for it,
        /// oldest first.
        fn alarms(&self) -> Result<Vec<Payment>, LedgerError>;

        /// Hands over every order under which the gateway ever showed this imp_uid.
        fn orders_showing(&self, imp_uid: &str) -> Result<Vec<MerchantUid>, LedgerError>;

        /// Keeps who answers for a payment, when and why. False where the gateway never showed that imp_uid:
        /// nothing is written then.
        fn acknowledge(&mut self, signature: &Acknowledgement) -> Result<bool, LedgerError>;
    }

    /// What is left for a person.
    trait Left {
        /// How much drift nobody has answered for, and since when there is some.
        fn count_drift_left(&self) -> Result<Option<(i64, Timestamp)>, LedgerError>;

        /// Drift that was found and is not over as far as anybody has looked, oldest first.
        fn drift_left(&self) -> Result<Vec<Kept<Found>>, LedgerError>;

        /// Schedules at the gateway as they were last seen, the next one first.
        fn schedules_left(&self) -> Result<Vec<Kept<Schedule>>, LedgerError>;

        /// Keeps what a run has found. What an earlier one had found, and this one has looked at without finding it, is
        /// over.
        fn keep_drift(&mut self, found: &[Found], looked: &Looked, at: Timestamp) -> Result<(), LedgerError>;

        /// Keeps the schedules that the gateway showed. Those that were to be seen and were not, and those whose time
        /// has come, are over.
        fn keep_schedules(
            &mut self,
            shown: &[Schedule],
            looked: &LookedAhead,
            at: Timestamp
        ) -> Result<(), LedgerError>;

        /// Whether anything was ever charged of this customer, or asked for, before a time where one is given.
        fn has_charged(&self, customer: &CustomerUid, before: Option<Timestamp>) -> Result<bool, LedgerError>;

        /// Who answers for a disagreement, a schedule or a refused refund; `None` where nobody does, or not any more.
        fn answer_for(&self, subject: &str) -> Result<Option<Signed>, LedgerError>;

        /// Keeps who answers for it, when and why.
        fn keep_answer_for(&mut self, answer: &AnswerFor) -> Result<(), LedgerError>;
    }

    /// Refunds of ours.
    trait Refunds {
        /// The refunds of one payment, oldest first.
        fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError>;

        fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError>;

        /// Refunds of which it is not known whether the money went back, oldest first.
        fn open_refunds(&self) -> Result<Vec<Refund>, LedgerError>;

        /// Refunds that were refused, and after which nobody has tried again, oldest first.
        fn refused_refunds(&self) -> Result<Vec<Refund>, LedgerError>;

        /// Refunds that may show although they ended without, asked for from a time on; oldest first.
        fn refunds_that_may_show(&self, since: Timestamp) -> Result<Vec<Refund>, LedgerError>;

        /// Orders of which something went back from a time on: the PG may take it back on the same day (facts 15.2).
        fn gone_back(&self, since: Timestamp) -> Result<Vec<MerchantUid>, LedgerError>;

        /// Orders of which less shows as refunded than this ledger has seen go back, by one refund or several.
        fn orders_undone(&self) -> Result<Vec<MerchantUid>, LedgerError>;

        /// Orders of which the PG took a refund back that was asked for from a time on, as a person has noted.
        fn orders_taken_back(&self, since: Timestamp) -> Result<Vec<MerchantUid>, LedgerError>;
    }

    /// The saved customers.
    trait Customers {
        /// Saves a customer as given. A known one keeps its `added_at`; `removed_at` is cleared.
        fn save_customer(&mut self, customer: &Customer) -> Result<(), LedgerError>;

        /// Saves many together, all of them or none. `made` makes each of what is known of it, and is handed its place
        /// among `uids`; what it makes nothing of stays as it is.
        fn save_customers(
            &mut self,
            uids: &[CustomerUid],
            made: &mut dyn FnMut(usize, Option<Customer>) -> Option<Customer>
        ) -> Result<(), LedgerError>;

        /// A removed customer is found too.
        fn find_customer(&self, uid: &CustomerUid) -> Result<Option<Customer>, LedgerError>;

        /// Whether any customer is saved at all, removed or not.
        fn has_customers(&self) -> Result<bool, LedgerError>;

        /// Hands over the customer_uid of every saved customer that was not removed, in their order.
        fn visit_customer_uids(&self, each: &mut dyn FnMut(&str)) -> Result<(), LedgerError>;

        /// Customers by their customer_uid, one by one until told to stop; with `removed`, those that were removed as
        /// well. The text is a piece of the customer_uid, name, e-mail, note or telephone number, or the last four
        /// digits of the card.
        fn visit_customers(
            &self,
            text: Option<&str>,
            removed: bool,
            each: &mut dyn FnMut(Customer) -> ControlFlow<()>
        ) -> Result<(), LedgerError>;

        /// So many customers, removed ones aside: for whoever looks what they are like.
        fn some_customers(&self, most: u32) -> Result<Vec<Customer>, LedgerError>;

        /// Takes over what the gateway says of many cards now: all of them or none.
        fn record_checks(&mut self, checked: &[(&CustomerUid, &Card)], at: Timestamp) -> Result<(), LedgerError>;

        /// Takes a customer off the list; its payments stay. False when it is not on it.
        fn remove_customer(&mut self, uid: &CustomerUid, at: Timestamp) -> Result<bool, LedgerError>;
    }

    /// What the ledger knows of itself: its id and epoch, whose payments it holds, and whether it is older than it was
    /// (contract, rules 9 and 12).
    trait Identity {
        /// How the ledger stands now, as far as it is written down.
        fn standing(&self) -> Result<Standing, LedgerError>;

        /// How far its mark says that it had come, and when: for people. `None` where there is none that can be read.
        #[must_use]
        fn marked(&self) -> Option<(i64, Timestamp)>;

        /// What is to be told of the mark: why it could not be written, if it could not. It may be asked by whoever
        /// has given the ledger itself away.
        #[must_use]
        fn mark_trouble(&self) -> MarkTrouble;

        /// A key that was shown to be the same account: a look-up with it has shown a payment of this ledger.
        fn adopt(&mut self, account: &Account, at: Timestamp) -> Result<(), LedgerError>;

        /// Adds the gateway's clock to a doubt that has none, so that its wait can be measured in another boot too
        /// (see [`SendMark::anchored`]). For whoever has just heard the gateway's time.
        fn anchor_distrust(&mut self, now: &SendMark) -> Result<(), LedgerError>;

        /// Ends a doubt that was answered by the gateway itself: everything from an hour before the ledger's last event
        /// on was read and recorded (contract, rule 9). The wait stays. `how` says what was done, for whoever reads it
        /// later. False where another doubt has come up meanwhile.
        fn end_distrust(
            &mut self,
            distrust: &Distrust,
            at: Timestamp,
            operator: Option<&str>,
            how: &str
        ) -> Result<bool, LedgerError>;

        /// Writes down what a person answers for: the doubt is over, but for its wait, and the key is the ledger's.
        fn accept(&mut self, acceptance: &Acceptance) -> Result<Accepted, LedgerError>;
    }

    /// Looking after the ledger as a whole.
    trait Upkeep {
        /// Looks for damage, for as long as a person waits for: what is small is read through, what is large is left to
        /// [`Ledger::check_pages`]. Changes nothing; other processes may go on charging meanwhile.
        fn examine(&self) -> Result<Examination, LedgerError>;

        /// Reads all that the engine keeps, every index too: what is wrong with it, in the engine's words.
        fn check_pages(&self) -> Result<Vec<String>, LedgerError>;

        /// Rows that refer to others which are not there: `events 17 refers to payments`.
        fn check_references(&self) -> Result<Vec<String>, LedgerError>;

        /// Tables, indexes and triggers that are not what this program makes: `trigger x is missing`.
        fn check_schema(&self) -> Result<Vec<String>, LedgerError>;

        /// Holds every payment against its chain, and a backup against its stamp, as they stand at one moment.
        fn check_chains(&self, tick: &mut dyn FnMut(u64, u64)) -> Result<Chains, LedgerError>;

        /// Counts what is in the ledger: one reading of the payments' own columns, everything else by its index.
        fn stats(&self) -> Result<Stats, LedgerError>;

        /// Makes a backup under a name, in place of an earlier one. Until it is whole nothing is under that name that
        /// was not there before.
        fn back_up(&self, to: &Path, at: Timestamp, tick: Tick<'_>) -> Result<BackedUp, UpkeepError>;
    }
}
