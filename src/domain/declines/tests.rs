use std::collections::BTreeSet;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::table::TEXTS;
use super::words::{Parts, split, squeezed, suspicion};
use super::{Certainty, Doubt, Kind, Meaning, Proof, Reach, Retry, Standing, Who, read};

struct Line {
    pgs: Vec<&'static str>,
    code: &'static str,
    text: &'static str,
    proof: &'static str,
    doubt: &'static str,
    reach: &'static str,
    who: &'static str,
    retry: &'static str,
    meaning_en: &'static str,
}

fn lines() -> Vec<Line> {
    TEXTS
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [pgs, code, text, proof, doubt, reach, who, retry, _, _, meaning_en] = *cells.as_slice()
            else {
                panic!("{} cells: {line}", cells.len())
            };
            Line { pgs: pgs.split(',').collect(), code, text, proof, doubt, reach, who, retry, meaning_en }
        })
        .collect()
}

/// The ways in which a line of the table comes: under which PG, in which words.
fn as_sent(line: &Line) -> Vec<(Option<&'static str>, String)> {
    let text = line.text.replace('…', "12,345");
    if line.code.is_empty() {
        return vec![(None, text.clone()), (line.pgs.first().copied(), text)];
    }
    let code = line.code;
    let written = [
        format!("[{code}] {text}"),
        format!("결제에 실패하였습니다. [{code}] {text}"),
        format!("결제승인에 실패하였습니다.[{code}]{text}"),
        format!("{code}|{text}"),
    ];
    line.pgs.iter().flat_map(|pg| written.iter().map(|words| (Some(*pg), words.clone()))).collect()
}

fn proof_word(meaning: &Meaning) -> &'static str {
    match meaning.proof {
        Proof::Proved => "proved",
        Proof::Doubt(_) => "doubt",
        Proof::Question => "question",
        Proof::Unknown => "unknown",
    }
}

#[test]
fn every_line_of_the_table_comes_out_as_it_says() {
    let lines = lines();
    assert_eq!(lines.len(), 371);
    for line in &lines {
        for (pg, words) in as_sent(line) {
            for kind in [Kind::Decline, Kind::Refusal] {
                let meaning = read(pg, &words, kind);
                // An answer to a refund is none to a charge: it can only mean another request.
                let proof = if line.proof == "refund" { "question" } else { line.proof };
                assert_eq!(proof_word(&meaning), proof, "{pg:?} {words}");
                if line.proof == "doubt" {
                    assert_eq!(meaning.doubt().map(Doubt::word), Some(line.doubt), "{pg:?} {words}");
                }
                let known = meaning.known.unwrap_or_else(|| panic!("not known: {pg:?} {words}"));
                assert_eq!(known.meaning_en, line.meaning_en, "{pg:?} {words}");
                assert_eq!(known.who.word(), line.who, "{pg:?} {words}");
                let reach = match known.reach {
                    Reach::Row => "row",
                    Reach::Card => "card",
                    Reach::Account => "account",
                };
                assert_eq!(reach, line.reach, "{pg:?} {words}");
            }
        }
    }
}

#[test]
fn the_table_is_well_formed() {
    let mut seen = BTreeSet::new();
    for line in lines() {
        let Line { pgs, code, text, proof, retry, .. } = &line;
        assert!(!text.is_empty() && !line.meaning_en.is_empty(), "{code}");
        assert!(text.nfc().eq(text.chars()) && !text.chars().any(char::is_control), "{text}");
        assert!(seen.insert((pgs.clone(), *code, *text)), "twice: {code} {text}");
        let open = matches!(*proof, "doubt" | "question");
        assert!(!open || *retry == "look_first", "{code} {text}");
        assert!(*proof != "proved" || *retry != "look_first", "{code} {text}");
        assert!(*proof != "proved" || suspicion(text).is_none(), "a proof with a word of doubt: {text}");
        assert!((*proof == "doubt") != line.doubt.is_empty(), "{code} {text}");
    }
    assert!(!TEXTS.contains('\r') && TEXTS.ends_with('\n'));
}

