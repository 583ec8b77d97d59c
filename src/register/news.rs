//! What a page tells of itself: that it was opened, that the PG's window is, how that ended. All of it is hearsay:
//! it is shown to whoever waits, and decides nothing about a card.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::register::body::{Refused, Saved, Why};

/// How long a window that was opened keeps others from being opened, if its page is not heard of again. A page whose
/// tab lies in the background may speak once a minute.
const WINDOW_KEPT: Duration = Duration::from_secs(150);

/// A PG's words are shown on a terminal and in a log: so many characters of them.
const SAID_CHARS_MAX: usize = 300;
const DEVICE_CHARS_MAX: usize = 64;

/// What happened on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It is shown in a browser, for the first time or again.
    Opened,
    /// It is about to open the PG's window.
    Window,
    /// The window ended and says that there is no card.
    Ended { code: Option<String>, message: Option<String> },
    /// The SDK's script did not come.
    NoSdk,
    /// The tab was closed or went elsewhere.
    Left,
    /// It is still there.
    Here,
}

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub happened: Happened,
    /// A random name that the page has given to its tab.
    pub device: String,
}

/// How the registration stands: the answer to a piece of news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    Waiting,
    /// Whoever waited has been told to stop, and looks for the card once more.
    Ending,
    Saved(Saved),
}

/// For a log.
impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.happened {
            Happened::Opened => f.write_str("the page was opened"),
            Happened::Window => f.write_str("the PG's window is about to open"),
            Happened::Ended { code, message } => {
                f.write_str("the PG's window ended without a card")?;
                if let Some(message) = message {
                    write!(f, ": {message}")?;
                }
                if let Some(code) = code {
                    write!(f, " [{code}]")?;
                }
                Ok(())
            }
            Happened::NoSdk => f.write_str("the payment window could not be loaded"),
            Happened::Left => f.write_str("the page was left"),
            Happened::Here => f.write_str("the page is still there"),
        }
    }
}

/// Reads the body of a POST.
pub(super) fn read_news(bytes: &[u8]) -> Result<News, Refused> {
    #[derive(Deserialize)]
    struct Fields {
        kind: String,
        device: String,
        code: Option<String>,
        message: Option<String>,
    }
    let bad = |reason: String| Refused::new(Why::Bad, reason);
    let fields: Fields =
        serde_json::from_slice(bytes).map_err(|error| bad(format!("The body cannot be read: {error}.")))?;
    let short = |text: Option<String>| {
        let text: String = text?.trim().chars().take(SAID_CHARS_MAX).collect();
        (!text.is_empty()).then_some(text)
    };
    let happened = match fields.kind.as_str() {
        "opened" => Happened::Opened,
        "window" => Happened::Window,
        "ended" => Happened::Ended { code: short(fields.code), message: short(fields.message) },
        "no_sdk" => Happened::NoSdk,
        "left" => Happened::Left,
        "here" => Happened::Here,
        _ => return Err(bad("The kind of the news is not one that is known.".to_owned())),
    };
    Ok(News { happened, device: fields.device.chars().take(DEVICE_CHARS_MAX).collect() })
}

/// Who has the PG's window open. Two windows for one customer_uid would register two cards, of which the gateway
/// keeps the one that comes last.
#[derive(Debug, Default)]
pub(super) struct Lease {
    holder: Option<(String, Instant)>,
}

impl Lease {
    /// Takes down what it means for the window.
    ///
    /// # Errors
    /// If a window is to be opened while another page has one.
    pub(super) fn hear(&mut self, news: &News, now: Instant) -> Result<(), Refused> {
        let is_kept = |at: &Instant| now.saturating_duration_since(*at) < WINDOW_KEPT;
        self.holder.take_if(|(_, at)| !is_kept(at));
        let is_holder = self.holder.as_ref().is_some_and(|(device, _)| *device == news.device);
        match news.happened {
            Happened::Window if self.holder.is_some() && !is_holder => {
                Err(Refused::new(Why::InUse, "The card window is open on another page."))
            }
            Happened::Window => {
                self.holder = Some((news.device.clone(), now));
                Ok(())
            }
            Happened::Here if is_holder => {
                self.holder = Some((news.device.clone(), now));
                Ok(())
            }
            // A window may come back in another tab than its own: what it says there counts as well.
            Happened::Ended { .. } => {
                self.holder = None;
                Ok(())
            }
            Happened::Left if is_holder => {
                self.holder = None;
                Ok(())
            }
            Happened::Opened | Happened::NoSdk | Happened::Left | Happened::Here => Ok(()),
        }
    }

    /// Whether it is worth keeping.
    pub(super) fn is_held(&self, now: Instant) -> bool {
        self.holder.as_ref().is_some_and(|(_, at)| now.saturating_duration_since(*at) < WINDOW_KEPT)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Happened, Lease, News, WINDOW_KEPT, read_news};

    fn news(happened: Happened, device: &str) -> News {
        News { happened, device: device.to_owned() }
    }

    #[test]
    fn one_window_at_a_time_may_be_open() {
        let ended = || Happened::Ended { code: None, message: None };
        let begun = Instant::now();
        for (what, heard, is_free) in [
            ("its page holds it", vec![(Happened::Window, "a", 0)], false),
            ("it ended", vec![(Happened::Window, "a", 0), (ended(), "a", 1)], true),
            (
                "it ended, and came back in another tab",
                vec![(Happened::Window, "a", 0), (ended(), "c", 1)],
                true,
            ),
            ("its tab was closed", vec![(Happened::Window, "a", 0), (Happened::Left, "a", 1)], true),
            ("another tab was closed", vec![(Happened::Window, "a", 0), (Happened::Left, "c", 1)], false),
            ("its page was loaded anew", vec![(Happened::Window, "a", 0), (Happened::Opened, "a", 1)], false),
            ("it was heard of lately", vec![(Happened::Window, "a", 0), (Happened::Here, "a", 60)], false),
            ("another page is there too", vec![(Happened::Window, "a", 0), (Happened::Here, "c", 60)], true),
        ] {
            let mut lease = Lease::default();
            for (happened, device, second) in heard {
                lease.hear(&news(happened, device), begun + Duration::from_secs(second)).unwrap();
            }
            let is_late = matches!(what, "it was heard of lately" | "another page is there too");
            let at = begun + if is_late { WINDOW_KEPT } else { Duration::from_secs(2) };
            assert_eq!(lease.hear(&news(Happened::Window, "b"), at).is_ok(), is_free, "{what}");
            assert!(lease.is_held(at), "{what}: by one of them");
        }
    }

    #[test]
    fn the_same_page_may_open_it_again() {
        let mut lease = Lease::default();
        let now = Instant::now();
        lease.hear(&news(Happened::Window, "a"), now).unwrap();
        lease.hear(&news(Happened::Window, "a"), now).unwrap();
    }

    #[test]
    fn what_a_page_says_is_read_and_cut() {
        let read = |text: &str| read_news(text.as_bytes());
        assert_eq!(read(r#"{"kind":"window","device":"d"}"#).unwrap(), news(Happened::Window, "d"));
        let long =
            format!(r#"{{"kind":"ended","device":"{0}","code":" ","message":"{0}"}}"#, "가".repeat(1000));
        let News { happened, device } = read(&long).unwrap();
        assert_eq!(device.chars().count(), 64);
        let Happened::Ended { code: None, message: Some(message) } = happened else { panic!("{happened:?}") };
        assert_eq!(message.chars().count(), 300);
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"kind":"x","device":"d"}"#,
            r#"{"kind":"window"}"#,
            r#"{"kind":7,"device":"d"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
