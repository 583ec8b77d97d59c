//! The first charge of a customer: whether the gateway charges them by itself as well (facts 16).

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;

use crate::commands::context::Context;
use crate::commands::schedules;
use crate::domain::ids::CustomerUid;
use crate::domain::left::Schedule;
use crate::gateway::Client;
use crate::ledger::{Filter, Ledger, LedgerError};

/// How long a charge that is over waits for an answer that is on its way, in steps.
const PATIENCE: (u32, Duration) = (40, Duration::from_millis(5));

/// Whether nothing was charged of this customer before: later charges are spared the question.
pub(super) fn is_first(ledger: &Ledger, customer: &CustomerUid) -> Result<bool, LedgerError> {
    let filter = Filter { customer: Some(customer.clone()), limit: Some(1), ..Filter::default() };
    let mut first = true;
    ledger.visit(&filter, &mut |_| {
        first = false;
        ControlFlow::Break(())
    })?;
    Ok(first)
}

/// A question that is asked while the charge's request is out: it costs the charge no time, and stops nothing.
pub(super) struct Question {
    now_s: i64,
    answer: JoinHandle<Option<Vec<Schedule>>>,
}

impl Question {
    pub(super) fn ask(client: &Arc<Client>, customer: &CustomerUid, now: Timestamp) -> Question {
        let now_s = client.now_s().unwrap_or_else(|| now.as_second());
        let (client, uid) = (Arc::clone(client), customer.clone());
        let answer = thread::spawn(move || client.schedules(Some(&uid), now_s).ok());
        Question { now_s, answer }
    }

    /// Warns of what the gateway has shown, of a charge that came to its end: a ledger that has just failed is not asked
    /// for more. Nobody waits long for an answer that is late.
    pub(super) fn tell(self, customer: &CustomerUid, context: &mut Context<'_>, ledger: &mut Ledger) {
        let (steps, step) = PATIENCE;
        for _ in 0..steps {
            if self.answer.is_finished() {
                break;
            }
            context.clock.sleep(step);
        }
        if !self.answer.is_finished() {
            return;
        }
        let Ok(Some(shown)) = self.answer.join() else { return };
        // The charge is over: what cannot be kept is told all the same.
        let _ = schedules::keep(context, ledger, Some(customer), self.now_s, &shown);
        let left = schedules::unanswered(ledger, shown).unwrap_or_default();
        if let Some(sentence) = schedules::sentence(context, &left) {
            context.ui.warning(&sentence);
        }
    }
}

/// The same before a person is asked, who takes longer than the gateway.
pub(super) fn warn(
    context: &mut Context<'_>,
    client: &Arc<Client>,
    ledger: &mut Ledger,
    customer: &CustomerUid,
) {
    // Without an answer the charge goes on.
    let Ok(Ok(left)) = schedules::look(context, client, ledger, Some(customer)) else { return };
    if let Some(sentence) = schedules::sentence(context, &left) {
        context.ui.warning(&sentence);
    }
}
