//! What every request passes before its path is looked at.

use axum::extract::{ConnectInfo, Request};
use axum::http::header::HOST;
use axum::http::uri::PathAndQuery;
use axum::http::{Uri, Version};
use axum::middleware::Next;
use axum::response::Response;

use crate::sandbox::answer::Answer;
use crate::sandbox::server::Connection;

/// Lets a request in. The connection it came from is not given up while its work is under way.
pub(super) async fn enter(mut request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<ConnectInfo<Connection>>().map(|info| info.0.clone());
    let _working = connection.map(|connection| connection.work());
    if !names_its_host(&request) {
        return Answer::page(400, "Bad Request").send_plain();
    }
    if let Some(uri) = without_last_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

/// HTTP/1.1 wants one Host, no more and no less; 1.0 knows none.
fn names_its_host(request: &Request) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() == Version::HTTP_10)
}

/// Gives the path without a slash at its end, if it has one: to the gateway both are the same, and the
/// official PHP client calls `/payments/cancel/`.
fn without_last_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let path = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use crate::sandbox::door::without_last_slash;

    #[test]
    fn one_slash_at_the_end_of_the_path_is_cut_off_and_nothing_else() {
        let cut = |uri: &str| without_last_slash(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(cut("/payments/cancel/").unwrap(), "/payments/cancel");
        assert_eq!(cut("/payments/?imp_uid[0]=a/").unwrap(), "/payments?imp_uid[0]=a/");
        for same in ["/", "/payments", "/payments?page=1/", "/payments/find/a%2F"] {
            assert_eq!(cut(same), None, "{same}");
        }
    }
}
