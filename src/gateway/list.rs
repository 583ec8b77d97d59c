//! Every payment of an account in a time: `GET /payments/status/all` (facts 3.1), window by window and page by
//! page.
//!
//! A window is believed when one reading of all its pages shows as many payments as each page counts, and none
//! twice. Payments that are made or refunded meanwhile move the pages under their reader; such a window is read
//! again, and what was handed out is handed out again only where it has changed.

use std::collections::{HashSet, hash_map::DefaultHasher};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::time::Duration;

use crate::domain::payment::GatewayRecord;
use crate::domain::reason::{Reason, Said};
use crate::gateway::client::{Client, GatewayFailure};
use crate::gateway::lookup::{Page, page};
use crate::gateway::transport::{HttpAnswer, Method};
use crate::gateway::wire::Envelope;

/// The longest window, in seconds: 90 days (facts 3.1).
const WINDOW_S: i64 = 90 * 24 * 60 * 60;

/// How far a window reaches back into the one before it: where the gateway draws the line between two is not
/// known to the second.
const OVERLAP_S: i64 = 60;

/// A window with more payments than this is read in halves, so that what has to be remembered of it stays small.
const WINDOW_PAYMENTS_MAX: i64 = 20_000;

/// How often a window is read that changes while it is.
const READINGS_MAX: u32 = 3;

/// Between two readings: time for what moves to come to rest.
const PAUSE: Duration = Duration::from_millis(300);

/// A gateway that pages for ever answers nothing. At its usual 20 a page this is a whole window.
const PAGES_MAX: i64 = WINDOW_PAYMENTS_MAX / 20;

/// The most payments that a page holds (facts 3.1).
const LIMIT_MAX: i64 = 1000;

/// No page is asked for that holds less: the gateway's own, if nobody asks for more.
const LIMIT_MIN: i64 = 20;

/// A time, in epoch seconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from_s: i64,
    pub to_s: i64,
}

/// How the reading of a window ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowRead {
    /// Every payment in it was handed out.
    Whole,
    /// It changed at each reading, or its pages contradict each other: payments of it may be missing.
    Unconfirmed(Reason),
    /// Whoever took the payments wants no more.
    Stopped,
}

/// The windows that cover a time, oldest first. Each may be asked for in one call.
#[must_use]
pub fn windows(from_s: i64, to_s: i64) -> Vec<Window> {
    let mut all = Vec::new();
    let mut begin = from_s;
    while begin <= to_s {
        let end = begin.saturating_add(WINDOW_S - OVERLAP_S).min(to_s);
        let reaches_back = if begin > from_s { OVERLAP_S } else { 0 };
        all.push(Window { from_s: begin.saturating_sub(reaches_back), to_s: end });
        begin = end.saturating_add(1);
    }
    all
}

/// The window after one that was read to `read_s`, up to `to_s`.
#[must_use]
pub fn following(read_s: i64, to_s: i64) -> Window {
    Window { from_s: read_s.saturating_add(1).saturating_sub(OVERLAP_S), to_s }
}

/// Takes the payments of one page. Also called for a page without any.
type TakePage<'a> = dyn FnMut(Vec<GatewayRecord>) -> ControlFlow<()> + 'a;

/// Asks for one page by its path; `None` where whoever waits for it wants no more.
type AskPage<'a> = dyn Fn(&str) -> Result<Option<HttpAnswer>, GatewayFailure> + 'a;

impl Client {
    /// The answer to one page of a list, for [`PaymentLists::through`].
    pub fn list_page(&self, path: &str) -> Result<HttpAnswer, GatewayFailure> {
        Ok(self.ask(Method::Get, path)?)
    }
}

/// A reader of windows, one after the other. It remembers the payments of the window before, so that the overlap
/// is not handed out twice; of one that has changed since, the newer record is.
pub struct PaymentLists<'c> {
    client: &'c Client,
    ask: Box<AskPage<'c>>,
    before: HashSet<u64>,
    /// How many payments a page holds: fewer, once a page was more than can be read.
    limit: i64,
}

/// What one reading of all pages of a window came to.
enum Reading {
    Whole,
    Moved(Reason),
    TooMany,
    Stopped,
}

