//! A paragraph about one payment, to be pasted into a reply to the customer: Korean and English in one place.
//!
//! It says what the customer may know: no doubt of ours as certainty, no fault of the merchant's or the PG's as one
//! of theirs, and nobody's name but theirs.

use jiff::tz::TimeZone;

use crate::domain::declines::{Certainty, Standing, Who};
use crate::domain::money::Amount;
use crate::domain::payment::{Back, Mode, Outcome, Payment};
use crate::domain::record::Record;
use crate::output::text::safe;
use crate::words::Lang;

/// One paragraph, in one line, safe for a terminal.
#[must_use]
pub fn copy_text(payment: &Payment, person: Option<&str>, lang: Lang, zone: &TimeZone) -> String {
    let mut sentences = Vec::new();
    sentences.extend(
        person.map(|name| lang.of(format!("{} 고객님,", safe(name)), format!("Dear {},", safe(name)))),
    );
    sentences.push(told(payment, lang, zone));
    sentences.extend(test(payment, lang));
    if payment.outcome == Outcome::Paid {
        let approval = payment.apply_num.as_deref().map(safe);
        sentences.extend(approval.map(|number| {
            lang.of(format!("승인번호는 {number}입니다."), format!("The approval number is {number}."))
        }));
        sentences.extend(back(payment, lang, zone));
        sentences.extend(payment.others().map(|record| another(record, lang, zone)));
        let receipt = payment.receipt_url.as_deref().map(safe);
        sentences.extend(receipt.map(|url| lang.of(format!("영수증: {url}"), format!("Receipt: {url}"))));
    }
    sentences.join(" ")
}

/// What became of it.
fn told(payment: &Payment, lang: Lang, zone: &TimeZone) -> String {
    let at = time(payment.paid_at.unwrap_or(payment.requested_at), lang, zone);
    let (amount, product) = (money(payment.terms.amount, lang), safe(&payment.name));
    let card = card(payment, lang);
    let reason = payment.message.as_deref().map(|words| safe(words.trim()));
    let reason = reason.map(|words| {
        lang.of(
            format!(" 카드사 안내는 \"{words}\" 입니다."),
            format!(" The card company says: \"{words}\"."),
        )
    });
    let standing = Standing::of(payment);
    let known = standing.and_then(|standing| standing.known).filter(|known| known.who == Who::Customer);
    let meaning = known.map(|known| format!(" {}", lang.of(known.meaning_ko, known.meaning_en)));
    let why = format!("{}{}", reason.unwrap_or_default(), meaning.unwrap_or_default());
    match (payment.outcome, standing.map(|standing| standing.certainty)) {
        (Outcome::Paid, _) => lang.of(
            format!("{at}에 {card}\"{product}\" {amount}이 결제되었습니다."),
            format!("{amount} for \"{product}\" was charged{card} on {at}."),
        ),
        (Outcome::Declined | Outcome::Rejected, Some(Certainty::NothingCharged | Certainty::HeldAsFailed)) => {
            lang.of(
                format!("{at}에 요청한 \"{product}\" {amount}의 결제가 승인되지 않았습니다.{why}"),
                format!("The payment of {amount} for \"{product}\" on {at} was not approved.{why}"),
            ) + &nothing_charged(standing, lang)
        }
        (Outcome::NotSent, _) if payment.was_never_sent() => lang.of(
            format!("\"{product}\" {amount}의 결제는 요청되지 않았습니다."),
            format!("The payment of {amount} for \"{product}\" was not asked for."),
        ),
        (
            Outcome::Declined | Outcome::Rejected | Outcome::Unknown | Outcome::Pending | Outcome::NotSent,
            _,
        ) => lang.of(
            format!("{at}에 요청한 \"{product}\" {amount}의 결제 결과를 확인하고 있습니다. 확인되는 대로 알려 드리겠습니다."),
            format!(
                "We are finding out what became of the payment of {amount} for \"{product}\" on {at}, and will tell \
                 you as soon as we know."
            ),
        ),
    }
}

