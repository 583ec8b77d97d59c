//! What is behind the links that `customer listen` serves: the gateway's word, and nothing that a page says.

use std::sync::{Arc, Mutex, PoisonError};

use crate::commands::customer::answers::{refusal, saved};
use crate::commands::customer::saving::{Given, Profile, Registered, ask_for_new, keep};
use crate::commands::customer::window::is_unchanged;
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::time::{Clock, Moment};
use crate::failure::{Failure, Kind};
use crate::gateway::Client;
use crate::ledger::Ledger;
use crate::register::{
    Happened, Heard, How, Job, KeptLink, LinkDesk, LinkFolder, LinkState, Log, News, OpenLink, Refused,
    RegisterError, Saved, Standing, Why,
};

/// What every page behind a link is told.
#[derive(Clone)]
pub(super) struct PageOfLinks {
    pub(super) mode: &'static str,
    pub(super) sdk_url: String,
    pub(super) imp_code: String,
    /// What the customer reads of where the link came from.
    pub(super) host: String,
}

pub(super) struct Desk {
    pub(super) folder: LinkFolder,
    pub(super) page: PageOfLinks,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    pub(super) client: Arc<Client>,
    pub(super) profile: Profile,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) log: Log,
}

impl LinkDesk for Desk {
    fn find(&self, token: &str) -> Result<OpenLink, Refused> {
        let kept = self.usable(token)?;
        let link = &kept.link;
        // The customer knows which card it was; whoever else has the link need not learn it.
        let replaces = link.before().map(|_| String::new());
        let job = Job {
            mode: self.page.mode,
            sdk_url: self.page.sdk_url.clone(),
            imp_code: self.page.imp_code.clone(),
            replaces,
            issue: link.issue,
            window: link.window.clone(),
            link: Some(self.page.host.clone()),
        };
        Ok(OpenLink { id: link.id().to_owned(), job })
    }

    fn hear(&self, token: &str, news: &News) -> Result<Standing, Refused> {
        let kept = self.usable(token)?;
        let now_ms = self.clock.now().wall.as_millisecond();
        let heard = match news.happened {
            Happened::Opened if kept.heard.opened_at_ms.is_none() => {
                Heard { opened_at_ms: Some(now_ms), ..kept.heard }
            }
            Happened::Window => Heard { window_at_ms: Some(now_ms), ..kept.heard },
            Happened::Opened | Happened::Ended { .. } | Happened::NoSdk | Happened::Left | Happened::Here => {
                return Ok(Standing::Waiting);
            }
        };
        // Without that nobody would look for the card of a page that is never heard of again.
        self.folder.hear(&kept.link, &heard).map_err(|error| self.trouble(&error))?;
        Ok(Standing::Waiting)
    }

    fn check(&self, token: &str) -> Result<Saved, Refused> {
        self.settle(&self.kept(token)?)
    }
}

impl Desk {
    /// Looks for the cards of links whose window was opened and of which nothing more was heard.
    pub(super) fn look_after(&self) {
        let now = self.clock.now();
        let all = self.folder.all().unwrap_or_default();
        for kept in all.iter().filter(|kept| kept.is_to_be_looked_at(&now)) {
            let settled = self.settle(kept);
            let (id, uid) = (kept.link.id(), &kept.link.customer_uid);
            match settled {
                Ok(_) => (self.log)(&format!(
                    "link {id}: the page was not heard of again, and the gateway has the card: {uid} was saved"
                )),
                // It is asked again soon.
                Err(Refused { why: Why::Gateway | Why::Local, .. }) => continue,
                Err(_) => {}
            }
            let heard = Heard { looked_at_ms: Some(now.wall.as_millisecond()), ..kept.heard.clone() };
            if let Err(error) = self.folder.hear(&kept.link, &heard) {
                let _ = self.trouble(&error);
            }
        }
    }

    fn kept(&self, token: &str) -> Result<KeptLink, Refused> {
        let kept = self.folder.find(token).map_err(|error| self.trouble(&error))?;
        kept.ok_or_else(|| Refused::new(Why::NotFound, "There is no such link."))
    }

    /// A link that can be used. One whose time is over has ended for good, whatever a clock says later.
    fn usable(&self, token: &str) -> Result<KeptLink, Refused> {
        let (kept, now) = (self.kept(token)?, self.clock.now());
        match kept.state(&now) {
            LinkState::Open | LinkState::Begun => Ok(kept),
            LinkState::Ended(how) => {
                let is_before = now.wall.as_millisecond() < kept.link.made_at_ms;
                if kept.end.is_none() && !is_before {
                    self.end(&kept, how, &now);
                }
                Err(ended(how))
            }
        }
    }

