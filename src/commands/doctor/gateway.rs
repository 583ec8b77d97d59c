//! The gateway: whether it can be reached, takes the key, and agrees about the time.

use std::time::Instant;

use jiff::Timestamp;

use crate::commands::context::{Context, Gateway};
use crate::commands::doctor::report::Report;
use crate::commands::pasted::command_of;
use crate::commands::schedules;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookupReply;
use crate::domain::time::format_duration;
use crate::failure::Kind;
use crate::gateway::{Ahead, Client, Reach, ReadAhead, Token, TokenFailure, TransportConfig, reach};
use crate::ledger::Ledger;
use crate::output::text::when;
use crate::settings::{Proxy, Settings};

/// A clock that is off by more is a warning, in seconds.
const CLOCK_OFF_MAX_S: u64 = 60;

/// Gets a token from the gateway itself, which charges nothing and takes no other token from
/// anybody (facts 1).
pub(super) fn examine(context: &mut Context<'_>, report: &mut Report) -> Option<Gateway> {
    let gateway = match context.open_gateway() {
        Ok(gateway) => gateway,
        Err(failure) => {
            report.bad(failure.kind, "gateway", failure.message, failure.hints.into_iter().next());
            unknown(report, "the gateway was not asked");
            return None;
        }
    };
    let begun = Instant::now();
    let asked = {
        let _wait = context.ui.waiting("asking the gateway for a token");
        gateway.client.token(true)
    };
    let took_ms = begun.elapsed().as_millis();
    let settings = context.settings;
    let answered = |report: &mut Report| {
        let proxy =
            through(settings).map_or_else(String::new, |proxy| format!(" through the proxy {}", proxy.shown));
        let sandbox = if settings.sandbox() { "the sandbox" } else { settings.api_url.as_str() };
        report.ok("gateway", format!("{sandbox} answered{proxy} in {took_ms} ms"));
    };
    match asked {
        Ok(token) => {
            answered(report);
            accepted(&token, &gateway.client, report);
            return Some(gateway);
        }
        Err(TokenFailure::KeyRefused { said }) => {
            answered(report);
            report.bad(
                Kind::Config,
                "key",
                format!("the gateway refused the API key: {said}"),
                Some("compare imp_key and the secret with the console's, \"V1 API\"".to_owned()),
            );
            not_known(report, "clock", "the gateway gave no token");
            not_known(report, "look-ups", "the gateway gave no token");
        }
        Err(TokenFailure::NotReached { reason }) => {
            report.bad(Kind::Network, "gateway", reason.to_string(), Some(fix(settings).to_owned()));
            unknown(report, "the gateway was not reached");
        }
        Err(TokenFailure::NoAnswer { reason }) => {
            let fix =
                "run this again in a minute; if it stays, ask the gateway's support, or look at the proxy";
            report.bad(Kind::Network, "gateway", reason.to_string(), Some(fix.to_owned()));
            unknown(report, "the gateway did not answer");
        }
    }
    None
}

/// Says what the gateway is going to charge by itself. Nothing of it is written down here.
pub(super) fn scheduled(
    context: &mut Context<'_>,
    gateway: &Gateway,
    ledger: Option<&Ledger>,
    report: &mut Report,
) {
    let now_s = gateway.client.now_s().unwrap_or_else(|| context.now().as_second());
    let read = {
        let _wait = context.ui.waiting("asking the gateway for scheduled payments");
        gateway.client.schedules(None, now_s, Ahead::Far)
    };
    let ReadAhead { schedules: shown, to_s } = match read {
        Ok(read) => read,
        Err(failure) => return report.ok("schedules", format!("not known: {failure}")),
    };
    let left = match ledger {
        Some(ledger) => schedules::unanswered(ledger, shown.clone()).unwrap_or(shown),
        None => shown,
    };
    match schedules::sentence(context, &left) {
        Some(sentence) => report.warn("schedules", sentence, context.hint("reconcile --since 1d")),
        None => {
            let until =
                Timestamp::from_second(to_s).map(|at| when(at, context.ui.zone())).unwrap_or_default();
            report.ok("schedules", format!("the gateway charges nothing by itself before {until}"));
        }
    }
}

/// An order that nobody has charged: where nothing is paid, a look-up of it says as much.
const NEVER_CHARGED: &str = "billkeydoctor";