impl<'c> PaymentLists<'c> {
    #[must_use]
    pub fn of(client: &'c Client) -> PaymentLists<'c> {
        PaymentLists::through(client, Box::new(|path| client.list_page(path).map(Some)))
    }

    /// The same for whoever asks for pages in a way of his own.
    #[must_use]
    pub fn through(client: &'c Client, ask: Box<AskPage<'c>>) -> PaymentLists<'c> {
        PaymentLists { client, ask, before: HashSet::new(), limit: LIMIT_MAX }
    }

    /// How many payments the gateway counts in a window, for a progress bar; `None` where it does not say.
    #[must_use]
    pub fn count(&self, window: Window) -> Option<u64> {
        match self.page(window, 1, 1) {
            Ok(Asked::Shown(Shown { total, .. })) => u64::try_from(total?).ok(),
            Ok(Asked::Beyond | Asked::Stopped) | Err(_) => None,
        }
    }

    /// Reads a window to its end. An error is that the gateway gave no answer: what is left was not read.
    pub fn read(&mut self, window: Window, take: &mut TakePage<'_>) -> Result<WindowRead, GatewayFailure> {
        let mut handed_out = HashSet::new();
        let read = self.read_within(window, &mut handed_out, take)?;
        self.before = handed_out;
        Ok(read)
    }

    fn read_within(
        &mut self,
        window: Window,
        handed_out: &mut HashSet<u64>,
        take: &mut TakePage<'_>,
    ) -> Result<WindowRead, GatewayFailure> {
        let mut moved = Reason::ListChanged;
        let mut readings = 0;
        while readings < READINGS_MAX {
            if readings > 0 {
                self.client.clock.sleep(PAUSE);
            }
            let reading = match self.once(window, handed_out, take) {
                Err(GatewayFailure::NoAnswer { reason: Reason::MoreThanRead { .. } })
                    if self.limit > LIMIT_MIN =>
                {
                    self.limit = (self.limit / 2).max(LIMIT_MIN);
                    continue;
                }
                reading => reading?,
            };
            readings += 1;
            match reading {
                Reading::Whole => return Ok(WindowRead::Whole),
                Reading::Stopped => return Ok(WindowRead::Stopped),
                Reading::Moved(why) => moved = why,
                Reading::TooMany => return self.halves(window, handed_out, take),
            }
        }
        Ok(WindowRead::Unconfirmed(moved))
    }

    /// The two halves overlap by a second. Only those of the later half are remembered.
    fn halves(
        &mut self,
        Window { from_s, to_s }: Window,
        handed_out: &mut HashSet<u64>,
        take: &mut TakePage<'_>,
    ) -> Result<WindowRead, GatewayFailure> {
        let middle = from_s.midpoint(to_s);
        let earlier = self.read_within(Window { from_s, to_s: middle }, handed_out, take)?;
        if earlier == WindowRead::Stopped {
            return Ok(earlier);
        }
        let later = Window { from_s: middle, to_s };
        let outside = std::mem::replace(&mut self.before, std::mem::take(handed_out));
        let later = self.read_within(later, handed_out, take);
        self.before = outside;
        let later = later?;
        Ok(match (earlier, later) {
            (WindowRead::Unconfirmed(why), WindowRead::Whole) => WindowRead::Unconfirmed(why),
            (_, later) => later,
        })
    }

    fn once(
        &self,
        window: Window,
        handed_out: &mut HashSet<u64>,
        take: &mut TakePage<'_>,
    ) -> Result<Reading, GatewayFailure> {
        let mut pass = Pass::default();
        for number in 1..=PAGES_MAX {
            let Shown { records, next, total } = match self.page(window, number, self.limit)? {
                Asked::Shown(shown) => shown,
                Asked::Beyond => break,
                Asked::Stopped => return Ok(Reading::Stopped),
            };
            let total = match total {
                Some(total)
                    if total > WINDOW_PAYMENTS_MAX && number == 1 && window.to_s > window.from_s + 1 =>
                {
                    return Ok(Reading::TooMany);
                }
                Some(total) => total,
                None => return Ok(Reading::Moved(Reason::ListUncounted)),
            };
            pass.page(&records, total);
            let is_empty = records.is_empty();
            let is_new = |record: &GatewayRecord| {
                let state = state_of(record);
                record.imp_uid.is_some() && !self.before.contains(&state) && handed_out.insert(state)
            };
            let new = records.into_iter().filter(is_new).collect();
            if take(new).is_break() {
                return Ok(Reading::Stopped);
            }
            // A page that says it is the last and has not shown all is not believed.
            if is_empty || (next <= 0 && pass.has_all()) || pass.has_too_many() {
                break;
            }
        }
        Ok(pass.reading())
    }

