//! Small pieces of markup.

use maud::{Markup, html};

use crate::output::text::safe;

/// Text from elsewhere: what could turn the line around or hide in it is spelt out, and its direction is its own.
pub(super) fn text(text: &str) -> Markup {
    html! { bdi { (safe(text)) } }
}

/// A share of a whole, as a bar of parts: each with the class that colours it and how many it has. What it shows stands in
/// words beside it.
pub(super) fn parts_bar(parts: &[(&str, u64)]) -> Markup {
    const WIDTH: u64 = 1_000;
    let whole: u64 = parts.iter().map(|(_, count)| count).sum();
    let end = |sum: u64| sum.saturating_mul(WIDTH).checked_div(whole).unwrap_or(0);
    let (mut sum, mut drawn) = (0_u64, Vec::new());
    for (class, count) in parts.iter().filter(|(_, count)| *count > 0) {
        let from = end(sum);
        sum = sum.saturating_add(*count);
        drawn.push((*class, from, end(sum).saturating_sub(from)));
    }
    html! {
        svg.parts viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (class, from, width) in drawn {
                rect class=(class) x=(from) y="0" width=(width) height="20" {}
            }
        }
    }
}

/// A share in a row of a table.
pub(super) fn share_bar(part: u64, most: u64) -> Markup {
    let width = part.saturating_mul(100).checked_div(most).unwrap_or(0).max(u64::from(part > 0));
    html! {
        svg.share viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.gross x="0" y="0" width=(width) height="8" {}
        }
    }
}

/// The colour of a part, beside its name.
pub(super) fn swatch(class: &str) -> Markup {
    in_swatch(&html! { rect class=(class) x="0" y="0" width="10" height="10" {} })
}

/// The stripes of what went back, beside their name.
pub(super) fn back_swatch() -> Markup {
    in_swatch(&html! {
        rect.back-ground x="0" y="0" width="10" height="10" {}
        line.back x1="0" y1="5" x2="5" y2="0" {}
        line.back x1="0" y1="10" x2="10" y2="0" {}
        line.back x1="5" y1="10" x2="10" y2="5" {}
    })
}

/// The line of the net, beside its name.
pub(super) fn net_swatch() -> Markup {
    in_swatch(&html! { line.net x1="0" y1="5" x2="10" y2="5" {} })
}

fn in_swatch(drawn: &Markup) -> Markup {
    html! { svg.swatch viewBox="0 0 10 10" aria-hidden="true" focusable="false" { (drawn) } }
}