#[test]
fn words_that_are_not_in_the_table_prove_nothing() {
    for words in [
        "",
        " ",
        "결제가 되지 않았습니다",
        "[ZZ99] 카드사에서 거절하였습니다",
        "Declined.",
        "거절",
        "잔액",
        "[]",
        "[CC10",
        "|",
    ] {
        for kind in [Kind::Decline, Kind::Refusal] {
            for pg in [None, Some("kcp_billing"), Some("a_new_pg")] {
                let meaning = read(pg, words, kind);
                assert_eq!(meaning, Meaning { proof: Proof::Unknown, known: None }, "{pg:?} {words}");
            }
        }
    }
}

#[test]
fn a_code_counts_only_with_its_pg() {
    let words = "결제에 실패하였습니다. [CC10] 새로운 말";
    assert_eq!(read(Some("kcp_billing"), words, Kind::Decline).proof, Proof::Proved);
    assert_eq!(read(Some("kcp"), words, Kind::Decline).proof, Proof::Proved);
    for pg in [None, Some("nice"), Some("kcp_quick"), Some("KCP"), Some("")] {
        assert_eq!(read(pg, words, Kind::Decline).proof, Proof::Unknown, "{pg:?}");
    }
    let two = "[8037] 무엇인가";
    assert_eq!(read(Some("kcp"), two, Kind::Refusal).proof, Proof::Question, "a refund's balance");
    assert_eq!(read(Some("ksnet"), two, Kind::Refusal).proof, Proof::Proved, "a card number");
}

#[test]
fn a_text_counts_at_any_pg_but_only_as_a_whole() {
    for pg in [None, Some("nice"), Some("a_new_pg")] {
        assert_eq!(read(pg, "통장 잔액부족", Kind::Decline).proof, Proof::Proved);
        assert_eq!(read(pg, "결제에 실패하였습니다. 통장 잔액부족", Kind::Decline).proof, Proof::Proved);
        assert_eq!(read(pg, "통장 잔액부족 아님", Kind::Decline).proof, Proof::Unknown);
        assert_eq!(read(pg, "잔액부족인지 모름", Kind::Decline).proof, Proof::Unknown);
    }
}

#[test]
fn a_code_is_the_first_bracket_that_can_be_one() {
    let code = |message| split(message).code;
    let some = |code: &str| Some(code.to_owned());
    assert_eq!(code("결제에 실패하였습니다. [8041] 시스템 [X1]"), some("8041"));
    assert_eq!(code("[토스페이먼츠] 위험거래 [FDS_ERROR] 감지"), some("FDS_ERROR"));
    assert_eq!(code("[-7] service unavailable."), some("-7"));
    assert_eq!(code("[8041 시스템"), None);
    assert_eq!(code("[] [ ] [가]"), None);
    assert_eq!(code("500644|한도"), some("500644"));
    assert_eq!(code("결제에 실패하였습니다. 500644|한도"), some("500644"));
    assert_eq!(code("무엇 500644|한도"), None);
    let texts = ["한도".to_owned(), "[x]한도".to_owned(), "결제에실패하였습니다.[x]한도".to_owned()];
    let parts = Parts { code: some("X"), texts: texts.to_vec() };
    assert_eq!(split("결제에 실패하였습니다. [X] 한도"), parts);
}

#[test]
fn words_of_another_request_or_of_a_doubt_beat_any_proof() {
    let told = |words: &str| read(Some("kcp_billing"), words, Kind::Decline);
    assert_eq!(told("[CC10] 통장 잔액부족").proof, Proof::Proved);
    for (words, doubt) in [
        ("[CC10] 통장 잔액부족 (망 취소)", Doubt::Reversed),
        ("자동취소 [CC10] 통장 잔액부족", Doubt::Reversed),
        ("[CC10] Time Out", Doubt::Timeout),
        ("[CC10] 시간\n초과", Doubt::Timeout),
        ("[CC10] VAN 통신", Doubt::Unanswered),
        ("(PG사 결제 장애) [CC10] 통장 잔액부족", Doubt::Unanswered),
        ("결제에 실패하였습니다. (PG사 결제 장애) 통장 잔액부족", Doubt::Unanswered),
        ("[CC10] 타임\u{200b}아웃", Doubt::Timeout),
        ("[CC10] ＴＩＭＥＯＵＴ", Doubt::Timeout),
    ] {
        assert_eq!(told(words).proof, Proof::Doubt(doubt), "{words}");
        assert_eq!(told(words).doubt(), Some(doubt), "{words}");
    }
    for words in ["[CC10] 중복 거래", "이미 처리 [CC10] 통장 잔액부족", "a Duplicate one", "처리 중입니다"]
    {
        assert_eq!(told(words).proof, Proof::Question, "{words}");
        assert_eq!(told(words).doubt(), Some(Doubt::Duplicate), "{words}");
    }
    assert_eq!(told("중복 거래 타임아웃").proof, Proof::Doubt(Doubt::Timeout), "the more doubtful");
}

