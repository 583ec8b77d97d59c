//! The words of the page about a time (`report --html`).

use crate::domain::declines::Who;
use crate::domain::payment::Mode;
use crate::report::Origin;
use crate::words::Lang;

/// Texts without anything in them: a function for each, and all of them for the test.
macro_rules! texts {
    ($($name:ident: $ko:literal, $en:literal;)*) => {
        $(
            #[doc = $en]
            #[must_use]
            pub fn $name(lang: Lang) -> &'static str {
                lang.of($ko, $en)
            }
        )*

        #[cfg(test)]
        const TEXTS: &[(&str, &str, &str)] = &[$((stringify!($name), $ko, $en)),*];
    };
}

texts! {
    title: "결제 보고서", "Payment report";
    profile: "프로필", "Profile";
    account: "계정", "Account";
    ledger: "장부", "Ledger";
    basis: "기준", "Counted by";
    basis_approval: "승인 시각", "time of approval";
    basis_request: "결제 요청 시각", "time of the request";
    zone: "시간대", "Time zone";
    made: "작성", "Made";
    not_over: "기간이 아직 끝나지 않았습니다. 작성 시각까지의 결제만 들어 있습니다.",
        "This time is not over. It holds what was known when the page was made.";
    not_known: "아직 확정되지 않은 것", "What is not known yet";
    distrusted: "이 장부는 예전 사본일 수 있습니다. 빠진 결제가 있을 수 있습니다.",
        "This ledger may be an older copy of itself: payments may be missing.";
    nothing: "이 기간에는 결제도 환불도 없습니다.", "Nothing was charged in this time, and nothing refunded.";
    live: "실거래", "LIVE";
    test: "시험", "TEST";
    sandbox: "샌드박스", "SANDBOX";
    live_money: "실거래 결제", "Live payments";
    test_money: "시험 채널의 결제입니다. 매출이 아닙니다.", "Payments of a test channel: no sales.";
    sandbox_money: "샌드박스의 연습 결제입니다. 실제 돈이 아닙니다.",
        "Payments of the sandbox, for practice: no real money.";
    paid: "결제 건수", "Payments";
    gross: "결제 금액", "Gross";
    refunded: "환불", "Refunded";
    net: "순 결제액", "Net";
    decline_rate: "거절률", "Declined";
    supply: "공급가액", "Supply";
    vat: "부가세", "VAT";
    tax_free: "면세", "Tax-free";
    of_the_net: "순 결제액의 내역", "Of the net";
    by_day: "일별 결제", "Day by day";
    by_month: "월별 결제", "Month by month";
    day: "일자", "Day";
    month: "월", "Month";
    count: "건수", "Count";
    declined: "거절", "Declined";
    total: "합계", "Total";
    ahead: "아직 오지 않은 날", "still ahead";
    reasons: "거절 사유", "Why payments were declined";
    reason: "사유", "Reason";
    who: "조치할 사람", "Who acts";
    share: "비율", "Share";
    amount: "금액", "Amount";
    no_reason: "사유 없음", "No reason was given";
    no_declines: "거절된 결제가 없습니다.", "No payment was declined.";
    retries: "거절 후 재시도", "What became of declined payments";
    no_retries: "이 기간에 처음으로 거절된 주문이 없습니다. 앞선 주문의 재시도는 그 주문과 함께 셉니다.",
        "No order was declined for the first time here: what goes on from an earlier order is counted with that one.";
    attempt: "결제된 시도", "Paid at";
    by_another_order: "다른 주문으로", "By another order";
    same_day: "당일", "Same day";
    by_itself: "재시도 없이 승인으로 확인", "No retry: it turned out paid";
    not_paid: "아직 결제되지 않음", "Not paid until now";
    retries_defined: "이 기간에 처음 요청되고 한 번이라도 거절된 주문을 지금까지 따라간 결과입니다. 시도는 그 주문의 응답받은 \
                      요청, 그리고 마지막 거절 후 14일 안에 요청된 같은 고객·같은 금액의 다른 주문을 시간순으로 센 것입니다. \
                      --once-per 주문끼리는 서로 다른 기간이므로 재시도로 보지 않습니다. 앞선 주문의 재시도인 주문은 그 주문과 \
                      함께 셉니다. 일수는 첫 거절일부터의 달력 날짜입니다.",
        "Orders that were first asked for in this time and were ever declined, followed until now. Tries are the answered \
         requests of the order, and those of other orders of the same customer and amount that were asked for within 14 \
         days after the last decline, counted in their order. Two --once-per orders are two periods, and never tries of one. \
         An order that goes on from an earlier one is counted with it. Days are calendar days since the first decline.";
    refunds: "환불 내역", "Refunds";
    no_refunds: "이 기간에 환불이 없습니다.", "Nothing was refunded in this time.";
    cause: "환불 사유", "Cause";
    where_given: "환불한 곳", "Given back";
    of_this_time: "이 기간의 결제", "Of this time";
    of_earlier: "이전 결제", "Of earlier payments";
    no_cause: "사유 없음", "No cause was given";
    other_causes: "그 밖의 사유", "Other causes";
    people: "사람이 확인할 것", "What needs a person";
    people_none: "지금 사람이 확인할 것이 없습니다.", "Nothing waits for a person now.";
    people_now: "기간과 관계없이 작성 시각에 남아 있는 것을 오래된 순으로 보여 줍니다. 명령은 한 번 누르면 모두 선택됩니다.",
        "Whatever its time, as it stood when the page was made, oldest first. One click on a command selects it whole.";
    command: "명령", "Command";
    or: "또는", "or";
    order: "주문", "order";
    payment: "결제", "payment";
    customer: "고객", "customer";
    since: "부터", "since";
    how_counted: "세는 방법", "How this is counted";
    counted: "결제는 승인된 날, 환불은 어느 날의 결제이든 환불된 날에 셉니다. 결제되지 않은 것은 요청된 날에 셉니다. 부가세는 \
              결제·환불 때 보낸 값이고, 보내지 않았으면 면세가 아닌 금액의 11분의 1입니다. 거절률은 승인이나 거절로 답을 받은 \
              결제 가운데 거절의 비율입니다. 거절 사유는 지금도 거절된 주문의 마지막 답입니다.",
        "A payment counts where it was approved, a refund on its own day, whatever the day of its payment. What was not paid \
         counts where it was asked for. VAT is what was sent with a payment or refund, and else an eleventh of what is not \
         free of tax. The decline rate is of the payments that were answered with a yes or a no. Reasons are the last answers \
         of orders that are declined to this day.";
    counted_by_request: "결제는 요청된 날, 환불은 어느 날의 결제이든 환불된 날에 셉니다. 부가세는 결제·환불 때 보낸 값이고, \
                         보내지 않았으면 면세가 아닌 금액의 11분의 1입니다. 거절률은 승인이나 거절로 답을 받은 결제 가운데 \
                         거절의 비율입니다. 거절 사유는 지금도 거절된 주문의 마지막 답입니다.",
        "A payment counts where it was asked for, a refund on its own day, whatever the day of its payment. VAT is what was \
         sent with a payment or refund, and else an eleventh of what is not free of tax. The decline rate is of the payments \
         that were answered with a yes or a no. Reasons are the last answers of orders that are declined to this day.";
}

