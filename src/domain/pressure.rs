//! When a gateway that answers "too many" or "not for you" is sent anything again, as pure functions over what
//! was heard and when (contract, "A batch under pressure"). No payment is judged here: that is `domain::protocol`'s.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::domain::declines::{Kind, Reach, read};
use crate::domain::payment::{Outcome, Payment};

/// The pause after a 429 that names none.
pub const PAUSE_UNTOLD: Duration = Duration::from_secs(30);

/// A longer pause is not waited for, in one piece or in several without a good answer between them.
pub const PAUSE_MAX: Duration = Duration::from_secs(600);

/// A 429 that asks for no pause at all would else be asked for again at once.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// So many 403s or pages without a good answer between them, and nothing more is sent.
const BARRED_MAX: u32 = 2;

/// So many requests that one PG refused for the merchant's own account, and no more go to that PG.
pub const ACCOUNT_REFUSALS_MAX: u32 = 2;

/// A `Retry-After` as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    In(Duration),
    /// At a time, epoch seconds, and when the answer was written by the same clock, where it says so.
    At {
        at_s: i64,
        written_s: Option<i64>,
    },
}

impl RetryAfter {
    /// Reads the header's value, whole seconds or an HTTP date; `date` is the answer's own `Date`.
    #[must_use]
    pub fn parse(value: &str, date: Option<&str>) -> Option<RetryAfter> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than a number holds are longer than anybody waits.
            return Some(RetryAfter::In(Duration::from_secs(value.parse().unwrap_or(u64::MAX))));
        }
        Some(RetryAfter::At { at_s: http_date_s(value)?, written_s: date.and_then(http_date_s) })
    }

    /// How long that is. `now_s` is this machine's wall clock, asked only where the answer has no date of its own.
    #[must_use]
    pub fn wait(self, now_s: i64) -> Duration {
        match self {
            RetryAfter::In(wait) => wait,
            RetryAfter::At { at_s, written_s } => {
                let left = at_s.saturating_sub(written_s.unwrap_or(now_s));
                Duration::from_secs(u64::try_from(left).unwrap_or(0))
            }
        }
    }
}

fn http_date_s(text: &str) -> Option<i64> {
    let parsed: Timestamp =
        rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()?;
    Some(parsed.as_second())
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Charge,
    /// A look-up, or a token.
    Question,
    /// Many ids at once, or what is scheduled: forms that a gateway may refuse while it takes everything else.
    Many,
}

/// What an answer says of the gateway, whatever it says of the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The gateway's own JSON, under a status that means it.
    Good,
    /// 429, and how long to wait.
    Busy(Duration),
    /// 403, or a page for people in place of the gateway's JSON.
    Barred,
    /// Nothing that counts: no answer, a 401, a 5xx in JSON.
    Nothing,
}

/// Why nothing more is sent in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The gateway wants a longer pause than [`PAUSE_MAX`]; this long.
    Busy(Duration),
    /// It wanted a further one after each, until they came to more than that.
    BusyStill,
    Barred,
}

/// Whether a request may leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// Not for so long.
    Paused(Duration),
    Halted(Halt),
}

/// What the answers of one run add up to. Times are counted from the run's first reading of a clock.
#[derive(Clone, Debug, Default)]
pub struct Pressure {
    paused_until: Duration,
    charges: Strain,
    questions: Strain,
    at_once: Option<usize>,
    /// The bulk form was told to wait for longer than anybody does.
    many_put_off: bool,
    halt: Option<Halt>,
}

/// What was heard of one kind of request since its last good answer.
#[derive(Clone, Debug, Default)]
struct Strain {
    barred: u32,
    paused: Duration,
    last_pause: Duration,
}

impl Pressure {
    /// Takes an answer, heard `now`, to a request that left at `sent`.
    pub fn hear(&mut self, of: Of, heard: Heard, sent: Duration, now: Duration) {
        let strain = match of {
            Of::Charge => &mut self.charges,
            Of::Question => &mut self.questions,
            Of::Many => return self.hear_of_many(heard, now),
        };
        match heard {
            Heard::Good => {
                strain.barred = 0;
                // What was under way when a pause began does not say that it is over.
                if sent < self.paused_until {
                    return;
                }
                *strain = Strain::default();
                if of == Of::Charge {
                    self.at_once = self.at_once.map(|at_once| at_once.saturating_add(1));
                }
            }
            Heard::Barred => {
                strain.barred = strain.barred.saturating_add(1);
                if strain.barred >= BARRED_MAX {
                    self.halt.get_or_insert(Halt::Barred);
                }
            }
            Heard::Busy(wait) => {
                let asked = wait.max(PAUSE_MIN);
                let mut pause = asked;
                // Requests that were under way when the pause began are not a further no.
                if sent >= self.paused_until {
                    pause = pause.max(strain.last_pause.saturating_mul(2));
                    strain.last_pause = pause;
                    strain.paused = strain.paused.saturating_add(pause);
                }
                if asked > PAUSE_MAX {
                    self.halt.get_or_insert(Halt::Busy(asked));
                } else if strain.paused > PAUSE_MAX {
                    self.halt.get_or_insert(Halt::BusyStill);
                }
                self.pause(pause, now);
            }
            Heard::Nothing => {}
        }
    }

    /// No run fails because the bulk form does: it slows one down, and no more.
    fn hear_of_many(&mut self, heard: Heard, now: Duration) {
        match heard {
            Heard::Busy(wait) if wait <= PAUSE_MAX => self.pause(wait.max(PAUSE_MIN), now),
            Heard::Busy(_) => self.many_put_off = true,
            Heard::Good | Heard::Barred | Heard::Nothing => {}
        }
    }

    fn pause(&mut self, pause: Duration, now: Duration) {
        self.paused_until = self.paused_until.max(now.saturating_add(pause));
        self.at_once = Some(1);
    }

    #[must_use]
    pub fn gate(&self, now: Duration) -> Gate {
        match (self.halt, self.paused_until.saturating_sub(now)) {
            (Some(halt), _) => Gate::Halted(halt),
            (None, Duration::ZERO) => Gate::Open,
            (None, left) => Gate::Paused(left),
        }
    }

    /// Whether many ids at once may be asked for.
    #[must_use]
    pub fn takes_many(&self, now: Duration) -> bool {
        self.gate(now) == Gate::Open && !self.many_put_off
    }

    /// How many requests may be under way at once; `None` where nobody has asked for fewer.
    #[must_use]
    pub fn at_once(&self) -> Option<usize> {
        self.at_once
    }
}

/// Whether the "no" to a payment is about the merchant's own account at the PG, so that every further row of
/// that PG would meet it. Words that leave a doubt count only where the table says so of them (facts 19).
#[must_use]
pub fn refuses_account(payment: &Payment, pg: &str) -> bool {
    let kind = match payment.outcome {
        Outcome::Declined => Kind::Decline,
        Outcome::Rejected | Outcome::Unknown => Kind::Refusal,
        Outcome::Paid | Outcome::NotSent | Outcome::Pending => return false,
    };
    let words = payment.message.as_deref().unwrap_or_default();
    read(Some(pg), words, kind).known.is_some_and(|known| known.reach == Reach::Account)
}

#[cfg(test)]
mod tests;
