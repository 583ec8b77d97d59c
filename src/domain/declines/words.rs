//! A message taken apart: code, text, and the single words that beat any proof.

use unicode_normalization::UnicodeNormalization;

use crate::domain::declines::Doubt;

/// What the gateway puts in front of a PG's words, squeezed.
const PREFIXES: [&str; 5] = [
    "결제에실패하였습니다.",
    "결제승인에실패하였습니다.",
    "카드정보인증에실패하였습니다.",
    "카드정보확인에실패하였습니다.",
    "카드정보인증및빌키발급에실패하였습니다.",
];

/// Stand for a doubt wherever they stand. The last is the gateway's, and is one whatever follows it.
const DOUBT_WORDS: [(&str, Doubt); 7] = [
    ("망취소", Doubt::Reversed),
    ("자동취소", Doubt::Reversed),
    ("타임아웃", Doubt::Timeout),
    ("timeout", Doubt::Timeout),
    ("시간초과", Doubt::Timeout),
    ("통신", Doubt::Unanswered),
    ("(pg사결제장애)", Doubt::Unanswered),
];

/// Say that there was another request.
const QUESTION_WORDS: [&str; 7] = ["중복", "기승인", "재승인", "이미", "duplicat", "진행중", "처리중"];

/// A message in the parts that are matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) code: Option<String>,
    /// What may be a whole text, squeezed: the one behind the code; the message without the gateway's prefix;
    /// the message.
    pub(super) texts: Vec<String>,
}

/// NFC without blanks, in small letters: how texts are compared.
pub(super) fn squeezed(text: &str) -> String {
    text.nfc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Finds the code, and what stands behind it.
pub(super) fn split(message: &str) -> Parts {
    let whole = squeezed(message);
    let bare = without_prefix(&whole).to_owned();
    let coded = bracket(message).or_else(|| pipe(message));
    let mut texts: Vec<String> = Vec::new();
    for text in coded.iter().map(|(_, text)| squeezed(text)).chain([bare, whole]) {
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    Parts { code: coded.map(|(code, _)| code.to_owned()), texts }
}

/// A prefix that stands alone is a text of its own.
fn without_prefix(squeezed: &str) -> &str {
    let rest = PREFIXES.iter().find_map(|prefix| squeezed.strip_prefix(prefix));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(squeezed)
}

/// The inside of the first bracket that can be a code, and what follows it: `[토스페이먼츠]` is text.
fn bracket(message: &str) -> Option<(&str, &str)> {
    message.match_indices('[').find_map(|(at, open)| {
        let (inside, rest) = message.get(at + open.len()..)?.split_once(']')?;
        is_code(inside).then_some((inside, rest))
    })
}

/// `CODE|text`, as Inicis writes it too.
fn pipe(message: &str) -> Option<(&str, &str)> {
    let (head, rest) = message.split_once('|')?;
    let code = head.rsplit(char::is_whitespace).find(|word| !word.is_empty())?;
    let before = squeezed(head.trim_end().strip_suffix(code)?);
    let known = before.is_empty() || PREFIXES.contains(&before.as_str());
    (known && is_code(code)).then_some((code, rest))
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What single words give away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspicion {
    Doubt(Doubt),
    Question,
}

/// Looks for the words that beat any proof, anywhere in the message. Full-width letters and what is invisible
/// must not hide one.
pub(super) fn suspicion(message: &str) -> Option<Suspicion> {
    let visible = message.chars().filter(|c| !is_invisible(*c));
    let folded: String = visible.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let doubt = DOUBT_WORDS.iter().find(|(word, _)| folded.contains(word));
    let question = || QUESTION_WORDS.iter().any(|word| folded.contains(word)).then_some(Suspicion::Question);
    doubt.map(|(_, doubt)| Suspicion::Doubt(*doubt)).or_else(question)
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}')
        || matches!(c, '\u{feff}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}