/// Names a mode beside money.
#[must_use]
pub fn mode(lang: Lang, mode: Mode) -> &'static str {
    match mode {
        Mode::Live => live(lang),
        Mode::Test => test(lang),
        Mode::Sandbox => sandbox(lang),
    }
}

/// What the payments of a mode are.
#[must_use]
pub fn money_of(lang: Lang, mode: Mode) -> &'static str {
    match mode {
        Mode::Live => live_money(lang),
        Mode::Test => test_money(lang),
        Mode::Sandbox => sandbox_money(lang),
    }
}

/// Who has to act; `None`: nobody knows.
#[must_use]
pub fn who_acts(lang: Lang, who: Option<Who>) -> &'static str {
    match who {
        Some(Who::Customer) => lang.of("고객", "customer"),
        Some(Who::Merchant) => lang.of("가맹점", "merchant"),
        Some(Who::Pg) => lang.of("PG사", "PG"),
        Some(Who::Later) => lang.of("시간이 지나면 해결", "nobody: it passes"),
        None => lang.of("알 수 없음", "not known"),
    }
}

/// Where a refund was given.
#[must_use]
pub fn origin(lang: Lang, origin: Origin) -> &'static str {
    match origin {
        Origin::Here => lang.of("billkey", "by billkey"),
        Origin::Elsewhere => lang.of("콘솔 등", "elsewhere"),
        Origin::Outside => lang.of("PG사가 직접", "by the PG itself"),
    }
}

