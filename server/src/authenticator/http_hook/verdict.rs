//! What the service's answer means.

use crate::authenticator::account::{Described, Unfit};
use crate::authenticator::{AuthRefusal, AuthRequest};
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tickwire_shared::game::Account;

/// The longest time for which the service may send a player away.
const RETRY_MAX: Duration = Duration::from_secs(60 * 60);

/// The account of a 200. Other members are for later versions.
#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    claims: Option<Value>,
}

/// The decision in an answer.
///
/// # Errors
/// It is no decision, and why.
pub(super) fn verdict(
    answer: &Response<Bytes>,
    request: &AuthRequest,
) -> Result<Result<Account, AuthRefusal>, String> {
    let said = |otherwise: &str| text(answer.body()).unwrap_or_else(|| otherwise.to_owned());
    match answer.status() {
        StatusCode::OK => account(answer.body(), request).map(Ok),
        StatusCode::UNAUTHORIZED => {
            Ok(Err(AuthRefusal::bad_credentials(&said("the service does not know this ticket"))))
        }
        StatusCode::FORBIDDEN => Ok(Err(AuthRefusal::denied(&said("this account may not play here")))),
        status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
            let after =
                retry_after(answer).ok_or_else(|| format!("{status} without Retry-After in seconds"))?;
            Ok(Err(AuthRefusal::try_later(after)))
        }
        status => Err(format!("the answer has the status {status}")),
    }
}

fn account(body: &[u8], request: &AuthRequest) -> Result<Account, String> {
    let told: Told = serde_json::from_slice(body).map_err(|error| {
        // Its place and kind, not what is there: that may be private.
        format!("the answer is not an account as JSON: {:?} at column {}", error.classify(), error.column())
    })?;
    let claims = told.claims.as_ref().filter(|claims| !claims.is_null());
    let described = Described { id: &told.id, name: told.name.as_deref(), roles: &told.roles, claims };
    described.account(&request.name).map_err(|unfit| {
        let what = match unfit {
            Unfit::Id => "its `id` has to have 1 to 255 bytes",
            Unfit::Roles => "it may have up to 16 `roles`, each of up to 64 bytes",
            Unfit::Claims => "its `claims` are too long",
        };
        format!("the account in the answer does not fit: {what}")
    })
}

/// What the service says to the player.
fn text(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        text: String,
    }
    serde_json::from_slice::<Said>(body).ok().map(|said| said.text)
}

fn retry_after(answer: &Response<Bytes>) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).clamp(Duration::from_secs(1), RETRY_MAX))
}
