//! Where customers reach `customer listen`.

use crate::failure::Failure;
use crate::settings::{Settings, check_public_address};

/// The flag's address, else the profile's; `None` where neither names one.
pub(super) fn public_url(given: Option<&str>, settings: &Settings) -> Result<Option<String>, Failure> {
    let Some(given) = given else { return Ok(settings.public_url.clone()) };
    let checked = check_public_address(given).map_err(|why| {
        Failure::usage(format!("the --public-url `{}` cannot be used: {why}", given.escape_debug()))
    })?;
    Ok(Some(checked))
}

/// `shop.example.com`, of an address that was checked: what a customer reads.
pub(super) fn host_of(public_url: &str) -> &str {
    let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    host.split('/').next().unwrap_or(host)
}
