//! The days of a time as bars: what was paid above the line, what went back below it, and the net across them.

use maud::{Markup, html};

use crate::domain::money::{Amount, Currency};
use crate::words::Lang;
use crate::words::money::short;

/// One day or month.
#[derive(Debug)]
pub(super) struct Bar {
    /// Beside the axis.
    pub label: String,
    /// To who points at it.
    pub told: String,
    pub gross: i64,
    pub refunded: i64,
    pub net: i64,
}

/// What a chart is drawn with: two are in a page, for wide and for narrow screens, and one of them shows.
#[derive(Debug)]
pub(super) struct Size {
    pub class: &'static str,
    pub width: i64,
    pub height: i64,
    /// At most so many names beside the axis.
    pub labels: usize,
}

pub(super) const WIDE: Size = Size { class: "wide", width: 720, height: 250, labels: 31 };
pub(super) const NARROW: Size = Size { class: "narrow", width: 345, height: 230, labels: 7 };

const LEFT: i64 = 54;
const RIGHT: i64 = 4;
const TOP: i64 = 10;
const BOTTOM: i64 = 24;
/// A bar is never wider, however few there are.
const WIDEST: i64 = 60;
/// Lines across the chart, at most so many above the base.
const LINES: i64 = 4;

/// Where amounts are in the chart.
struct Scale {
    step: i64,
    /// Whole steps.
    top: i64,
    bottom: i64,
    height: i64,
}

impl Scale {
    fn of(bars: &[Bar], size: &Size) -> Scale {
        let most = bars.iter().map(|bar| bar.gross.max(bar.net)).max().unwrap_or(0).max(0);
        let least = bars.iter().map(|bar| (-bar.refunded).min(bar.net)).min().unwrap_or(0).min(0);
        let step = round_step((most.max(-least).saturating_add(LINES - 1) / LINES).max(1));
        let steps = |minor: i64| minor.saturating_add(step - 1) / step;
        Scale { step, top: steps(most).max(1), bottom: -steps(-least), height: size.height - TOP - BOTTOM }
    }

    /// The place of an amount, from the top of the picture.
    fn y(&self, minor: i64) -> i64 {
        let (top, bottom) = (i128::from(self.top * self.step), i128::from(self.bottom * self.step));
        let down = (top - i128::from(minor)) * i128::from(self.height) / (top - bottom).max(1);
        TOP + i64::try_from(down).unwrap_or(0)
    }
}

/// 1, 2 or 5 and zeros: the least of them that is no less.
fn round_step(least: i64) -> i64 {
    let mut ten: i64 = 1;
    loop {
        for times in [1, 2, 5] {
            let step = ten.saturating_mul(times);
            if step >= least {
                return step;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

/// The chart. `name` and `told` are for who cannot see it; `id` makes the page's names for it its own.
pub(super) fn chart(
    (lang, currency): (Lang, Currency),
    bars: &[Bar],
    size: &Size,
    (id, name, told): (&str, &str, &str),
) -> Markup {
    let scale = Scale::of(bars, size);
    let id = format!("{id}-{}", size.class);
    let count = i64::try_from(bars.len()).unwrap_or(1).max(1);
    let room = size.width - LEFT - RIGHT;
    let x = |index: usize| LEFT + room * i64::try_from(index).unwrap_or(0) / count;
    let every = bars.len().div_ceil(size.labels).max(1);
    html! {
        svg.chart.(size.class) viewBox=(format!("0 0 {} {}", size.width, size.height)) role="img"
            aria-labelledby=(format!("{id}-name {id}-told")) {
            title id=(format!("{id}-name")) { (name) }
            desc id=(format!("{id}-told")) { (told) }
            pattern id=(format!("{id}-back")) width="5" height="5" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)" {
                rect.back-ground width="5" height="5" {}
                rect.back-line width="2" height="5" {}
            }
            (lines((lang, currency), &scale, size))
            @for (index, bar) in bars.iter().enumerate() {
                (one(bar, (x(index), x(index + 1)), &scale, &id))
                @if index % every == 0 {
                    text.axis x=((x(index) + x(index + 1)) / 2) y=(size.height - 7) text-anchor="middle" {
                        (bar.label)
                    }
                }
            }
            line.base x1=(LEFT) x2=(size.width - RIGHT) y1=(scale.y(0)) y2=(scale.y(0)) {}
        }
    }
}

fn lines((lang, currency): (Lang, Currency), scale: &Scale, size: &Size) -> Markup {
    html! {
        @for step in scale.bottom..=scale.top {
            @let y = scale.y(step * scale.step);
            line.grid x1=(LEFT) x2=(size.width - RIGHT) y1=(y) y2=(y) {}
            text.axis x=(LEFT - 6) y=(y + 4) text-anchor="end" {
                (short(lang, Amount::from_minor(step * scale.step, currency)))
            }
        }
    }
}

/// Whatever is more than nothing shows.
fn one(bar: &Bar, (from, to): (i64, i64), scale: &Scale, id: &str) -> Markup {
    let gap = ((to - from) / 5).max(1);
    let wide = (to - from - gap).clamp(1, WIDEST);
    let left = from + (to - from - wide) / 2;
    let base = scale.y(0);
    let (up, down) = (base - scale.y(bar.gross), scale.y(-bar.refunded) - base);
    let (up, down) = (up.max(i64::from(bar.gross > 0)), down.max(i64::from(bar.refunded > 0)));
    let net = scale.y(bar.net);
    let has_any = bar.gross != 0 || bar.refunded != 0;
    html! {
        g {
            title { (bar.told) }
            // Wide enough to be pointed at, also where there is nothing.
            rect.hit x=(from) y=(TOP) width=((to - from).max(1)) height=(scale.height) {}
            @if up > 0 { rect.gross x=(left) y=(base - up) width=(wide) height=(up) {} }
            @if down > 0 {
                rect.back x=(left) y=(base) width=(wide) height=(down) fill=(format!("url(#{id}-back)")) {}
            }
            @if has_any { line.net x1=(left - 1) x2=(left + wide + 1) y1=(net) y2=(net) {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::output::page::chart::{Bar, Scale, WIDE, round_step};

    fn bar(gross: i64, refunded: i64) -> Bar {
        Bar { label: String::new(), told: String::new(), gross, refunded, net: gross - refunded }
    }

    #[test]
    fn lines_lie_at_round_amounts_and_all_bars_lie_between_them() {
        for (least, step) in
            [(1, 1), (3, 5), (11, 20), (2_225, 5_000), (100_000, 100_000), (100_001, 200_000)]
        {
            assert_eq!(round_step(least), step);
        }
        for bars in [
            vec![],
            vec![bar(0, 0)],
            vec![bar(8_900, 0)],
            vec![bar(8_900, 3_000), bar(0, 20_000)],
            vec![bar(i64::MAX / 4, 0), bar(1, 0)],
        ] {
            let scale = Scale::of(&bars, &WIDE);
            assert!((1..=6).contains(&(scale.top - scale.bottom)), "{bars:?}");
            for bar in &bars {
                let places = [bar.gross, bar.net, -bar.refunded].map(|minor| scale.y(minor));
                assert!(places.iter().all(|y| (10..=226).contains(y)), "{bars:?} {places:?}");
            }
        }
    }
}