    /// Asks the gateway, and saves what it shows. It decides alone: a link that can be used no more has had its
    /// window open all the same, and a card that was registered there is not lost.
    fn settle(&self, kept: &KeptLink) -> Result<Saved, Refused> {
        let (link, now) = (&kept.link, self.clock.now());
        let uid = CustomerUid::parse(&link.customer_uid).map_err(|error| refusal(&Failure::from(error)))?;
        let known = self.at_hand().find_customer(&uid).map_err(|error| refusal(&Failure::from(error)))?;
        let state = self.state_for(kept, known.as_ref(), &now);
        let over = match state {
            LinkState::Open | LinkState::Begun => None,
            LinkState::Ended(How::Expired) if kept.heard.window_at_ms.is_some() => None,
            LinkState::Ended(how) => Some(ended(how)),
        };
        if let (Some(over), true) = (&over, state == LinkState::Ended(How::Expired)) {
            return Err(over.clone());
        }
        let registered = match ask_for_new(&self.client, &uid) {
            Ok(registered) => registered,
            Err(failure) if failure.kind == Kind::NotFound => {
                return Err(over.unwrap_or_else(|| refusal(&failure)));
            }
            Err(failure) => return Err(refusal(&failure)),
        };
        let before = match state {
            LinkState::Ended(How::Used) => known.as_ref().map(|known| known.card.clone()),
            LinkState::Open | LinkState::Begun | LinkState::Ended(_) => link.before(),
        };
        if before.is_some_and(|before| is_same(state, &before, &registered.card)) {
            return Err(over.unwrap_or_else(|| {
                refusal(&Failure::refused(format!("the gateway still has the card that {uid} had before")))
            }));
        }
        if state == LinkState::Ended(How::Revoked) {
            (self.log)(&format!(
                "warning: link {} was taken back, and a card was registered with it all the same. {uid} was not \
                 saved; `billkey customer add {uid}` saves it.",
                link.id()
            ));
            return Err(ended(How::Revoked));
        }
        self.save(kept, &uid, known.as_ref(), &registered, &now)
    }

    fn save(
        &self,
        kept: &KeptLink,
        uid: &CustomerUid,
        known: Option<&Customer>,
        registered: &Registered,
        now: &Moment,
    ) -> Result<Saved, Refused> {
        let link = &kept.link;
        // The link may be older than what somebody has written down since.
        let unknown = |given: &Option<String>, known: Option<&String>| match known {
            Some(_) => None,
            None => given.clone(),
        };
        let given = Given {
            name: unknown(&link.name, known.and_then(|known| known.name.as_ref())),
            email: unknown(&link.email, known.and_then(|known| known.email.as_ref())),
            tel: unknown(&link.tel, known.and_then(|known| known.tel.as_ref())),
            note: None,
        };
        let saving = keep(&mut self.at_hand(), uid, &given, Some(registered), &self.profile, now.wall);
        let kept_now = saving.map_err(|error| refusal(&Failure::from(error)))?;
        for warning in &kept_now.warnings {
            (self.log)(&format!("warning: {warning}"));
        }
        if kept.end.as_ref().is_some_and(|end| end.how == How::Used) {
            (self.log)(&format!(
                "warning: link {} was used before, and another card is registered now.",
                link.id()
            ));
        }
        // The card first: a run that is killed between the two finds it again when the link is opened.
        self.end(kept, How::Used, now);
        Ok(saved(&kept_now.customer))
    }

    /// How a link stands; that its customer was removed since it was made takes it back.
    fn state_for(&self, kept: &KeptLink, known: Option<&Customer>, now: &Moment) -> LinkState {
        let removed = known.and_then(|known| known.removed_at);
        let state = kept.state(now);
        let can_be_used = matches!(state, LinkState::Open | LinkState::Begun);
        if can_be_used && removed.is_some_and(|at| at.as_millisecond() >= kept.link.made_at_ms) {
            self.end(kept, How::Revoked, now);
            return LinkState::Ended(How::Revoked);
        }
        state
    }

    fn end(&self, kept: &KeptLink, how: How, now: &Moment) {
        if let Err(error) = self.folder.end(&kept.link, how, now) {
            let _ = self.trouble(&error);
        }
    }

    /// A panic under the lock leaves the file as its last commit left it.
    fn at_hand(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the files are is the operator's business, and not the customer's.
    fn trouble(&self, error: &RegisterError) -> Refused {
        (self.log)(&format!("error: {error}"));
        Refused::new(Why::Local, "The link cannot be looked up just now. Nothing was saved.")
    }
}

fn ended(how: How) -> Refused {
    match how {
        How::Used => Refused::new(Why::Used, "The link has been used."),
        How::Expired => Refused::new(Why::Expired, "The link's time is over."),
        How::Revoked => Refused::new(Why::Revoked, "The link was taken back."),
    }
}

/// Whether the gateway shows the card of before. Of a link that was used it has to tell another one: where a PG tells
/// no time, the same card would look new for ever.
fn is_same(state: LinkState, before: &Card, now: &Card) -> bool {
    match state {
        LinkState::Ended(How::Used) => !now.differs_from(before),
        LinkState::Open | LinkState::Begun | LinkState::Ended(_) => is_unchanged(before, now),
    }
}
