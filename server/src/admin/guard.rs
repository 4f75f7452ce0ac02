//! Who may use the operator's listener: who shows the token, if there is one, and no web page in an
//! operator's browser.
//!
//! A page could reach a loopback address, and could point its own host name at that address after it was
//! loaded (DNS rebinding). So a request that changes something must not carry `Origin`, and the host in a
//! request must be an address, `localhost`, or one of the names that the operator permits.

use super::{HttpContext, problem};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Lets a request through or answers 401 or 403.
pub(super) async fn guard(State(front): State<Arc<HttpContext>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| is_permitted(host, &front.admin_hosts)) {
        return problem(
            StatusCode::FORBIDDEN,
            "ask this listener by its address, as localhost, or by a name that `admin_hosts` lists",
        );
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) && headers.contains_key(header::ORIGIN) {
        return problem(StatusCode::FORBIDDEN, "a web page must not change anything here");
    }
    // A balancer that asks how the server is has no token.
    let is_health = matches!(request.uri().path(), "/healthz" | "/readyz");
    let is_open = front.admin_token.as_ref().is_none_or(|token| token.is_shown(headers));
    if is_health || is_open { next.run(request).await } else { unauthorized() }
}

fn unauthorized() -> Response {
    let text = "show the token of `admin_token`: `Authorization: Bearer TOKEN`, or as a password";
    let mut response = problem(StatusCode::UNAUTHORIZED, text);
    let challenge = HeaderValue::from_static("Basic realm=\"tickwire\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn is_permitted(host: &str, names: &[String]) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_named = |permitted: &str| permitted.eq_ignore_ascii_case(name.strip_suffix('.').unwrap_or(name));
    is_named("localhost")
        || host.parse::<SocketAddr>().is_ok()
        || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
        || names.iter().any(|permitted| is_named(permitted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_localhost_or_a_permitted_name_names_the_listener() {
        let names = ["metrics.internal".to_owned(), "Tickwire".to_owned()];
        for host in ["127.0.0.1:8081", "127.0.0.1", "[::1]:8081", "[::1]", "localhost:8081", "localhost"] {
            assert!(is_permitted(host, &[]), "{host}");
        }
        for host in ["metrics.internal:8081", "METRICS.internal", "metrics.internal.:8081", "tickwire"] {
            assert!(is_permitted(host, &names), "{host}");
            assert!(!is_permitted(host, &[]), "{host}");
        }
        for host in ["evil.example:8081", "x.metrics.internal", "localhost.evil.example", "", ".", ":8081"] {
            assert!(!is_permitted(host, &names), "{host}");
        }
    }
}