/// Asks about one order, as every charge does first: while nothing answers that, nothing is sent.
pub(super) fn look_ups(
    context: &mut Context<'_>,
    gateway: &Gateway,
    ledger: Option<&Ledger>,
    report: &mut Report,
) {
    let paid = ledger.and_then(|ledger| ledger.newest_paid(Some(gateway.client.account())).ok().flatten());
    let uid = match &paid {
        Some(paid) => Ok(paid.terms.merchant_uid.clone()),
        None => MerchantUid::parse(NEVER_CHARGED),
    };
    let Ok(uid) = uid else { return };
    let reply = {
        let _wait = context.ui.waiting("asking the gateway about an order");
        gateway.client.look_up(&uid)
    };
    let shown = match reply {
        LookupReply::NoAnswer { reason, .. } => return down(context, &reason.to_string(), report),
        LookupReply::NotFound { .. } => false,
        LookupReply::Records { records, .. } => {
            paid.as_ref().is_none_or(|paid| records.iter().any(|record| record.imp_uid == paid.imp_uid))
        }
    };
    match paid {
        None => report.ok("look-ups", "the gateway answers them"),
        Some(_) if shown => report.ok("look-ups", format!("the gateway answers them, and shows {uid}")),
        Some(_) => report.warn(
            "look-ups",
            format!("the gateway answers them, and does not show {uid}, which is paid here"),
            command_of(context.settings, "reconcile", uid.as_str()),
        ),
    }
}

fn down(context: &Context<'_>, why: &str, report: &mut Report) {
    let message = format!("look-ups are down ({why}): no charge goes out, because each is asked about first");
    let accept = context.hint("ledger accept --unasked --reason \"...\"");
    let fix = format!(
        "wait and run the same command again. If it lasts, and no other ledger charges these customers, send for a \
         day what was never sent, unasked: {accept}"
    );
    report.bad(Kind::Network, "look-ups", message, Some(fix));
}

/// Says of every check that needs the gateway that it was not asked.
pub(super) fn not_asked(report: &mut Report, why: &str) {
    not_known(report, "gateway", why);
    unknown(report, why);
}

fn unknown(report: &mut Report, why: &str) {
    not_known(report, "key", why);
    not_known(report, "clock", why);
    not_known(report, "look-ups", why);
}

fn not_known(report: &mut Report, name: &'static str, why: &str) {
    report.warn(name, format!("not checked: {why}"), "fix what is bad first, then run this again");
}

/// The proxy in use; one that cannot be was told when the gateway was opened.
fn through(settings: &Settings) -> Option<Proxy> {
    settings.proxy().ok().flatten()
}

/// What helps, by how far a connection gets now.
fn fix(settings: &Settings) -> &'static str {
    let proxy = through(settings);
    let by_proxy = proxy.is_some();
    let address = proxy.map_or_else(|| settings.api_url.clone(), |proxy| proxy.address);
    match (reach(&address, TransportConfig::connect_timeout_for(settings.timeout)), by_proxy) {
        (None | Some(Reach::NoAddress), false) => "look at this machine's name server (DNS)",
        (None | Some(Reach::NoAddress), true) => "look at the proxy's name, and at DNS",
        (Some(Reach::NoConnection), false) => {
            "look at the network and its firewall; a company proxy's address goes into `proxy`"
        }
        (Some(Reach::NoConnection), true) => "look at the proxy: its address does not take connections",
        (Some(Reach::Connected), false) => {
            "a connection is made, and no secure one (TLS): look at ca_file and at this machine's clock"
        }
        (Some(Reach::Connected), true) => {
            "the proxy is there, and does not lead to the gateway: look at its rules and at ca_file"
        }
    }
}

fn accepted(token: &Token, client: &Client, report: &mut Report) {
    let left = format_duration(std::time::Duration::from_secs(token.left.as_secs()));
    report.ok("key", format!("the gateway takes it; the token lives for {left}"));
    let Some(ahead_s) = client.clock_ahead_s() else {
        return not_known(report, "clock", "the gateway did not say what time it is");
    };
    let off_s = ahead_s.unsigned_abs();
    if off_s <= CLOCK_OFF_MAX_S {
        return report.ok("clock", format!("within {CLOCK_OFF_MAX_S} s of the gateway's"));
    }
    let off = format_duration(std::time::Duration::from_secs(off_s));
    let side = if ahead_s > 0 { "behind" } else { "ahead of" };
    report.warn(
        "clock",
        format!("this machine is {off} {side} the gateway: days and times shown here are off by that much"),
        "let the clock be set by the network: timedatectl set-ntp true",
    );
}