/// Only where it is proved (contract, rule 10).
fn nothing_charged(standing: Option<Standing>, lang: Lang) -> String {
    let proved = standing.is_some_and(|standing| standing.certainty == Certainty::NothingCharged);
    if proved {
        lang.of(" 결제된 금액은 없습니다.", " Nothing was charged.").to_owned()
    } else {
        String::new()
    }
}

/// No money of theirs moved, where that is so.
fn test(payment: &Payment, lang: Lang) -> Option<String> {
    match payment.mode_shown() {
        Mode::Live => None,
        Mode::Test | Mode::Sandbox => Some(lang.of("(시험 결제)", "(This is a test payment.)").to_owned()),
    }
}

/// What of it went back.
fn back(payment: &Payment, lang: Lang, zone: &TimeZone) -> Option<String> {
    let (amount, left) = (payment.terms.amount, payment.left());
    let gone = Amount::from_minor(amount.minor().saturating_sub(left.minor()), amount.currency());
    let (gone, left) = (money(gone, lang), money(left, lang));
    let at = payment.cancelled_at.map(|at| time(at, lang, zone));
    let at = at.map_or_else(String::new, |at| lang.of(format!(" {at}에"), format!(" on {at}")));
    Some(match payment.back()? {
        Back::Whole => {
            lang.of(format!("이 결제는{at} 전액 환불되었습니다."), format!("All of it was refunded{at}."))
        }
        Back::Part => lang.of(
            format!("이 가운데 {gone}이{at} 환불되어 {left}이 남았습니다."),
            format!("{gone} of it was refunded{at}, and {left} is left."),
        ),
    })
}

/// Another payment that took money under the same order.
fn another(record: &Record, lang: Lang, zone: &TimeZone) -> String {
    let at = time(record.paid_at.unwrap_or(record.first_seen), lang, zone);
    let amount =
        record.amount.map_or_else(|| lang.of("금액", "an amount").to_owned(), |amount| money(amount, lang));
    let approval = record.apply_num.as_deref().map(safe);
    let approval = approval.map_or_else(String::new, |number| {
        lang.of(format!(" (승인번호 {number})"), format!(", approval number {number}"))
    });
    let back = record.cancelled.filter(|back| back.minor() > 0).map(|back| money(back, lang));
    let back = back.map_or_else(String::new, |back| {
        lang.of(format!(" 그 가운데 {back}이 환불되었습니다."), format!(" {back} of that was refunded."))
    });
    lang.of(
        format!("같은 주문으로 {at}에 {amount}이 한 번 더 결제되었습니다{approval}.{back}"),
        format!("For the same order {amount} was charged once more on {at}{approval}.{back}"),
    )
}

/// `신한카드(끝자리 1234)로 `, ` to 신한카드 ending in 1234`; nothing where no card is known.
fn card(payment: &Payment, lang: Lang) -> String {
    let places = payment.card_number.iter().flat_map(|number| number.chars());
    let places: Vec<char> = places.filter(|c| !matches!(c, '-' | ' ')).collect();
    let last: String = places.iter().skip(places.len().saturating_sub(4)).collect();
    let last = (!last.is_empty()).then(|| safe(&last).into_owned());
    let name = payment.card_name.as_deref().map(|name| safe(name.trim_matches(['[', ']'])).into_owned());
    match (name, last) {
        (None, None) => String::new(),
        (Some(name), None) => lang.of(format!("{name}로 "), format!(" to {name}")),
        (name, Some(last)) => {
            let name = name.unwrap_or_else(|| lang.of("카드", "the card").to_owned());
            lang.of(format!("{name}(끝자리 {last})로 "), format!(" to {name} ending in {last}"))
        }
    }
}

fn money(amount: Amount, lang: Lang) -> String {
    let text = amount.to_string();
    match (lang, text.strip_prefix('₩')) {
        (Lang::Ko, Some(won)) => format!("{won}원"),
        (Lang::Ko | Lang::En, _) => text,
    }
}

