//! What every command that works on payments needs: the ledger, opened and announced, and the
//! gateway, the real one or the one inside.

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Mode;
use crate::domain::secret::Secret;
use crate::domain::time::Clock;
use crate::failure::Failure;
use crate::gateway::{ApiKey, Client, HttpTransport, Trace, TransportConfig, account_of};
use crate::ledger::{Create, Ledger};
use crate::output::text::safe;
use crate::output::ui::Ui;
use crate::sandbox::{FaultPlan, IMP_KEY, IMP_SECRET, Options, SDK_PATH, Sandbox, seeded_customers};
use crate::settings::Settings;

/// What a command is handed.
pub struct Context<'a> {
    pub settings: &'a Settings,
    pub ui: &'a mut Ui,
    pub clock: Arc<dyn Clock>,
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

    /// Opens the ledger. One that had to be created is announced: a path typed wrong must not pass
    /// for an empty history.
    pub fn open_ledger(&mut self) -> Result<Ledger, Failure> {
        let opened = Ledger::open_at(&self.settings.database, Create::IfMissing)?;
        let mut ledger = opened.ledger;
        if opened.created {
            self.ui.status(&format!("Created the ledger {}", self.settings.database.display()));
            if self.settings.sandbox() {
                self.save_sandbox_customers(&mut ledger)?;
            }
        }
        Ok(ledger)
    }

    /// The ledger for a run that writes nothing; `None` where there is none yet.
    pub fn look_at_ledger(&self) -> Result<Option<Ledger>, Failure> {
        match Ledger::open_at(&self.settings.database, Create::Never) {
            Ok(opened) => Ok(Some(opened.ledger)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
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
        let transport = HttpTransport::new(&TransportConfig {
            api_url,
            connect_timeout: TransportConfig::connect_timeout_for(settings.timeout),
            ca_file: settings.ca_file.clone(),
            proxy: settings.proxy.clone(),
            tier: settings.tier.clone(),
            trace: settings.presentation.verbose.then(trace),
        })?;
        let clock = Arc::clone(&self.clock);
        let client = Client::new(Box::new(transport), clock, key, settings.token_cache(), settings.timeout);
        let client = client.of_tier(settings.tier.as_deref());
        Ok(Gateway { client: Arc::new(client), sdk_url, _sandbox: sandbox })
    }
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
