//! What people read, in Korean and in English: each sentence once, with both languages beside each other, so that neither
//! can be missing. No drawing, and no words of the gateway's: those are quoted as they came.

pub mod money;
pub mod page;

/// A language that sentences are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    Ko,
    #[default]
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Ko, Lang::En];

    /// The word of `--lang`, which is also that of a page's `lang`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Lang::Ko => "ko",
            Lang::En => "en",
        }
    }

    /// The language of a locale such as `ko_KR.UTF-8`: Korean where it says so, else English.
    #[must_use]
    pub fn of_locale(locale: Option<&str>) -> Lang {
        let language = locale.unwrap_or_default().split(['_', '.', '-', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("ko") { Lang::Ko } else { Lang::En }
    }

    /// The one of the two that is read here.
    pub fn of<T>(self, ko: T, en: T) -> T {
        match self {
            Lang::Ko => ko,
            Lang::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::words::Lang;

    #[test]
    fn a_locale_is_korean_only_where_it_says_so() {
        for (locale, lang) in [
            (Some("ko_KR.UTF-8"), Lang::Ko),
            (Some("ko"), Lang::Ko),
            (Some("KO-kr"), Lang::Ko),
            (Some("kok_IN"), Lang::En),
            (Some("en_US.UTF-8"), Lang::En),
            (Some("C.UTF-8"), Lang::En),
            (Some(""), Lang::En),
            (None, Lang::En),
        ] {
            assert_eq!(Lang::of_locale(locale), lang, "{locale:?}");
        }
    }
}
