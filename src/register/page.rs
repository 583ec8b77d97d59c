//! The registration page: what it shows, what it hands to the SDK, and what it may load.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::register::pg::Issue;
use crate::register::words::{Language, WORDS, word};

const PAGE: &str = include_str!("page.html");
const CLOSED: &str = include_str!("closed.html");
const STYLE: &str = include_str!("page.css");

/// Everything the page is told. It goes to a browser and to the SDK's script: no secret belongs
/// here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// `live`, `test` or `sandbox`.
    pub mode: &'static str,
    /// Where the SDK's script is.
    pub sdk_url: String,
    /// The merchant's identification code, for `IMP.init`; public by nature (facts 6.1).
    pub imp_code: String,
    /// The card that is registered under the customer_uid now, masked.
    pub replaces: Option<String>,
    /// What the window charges.
    pub issue: Option<Issue>,
    pub window: Window,
    /// Of a page behind a link: the host that it was sent from. Its reader is the customer, who is told no names that
    /// are the merchant's business.
    pub link: Option<String>,
}

/// The parameters of `IMP.request_pay`, under their documented names (facts 6.2). The page adds
/// `m_redirect_url`, which is its own address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    #[serde(rename = "channelKey", skip_serializing_if = "Option::is_none")]
    pub channel_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pg: Option<String>,
    pub pay_method: String,
    pub merchant_uid: String,
    pub customer_uid: String,
    /// Won; 0 registers and charges nothing where the PG allows it.
    pub amount: i64,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_tel: Option<String>,
    /// Wanted by a few PGs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
}

/// The page with its job in it. `nonce` marks the one script that is its own.
pub(super) fn page(job: &Job, language: Language, nonce: &str) -> String {
    filled(PAGE, language)
        .replace("{{nonce}}", nonce)
        .replace("{{words}}", &in_script(&words()))
        .replace("{{job}}", &in_script(job))
}

/// What is shown where a link leads nowhere: a sentence and what to do, by the name of both. It needs no script.
pub(super) fn closed(name: &'static str, language: Language) -> String {
    let said =
        WORDS.iter().map(|(known, _, _)| *known).find(|known| known.strip_suffix("_said") == Some(name));
    filled(CLOSED, language)
        .replace("{{title}}", word(name, language))
        .replace("{{said}}", word(said.unwrap_or(name), language))
}

fn filled(page: &str, language: Language) -> String {
    let tag = match language {
        Language::En => "en",
        Language::Ko => "ko",
    };
    page.replace("{{style}}", STYLE).replace("{{language}}", tag)
}

/// The sentences of both languages, each under its name: a page can change its language without asking.
fn words() -> Value {
    let of = |pick: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        let named = WORDS.iter().map(|one| (one.0.to_owned(), Value::from(pick(one))));
        Value::Object(named.collect::<Map<String, Value>>())
    };
    Value::Object(Map::from_iter([("en".to_owned(), of(|one| one.1)), ("ko".to_owned(), of(|one| one.2))]))
}

/// A value as JSON inside a script element, where only `<` could end it or begin a comment. Texts and numbers:
/// turning them into JSON cannot fail.
fn in_script(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().replace('<', "\\u003c")
}

/// What the page may load: its own script and style, the SDK, and what the SDK brings. Which hosts
/// a PG's window is on is written down nowhere, so frames and forms may be of any https site.
pub(super) fn content_security_policy(sdk_url: &str, nonce: &str) -> String {
    let sdk = origin_of(sdk_url);
    [
        "default-src 'none'".to_owned(),
        format!("script-src 'nonce-{nonce}' {sdk}"),
        // The SDK lays its window over the page with styles of its own.
        format!("style-src 'unsafe-inline' {sdk}"),
        format!("img-src data: https: {sdk}"),
        format!("connect-src 'self' {sdk}"),
        format!("frame-src https: {sdk}"),
        format!("form-action https: {sdk}"),
        "base-uri 'none'".to_owned(),
        "object-src 'none'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
    ]
    .join("; ")
}

/// Scheme, host and port of an address that settings have checked.
fn origin_of(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    let rest = address.get(host..).unwrap_or_default();
    let end = rest.find('/').map_or(address.len(), |at| host + at);
    address.get(..end).unwrap_or(address)
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Job, Window, closed, content_security_policy, origin_of, page};
    use crate::register::words::Language;

    pub(in crate::register) fn job() -> Job {
        Job {
            mode: "test",
            sdk_url: "https://cdn.iamport.kr/v1/iamport.js".to_owned(),
            imp_code: "imp00000000".to_owned(),
            replaces: None,
            issue: None,
            window: Window {
                channel_key: None,
                pg: None,
                pay_method: "card".to_owned(),
                merchant_uid: "register_1".to_owned(),
                customer_uid: "gildong_0001_5678".to_owned(),
                amount: 0,
                name: "카드 등록".to_owned(),
                buyer_name: None,
                buyer_email: None,
                buyer_tel: None,
                customer_id: None,
            },
            link: None,
        }
    }

    #[test]
    fn no_text_of_the_job_gets_out_of_its_place() {
        let mut job = job();
        job.window.buyer_name = Some("</script><script>alert(1)</script><!--".to_owned());
        let page = page(&job, Language::Ko, "n0nce");
        assert!(!page.contains("alert(1)</script>"), "{page}");
        assert!(page.contains(r"\u003c/script>\u003cscript>alert(1)\u003c/script>\u003c!--"));
        assert!(!page.contains("{{"), "every place is filled");
    }

    #[test]
    fn the_policy_names_the_sdks_origin_and_no_other() {
        let policy = content_security_policy("https://cdn.iamport.kr/v1/iamport.js", "n0nce");
        assert!(policy.starts_with("default-src 'none'; script-src 'nonce-n0nce' https://cdn.iamport.kr;"));
        assert!(!policy.contains("unsafe-eval") && !policy.contains('*'));
        assert_eq!(origin_of("http://127.0.0.1:8080/v1/iamport.js"), "http://127.0.0.1:8080");
        assert_eq!(origin_of("https://cdn.iamport.kr"), "https://cdn.iamport.kr");
    }

    #[test]
    fn a_link_that_leads_nowhere_says_why_in_the_customers_language() {
        let page = closed("expired", Language::Ko);
        assert!(
            page.contains("유효 기간이 지난 링크입니다") && page.contains("새 링크를 요청해 주세요"),
            "{page}"
        );
        assert!(page.contains("lang=\"ko\"") && !page.contains("{{") && !page.contains("<script"), "{page}");
    }

    #[test]
    fn the_page_loads_nothing_by_itself() {
        let page = page(&job(), Language::En, "n0nce") + &closed("used", Language::En);
        for tag in ["<link rel=\"stylesheet", "src=\"http", "href=\"http", "@import", "url(http"] {
            assert!(!page.contains(tag), "{tag}");
        }
    }
}