#[test]
fn the_refusals_that_once_were_sent_again_are_looked_at_first() {
    for (pg, words) in [
        (Some("kcp"), "[8128] 신용카드 중복거래 요청 거절"),
        (Some("html5_inicis"), "[R201] 승인요청 완료건으로 재승인 요청 불가"),
        (None, "[R201] 승인요청 완료건으로 재승인 요청 불가"),
        (None, "이미 주문이 이루어진 건입니다."),
    ] {
        assert_eq!(read(pg, words, Kind::Refusal).proof, Proof::Question, "{words}");
    }
    for (pg, words) in [
        (Some("kcp"), "결제에 실패하였습니다. [8041] 시스템 타임아웃(잠시후 재시도바람)"),
        (Some("kakaopay"), "[BANK_FIRM_UNKNOWN] 새 말"),
        (None, "(PG사 결제 장애) Internal error"),
        (None, "결제에 실패하였습니다."),
    ] {
        assert!(matches!(read(pg, words, Kind::Decline).proof, Proof::Doubt(_)), "{words}");
    }
}

#[test]
fn where_failed_may_turn_paid_an_unknown_decline_is_a_doubt() {
    for pg in ["paymentwall", "paypal", "paypal_v2", "daou"] {
        let words = "something new";
        let doubt = Proof::Doubt(Doubt::Unanswered);
        assert_eq!(read(Some(pg), words, Kind::Decline).proof, doubt, "{pg}");
        assert_eq!(read(Some(pg), words, Kind::Refusal).proof, Proof::Unknown, "{pg}");
    }
}

#[test]
fn advice_comes_with_the_words() {
    let known = read(Some("kcp"), "[CC54] 카드유효기간만료 또는 불일치", Kind::Decline).known.unwrap();
    assert_eq!((known.who, known.retry, known.reach), (Who::Customer, Retry::NewCard, Reach::Card));
    let limit = read(Some("kcp"), "[CC62] 가맹점 한도초과", Kind::Decline).known.unwrap();
    assert_eq!((limit.who, limit.reach), (Who::Merchant, Reach::Account));
    assert!(limit.meaning_ko.contains("한도"));
}

#[test]
fn a_no_speaks_for_no_request_that_was_never_answered() {
    let proved = read(None, "통장 잔액부족", Kind::Decline);
    let alone = Standing::no(proved, Certainty::HeldAsFailed, false, false);
    assert_eq!((alone.certainty, alone.doubt), (Certainty::NothingCharged, None));
    let beside = Standing::no(proved, Certainty::HeldAsFailed, true, false);
    assert_eq!((beside.certainty, beside.doubt), (Certainty::NotCertain, Some(Doubt::Unanswered)));
    let unread = read(None, "새로운 말", Kind::Decline);
    assert_eq!(
        Standing::no(unread, Certainty::HeldAsFailed, false, false).certainty,
        Certainty::HeldAsFailed
    );
    let timeout = read(None, "타임아웃", Kind::Decline);
    let doubted = Standing::no(timeout, Certainty::HeldAsFailed, true, false);
    assert_eq!((doubted.certainty, doubted.doubt), (Certainty::NotCertain, Some(Doubt::Timeout)));
}

