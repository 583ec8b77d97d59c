//! The gateway that the settings mean: the real one, or the one inside this program.

use std::io::Write;
use std::sync::Arc;

use crate::domain::secret::Secret;
use crate::domain::time::Clock;
use crate::failure::Failure;
use crate::gateway::{ApiKey, Client, HttpTransport, Trace, TransportConfig};
use crate::output::text::safe;
use crate::sandbox::{FaultPlan, IMP_KEY, IMP_SECRET, Options, Sandbox};
use crate::settings::Settings;

/// A client, and the sandbox it talks to with `--sandbox`. The sandbox ends with it.
pub struct Connection {
    pub client: Client,
    /// Kept for as long as the client may talk to it.
    _sandbox: Option<Sandbox>,
}

/// Fetches the API secret and gets ready to talk to the gateway. Nothing is sent yet.
pub fn connect(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Connection, Failure> {
    let sandbox = if settings.sandbox() { Some(start_sandbox(settings, 0)?) } else { None };
    let (api_url, key) = match &sandbox {
        Some(sandbox) => (sandbox.api_url(), sandbox_key()),
        None => {
            let credentials = settings.credentials()?;
            let key = ApiKey { imp_key: credentials.imp_key, imp_secret: credentials.imp_secret };
            (settings.api_url.clone(), key)
        }
    };
    let transport = HttpTransport::new(&TransportConfig {
        api_url,
        connect_timeout: TransportConfig::connect_timeout_for(settings.timeout),
        ca_file: settings.ca_file.clone(),
        proxy: settings.proxy.clone(),
        trace: settings.presentation.verbose.then(trace),
    })?;
    let client = Client::new(Box::new(transport), clock, key, settings.token_cache(), settings.timeout);
    Ok(Connection { client, _sandbox: sandbox })
}

/// Starts the sandbox on its book; port 0 takes any that is free.
pub fn start_sandbox(settings: &Settings, port: u16) -> Result<Sandbox, Failure> {
    let Some(book) = settings.book.clone() else {
        return Err(Failure::local("the sandbox has no book to keep"));
    };
    if let Some(folder) = book.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::io(format!("create the directory {}", folder.display()), &error))?;
    }
    let faults = FaultPlan::parse(settings.faults.as_deref().unwrap_or_default())
        .map_err(|error| Failure::config(format!("BILLKEY_SANDBOX_FAULTS: {error}")))?;
    Ok(Sandbox::start(&Options { book, port, faults })?)
}

fn sandbox_key() -> ApiKey {
    ApiKey { imp_key: Secret::new(IMP_KEY.to_owned()), imp_secret: Secret::new(IMP_SECRET.to_owned()) }
}

/// `-v`: a line on stderr for each request and each answer, from whatever thread. What cannot be
/// written there has nobody to read it.
fn trace() -> Trace {
    Arc::new(|line: &str| {
        let _ = writeln!(std::io::stderr().lock(), "{}", safe(line));
    })
}
