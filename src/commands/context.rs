//! What every command that works on payments needs: the ledger, opened and announced, and the
//! gateway, the real one or the one inside.

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::commands::pasted::command_line;
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Mode;
use crate::domain::secret::Secret;
use crate::domain::standing::{Distrust, Standing};
use crate::domain::time::{Clock, Moment};
use crate::failure::Failure;
use crate::gateway::{ApiKey, Client, HttpTransport, ProxyAddress, Trace, TransportConfig, account_of};
use crate::ledger::{Access, Create, Ledger, LedgerError, MarkTrouble, OpenOptions, Opened, WhenLost};
use crate::output::standing::{Wait, distrusted, sends_nothing, since_word};
use crate::output::text::{safe, shell_word};
use crate::output::ui::Ui;
use crate::sandbox::{FaultPlan, IMP_KEY, IMP_SECRET, Options, SDK_PATH, Sandbox, seeded_customers};
use crate::settings::{Proxy, Settings};

/// What a command is handed.
pub struct Context<'a> {
    pub settings: &'a Settings,
    pub ui: &'a mut Ui,
    pub clock: Arc<dyn Clock>,
    /// Of the ledger that is open: what becomes of its mark is told when the command is over.
    pub marks: Option<MarkTrouble>,
}

/// The gateway, and with it the sandbox that must live as long.
pub struct Gateway {
    pub client: Arc<Client>,
    /// Where the JS SDK that belongs to this gateway is.
    pub sdk_url: String,
    _sandbox: Option<Sandbox>,
}

