//! What the pages say, in both languages: one line a sentence, so that neither language can have one that the other
//! has not. `{…}` is filled in by whoever shows it.

use serde::Serialize;

/// The languages of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Language {
    En,
    Ko,
}

/// A sentence's name, and the sentence in English and in Korean.
type Sentence = (&'static str, &'static str, &'static str);

/// In the order in which a page shows them.
#[rustfmt::skip]
pub(super) const WORDS: &[Sentence] = &[
    ("title", "Register a card", "카드 등록"),
    ("lead", "The card is registered in the payment company’s own window.", "결제사의 창에서 카드를 등록합니다."),
    ("link_lead", "{host} asks you to register a card. That is done in the payment company’s own window.", "{host}에서 카드 등록을 요청했습니다. 카드는 결제사의 창에서 등록합니다."),
    ("customer", "Customer", "고객"),
    ("uid", "Customer ID", "고객 ID"),
    ("contact", "Contact", "연락처"),
    ("product", "For", "용도"),
    ("amount", "Amount", "금액"),
    ("pg", "PG", "결제사"),
    ("free", "₩0 – registration only", "0원 – 등록만 합니다"),
    ("won", "₩{digits}", "{digits}원"),
    ("card", "Card", "카드"),
    ("open", "Open the card window", "카드 등록 창 열기"),
    ("reopen", "Open the window again", "창 다시 열기"),
    ("retry", "Try again", "다시 시도"),
    ("again", "Check again", "다시 확인"),
    ("loading", "Getting ready…", "준비하고 있습니다…"),
    ("opening", "The card window is open. Please finish there.", "카드 등록 창이 열렸습니다. 창에서 등록을 마쳐 주세요."),
    ("checking", "Asking the gateway whether the card is registered…", "카드가 등록되었는지 확인하고 있습니다…"),
    ("ending", "billkey is being stopped. It asks for the card one last time…", "billkey가 종료되고 있습니다. 마지막으로 카드 등록을 확인합니다…"),
    ("foot", "Card numbers are typed into the payment company’s window alone. This page neither sees nor keeps them.", "카드 번호는 결제사의 창에만 입력합니다. 이 페이지는 카드 번호를 보지도 저장하지도 않습니다."),
    ("other_language", "한국어", "English"),
    ("warns", "Before you go on", "진행하기 전에"),
    ("replaces", "A card is registered already. The new one takes its place.", "이미 등록된 카드가 있습니다. 새 카드로 바뀝니다."),
    ("replaces_card", "A card is registered already ({card}). The new one takes its place.", "이미 등록된 카드({card})가 있습니다. 새 카드로 바뀝니다."),
    ("charges", "This payment company really charges {amount} when it registers the card.", "이 결제사는 카드를 등록할 때 {amount}을 실제로 결제합니다."),
    ("test_charge", "This payment company really charges ₩10 when it registers the card, and gives it back in about 30 minutes.", "이 결제사는 카드를 등록할 때 10원을 실제로 결제하고, 약 30분 뒤에 취소합니다."),
    ("always_in_dollars", "This payment company always charges when it registers a card, in US dollars. The window says how much.", "이 결제사는 카드를 등록할 때 항상 미국 달러로 결제합니다. 금액은 창에 표시됩니다."),
    ("may_charge", "This payment company charges when it registers a card. The window says how much.", "이 결제사는 카드를 등록할 때 결제할 수 있습니다. 금액은 창에 표시됩니다."),
    ("may_charge_some", "Some payment companies really charge {amount} when they register the card. This may be one of them.", "카드를 등록할 때 {amount}을 실제로 결제하는 결제사가 있습니다. 이 결제사도 그럴 수 있습니다."),
    ("failed", "The card was not registered", "카드가 등록되지 않았습니다"),
    ("unsaid", "The window gave no reason.", "창에서 이유를 알려 주지 않았습니다."),
    ("no_sdk", "The payment window could not be loaded", "결제창을 불러오지 못했습니다"),
    ("no_sdk_said", "Nothing came from {host}. Check the connection, or anything that blocks scripts, and try again.", "{host}에서 응답이 없습니다. 인터넷 연결이나 스크립트 차단 프로그램을 확인한 뒤 다시 시도해 주세요."),
    ("not_found", "The gateway does not know this card yet", "아직 등록된 카드가 없습니다"),
    ("not_found_said", "Nothing was saved. Check again in a moment, or open the window again.", "저장된 것은 없습니다. 잠시 뒤에 다시 확인하거나 창을 다시 열어 주세요."),
    ("conflict", "The gateway still has the card from before", "이전 카드가 그대로 등록되어 있습니다"),
    ("conflict_said", "Nothing was saved. The window has registered no new card.", "저장된 것은 없습니다. 창에서 새 카드가 등록되지 않았습니다."),
    ("wrong", "The card could not be checked", "카드 등록을 확인하지 못했습니다"),
    ("wrong_said", "Nothing was saved. If you have finished in the window, do not do it again: check again in a moment.", "저장된 것은 없습니다. 창에서 등록을 마쳤다면 다시 등록하지 말고 잠시 뒤에 다시 확인해 주세요."),
    ("offline", "There is no connection", "연결되지 않았습니다"),
    ("offline_said", "{host} did not answer. Check the connection and try again. If you have finished in the window, do not do it again: check again.", "{host}에서 응답이 없습니다. 인터넷 연결을 확인한 뒤 다시 시도해 주세요. 창에서 등록을 마쳤다면 다시 등록하지 말고 다시 확인해 주세요."),
    ("in_use", "The card window is open somewhere else", "카드 등록 창이 다른 곳에 열려 있습니다"),
    ("in_use_said", "Finish there, in the other tab or on the other device. If that one is gone, try again in a few minutes.", "다른 탭이나 다른 기기에서 등록을 마쳐 주세요. 그 창이 이미 닫혔다면 몇 분 뒤에 다시 시도해 주세요."),
    ("gone", "billkey no longer waits for this card", "billkey가 더 이상 기다리지 않습니다"),
    ("gone_said", "Its terminal says whether the card was saved. For a new page, run the command again.", "카드가 저장되었는지는 터미널에서 확인할 수 있습니다. 명령을 다시 실행하면 새 페이지가 열립니다."),
    ("gone_window_said", "Please close the card window: a card that is registered there from now on is not saved by itself.", "카드 등록 창을 닫아 주세요. 지금부터 그 창에서 등록한 카드는 저절로 저장되지 않습니다."),
    ("done", "The card is registered", "카드가 등록되었습니다"),
    ("done_lead", "You can close this page.", "이 페이지를 닫아도 됩니다."),
    ("used", "This link has been used", "이미 사용한 링크입니다"),
    ("used_said", "A card was registered with it. There is nothing left to do here.", "이 링크로 카드가 등록되었습니다. 더 하실 일은 없습니다."),
    ("expired", "This link is no longer valid", "유효 기간이 지난 링크입니다"),
    ("expired_said", "Its time is over. Please ask whoever sent it for a new one.", "링크의 유효 기간이 지났습니다. 링크를 보낸 곳에 새 링크를 요청해 주세요."),
    ("revoked", "This link was taken back", "취소된 링크입니다"),
    ("revoked_said", "No card can be registered with it. Please ask whoever sent it for a new one.", "이 링크로는 카드를 등록할 수 없습니다. 링크를 보낸 곳에 문의해 주세요."),
    ("unknown", "There is no such link", "없는 링크입니다"),
    ("unknown_said", "Perhaps a part of the address is missing. Please open the whole link, as it was sent to you.", "주소의 일부가 빠졌을 수 있습니다. 받은 링크 전체를 다시 열어 주세요."),
    ("trouble", "This page cannot be shown just now", "지금은 이 페이지를 보여 드릴 수 없습니다"),
    ("trouble_said", "Please try again in a few minutes. Nothing was changed.", "몇 분 뒤에 다시 시도해 주세요. 바뀐 것은 없습니다."),
];

/// The sentence of that name; the name itself where there is none, which a test forbids.
pub(super) fn word(name: &'static str, language: Language) -> &'static str {
    let found = WORDS.iter().find(|(other, _, _)| *other == name);
    found.map_or(name, |(_, en, ko)| match language {
        Language::En => en,
        Language::Ko => ko,
    })
}

/// The language that a browser asks for in `Accept-Language`: of Korean and English the one that it would rather
/// have, and English where it names neither.
pub(super) fn asked_for(accepted: &str) -> Language {
    let mut best = (0, Language::En);
    for range in accepted.split(',').take(20) {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let language = match tag.split('-').next() {
            Some("ko") => Language::Ko,
            Some("en") => Language::En,
            Some(_) | None => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

/// `0.8` as 800. What is no weight counts as none.
fn thousandths(text: &str) -> u32 {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = digits.chars().chain("000".chars()).take(3).collect();
    format!("{whole}{digits}").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Language, WORDS, asked_for, word};

    /// The places that a sentence leaves open.
    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    #[test]
    fn each_sentence_has_one_name_and_the_same_places_in_both_languages() {
        let names: BTreeSet<&str> = WORDS.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names.len(), WORDS.len());
        for (name, en, ko) in WORDS {
            assert_eq!(places(en), places(ko), "{name}");
            assert!(!en.is_empty() && !ko.is_empty(), "{name}");
            let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
            assert!(*name == "other_language" || hangul(ko) && !hangul(en), "{name}");
        }
    }

    #[test]
    fn no_korean_particle_hangs_on_a_word_that_is_filled_in() {
        // 을 or 를, 이 or 가 would follow from its last syllable; an amount always ends in 원.
        for (name, _, ko) in WORDS {
            let after = ko.split('}').skip(1).filter_map(|rest| rest.chars().next());
            for (place, next) in places(ko).iter().zip(after) {
                assert!(
                    *place == "amount" || !"은는이가을를과와".contains(next),
                    "{name}: {{{place}}}{next}"
                );
            }
        }
    }

    #[test]
    fn the_page_uses_every_sentence_and_no_other() {
        let page = include_str!("page.html");
        let own = ["used", "expired", "revoked", "unknown", "trouble"];
        for (name, _, _) in WORDS {
            let closed = own.contains(&name.trim_end_matches("_said"));
            let used = page.contains(&format!("words.{name}")) || page.contains(&format!("\"{name}\""));
            let by_kind = ["not_found", "conflict", "offline", "in_use", "wrong", "gone", "no_sdk"];
            let by_kind = by_kind.iter().any(|kind| name.starts_with(kind));
            let by_issue = ["charges", "test_charge", "always_in_dollars", "may_charge", "may_charge_some"];
            assert!(closed || used || by_kind || by_issue.contains(name), "{name} is shown nowhere");
        }
        for used in page.split("words.").skip(1) {
            let name: String = used.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            assert!(WORDS.iter().any(|(known, _, _)| *known == name), "there is no sentence {name}");
        }
    }

    #[test]
    fn the_browser_says_which_language_it_would_rather_have() {
        for (accepted, language) in [
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Language::Ko),
            ("en-US,en;q=0.9,ko;q=0.8", Language::En),
            ("ko", Language::Ko),
            ("KO-kr", Language::Ko),
            ("en;q=0.5, ko;q=0.75", Language::Ko),
            ("ja,ko;q=0.3", Language::Ko),
            ("ja", Language::En),
            ("ko;q=0", Language::En),
            ("kok-IN", Language::En),
            ("", Language::En),
            ("*;q=x,,;;,ko;q=zz", Language::En),
        ] {
            assert_eq!(asked_for(accepted), language, "{accepted}");
        }
        assert_eq!(word("retry", Language::Ko), "다시 시도");
        assert_eq!(word("retry", Language::En), "Try again");
    }
}