/// `2번째 시도`, `2nd try`; of the last one `5번째 이후`.
#[must_use]
pub fn nth_try(lang: Lang, nth: usize, and_later: bool) -> String {
    let ordinal = match nth {
        2 => "2nd",
        3 => "3rd",
        _ => "th",
    };
    let english = if ordinal == "th" { format!("{nth}th") } else { ordinal.to_owned() };
    let more = if and_later { lang.of(" 이후", " or later") } else { "" };
    lang.of(format!("{nth}번째 시도{more}"), format!("{english} try{more}"))
}

/// `1~3일`, `1–3 days`; without an end `15일 이상`.
#[must_use]
pub fn days(lang: Lang, first: i64, last: Option<i64>) -> String {
    match last {
        Some(last) => lang.of(format!("{first}~{last}일"), format!("{first}–{last} days")),
        None => lang.of(format!("{first}일 이상"), format!("{first} days or more")),
    }
}

/// How many of the declined orders were paid since.
#[must_use]
pub fn retries_told(
    lang: Lang,
    (count, paid): (&str, &str),
    percent: &str,
    (all, back): (&str, &str),
) -> String {
    lang.of(
        format!("거절된 주문 {count}건({all}) 가운데 {paid}건({back}), {percent}가 그 뒤 결제되었습니다."),
        format!("Declined orders: {count} ({all}). Paid since: {paid} ({back}), {percent}."),
    )
}

/// Not paid, after so many tries.
#[must_use]
pub fn unpaid_after(lang: Lang, tries: usize, and_more: bool, count: &str) -> String {
    let more = if and_more { lang.of("회 이상", " or more") } else { lang.of("회", "") };
    let tries_word = if tries == 1 && !and_more { "try" } else { "tries" };
    lang.of(format!("시도 {tries}{more}: {count}건"), format!("after {tries}{more} {tries_word}: {count}"))
}

/// How much went back.
#[must_use]
pub fn refunds_told(lang: Lang, count: &str, all: &str, (same, earlier): (&str, &str)) -> String {
    lang.of(
        format!("환불 {count}건, {all}: 이 기간의 결제 {same}, 이전 결제 {earlier}."),
        format!("Refunds: {count}, {all}. Of payments of this time {same}, of earlier ones {earlier}."),
    )
}

/// Orders of which it is not known whether they were charged.
#[must_use]
pub fn unknown_told(lang: Lang, count: &str) -> String {
    lang.of(
        format!("미확인 결제 {count}건: 결제되었는지 아직 알 수 없으며 어느 합계에도 들어 있지 않습니다."),
        format!("Payments of which it is not known whether they were charged: {count}. They are in no sum."),
    )
}

/// A no that proves nothing.
#[must_use]
pub fn doubts_told(lang: Lang, count: &str) -> String {
    lang.of(
        format!("거절로 답을 받았으나 결제되지 않았다고 확신할 수 없는 주문 {count}건."),
        format!("Orders that were declined in words that prove nothing, or stand beside an unanswered request: {count}."),
    )
}

/// Refunds without an end.
#[must_use]
pub fn open_refunds_told(lang: Lang, count: &str) -> String {
    lang.of(
        format!("미확인 환불 {count}건: 환불되었는지 아직 알 수 없습니다."),
        format!("Refunds of which it is not known whether the money went back: {count}."),
    )
}

