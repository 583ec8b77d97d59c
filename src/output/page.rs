//! What many payments come to, as one page: it opens from a file, loads nothing from anywhere, runs no script, prints on
//! A4 and reads in the dark. Markup is made by `maud`, which escapes whatever it is given.

mod bits;
mod chart;
mod section;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::domain::payment::Mode;
use crate::output::attention::Item;
use crate::output::page::bits::text;
use crate::output::report::{span, zone_name};
use crate::output::text::when;
use crate::report::{Section, Time};
use crate::words::Lang;
use crate::words::money::{count, money};
use crate::words::page as say;

const STYLE: &str = include_str!("page/style.css");

/// No script, no font, no picture, no form and no address: nothing but the style that stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Everything a page shows.
#[derive(Debug)]
pub struct PageView<'a> {
    pub lang: Lang,
    pub head: &'a PageHead,
    pub sections: &'a [Section<'a>],
    /// Told by days, and not by months.
    pub by_days: bool,
    /// The first of what waits for a person, and how many more there are.
    pub items: &'a [Item],
    pub more_items: u64,
}

/// What a page is of, and what is not known yet.
#[derive(Clone, Debug)]
pub struct PageHead {
    pub time: Time,
    pub made_at: Timestamp,
    pub profile: String,
    pub mode: Mode,
    /// Fingerprints of the account's API keys.
    pub accounts: Vec<String>,
    pub ledger_id: String,
    pub distrusted: bool,
    /// Declines of the time that prove nothing, and refunds asked for in it whose end nobody knows.
    pub doubts: u64,
    pub open_refunds: u64,
    /// Whole commands, on this ledger.
    pub reconcile: String,
    pub doubles: String,
    pub attention: String,
}

/// The page as text.
#[must_use]
pub fn page(view: &PageView<'_>) -> String {
    let (lang, head) = (view.lang, view.head);
    let title = format!("{} {}", say::title(lang), span_of(head));
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.word()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (banner(view))
                main {
                    @if view.sections.is_empty() {
                        p.nothing { (say::nothing(lang)) }
                    }
                    @for (index, one) in view.sections.iter().enumerate() {
                        (section::section(lang, one, view.by_days, index))
                    }
                    (people(view))
                }
                footer {
                    h2 { (say::how_counted(lang)) }
                    p { (if head.time.by_request { say::counted_by_request(lang) } else { say::counted(lang) }) }
                    p { "billkey " (env!("CARGO_PKG_VERSION")) }
                }
            }
        }
    };
    let mut page = markup.into_string();
    page.push('\n');
    page
}

/// `2026-11-01 – 2026-11-30`; without a beginning the end alone.
fn span_of(head: &PageHead) -> String {
    let Time { since, until, zone, .. } = &head.time;
    if *since == Timestamp::MIN {
        let day_before = until.checked_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(*until);
        return format!("– {}", span(day_before, *until, zone));
    }
    span(*since, *until, zone).replace(" to ", " – ")
}

fn banner(view: &PageView<'_>) -> Markup {
    let (lang, head) = (view.lang, view.head);
    let zone = &head.time.zone;
    let basis = if head.time.by_request { say::basis_request(lang) } else { say::basis_approval(lang) };
    let fact = |name: &str, value: Markup| html! { div { dt { (name) } dd { (value) } } };
    html! {
        header {
            div.top {
                div {
                    p.mark { "billkey" }
                    h1 { (say::title(lang)) " " span.span { (span_of(head)) } }
                }
                p.mode data-mode=(head.mode.word()) { (say::mode(lang, head.mode)) }
            }
            dl.facts {
                (fact(say::profile(lang), text(&head.profile)))
                @if !head.accounts.is_empty() {
                    (fact(say::account(lang), html! { span.code { (head.accounts.join(", ")) } }))
                }
                (fact(say::ledger(lang), html! { span.code { (head.ledger_id) } }))
                (fact(say::basis(lang), html! { (basis) }))
                (fact(say::zone(lang), html! { (zone_name(zone)) }))
                (fact(say::made(lang), html! { (when(head.made_at, zone)) }))
            }
            @if head.time.until > head.made_at { p.soft { (say::not_over(lang)) } }
            (not_known(view))
        }
    }
}

/// What keeps the sums from being the last word.
fn not_known(view: &PageView<'_>) -> Markup {
    let (lang, head) = (view.lang, view.head);
    let unknown: u64 = view.sections.iter().map(|section| section.total.unknown).sum();
    let further: Vec<&Section<'_>> =
        view.sections.iter().filter(|section| section.total.further > 0).collect();
    let mut lines: Vec<(String, &str)> = Vec::new();
    if head.distrusted {
        lines.push((say::distrusted(lang).to_owned(), &head.attention));
    }
    if unknown > 0 {
        lines.push((say::unknown_told(lang, &count(unknown)), &head.reconcile));
    }
    if head.doubts > 0 {
        lines.push((say::doubts_told(lang, &count(head.doubts)), &head.reconcile));
    }
    if head.open_refunds > 0 {
        lines.push((say::open_refunds_told(lang, &count(head.open_refunds)), &head.reconcile));
    }
    lines.extend(further.iter().map(|section| {
        let amount = money(lang, section.total.amount(section.total.further_minor));
        (say::further_told(lang, &count(section.total.further), &amount), head.doubles.as_str())
    }));
    html! {
        @if !lines.is_empty() {
            section.box.warn aria-labelledby="not-known" {
                h2 #not-known { (say::not_known(lang)) }
                ul {
                    @for (line, command) in &lines {
                        li { (line) " " code.command { (text(command)) } }
                    }
                }
            }
        }
    }
}

/// What waits for a person, each with its command.
fn people(view: &PageView<'_>) -> Markup {
    let (lang, zone) = (view.lang, &view.head.time.zone);
    html! {
        section.people aria-labelledby="people" {
            h2 #people { (say::people(lang)) }
            @if view.items.is_empty() {
                p { (say::people_none(lang)) }
            } @else {
                p.soft { (say::people_now(lang)) }
                ol { @for item in view.items { li { (person(lang, item, &when(item.since, zone))) } } }
            }
            @if view.more_items > 0 {
                p { (say::more(lang, &count(view.more_items))) ": " code.command { (text(&view.head.attention)) } }
            }
        }
    }
}

fn person(lang: Lang, item: &Item, since: &str) -> Markup {
    let ids = [
        (say::order(lang), &item.merchant_uid),
        (say::payment(lang), &item.imp_uid),
        (say::customer(lang), &item.customer_uid),
    ];
    html! {
        p.what {
            strong { (say::item(lang, item.kind)) }
            @if let Some(amount) = item.amount { " " span.amount { (money(lang, amount)) } }
        }
        p.which {
            @for (name, id) in ids {
                @if let Some(id) = id { span { (name) " " span.code { (text(id)) } } " " }
            }
            span.when { @if lang == Lang::Ko { (since) (say::since(lang)) } @else { (say::since(lang)) " " (since) } }
        }
        // The program's own sentences are English in every language until it speaks both.
        p.why lang="en" { (text(&item.why)) }
        p { code.command { (text(&item.command)) } }
        @if let Some(otherwise) = &item.otherwise {
            p { (say::or(lang)) " " code.command { (text(otherwise)) } }
        }
    }
}

#[cfg(test)]
mod tests;