    fn page(&self, window: Window, number: i64, limit: i64) -> Result<Asked, GatewayFailure> {
        let Window { from_s, to_s } = window;
        // In the order they were begun: what is new comes last, and what is refunded keeps its place.
        let path = format!(
            "/payments/status/all?page={number}&limit={limit}&from={from_s}&to={to_s}&sorting=started\
             &include_sandbox=true"
        );
        let Some(answer) = (self.ask)(&path)? else { return Ok(Asked::Stopped) };
        let envelope = Envelope::of(&answer);
        let refused = envelope.as_ref().is_some_and(Envelope::is_refusal);
        if refused && number > 1 && matches!(answer.status, 400 | 404) {
            return Ok(Asked::Beyond);
        }
        let status = answer.status.to_string();
        match page(&answer, envelope) {
            Page::Records { records, next, total } => Ok(Asked::Shown(Shown { records, next, total })),
            Page::NoAnswer { reason } => Err(GatewayFailure::NoAnswer { reason }),
            // A time without payments has an empty list: this is not known to be one.
            Page::NotFound => {
                let said = Said::Status(answer.status);
                Err(GatewayFailure::NoAnswer { reason: Reason::HttpStatus { status, said } })
            }
        }
    }
}

/// What came of the question for one page.
enum Asked {
    Shown(Shown),
    /// It is beyond the last one, where the gateway says 400 (facts 3.1).
    Beyond,
    Stopped,
}

/// One page as it was shown.
struct Shown {
    records: Vec<GatewayRecord>,
    next: i64,
    total: Option<i64>,
}

/// What was seen in one reading.
#[derive(Default)]
struct Pass {
    ids: HashSet<u64>,
    counted: Option<i64>,
    shown: i64,
    moved: Option<Reason>,
}

impl Pass {
    fn page(&mut self, records: &[GatewayRecord], total: i64) {
        let changed = *self.counted.get_or_insert(total) != total;
        let mut why = changed.then_some(Reason::ListChanged);
        for record in records {
            match &record.imp_uid {
                Some(id) if !self.ids.insert(hashed(id)) => why = why.or(Some(Reason::ListRepeats)),
                Some(_) => {}
                None => why = why.or(Some(Reason::ListHoldsOther)),
            }
        }
        self.moved = self.moved.take().or(why);
        self.shown = self.shown.saturating_add(i64::try_from(records.len()).unwrap_or(i64::MAX));
    }

    fn has_all(&self) -> bool {
        self.counted.is_none_or(|total| self.shown >= total)
    }

    /// A gateway that shows the same page for ever has shown everything that it has.
    fn has_too_many(&self) -> bool {
        self.counted.is_some_and(|total| self.shown > total.saturating_add(LIMIT_MAX))
    }

    fn reading(self) -> Reading {
        let (shown, total) = (i64::try_from(self.ids.len()).unwrap_or(i64::MAX), self.counted.unwrap_or(0));
        match self.moved {
            Some(why) => Reading::Moved(why),
            None if shown < total => {
                Reading::Moved(Reason::ListShort { shown: shown.to_string(), total: total.to_string() })
            }
            None if shown > total => Reading::Moved(Reason::ListChanged),
            None => Reading::Whole,
        }
    }
}

/// A payment in one of its states: eight bytes, whatever its id.
fn state_of(record: &GatewayRecord) -> u64 {
    hashed(&(&record.imp_uid, &record.status, &record.cancel_amount_text))
}

fn hashed(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