impl Context<'_> {
    /// One reading of the wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now().wall
    }

    /// Opens the ledger to write. One that had to be created is announced, even with `--quiet`: a path typed
    /// wrong must not pass for an empty history. What is wrong with it is told on every run.
    pub fn open_ledger(&mut self) -> Result<Ledger, Failure> {
        let opened = Ledger::open_with(&self.settings.database, &self.opening(Create::IfMissing));
        let opened = opened.map_err(|error| self.ledger_failure(error))?;
        let created = opened.created;
        let mut ledger = self.told(opened);
        if created && self.settings.sandbox() {
            self.ui.status(&format!("Created the ledger {}", self.settings.database.display()));
            self.save_sandbox_customers(&mut ledger)?;
        } else if created {
            let path = self.settings.database.display();
            self.ui.warning(&format!("created the ledger {path}, which is empty"));
        }
        Ok(ledger)
    }

    /// Opens the ledger to read, also where this user may not write it. Nothing is created but in the sandbox,
    /// whose first use finds some customers.
    pub fn read_ledger(&mut self) -> Result<Ledger, Failure> {
        if self.settings.sandbox() {
            return self.open_ledger();
        }
        let ledger = self.look_at_ledger()?;
        ledger.ok_or_else(|| self.no_ledger())
    }

    /// Opens the ledger to write, and creates none but in the sandbox.
    pub fn ledger_at_hand(&mut self) -> Result<Ledger, Failure> {
        if self.settings.sandbox() {
            return self.open_ledger();
        }
        let ledger = self.ledger_if_there()?;
        ledger.ok_or_else(|| self.no_ledger())
    }

    /// The ledger to write; `None` where there is none yet, and none is made of a mistyped path.
    pub fn ledger_if_there(&mut self) -> Result<Option<Ledger>, Failure> {
        match Ledger::open_with(&self.settings.database, &self.opening(Create::Never)) {
            Ok(opened) => Ok(Some(self.told(opened))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(self.ledger_failure(error)),
        }
    }

    /// The ledger for a run that looks after its file; none is made in the sandbox either.
    pub fn ledger_to_look_after(&mut self) -> Result<Ledger, Failure> {
        let ledger = self.look_at_ledger()?;
        ledger.ok_or_else(|| self.no_ledger())
    }

    /// What is wrong with a ledger, and the commands that put it right, on this very ledger.
    #[must_use]
    pub fn ledger_failure(&self, error: LedgerError) -> Failure {
        let what = error.what();
        let back = || format!("to put the newest backup back: {}", self.hint("ledger restore FILE"));
        let hints = if let LedgerError::Lost { .. } = &error {
            let anew = self.hint("ledger accept --reason \"...\"");
            vec![back(), format!("to begin an empty ledger: {anew}")]
        } else if let LedgerError::Damaged { .. } | LedgerError::Overwritten { .. } = &error {
            vec![back()]
        } else if let LedgerError::Stamped { path } = &error {
            let restore = format!("ledger restore {}", shell_word(&path.display().to_string()));
            vec![format!("to make it a ledger: {}", self.hint(&restore))]
        } else {
            return error.into();
        };
        Failure { message: what, hints, ..Failure::from(error) }
    }

    /// That there is none, and none is made.
    #[must_use]
    pub fn no_ledger(&self) -> Failure {
        let path = self.settings.database.display();
        Failure::not_found(format!("there is no ledger at {path}"))
            .hinted("check --profile and --database; the first charge creates it")
    }

    /// The ledger for a run that writes nothing; `None` where there is none yet.
    pub fn look_at_ledger(&mut self) -> Result<Option<Ledger>, Failure> {
        Ok(self.look_at_ledger_as_it_stands()?.map(|(ledger, _)| ledger))
    }

    /// The same with how it stands: to a user who may not write it, a doubt that nobody has stored is in there
    /// alone.
    pub fn look_at_ledger_as_it_stands(&mut self) -> Result<Option<(Ledger, Standing)>, Failure> {
        let options = OpenOptions { access: Access::Read, ..self.opening(Create::Never) };
        match Ledger::open_with(&self.settings.database, &options) {
            Ok(opened) => {
                let standing = opened.standing.clone();
                let ledger = self.told(opened);
                let standing = standing.map_or_else(|| ledger.standing(), Ok)?;
                Ok(Some((ledger, standing)))
            }
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(self.ledger_failure(error)),
        }
    }

    /// A further connection of a run that writes nothing; what is wrong with the ledger was told already.
    pub fn look_at_ledger_again(&self) -> Result<Option<Ledger>, Failure> {
        let options = OpenOptions { access: Access::Read, ..self.opening(Create::Never) };
        match Ledger::open_with(&self.settings.database, &options) {
            Ok(opened) => Ok(Some(opened.ledger)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(self.ledger_failure(error)),
        }
    }

    /// The ledger that a person answers for: what is wrong with it is told by whoever asks, and one that is
    /// lost is an error in the sandbox too.
    pub fn ledger_to_accept(&mut self) -> Result<Ledger, LedgerError> {
        let create = if self.settings.sandbox() { Create::IfMissing } else { Create::Never };
        let options = OpenOptions { lost: WhenLost::Refuse, ..self.opening(create) };
        let ledger = Ledger::open_with(&self.settings.database, &options)?.ledger;
        self.marks = Some(ledger.mark_trouble());
        Ok(ledger)
    }

    fn opening(&self, create: Create) -> OpenOptions {
        let lost = if self.settings.sandbox() { WhenLost::BeginAnew } else { WhenLost::Refuse };
        OpenOptions { lost, now: Some(self.clock.now()), ..OpenOptions::new(create) }
    }

    /// Warns of what opening found, and keeps what the mark may still have to say.
    fn told(&mut self, opened: Opened) -> Ledger {
        let Opened { ledger, standing, .. } = opened;
        let distrust = standing.and_then(|standing| standing.distrusted).filter(|doubt| !doubt.accepted);
        if let Some(distrust) = distrust {
            let (now, zone) = (self.clock.now(), self.ui.zone().clone());
            self.ui.warning(&distrusted(&distrust, &zone));
            if let Some(until) = sends_nothing(self.wait(&distrust, &now), now.wall, &zone) {
                self.ui.note(&format!("  {until}"));
            }
            self.ui.note(&format!("  next     {}", self.hint(&rebuild(&distrust, &zone))));
            self.ui.note(&format!("  or       {}", self.hint("ledger accept --reason \"...\"")));
        }
        self.marks = Some(ledger.mark_trouble());
        self.tell_mark();
        ledger
    }

    /// What is left of a distrusted ledger's wait, without the gateway's clock.
    pub(in crate::commands) fn wait(&self, distrust: &Distrust, now: &Moment) -> Wait {
        let settle_after = self.settings.settle_after;
        let by_boot =
            distrust.since.boot.as_ref().zip(now.boot.as_ref()).and_then(|(then, now)| now.ms_since(then));
        match by_boot {
            None => Wait::ByTheGateway(settle_after),
            Some(_) => match settle_after.saturating_sub(distrust.since.age(now, None)) {
                Duration::ZERO => Wait::Over,
                left => Wait::Left(left),
            },
        }
    }

    /// Says that the mark could not be written, if it could not: a warning, because what was meant to be
    /// durable is.
    pub fn tell_mark(&mut self) {
        if let Some(why) = self.marks.as_ref().and_then(MarkTrouble::take) {
            let path = self.settings.database.display();
            self.ui.warning(&format!(
                "the mark beside the ledger {path} could not be written ({why}): a restored copy would not be noticed"
            ));
        }
    }

    /// A fingerprint of the API key in use; `None` where there is none.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        self.open_gateway().ok().map(|gateway| gateway.client.account().to_owned())
    }

    /// A command of this program on the same ledger, to be pasted: with the flags that have led to it.
    #[must_use]
    pub fn hint(&self, command: &str) -> String {
        command_line(self.settings, command)
    }

    /// The first use of the sandbox finds some customers to charge.
    fn save_sandbox_customers(&self, ledger: &mut Ledger) -> Result<(), Failure> {
        let now = self.now();
        for seeded in seeded_customers() {
            let text = |text: Option<&str>| text.map(str::to_owned);
            ledger.save_customer(&Customer {
                customer_uid: CustomerUid::parse(seeded.customer_uid)?,
                name: text(Some(seeded.name)),
                email: text(Some(seeded.email)),
                tel: text(Some(seeded.tel)),
                note: text(Some(seeded.what)),
                card: Card {
                    card_name: text(seeded.card_name),
                    card_code: text(seeded.card_code),
                    card_number: text(seeded.card_number),
                    pg_provider: text(Some(seeded.pg_provider)),
                    sandbox: Some(true),
                    ..Card::default()
                },
                mode: Mode::Sandbox,
                added_at: now,
                checked_at: Some(now),
                removed_at: None,
            })?;
        }
        Ok(())
    }

    /// Gets the gateway ready. Nothing is asked of it yet.
    pub fn open_gateway(&self) -> Result<Gateway, Failure> {
        let settings = self.settings;
        let (sandbox, api_url, sdk_url, key) = match &settings.book {
            Some(_) => {
                let sandbox = start_sandbox(settings, 0)?;
                let api_url = sandbox.api_url();
                let key = |text: &str| Secret::new(text.to_owned());
                let sdk_url = format!("{api_url}{SDK_PATH}");
                let key = ApiKey { imp_key: key(IMP_KEY), imp_secret: key(IMP_SECRET) };
                (Some(sandbox), api_url, sdk_url, key)
            }
            None => {
                let credentials = settings.credentials()?;
                let key = ApiKey { imp_key: credentials.imp_key, imp_secret: credentials.imp_secret };
                (None, settings.api_url.clone(), settings.sdk_url.clone(), key)
            }
        };
        let proxy = settings.proxy()?;
        if let Some(proxy) = proxy.as_ref().filter(|_| settings.presentation.verbose) {
            trace()(&format!("* through the proxy {}", proxy.shown));
        }
        let transport = HttpTransport::new(&TransportConfig {
            api_url,
            connect_timeout: TransportConfig::connect_timeout_for(settings.timeout),
            ca_file: settings.ca_file.clone(),
            proxy: proxy.map(|Proxy { address, shown }| ProxyAddress { address, shown }),
            tier: settings.tier.clone(),
            trace: settings.presentation.verbose.then(trace),
            secrets: vec![key.imp_key.clone(), key.imp_secret.clone()],
        })?;
        let clock = Arc::clone(&self.clock);
        let client = Client::new(Box::new(transport), clock, key, settings.token_cache(), settings.timeout);
        let client = client.of_tier(settings.tier.as_deref());
        Ok(Gateway { client: Arc::new(client), sdk_url, _sandbox: sandbox })
    }
}

