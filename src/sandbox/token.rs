//! Access tokens (facts 1): shared by every process with the same book, as at the gateway.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde_json::json;

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::call::Call;
use crate::sandbox::clock::{now_ms, wire_seconds};
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::gateway::Gateway;

/// The API key of every sandbox. It opens nothing else.
pub const IMP_KEY: &str = "sandbox_imp_key_0000";
/// The secret to [`IMP_KEY`]. It protects nothing.
pub const IMP_SECRET: &str = "sandbox_imp_secret_which_protects_nothing";

const LIFE_MS: i64 = 30 * 60 * 1000;
/// A token with less life than this is given some more when it is asked for.
const LAST_MINUTE_MS: i64 = 60 * 1000;
const EXTENSION_MS: i64 = 5 * 60 * 1000;

/// `POST /users/getToken`.
pub(super) fn get_token(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    let (Some(key), Some(secret)) = (call.fields.text("imp_key"), call.fields.text("imp_secret")) else {
        return Ok(Answer::error(400, "imp_key, imp_secret 파라메터가 누락되었습니다."));
    };
    if key != IMP_KEY || secret != IMP_SECRET {
        return Ok(unauthorized(ask, "인증에 실패하였습니다. API키와 secret을 확인하세요."));
    }
    let life_ms = ask.fires(FaultKind::TokenLife).map_or(LIFE_MS, |value| value.duration_ms);
    let (access_token, expires_at_ms) = gateway.book().write(|book| current_token(book, life_ms))?;
    // Expiry is kept in true time; a server whose clock is off is off by the same amount in both.
    let server_now_ms = ask.server_now_ms();
    let skew_ms = server_now_ms - now_ms();
    Ok(Answer::ok(json!({
        "access_token": access_token,
        "expired_at": wire_seconds(expires_at_ms + skew_ms),
        "now": wire_seconds(server_now_ms),
    })))
}

/// Gives the living token, with more life if it is in its last minute, or a new one.
fn current_token(book: &Transaction<'_>, life_ms: i64) -> Result<(String, i64), SandboxError> {
    let now = now_ms();
    let living: Option<(String, i64)> = book
        .query_row(
            "SELECT access_token, expires_at_ms FROM tokens WHERE expires_at_ms > ?1
             ORDER BY expires_at_ms DESC LIMIT 1",
            [now],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((token, expires_at_ms)) = living else {
        book.execute("DELETE FROM tokens", [])?;
        let token: String = book.query_row("SELECT lower(hex(randomblob(20)))", [], |row| row.get(0))?;
        // Whole seconds, so that what the wire says of the expiry is the whole truth.
        let expires_at_ms = (now + life_ms) / 1000 * 1000;
        book.execute("INSERT INTO tokens VALUES (?1, ?2)", params![token, expires_at_ms])?;
        return Ok((token, expires_at_ms));
    };
    if expires_at_ms - now >= LAST_MINUTE_MS {
        return Ok((token, expires_at_ms));
    }
    let extended_ms = expires_at_ms + EXTENSION_MS;
    book.execute(
        "UPDATE tokens SET expires_at_ms = ?2 WHERE access_token = ?1",
        params![token, extended_ms],
    )?;
    Ok((token, extended_ms))
}

/// Answers a call that may not go on: no token, a dead one, or one that a fault has just killed.
pub(super) fn refuse(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Option<Answer>, SandboxError> {
    if ask.fires(FaultKind::RevokeToken).is_some() {
        revoke(gateway)?;
    }
    if is_living(gateway.book().read()?, token_of(call))? {
        return Ok(None);
    }
    Ok(Some(unauthorized(ask, "Unauthorized")))
}

/// Gives the token of a call. All four forms are in use (facts 1); the scheme's case is not significant
/// in HTTP.
fn token_of(call: &Call) -> &str {
    let is_there = |text: &&str| !text.is_empty();
    if let Some(header) = call.authorization.as_deref().filter(is_there) {
        return match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => header,
        };
    }
    let elsewhere = call.token_header.as_deref().filter(is_there).or_else(|| call.query_value("_token"));
    elsewhere.unwrap_or_default()
}

/// Forgets every token.
pub(super) fn revoke(gateway: &Gateway) -> Result<(), SandboxError> {
    gateway.book().write(|book| Ok(book.execute("DELETE FROM tokens", [])?))?;
    Ok(())
}

fn is_living(book: &Connection, token: &str) -> Result<bool, SandboxError> {
    let mut statement =
        book.prepare_cached("SELECT 1 FROM tokens WHERE access_token = ?1 AND expires_at_ms > ?2")?;
    Ok(statement.exists(params![token, now_ms()])?)
}

fn unauthorized(ask: &Ask<'_>, message: &str) -> Answer {
    let status = if ask.fires(FaultKind::Forbidden).is_some() { 403 } else { 401 };
    Answer::error(status, message)
}
