//! Answers in another charset than UTF-8.

use encoding_rs::{DecoderResult, EUC_KR, Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

/// Names of EUC-KR with Microsoft's further syllables that the web's standard does not list.
const WINDOWS_949: [&str; 5] = ["cp949", "ms949", "x-windows-949", "uhc", "euckr"];

/// The body as UTF-8, where its `Content-Type` names a charset that it can be read in to its end. Any other body
/// is handed on as it came: what it says is looked for, and it is not kept as text.
pub(super) fn utf8(content_type: Option<&str>, body: Vec<u8>) -> Vec<u8> {
    let Some(charset) = content_type.and_then(named) else { return body };
    if charset == UTF_8 || charset == REPLACEMENT {
        return body;
    }
    // A server that names its default charset for everything is more likely than Hangul in another one that
    // happens to be UTF-8. UTF-16 is UTF-8 to the bytes, as letters between NULs.
    let wide = charset == UTF_16LE || charset == UTF_16BE;
    if !wide && std::str::from_utf8(&body).is_ok() {
        return body;
    }
    let mut decoder = charset.new_decoder_with_bom_removal();
    let Some(room) = decoder.max_utf8_buffer_length_without_replacement(body.len()) else { return body };
    let mut text = String::with_capacity(room);
    // Not its last part: an answer that broke off may end within a letter.
    match decoder.decode_to_string_without_replacement(&body, &mut text, false).0 {
        DecoderResult::InputEmpty => text.into_bytes(),
        DecoderResult::OutputFull | DecoderResult::Malformed(..) => body,
    }
}

/// The charset of `application/json; charset="EUC-KR"`.
fn named(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let label = parameters
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"'))
        .next()?;
    let korean = WINDOWS_949.iter().any(|name| name.eq_ignore_ascii_case(label));
    if korean { Some(EUC_KR) } else { Encoding::for_label(label.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use encoding_rs::EUC_KR;

    use super::utf8;

    const WORDS: &str = r#"{"code":-1,"message":"통장 잔액부족 [똠방각하]","response":null}"#;

    fn euc_kr() -> Vec<u8> {
        EUC_KR.encode(WORDS).0.into_owned()
    }

    #[test]
    fn a_body_is_read_in_the_charset_that_is_named() {
        for named in [
            "application/json; charset=EUC-KR",
            "application/json;charset=\"euc-kr\"",
            "text/plain; boundary=x; CharSet = ks_c_5601-1987",
            "application/json; charset=cp949; q=1",
            "application/json; charset=windows-949",
            "application/json; charset=MS949",
        ] {
            let read = utf8(Some(named), euc_kr());
            assert_eq!(read, WORDS.as_bytes(), "{named}");
        }
        let wide: Vec<u8> = WORDS.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(utf8(Some("application/json; charset=utf-16le"), wide), WORDS.as_bytes());
    }

    #[test]
    fn a_body_without_a_charset_that_fits_is_handed_on_as_it_came() {
        for named in [
            None,
            Some("application/json"),
            Some("application/json; charset=utf-8"),
            Some("application/json; charset=klingon"),
            Some("application/json; charset=iso-2022-kr"),
            Some("charset=euc-kr"),
            Some(";;=;charset"),
        ] {
            assert_eq!(utf8(named, euc_kr()), euc_kr(), "{named:?}");
        }
        let broken = b"{\"message\":\"\xb0\xff\"}".to_vec();
        assert_eq!(utf8(Some("application/json; charset=euc-kr"), broken.clone()), broken);
    }

    #[test]
    fn what_is_utf_8_stays_so_whatever_is_named() {
        let named = Some("application/json; charset=ISO-8859-1");
        assert_eq!(utf8(named, WORDS.as_bytes().to_vec()), WORDS.as_bytes());
        assert_eq!(utf8(Some("application/json; charset=euc-kr"), Vec::new()), b"");
    }

    #[test]
    fn an_answer_that_broke_off_within_a_letter_is_read_so_far() {
        let whole = euc_kr();
        for end in 0..whole.len() {
            let read = utf8(Some("a/b; charset=euc-kr"), whole[..end].to_vec());
            assert!(WORDS.as_bytes().starts_with(&read), "{end}: {read:?}");
        }
    }
}