#[test]
fn a_doubt_that_a_look_up_has_ended_is_none_and_proves_nothing() {
    let timeout = read(None, "타임아웃", Kind::Decline);
    let proved = read(None, "통장 잔액부족", Kind::Decline);
    let unread = read(None, "새로운 말", Kind::Refusal);
    for (what, meaning, says, unanswered) in [
        ("a time-out", timeout, Certainty::HeldAsFailed, 0),
        ("a proof beside a request that was never answered", proved, Certainty::HeldAsFailed, 1),
        ("a refusal in words nobody knows", unread, Certainty::RefusedAndNotShown, 0),
    ] {
        assert!(Standing::no(meaning, says, unanswered > 0, false).is_open(), "{what}");
        let ended = Standing::no(meaning, says, unanswered > 0, true);
        assert_eq!((ended.certainty, ended.doubt, ended.is_open()), (says, None, false), "{what}");
    }
    assert!(!Standing::no(proved, Certainty::HeldAsFailed, false, false).is_open());
    let nobody_knows = read(None, "새로운 말", Kind::Decline);
    assert!(!Standing::no(nobody_knows, Certainty::HeldAsFailed, false, false).is_open());
}

/// Any line of the table, as an index.
fn any_line() -> impl Strategy<Value = usize> {
    0..371_usize
}

proptest! {
    #[test]
    fn blanks_and_line_ends_change_nothing(
        line in any_line(),
        blanks in prop::collection::vec(prop::sample::select(vec![" ", "\u{3000}", "\r\n", "\t", "\u{a0}", ""]), 1..8),
    ) {
        let line = &lines()[line];
        let (pg, words) = as_sent(line).remove(0);
        let mut blank = blanks.iter().cycle();
        let inside = words.find('[').map_or(0..0, |at| at..words.find(']').unwrap_or(at));
        let spaced: String = words
            .char_indices()
            // A blank inside of a code makes another one of it.
            .map(|(at, c)| if inside.contains(&at) { c.to_string() } else { format!("{c}{}", blank.next().unwrap()) })
            .collect();
        prop_assert_eq!(read(pg, &spaced, Kind::Decline).proof, read(pg, &words, Kind::Decline).proof);
    }

    #[test]
    fn single_letters_of_hangul_and_the_case_change_nothing(line in any_line()) {
        let line = &lines()[line];
        let (_, words) = as_sent(line).remove(0);
        let text = line.text.replace('…', "1");
        prop_assert_eq!(squeezed(&text.nfd().collect::<String>()), squeezed(&text));
        let apart: String = text.nfd().collect::<String>().to_uppercase();
        prop_assert_eq!(read(None, &apart, Kind::Refusal).proof, read(None, &text, Kind::Refusal).proof);
        prop_assert!(suspicion(&words.nfd().collect::<String>()) == suspicion(&words));
    }

    #[test]
    fn a_text_with_other_text_around_it_is_no_proof(
        line in any_line(),
        before in "[가-힣a-z]{0,4}",
        after in "[가-힣a-z]{0,4}",
    ) {
        let line = &lines()[line];
        prop_assume!(line.proof == "proved" && !line.text.contains('…') && !line.text.contains("파라메터"));
        let whole = squeezed(&format!("{before}{}{after}", line.text));
        prop_assume!(lines().iter().all(|other| squeezed(other.text) != whole));
        let words = format!("{before}{}{after}", line.text);
        prop_assert_ne!(read(None, &words, Kind::Decline).proof, Proof::Proved);
    }

    #[test]
    fn any_message_is_read_without_harm(pg in prop::option::of("[a-z_]{0,12}"), words in "\\PC{0,60}") {
        let meaning = read(pg.as_deref(), &words, Kind::Refusal);
        prop_assert!(meaning.proof != Proof::Unknown || meaning.known.is_none());
    }

    #[test]
    fn a_word_of_doubt_added_anywhere_takes_a_proof_away(
        line in any_line(),
        word in prop::sample::select(vec!["중복", "이미", "duplicate", "타임아웃", "망취소", "통신"]),
        at_the_end in any::<bool>(),
    ) {
        let (pg, words) = as_sent(&lines()[line]).remove(0);
        let more = if at_the_end { format!("{words} {word}") } else { format!("{word} {words}") };
        let proof = read(pg, &more, Kind::Decline).proof;
        prop_assert!(!matches!(proof, Proof::Proved | Proof::Unknown), "{more}: {proof:?}");
    }
}
