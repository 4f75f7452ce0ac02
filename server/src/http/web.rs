//! The pages and everything that they load: those of `tickwire-pages`, built into the program. A file of the
//! same name in the operator's folder (`--assets DIR`, below `DIR/web`) overrides it. The host says which
//! page is shown at `/`.
//!
//! Every answer has an ETag, and clients ask for it again each time, so that a new server never meets an old
//! page. The page loads nothing from elsewhere: the [`policy`] makes the browser enforce that.

use super::folder::Folder;
use super::ready::Ready;
use super::{HttpContext, pages};
use crate::config::ConfigError;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest path that is looked for.
const PATH_BYTES_MAX: usize = 200;

/// Where the files are.
#[derive(Debug)]
pub(crate) struct Site {
    folder: Option<Folder>,
    /// The page that is shown at `/` unless the operator's folder has an `index.html`.
    front_page: String,
}

impl Site {
    /// With the operator's folder of assets, if there is one. Without a front page of the host, `/` shows
    /// what is hosted.
    ///
    /// # Errors
    /// No file can have the name of the front page.
    pub(crate) fn new(assets: Option<PathBuf>, front_page: Option<String>) -> Result<Self, ConfigError> {
        let front_page = front_page.unwrap_or_else(|| HOSTED.to_owned());
        if name_of(&format!("/{front_page}")) != Some(&front_page) {
            return Err(ConfigError::new(format!(
                "the front page: `{front_page}` is not the name of a file in the web folder"
            )));
        }
        Ok(Self { folder: assets.map(|folder| Folder::new(folder.join("web"))), front_page })
    }

    /// The page that is shown at `/`.
    async fn index(&self) -> Option<Ready> {
        match self.find(INDEX).await {
            Some(index) => Some(index),
            None => self.find(&self.front_page).await,
        }
    }

    /// The front page's name, if there is no such file and no index in its place.
    pub(crate) async fn missing_front_page(&self) -> Option<&str> {
        // Without the pages, no host has named one.
        let is_named = self.front_page != HOSTED;
        (is_named && self.index().await.is_none()).then_some(&*self.front_page)
    }

    /// The file of that name.
    async fn find(&self, name: &str) -> Option<Ready> {
        let kind = kind_of(name);
        if let Some(folder) = &self.folder
            && let Some(found) = folder.find(name, kind).await
        {
            return Some(found);
        }
        built_in(name, kind)
    }
}

#[cfg(feature = "pages")]
fn built_in(name: &str, kind: &'static str) -> Option<Ready> {
    let file = tickwire_pages::find(name)?;
    let gzip = file.gzip.map(bytes::Bytes::from_static);
    Some(Ready::from_parts(kind, bytes::Bytes::from_static(file.bytes), gzip, file.hash))
}

#[cfg(not(feature = "pages"))]
fn built_in(_: &str, _: &'static str) -> Option<Ready> {
    None
}

/// A file of a page; at `/` the front page, or the list of rooms if there is none.
pub(super) async fn file(State(front): State<Arc<HttpContext>>, request: Request) -> Response {
    let Some(name) = name_of(request.uri().path()) else { return pages::not_found() };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return pages::method_not_allowed().await;
    }
    let headers = request.headers();
    let is_index = name == INDEX;
    let found = if is_index { front.site.index().await } else { front.site.find(name).await };
    match found {
        Some(found) => serve(&found, headers),
        None if is_index => pages::index(State(front), headers.clone()).await,
        None => pages::not_found(),
    }
}

const INDEX: &str = "index.html";
/// The page that shows what is hosted.
const HOSTED: &str = "hosted.html";

/// The name of a file below the folder: parts of letters, digits, `-`, `_` and `.`; no part begins with a
/// dot.
fn name_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    if name.is_empty() {
        return Some(INDEX);
    }
    let is_part = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(fits)
    };
    (name.len() <= PATH_BYTES_MAX && name.split('/').all(is_part)).then_some(name)
}

fn serve(found: &Ready, asked: &HeaderMap) -> Response {
    let mut response = found.answer(asked);
    let mut put = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    put(header::CONTENT_SECURITY_POLICY, &policy(asked.get(header::HOST)));
    put(header::REFERRER_POLICY, "no-referrer");
    // A page on another host may use the client from here; `allowed_origins` decides whether it may play.
    put(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    response
}

fn kind_of(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|end| end.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json" | "webmanifest") => "application/json",
        Some("ts" | "txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Only scripts, styles and images of this host, only connections to it, no frame around it, no form. Some
/// browsers do not count a WebSocket of the same host as `'self'`, so the policy names the host in the
/// request.
fn policy(host: Option<&HeaderValue>) -> String {
    let mut policy = String::from(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'",
    );
    let is_host = |host: &&str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
        !host.is_empty() && host.len() <= PATH_BYTES_MAX && host.bytes().all(fits)
    };
    if let Some(host) = host.and_then(|host| host.to_str().ok()).filter(is_host) {
        // Writing to a String does not fail.
        let _ = write!(policy, " ws://{host} wss://{host}");
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(name_of("/"), Some("index.html"));
        assert_eq!(name_of("/game/draw.js"), Some("game/draw.js"));
        for path in
            ["/..", "/../Cargo.toml", "/a/../b", "/a//b", "/a\\b", "/%2e%2e/x", "/.git", "/a/", "x", "/c:x"]
        {
            assert_eq!(name_of(path), None, "{path}");
        }
        assert_eq!(name_of(&format!("/{}", "a".repeat(201))), None);
    }

    #[test]
    fn the_front_page_is_a_file_of_the_web_folder() {
        let site = |name: &str| Site::new(None, Some(name.to_owned()));
        assert!(site("mine/play.html").is_ok());
        for name in ["", "/", "../x.html", "/x.html", "x y.html"] {
            assert!(site(name).unwrap_err().to_string().contains("the front page"), "{name}");
        }
    }

    #[test]
    fn a_host_that_is_none_does_not_get_into_the_policy() {
        let of = |host: &'static str| policy(Some(&HeaderValue::from_static(host)));
        assert!(of("play.example:8080").ends_with(" ws://play.example:8080 wss://play.example:8080"));
        assert!(of("a; script-src *").ends_with("connect-src 'self'"));
    }

    #[cfg(feature = "pages")]
    #[test]
    fn every_built_in_file_can_be_asked_for_and_its_kind_is_known() {
        assert!(tickwire_pages::find(HOSTED).is_some());
        for file in tickwire_pages::FILES {
            assert_ne!(kind_of(file.name), "application/octet-stream", "{}", file.name);
            assert!(name_of(&format!("/{}", file.name)).is_some(), "{} cannot be asked for", file.name);
        }
    }
}