fn time(at: jiff::Timestamp, lang: Lang, zone: &TimeZone) -> String {
    let form = lang.of("%Y년 %-m월 %-d일 %H시 %M분 %S초", "%Y-%m-%d %H:%M:%S");
    at.to_zoned_datetime(zone.clone()).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::copy_text;
    use crate::domain::payment::{Mode, Outcome, Payment};
    use crate::output::samples::{at, declined, paid, seoul, won};
    use crate::words::Lang;

    fn both(payment: &Payment) -> [String; 2] {
        Lang::ALL.map(|lang| copy_text(payment, Some("홍길동"), lang, &seoul()))
    }

    #[test]
    fn a_payment_is_told_with_its_card_its_approval_and_its_receipt() {
        let [ko, en] = both(&paid());
        assert_eq!(
            ko,
            "홍길동 고객님, 2026년 11월 23일 19시 30분 04초에 신한카드(끝자리 1234)로 \"Monthly subscription\" \
             8,900원이 결제되었습니다. 승인번호는 30012345입니다. 영수증: https://receipt.example/1"
        );
        assert_eq!(
            en,
            "Dear 홍길동, ₩8,900 for \"Monthly subscription\" was charged to 신한카드 ending in 1234 on \
             2026-11-23 19:30:04. The approval number is 30012345. Receipt: https://receipt.example/1"
        );
    }

    #[test]
    fn what_went_back_is_told_in_part_and_whole() {
        let back = |won_back| {
            let cancelled_at = Some(at("2026-11-24T09:00:01+09:00"));
            both(&Payment { cancel_amount: Some(won(won_back)), cancelled_at, ..paid() })
        };
        let [ko, en] = back(3000);
        assert!(
            ko.contains(
                "이 가운데 3,000원이 2026년 11월 24일 09시 00분 01초에 환불되어 5,900원이 남았습니다."
            ),
            "{ko}"
        );
        assert!(en.contains("₩3,000 of it was refunded on 2026-11-24 09:00:01, and ₩5,900 is left."), "{en}");
        let [ko, en] = back(8900);
        assert!(ko.contains("전액 환불되었습니다.") && en.contains("All of it was refunded on"), "{ko} {en}");
    }

    #[test]
    fn a_decline_is_told_with_what_the_customer_can_do_and_no_more() {
        let [ko, en] = both(&Payment {
            message: Some("[CC10] 통장 잔액부족".to_owned()),
            pg_provider: Some("kcp".to_owned()),
            ..declined()
        });
        assert!(ko.contains("승인되지 않았습니다. 카드사 안내는 \"[CC10] 통장 잔액부족\" 입니다."), "{ko}");
        assert!(ko.ends_with("결제된 금액은 없습니다.") && en.ends_with("Nothing was charged."), "{ko} {en}");
        assert!(en.contains("There is not enough money behind the card"), "{en}");
        // What the merchant has to mend is no business of the customer's.
        let ours = Payment {
            message: Some("[CC62] 가맹점 한도초과".to_owned()),
            pg_provider: Some("kcp".to_owned()),
            ..declined()
        };
        let [_, en] = both(&ours);
        assert!(!en.contains("merchant"), "{en}");
    }

    #[test]
    fn what_is_not_certain_is_not_told_as_certain() {
        let in_doubt = Payment {
            message: Some("[8041] 시스템 타임아웃(잠시후 재시도바람)".to_owned()),
            ..declined()
        };
        let unknown = Payment { outcome: Outcome::Unknown, message: None, ..declined() };
        for payment in [in_doubt, unknown] {
            let [ko, en] = both(&payment);
            assert!(ko.contains("확인하고 있습니다.") && !ko.contains("없습니다"), "{ko}");
            assert!(en.contains("finding out") && !en.contains("Nothing"), "{en}");
        }
    }

    #[test]
    fn a_test_is_called_one() {
        let mut test = paid();
        test.terms.mode = Mode::Sandbox;
        let [ko, en] = both(&test);
        assert!(ko.contains("(시험 결제)") && en.contains("test payment"), "{ko} {en}");
    }
}
