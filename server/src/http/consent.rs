//! Whether the server's owner permits attacks, as `tickwire-client-bot attack` asks before it begins.
//!
//! Who does not know the token learns nothing, not even whether there is one.

use super::{HttpContext, answer as text, pages};
use crate::admin_token::is_equal;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use std::sync::Arc;

/// Where it is asked.
pub(super) const PATH: &str = "/attack-consent";
/// The header that shows the token.
const TOKEN: HeaderName = HeaderName::from_static("tickwire-attack-consent");

/// 200 for who shows the token that the operator has set, else 404.
pub(super) async fn answer(State(front): State<Arc<HttpContext>>, asked: HeaderMap) -> Response {
    let shown = asked.get(TOKEN).map(|token| token.as_bytes());
    match (&front.attack_consent, shown) {
        (Some(token), Some(shown)) if is_equal(token.as_bytes(), shown) => {
            tracing::warn!("a client was permitted to attack this server (attack_consent)");
            text(StatusCode::OK, "this server may be attacked for a test")
        }
        _ => pages::not_found(),
    }
}
