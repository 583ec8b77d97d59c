//! What one mode and currency come to: figures, days, reasons, tries and refunds, each picture with its table.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::domain::declines::Who;
use crate::domain::money::Amount;
use crate::domain::payment::Mode;
use crate::output::page::bits::{back_swatch, net_swatch, parts_bar, share_bar, swatch, text};
use crate::output::page::chart::{Bar, NARROW, WIDE, chart};
use crate::report::{Back, Cohort, DAYS, Reason, Row, Section, Slot, TRIES};
use crate::words::Lang;
use crate::words::money::{count, digits, money, percent, permille, unit};
use crate::words::page as say;

/// So many reasons and causes are told one by one.
const TOLD_MAX: usize = 10;

/// The class of each part of a bar, from the darkest to the lightest, so that grey keeps them apart.
const PARTS: [&str; 6] = ["part-1", "part-2", "part-3", "part-4", "part-5", "part-6"];

pub(super) fn section(lang: Lang, section: &Section<'_>, by_days: bool, index: usize) -> Markup {
    let id = format!("money-{index}");
    html! {
        section.money data-mode=(section.mode.word()) aria-labelledby=(id) {
            h2 #(id) {
                @if section.mode != Mode::Live {
                    span.mode data-mode=(section.mode.word()) { (say::mode(lang, section.mode)) } " "
                }
                (section.currency.code())
            }
            p.soft { (say::money_of(lang, section.mode)) }
            (figures(lang, &section.total))
            (days(lang, section, by_days, &id))
            (reasons(lang, section))
            // Where nothing was declined nothing can have become of it.
            @if section.total.declined > 0 || section.cohort.count > 0 { (tries(lang, section)) }
            (refunds(lang, section))
        }
    }
}

fn figures(lang: Lang, total: &Row) -> Markup {
    let sum = |minor: i64| money(lang, total.amount(minor));
    let rate = total.decline_permille().map_or_else(|| "–".to_owned(), percent);
    let figure = |name: &str, value: String, beside: Option<String>| {
        html! {
            div {
                dt { (name) }
                dd { (value) @if let Some(beside) = beside { small { (beside) } } }
            }
        }
    };
    let declined =
        format!("{} / {}", count(total.declined), count(total.count.saturating_add(total.declined)));
    html! {
        dl.figures {
            (figure(say::paid(lang), count(total.count), None))
            (figure(say::gross(lang), sum(total.gross_minor), None))
            (figure(say::refunded(lang), sum(total.refunded_minor()), None))
            (figure(say::net(lang), sum(total.net_minor()), None))
            (figure(say::decline_rate(lang), rate, Some(declined)))
        }
        p.parts-of-net {
            (say::of_the_net(lang)) ": "
            span { (say::supply(lang)) " " b { (sum(total.supply_minor)) } } ", "
            span { (say::vat(lang)) " " b { (sum(total.vat_minor)) } } ", "
            span { (say::tax_free(lang)) " " b { (sum(total.tax_free_minor)) } }
        }
    }
}

fn days(lang: Lang, section: &Section<'_>, by_days: bool, id: &str) -> Markup {
    let title = if by_days { say::by_day(lang) } else { say::by_month(lang) };
    let total = &section.total;
    let sum = |minor: i64| money(lang, total.amount(minor));
    let told =
        say::chart_told(lang, &sum(total.gross_minor), &sum(total.refunded_minor()), &sum(total.net_minor()));
    let bars: Vec<Bar> = section.slots.iter().map(|slot| bar(lang, section, slot, by_days)).collect();
    let of = (lang, section.currency);
    html! {
        h3 { (title) }
        figure {
            (chart(of, &bars, &WIDE, (id, title, &told)))
            (chart(of, &bars, &NARROW, (id, title, &told)))
            figcaption.legend {
                span { (swatch("gross")) (say::gross(lang)) }
                span { (back_swatch()) (say::refunded(lang)) }
                span { (net_swatch()) (say::net(lang)) }
            }
        }
        // The roles stand there because a narrow screen lays the rows out otherwise.
        table.days role="table" {
            caption { span.hidden { (title) } " " small { (say::in_unit(lang, &unit(lang, &section.currency))) } }
            thead role="rowgroup" {
                tr role="row" {
                    th role="columnheader" scope="col" { (if by_days { say::day(lang) } else { say::month(lang) }) }
                    th.n role="columnheader" scope="col" { (say::count(lang)) }
                    th.n role="columnheader" scope="col" { (say::gross(lang)) }
                    th.n role="columnheader" scope="col" { (say::refunded(lang)) }
                    th.n role="columnheader" scope="col" { (say::net(lang)) }
                    th.n role="columnheader" scope="col" { (say::declined(lang)) }
                }
            }
            tbody role="rowgroup" {
                @for run in runs(&section.slots) {
                    tr role="row" class=[run.row.is_none().then_some("none")] {
                        th role="rowheader" scope="row" {
                            (slot_name(lang, run.first))
                            @if run.first != run.last { " – " (slot_name(lang, run.last)) }
                        }
                        (cells(run.row, section))
                    }
                }
            }
            tfoot role="rowgroup" { tr role="row" { th role="rowheader" scope="row" { (say::total(lang)) } (cells(Some(total), section)) } }
        }
    }
}