/// The command that ends a distrust without anybody's signature.
pub(in crate::commands) fn rebuild(distrust: &Distrust, zone: &TimeZone) -> String {
    format!("reconcile --since {} --import", since_word(distrust.read_back_from(), zone))
}

/// The account that the profile's key is for, without asking anybody.
pub fn account(settings: &Settings) -> Result<String, Failure> {
    if settings.sandbox() {
        return Ok(account_of(&Secret::new(IMP_KEY.to_owned()), None));
    }
    Ok(account_of(settings.required_imp_key()?, settings.tier.as_deref()))
}

/// Starts the sandbox on its book; port 0 takes any that is free.
pub fn start_sandbox(settings: &Settings, port: u16) -> Result<Sandbox, Failure> {
    let Some(book) = settings.book.clone() else {
        return Err(Failure::local("the sandbox has no book to keep"));
    };
    if let Some(folder) = book.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| Failure::io(format!("create the directory {}", folder.display()), &error))?;
    }
    let faults = FaultPlan::parse(settings.faults.as_deref().unwrap_or_default())
        .map_err(|error| Failure::config(format!("BILLKEY_SANDBOX_FAULTS: {error}")))?;
    Ok(Sandbox::start(&Options { book, port, faults })?)
}

/// `-v`: a line on stderr for each request and answer. It comes from whichever thread sends; the
/// line is written in one piece, and what is in it may be anything the gateway sent.
fn trace() -> Trace {
    Arc::new(|line: &str| {
        let _ = io::stderr().write_all(format!("{}\n", safe(line)).as_bytes());
    })
}
