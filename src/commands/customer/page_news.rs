//! What happens on the registration page, as sentences for whoever waits at the terminal.

use std::time::{Duration, Instant};

use crate::register::Happened;

/// A page that is loaded again is gone for a moment.
const GONE_AFTER: Duration = Duration::from_secs(3);

/// What a page has told so far.
#[derive(Debug, Default)]
pub(super) struct PageNews {
    was_opened: bool,
    windows: u32,
    window_is_open: bool,
    left: Option<Instant>,
}

/// What became of a page that was left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) sentence: &'static str,
    /// The PG's window went with it: it may have registered a card.
    pub(super) with_window: bool,
}

impl PageNews {
    /// The sentence for a piece of news, if it is worth one.
    pub(super) fn hear(&mut self, happened: &Happened, now: Instant) -> Option<String> {
        match happened {
            Happened::Opened => {
                let (again, reloaded) = (self.was_opened, self.left.take().is_some());
                self.was_opened = true;
                // Whatever the window was, it is gone with the page that was there before.
                self.window_is_open &= !reloaded;
                Some(match (again, reloaded) {
                    (false, _) => "The page is open in a browser. It waits for the customer.".to_owned(),
                    (true, true) => "The page was loaded again. It waits for the customer.".to_owned(),
                    (true, false) => "The page was opened once more; both pages work.".to_owned(),
                })
            }
            Happened::Window => {
                self.windows = self.windows.saturating_add(1);
                self.window_is_open = true;
                let again = if self.windows > 1 { " again" } else { "" };
                Some(format!("The PG's window is open{again}. The customer types the card there."))
            }
            Happened::Ended { code, message } => {
                self.window_is_open = false;
                Some(ended(code.as_deref(), message.as_deref()))
            }
            Happened::NoSdk => {
                Some("The page could not load the PG's window. It offers another try.".to_owned())
            }
            Happened::Left => {
                self.left = Some(now);
                None
            }
            Happened::Here => None,
        }
    }

    /// That the gateway is being asked, because the page says that the window is done.
    pub(super) fn asking(&mut self) -> &'static str {
        self.window_is_open = false;
        self.left = None;
        "The page asks for the card. The gateway is asked."
    }

    /// The page that was left and did not come back; told once.
    pub(super) fn gone(&mut self, now: Instant) -> Option<Gone> {
        self.left.filter(|left| now.saturating_duration_since(*left) >= GONE_AFTER)?;
        self.left = None;
        let with_window = std::mem::take(&mut self.window_is_open);
        let sentence = if with_window {
            "The page was closed while the PG's window was open. The gateway is asked; the page's address still works."
        } else {
            "The page was closed before a card was registered. Its address still works."
        };
        Some(Gone { sentence, with_window })
    }

    /// Whether a window was ever opened: without one no card can have been registered here.
    pub(super) fn had_window(&self) -> bool {
        self.windows > 0
    }

    /// Who waits for what now.
    pub(super) fn waits_for(&self) -> &'static str {
        if self.window_is_open {
            "waiting for the PG's window"
        } else if self.was_opened {
            "waiting for the customer at the page"
        } else {
            "waiting for the page to be opened"
        }
    }
}

/// How a window ended, in the PG's words, which are quoted as they came.
fn ended(code: Option<&str>, message: Option<&str>) -> String {
    let said = match (message, code) {
        (Some(message), Some(code)) => format!("It says: {message} [{code}]."),
        (Some(one), None) | (None, Some(one)) => format!("It says: {one}."),
        (None, None) => "It gave no reason.".to_owned(),
    };
    format!("The PG's window ended without a card. {said} The page offers another try.")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Gone, PageNews};
    use crate::register::Happened;

    fn refused() -> Happened {
        Happened::Ended { code: Some("F400".to_owned()), message: Some("한도 초과".to_owned()) }
    }

    #[test]
    fn each_piece_of_news_has_its_sentence_and_says_who_waits() {
        let (mut news, now) = (PageNews::default(), Instant::now());
        assert_eq!(news.waits_for(), "waiting for the page to be opened");
        for (happened, begins, waits) in [
            (
                Happened::Opened,
                Some("The page is open in a browser."),
                "waiting for the customer at the page",
            ),
            (
                Happened::Opened,
                Some("The page was opened once more; both"),
                "waiting for the customer at the page",
            ),
            (Happened::Window, Some("The PG's window is open. "), "waiting for the PG's window"),
            (
                refused(),
                Some("The PG's window ended without a card. It says: 한도 초과 [F400]. The page"),
                "waiting for the customer at the page",
            ),
            (Happened::Window, Some("The PG's window is open again."), "waiting for the PG's window"),
            (Happened::Here, None, "waiting for the PG's window"),
            (
                Happened::Ended { code: None, message: None },
                Some("The PG's window ended without a card. It gave no reason."),
                "waiting for the customer at the page",
            ),
            (Happened::NoSdk, Some("The page could not load"), "waiting for the customer at the page"),
        ] {
            let said = news.hear(&happened, now);
            let fits = said.as_deref().zip(begins).is_some_and(|(said, begins)| said.starts_with(begins));
            assert!(fits || said.is_none() && begins.is_none(), "{happened:?}: {said:?}");
            assert_eq!(news.waits_for(), waits, "{happened:?}");
        }
    }

    #[test]
    fn a_page_that_comes_back_was_loaded_again_and_one_that_does_not_is_gone() {
        let begun = Instant::now();
        let later = begun + Duration::from_secs(3);
        let mut news = PageNews::default();
        let _ = news.hear(&Happened::Opened, begun);
        assert_eq!(news.hear(&Happened::Left, begun), None);
        assert_eq!(news.gone(begun + Duration::from_secs(2)), None);
        let again = news.hear(&Happened::Opened, begun).unwrap();
        assert!(again.starts_with("The page was loaded again."), "{again}");
        assert_eq!(news.gone(later), None);
        let _ = news.hear(&Happened::Left, begun);
        assert!(matches!(news.gone(later), Some(Gone { with_window: false, .. })));
        assert_eq!(news.gone(later), None, "told once");
    }

    #[test]
    fn a_window_that_went_with_its_page_is_told() {
        let begun = Instant::now();
        let mut news = PageNews::default();
        for happened in [Happened::Opened, Happened::Window, Happened::Left] {
            let _ = news.hear(&happened, begun);
        }
        assert!(matches!(news.gone(begun + Duration::from_secs(3)), Some(Gone { with_window: true, .. })));
        assert!(news.had_window());
    }
}