/// A line of the days' table: one day, or several in a row of which there is nothing.
struct Run<'s> {
    first: &'s str,
    last: &'s str,
    row: Option<&'s Row>,
}

/// So many days without anything stand in one line.
const RUN_MIN: usize = 3;

/// The days as lines; those that are yet to come are none.
fn runs(slots: &[Slot]) -> Vec<Run<'_>> {
    let come: Vec<&Slot> = slots.iter().filter(|slot| !slot.ahead || slot.row.is_some()).collect();
    let mut lines = Vec::new();
    for alike in come.chunk_by(|a, b| a.row.is_none() && b.row.is_none()) {
        if let ([first, .., last], true) = (alike, alike.len() >= RUN_MIN) {
            lines.push(Run { first: &first.key, last: &last.key, row: None });
        } else {
            lines.extend(alike.iter().map(|slot| {
                let (key, row) = (slot.key.as_str(), slot.row.as_ref());
                Run { first: key, last: key, row }
            }));
        }
    }
    lines
}

/// The numbers of a day; nothing stands for nothing.
fn cells(row: Option<&Row>, section: &Section<'_>) -> Markup {
    let number = |all: u64| if all == 0 { "–".to_owned() } else { count(all) };
    let sum = |minor: i64| {
        if minor == 0 { "–".to_owned() } else { digits(Amount::from_minor(minor, section.currency)) }
    };
    let of = |get: fn(&Row) -> i64| sum(row.map_or(0, get));
    // A day whose money all went back has a net, and that is nothing.
    let moved = row.filter(|row| row.gross_minor != 0 || row.refunded_minor() != 0);
    let net =
        moved.map_or_else(|| sum(0), |row| digits(Amount::from_minor(row.net_minor(), section.currency)));
    html! {
        td.n role="cell" { (number(row.map_or(0, |row| row.count))) }
        td.n role="cell" { (of(|row| row.gross_minor)) }
        td.n role="cell" { (of(|row| row.refunded_minor().saturating_neg())) }
        td.n role="cell" { (net) }
        td.n role="cell" { (number(row.map_or(0, |row| row.declined))) }
    }
}

fn bar(lang: Lang, section: &Section<'_>, slot: &Slot, by_days: bool) -> Bar {
    let row = slot.row.as_ref();
    let of = |get: fn(&Row) -> i64| row.map_or(0, get);
    let (gross, refunded, net) = (of(|row| row.gross_minor), of(Row::refunded_minor), of(Row::net_minor));
    let sum = |minor: i64| money(lang, Amount::from_minor(minor, section.currency));
    let name = slot_name(lang, &slot.key);
    let told = if slot.ahead {
        format!("{name}: {}", say::ahead(lang))
    } else {
        let sums = [gross, refunded, net].map(sum);
        let [gross, refunded, net] = sums.each_ref().map(String::as_str);
        say::bar_told(lang, &name, &count(row.map_or(0, |row| row.count)), (gross, refunded, net))
    };
    let last = slot.key.rsplit('-').next().unwrap_or_default().trim_start_matches('0');
    let label = if by_days { last.to_owned() } else { slot.key.clone() };
    Bar { label, told, gross, refunded, net }
}

