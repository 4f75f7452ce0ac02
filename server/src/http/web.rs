//! The page to play on: the files of `assets/web`, carried by the program. An operator's folder goes before them.
//!
//! Each carried file is compressed once, when it is first asked for. A browser that has it is told so by its tag.

use super::{Front, pages};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Scripts, styles, WebAssembly and connections of this server alone; nothing inline, nothing of a third party.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
                   img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The longest file of an operator's folder that is sent.
const FILE_BYTES_MAX: u64 = 8 << 20;
const PATH_BYTES_MAX: usize = 128;

macro_rules! carried {
    ($($path:literal,)+) => {
        /// Path in `assets/web/` and content.
        const CARRIED: &[(&str, &[u8])] =
            &[$(($path, include_bytes!(concat!("../../../assets/web/", $path)).as_slice()),)+];
    };
}

carried! {
    "arena/camera.js",
    "arena/closes.js",
    "arena/controls.js",
    "arena/dom.js",
    "arena/draw.js",
    "arena/effects.js",
    "arena/game.js",
    "arena/hud.js",
    "arena/links.js",
    "arena/lobby.js",
    "arena/map.js",
    "arena/netgraph.js",
    "arena/news.js",
    "arena/palette.js",
    "arena/scores.js",
    "arena/spectating.js",
    "arena/world.js",
    "icon.svg",
    "index.html",
    "page.css",
    "page.js",
    "tickwire.d.ts",
}

/// The files of the page.
#[derive(Debug)]
pub(crate) struct Web {
    folder: Option<PathBuf>,
    /// In the order of [`CARRIED`].
    packed: Vec<OnceLock<Content>>,
}

/// A file as it is sent.
#[derive(Clone, Debug)]
struct Content {
    plain: Bytes,
    /// Compressed with gzip, if that makes it shorter.
    gzip: Option<Bytes>,
    tag: HeaderValue,
}

/// The page itself.
pub(super) async fn index(State(front): State<Arc<Front>>, headers: HeaderMap) -> Response {
    send(&front, "index.html", &headers).await
}

/// A file of the page.
pub(super) async fn file(
    State(front): State<Arc<Front>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    send(&front, &path, &headers).await
}

async fn send(front: &Front, path: &str, asked: &HeaderMap) -> Response {
    match front.web.content(path).await {
        Some(content) => content.answer(path, asked),
        None => pages::not_found().await,
    }
}

impl Web {
    /// With an operator's folder of assets, whose `web` goes before the carried files, or without.
    pub(crate) fn new(assets: Option<PathBuf>) -> Self {
        let packed = CARRIED.iter().map(|_| OnceLock::new()).collect();
        Self { folder: assets.map(|folder| folder.join("web")), packed }
    }

    async fn content(&self, path: &str) -> Option<Content> {
        if !is_plain(path) {
            return None;
        }
        if let Some(file) = self.folder.as_ref().map(|folder| folder.join(path)) {
            let read = tokio::task::spawn_blocking(move || {
                let about = fs::metadata(&file).ok()?;
                (about.is_file() && about.len() <= FILE_BYTES_MAX).then(|| fs::read(&file).ok())?
            });
            if let Ok(Some(bytes)) = read.await {
                return Some(Content::plain(bytes.into()));
            }
        }
        let at = CARRIED.iter().position(|(name, _)| *name == path)?;
        let (_, bytes) = CARRIED.get(at)?;
        self.packed.get(at).map(|packed| packed.get_or_init(|| Content::packed(bytes)).clone())
    }
}

/// Whether a path can only mean a file inside of a folder: plain names with slashes between them.
fn is_plain(path: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    path.len() <= PATH_BYTES_MAX && path.split('/').all(is_name)
}

impl Content {
    fn plain(plain: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        let tag = HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish()));
        Self { plain, gzip: None, tag: tag.unwrap_or(HeaderValue::from_static("\"\"")) }
    }

    fn packed(bytes: &'static [u8]) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let gzip = encoder.write_all(bytes).and_then(|()| encoder.finish());
        let gzip = gzip.ok().filter(|gzip| gzip.len() < bytes.len()).map(Bytes::from);
        Self { gzip, ..Self::plain(Bytes::from_static(bytes)) }
    }

    fn answer(self, path: &str, asked: &HeaderMap) -> Response {
        let names = |name: HeaderName, wanted: &str| {
            let lines = asked.get_all(name);
            lines.iter().filter_map(|line| line.to_str().ok()).any(|line| line.contains(wanted))
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        let has_it = names(header::IF_NONE_MATCH, self.tag.to_str().unwrap_or("-"));
        headers.insert(header::ETAG, self.tag);
        if has_it {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        match self.gzip {
            Some(gzip) if names(header::ACCEPT_ENCODING, "gzip") => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                (headers, gzip).into_response()
            }
            _ => (headers, self.plain).into_response(),
        }
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn names_in(folder: &Path, inside: &str, names: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{inside}{}", entry.file_name().to_str().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => names_in(&entry.path(), &format!("{name}/"), names),
                false => names.push(name),
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_carried() {
        let mut names = Vec::new();
        names_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/web"), "", &mut names);
        names.sort_unstable();
        assert_eq!(CARRIED.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    }

    #[test]
    fn the_page_weighs_at_most_200_kib_compressed() {
        let packed = CARRIED.iter().filter(|(name, _)| !name.ends_with(".d.ts"));
        let weight: usize =
            packed.map(|(_, bytes)| Content::packed(bytes).gzip.map_or(bytes.len(), |gzip| gzip.len())).sum();
        assert!(weight <= 200 * 1024, "{weight}");
    }

    #[test]
    fn a_path_out_of_the_folder_is_none() {
        for path in
            ["", "/", "/etc/passwd", "../server.toml", "arena/../../x", ".git", "a//b", "a\\b", "a%2e"]
        {
            assert!(!is_plain(path), "{path}");
        }
        assert!(is_plain("arena/world.js"));
    }

    #[tokio::test]
    async fn an_operators_file_goes_before_the_carried_one() {
        let folder = std::env::temp_dir().join(format!("tickwire-web-{}", std::process::id()));
        fs::create_dir_all(folder.join("web")).unwrap();
        fs::write(folder.join("web/page.css"), "mine").unwrap();
        let web = Web::new(Some(folder.clone()));
        let [mine, carried] = [web.content("page.css").await.unwrap(), web.content("page.js").await.unwrap()];
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(mine.plain, "mine");
        assert!(carried.plain.len() > 100 && carried.gzip.is_some());
    }
}
