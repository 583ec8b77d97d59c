//! The registration page: what it shows, what it hands to the SDK, and what it may load.

use serde::Serialize;

use crate::register::pg::Issue;

const PAGE: &str = include_str!("page.html");

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
}

/// The parameters of `IMP.request_pay`, under their documented names (facts 6.2). The page adds
/// `m_redirect_url`, which is its own address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
pub(super) fn page(job: &Job, nonce: &str) -> String {
    // Texts and a number: turning them into JSON cannot fail. Inside a script element only `<`
    // could end it or begin a comment.
    let json = serde_json::to_string(job).unwrap_or_default().replace('<', "\\u003c");
    PAGE.replace("{{nonce}}", nonce).replace("{{job}}", &json)
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
    use super::{Job, Window, content_security_policy, origin_of, page};

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
        }
    }

    #[test]
    fn no_text_of_the_job_gets_out_of_its_place() {
        let mut job = job();
        job.window.buyer_name = Some("</script><script>alert(1)</script><!--".to_owned());
        let page = page(&job, "n0nce");
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
    fn the_page_loads_nothing_by_itself() {
        let page = page(&job(), "n0nce");
        for tag in ["<link rel=\"stylesheet", "src=\"http", "href=\"http", "@import", "url(http"] {
            assert!(!page.contains(tag), "{tag}");
        }
    }
}