/// `11-03 화`, `11-03 Tue`; a month as it is.
fn slot_name(lang: Lang, key: &str) -> String {
    let Ok(date) = key.parse::<Date>() else { return key.to_owned() };
    let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let names = lang
        .of(["월", "화", "수", "목", "금", "토", "일"], ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
    format!("{} {}", date.strftime("%m-%d"), names.get(day).copied().unwrap_or_default())
}

fn reasons(lang: Lang, section: &Section<'_>) -> Markup {
    let (reasons, declined) = (section.reasons, section.total.declined);
    let who = [Some(Who::Customer), Some(Who::Merchant), Some(Who::Pg), Some(Who::Later), None];
    let parts: Vec<(&str, u64)> = PARTS.into_iter().zip(who.map(|who| reasons.of(who))).collect();
    let all = reasons.all();
    let told = all.iter().take(TOLD_MAX);
    let more: u64 = all.iter().skip(TOLD_MAX).map(|reason| reason.count).sum::<u64>() + reasons.others;
    let more_minor =
        all.iter().skip(TOLD_MAX).map(|reason| reason.minor).fold(reasons.others_minor, i64::saturating_add);
    let most = all.first().map_or(0, |reason| reason.count);
    html! {
        h3 { (say::reasons(lang)) }
        @if declined == 0 {
            p { (say::no_declines(lang)) }
        } @else {
            figure {
                (parts_bar(&parts))
                figcaption.legend {
                    @for (who, (class, part)) in who.into_iter().zip(&parts) {
                        @if *part > 0 {
                            span { (swatch(class)) (say::who_acts(lang, who)) " " (count(*part)) " (" (percent(permille(*part, declined))) ")" }
                        }
                    }
                }
            }
            table.reasons {
                caption { span.hidden { (say::reasons(lang)) } " " small { (say::in_unit(lang, &unit(lang, &section.currency))) } }
                thead {
                    tr {
                        th scope="col" { (say::reason(lang)) }
                        th scope="col" { (say::who(lang)) }
                        th.n scope="col" { (say::count(lang)) }
                        th.n scope="col" { (say::share(lang)) }
                        th.n scope="col" { (say::amount(lang)) }
                    }
                }
                tbody {
                    @for reason in told {
                        tr {
                            th scope="row" { (reason_text(lang, reason)) (share_bar(reason.count, most)) }
                            td { (say::who_acts(lang, reason.known.map(|known| known.who))) }
                            td.n { (count(reason.count)) }
                            td.n { (percent(permille(reason.count, declined))) }
                            td.n { (digits(Amount::from_minor(reason.minor, section.currency))) }
                        }
                    }
                    @if more > 0 {
                        tr {
                            th scope="row" { (say::more(lang, &count(more))) }
                            td {}
                            td.n { (count(more)) }
                            td.n { (percent(permille(more, declined))) }
                            td.n { (digits(Amount::from_minor(more_minor, section.currency))) }
                        }
                    }
                }
            }
        }
    }
}

/// What the words mean where that is known; else the words as they came.
fn reason_text(lang: Lang, reason: &Reason) -> Markup {
    match reason.known {
        Some(known) => html! { (lang.of(known.meaning_ko, known.meaning_en)) },
        None if reason.words.is_empty() => html! { (say::no_reason(lang)) },
        None => html! { q { (text(&reason.words)) } },
    }
}

fn tries(lang: Lang, section: &Section<'_>) -> Markup {
    let cohort = section.cohort;
    let sum = |minor: i64| money(lang, Amount::from_minor(minor, section.currency));
    html! {
        h3 { (say::retries(lang)) }
        @if cohort.count == 0 {
            p { (say::no_retries(lang)) }
        } @else {
            p {
                (say::retries_told(
                    lang,
                    (&count(cohort.count), &count(cohort.paid_count())),
                    &percent(permille(cohort.paid_count(), cohort.count)),
                    (&sum(cohort.minor), &sum(cohort.paid_minor)),
                ))
            }
            (tries_bar(lang, cohort))
            (tries_table(lang, cohort))
            p.soft.defined { (say::retries_defined(lang)) }
        }
    }
}

fn try_name(lang: Lang, place: usize) -> String {
    match place {
        0 => say::by_itself(lang).to_owned(),
        _ => say::nth_try(lang, place + 1, place + 1 == TRIES),
    }
}

fn tries_bar(lang: Lang, cohort: &Cohort) -> Markup {
    let mut names: Vec<String> = (0..TRIES).map(|place| try_name(lang, place)).collect();
    names.push(say::not_paid(lang).to_owned());
    let mut counts: Vec<u64> = (0..TRIES).map(|place| cohort.paid_at(place)).collect();
    counts.push(cohort.unpaid_count());
    let parts: Vec<(&str, u64)> = PARTS.into_iter().zip(counts).collect();
    html! {
        figure {
            (parts_bar(&parts))
            figcaption.legend {
                @for (name, (class, part)) in names.iter().zip(&parts) {
                    @if *part > 0 {
                        span { (swatch(class)) (name) " " (count(*part)) " (" (percent(permille(*part, cohort.count))) ")" }
                    }
                }
            }
        }
    }
}

fn tries_table(lang: Lang, cohort: &Cohort) -> Markup {
    let first_days = [0].into_iter().chain(DAYS.into_iter().flatten().map(|last| last + 1));
    let span = |(first, last): (i64, Option<i64>)| {
        if last == Some(0) { say::same_day(lang).to_owned() } else { say::days(lang, first, last) }
    };
    let heads: Vec<String> = first_days.zip(DAYS).map(span).collect();
    let number = |all: u64| if all == 0 { "–".to_owned() } else { count(all) };
    let unpaid = cohort.unpaid.iter().enumerate().filter(|(_, all)| **all > 0);
    let unpaid: Vec<String> = unpaid
        .map(|(place, all)| say::unpaid_after(lang, place + 1, place + 1 == TRIES, &count(*all)))
        .collect();
    html! {
        table.tries {
            caption { span.hidden { (say::retries(lang)) } }
            thead {
                tr {
                    th scope="col" { (say::attempt(lang)) }
                    @for head in &heads { th.n scope="col" { (head) } }
                    th.n scope="col" { (say::total(lang)) }
                    th.n scope="col" { (say::by_another_order(lang)) }
                }
            }
            tbody {
                @for (place, (days, other)) in cohort.paid.iter().zip(cohort.by_another_order).enumerate() {
                    tr {
                        th scope="row" { (try_name(lang, place)) }
                        @for all in days { td.n { (number(*all)) } }
                        td.n { (number(cohort.paid_at(place))) }
                        td.n { (number(other)) }
                    }
                }
                tr {
                    th scope="row" { (say::not_paid(lang)) }
                    td.left colspan=(heads.len()) { (unpaid.join(", ")) }
                    td.n { (number(cohort.unpaid_count())) }
                    td {}
                }
            }
            tfoot {
                tr {
                    th scope="row" { (say::total(lang)) }
                    @for day in 0..heads.len() {
                        td.n { (number(cohort.paid.iter().filter_map(|row| row.get(day)).sum())) }
                    }
                    td.n { (count(cohort.count)) }
                    td.n { (number(cohort.by_another_order.iter().sum())) }
                }
            }
        }
    }
}

fn refunds(lang: Lang, section: &Section<'_>) -> Markup {
    let (backs, total) = (section.backs, &section.total);
    let sum = |minor: i64| money(lang, total.amount(minor));
    let all = backs.all();
    html! {
        h3 { (say::refunds(lang)) }
        @if backs.count() == 0 {
            p { (say::no_refunds(lang)) }
        } @else {
            p {
                (say::refunds_told(
                    lang,
                    &count(backs.count()),
                    &sum(total.refunded_minor()),
                    (&sum(total.refunded_same_minor), &sum(total.refunded_earlier_minor)),
                ))
            }
            table.refunds {
                caption { span.hidden { (say::refunds(lang)) } " " small { (say::in_unit(lang, &unit(lang, &section.currency))) } }
                thead {
                    tr {
                        th scope="col" { (say::cause(lang)) }
                        th scope="col" { (say::where_given(lang)) }
                        th.n scope="col" { (say::count(lang)) }
                        th.n scope="col" { (say::of_this_time(lang)) }
                        th.n scope="col" { (say::of_earlier(lang)) }
                    }
                }
                tbody {
                    @for back in all.iter().take(TOLD_MAX) {
                        (refund_row(&cause(lang, back), say::origin(lang, back.origin), &[back], section))
                    }
                    @let rest: Vec<&Back> = all.iter().skip(TOLD_MAX).copied().chain(&backs.others).collect();
                    @if !rest.is_empty() {
                        (refund_row(&html! { (say::other_causes(lang)) }, "", &rest, section))
                    }
                }
            }
        }
    }
}

fn cause(lang: Lang, back: &Back) -> Markup {
    if back.cause.is_empty() {
        html! { (say::no_cause(lang)) }
    } else {
        text(&back.cause)
    }
}

fn refund_row(cause: &Markup, origin: &str, backs: &[&Back], section: &Section<'_>) -> Markup {
    let sum = |get: fn(&Back) -> i64| {
        let all = backs.iter().map(|back| get(back)).fold(0, i64::saturating_add);
        if all == 0 { "–".to_owned() } else { digits(Amount::from_minor(all, section.currency)) }
    };
    html! {
        tr {
            th scope="row" { (cause) }
            td { (origin) }
            td.n { (count(backs.iter().map(|back| back.count).sum())) }
            td.n { (sum(|back| back.same_minor)) }
            td.n { (sum(|back| back.earlier_minor)) }
        }
    }
}