/// Further payments under the orders.
#[must_use]
pub fn further_told(lang: Lang, count: &str, amount: &str) -> String {
    lang.of(
        format!("한 주문에 더 결제된 {count}건({amount}): 어느 합계에도 들어 있지 않습니다."),
        format!("Further payments under the same orders: {count} ({amount}). They are in no sum."),
    )
}

/// More reasons, causes or items than are shown.
#[must_use]
pub fn more(lang: Lang, count: &str) -> String {
    lang.of(format!("그 밖에 {count}건"), format!("{count} more"))
}

/// What the amounts of a table are in.
#[must_use]
pub fn in_unit(lang: Lang, unit: &str) -> String {
    lang.of(format!("단위: {unit}"), format!("amounts in {unit}"))
}

/// What a bar of the chart says to who points at it.
#[must_use]
pub fn bar_told(lang: Lang, slot: &str, count: &str, (gross, refunded, net): (&str, &str, &str)) -> String {
    lang.of(
        format!("{slot}: 결제 {count}건 {gross}, 환불 {refunded}, 순 결제액 {net}"),
        format!("{slot}: {count} paid, gross {gross}, refunded {refunded}, net {net}"),
    )
}

/// What the chart shows, for who cannot see it.
#[must_use]
pub fn chart_told(lang: Lang, gross: &str, refunded: &str, net: &str) -> String {
    lang.of(
        format!("막대는 결제 금액과 환불, 가로선은 순 결제액입니다. 합계 {gross}, 환불 {refunded}, 순 결제액 {net}. 같은 수가 아래 표에 있습니다."),
        format!(
            "Bars are gross and refunds, the lines across them are the net. In all {gross}, refunded {refunded}, net {net}. \
             The table below has the same numbers."
        ),
    )
}

/// What an item of `attention` is, by its word. A word that is not known is shown as it is.
#[must_use]
pub fn item(lang: Lang, kind: &str) -> &str {
    let both = ITEMS.iter().find(|(word, ..)| *word == kind);
    both.map_or(kind, |(_, ko, en)| lang.of(*ko, *en))
}

const ITEMS: [(&str, &str, &str); 21] = [
    ("unknown", "미확인: 결제되었을 수 있음", "Unknown: the card may have been charged"),
    ("doubt", "거절되었으나 확실하지 않음", "A no that proves nothing"),
    ("two_payments", "한 주문에 결제가 둘", "Two payments under one order"),
    ("refund_unknown", "환불 결과 미확인", "A refund without an answer"),
    ("refund_refused", "환불이 거절됨", "A refund that was refused"),
    ("refund_undone", "환불되었다가 되돌려짐", "A refund that the gateway does not show any more"),
    ("distrusted", "장부가 예전 사본일 수 있음", "The ledger may be an older copy"),
    ("lost", "장부가 없어짐", "The ledger is gone"),
    ("no_ledger", "장부 없음", "No ledger"),
    ("schedule", "게이트웨이에 예약된 결제", "The gateway is going to charge by itself"),
    ("amount_differs", "금액이 다름", "Another amount at the gateway"),
    ("customer_differs", "고객이 다름", "Another customer at the gateway"),
    ("status_differs", "결제 상태가 다름", "Another status at the gateway"),
    ("refund_differs", "환불 금액이 다름", "Another sum was refunded at the gateway"),
    ("settled_outside", "게이트웨이 밖에서 환불됨", "Paid back outside of the gateway"),
    ("only_at_gateway", "게이트웨이에만 있는 결제", "A payment that only the gateway has"),
    ("charged_by_schedule", "예약으로 결제됨", "Charged by a schedule"),
    ("key_issue", "카드 등록 때 결제됨", "Charged when a card was registered"),
    ("test_in_live", "실거래 계정의 시험 결제", "A test payment in a live account"),
    ("unconfirmed", "게이트웨이 목록을 확인하지 못함", "A list of the gateway's that could not be confirmed"),
    ("only_here", "장부에만 있는 결제", "A payment that only the ledger has"),
];

#[cfg(test)]
mod tests;
