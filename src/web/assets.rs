//! Files that go with the pages: style and icons, always there, and the TypeScript bundles, there once
//! `npm run build` made them. Everything is in the binary; nothing comes from elsewhere.
//!
//! Addresses carry the content's hash, so browsers keep them for a year and never see an old one. The build leaves
//! compressed twins named after the hash of what they compress: a stale twin is never found.

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

/// Committed: the style and the icons.
#[derive(RustEmbed)]
#[folder = "src/web/client/static/"]
struct Plain;

/// Made by `npm run build`.
#[derive(RustEmbed)]
#[folder = "src/web/client/dist/"]
#[allow_missing = true]
struct Built;

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// How many hexadecimal digits of a hash stand in addresses and names.
const HASH_DIGITS: usize = 16;
/// The length of the hash in the names that the bundler gives to lazily loaded parts.
const CHUNK_HASH_LEN: usize = 8;

/// `/assets/…` and what browsers look for at the root.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{name}", get(asset))
        .route("/sw.js", get(|headers: HeaderMap| async move { serve("sw.js", false, &headers) }))
        .route("/favicon.ico", get(|headers: HeaderMap| async move { serve("icon-64.png", false, &headers) }))
        .route("/apple-touch-icon.png", get(|headers: HeaderMap| async move { serve("icon-180.png", false, &headers) }))
}

/// The address of a file, with its hash; `None` when it was not built.
pub fn href(name: &str) -> Option<String> {
    find(name).map(|file| format!("/assets/{name}?v={}", digits(&file)))
}

/// Whether `npm run build` has been run.
pub fn client_is_built() -> bool {
    find("sw.js").is_some()
}

async fn asset(Path(name): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let current = find(&name).map(|file| format!("v={}", digits(&file)));
    let pinned = (current.is_some() && query == current) || carries_a_hash(&name);
    serve(&name, pinned, &headers)
}

fn serve(name: &str, pinned: bool, headers: &HeaderMap) -> Response {
    let Some(file) = find(name) else { return StatusCode::NOT_FOUND.into_response() };
    let digits = digits(&file);
    let etag = format!("\"{digits}\"");
    let mut answer = HeaderMap::new();
    answer.insert(header::CACHE_CONTROL, if pinned { IMMUTABLE } else { REVALIDATE });
    answer.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal digits"));
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|tags| tags.contains(&etag)) {
        return (StatusCode::NOT_MODIFIED, answer).into_response();
    }
    answer.insert(header::CONTENT_TYPE, content_type(name));
    if let Some((encoding, twin)) = compressed(name, &digits, headers) {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        return (answer, twin.data).into_response();
    }
    (answer, file.data).into_response()
}

fn find(name: &str) -> Option<EmbeddedFile> {
    Plain::get(name).or_else(|| Built::get(name))
}

fn compressed(name: &str, digits: &str, headers: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let accepted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| accepted.split(',').any(|one| one.trim() == *encoding))
        .find_map(|(encoding, ending)| Some((encoding, Built::get(&format!("{name}.{digits}.{ending}"))?)))
}

fn digits(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).take(HASH_DIGITS / 2).collect()
}

/// `map-ABCD1234.js`: a part that the bundler named after its content.
fn carries_a_hash(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else { return false };
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == CHUNK_HASH_LEN && hash.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

fn content_type(name: &str) -> HeaderValue {
    HeaderValue::from_static(match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_and_cache(name: &str, pinned: bool, asked: &[(header::HeaderName, &str)]) -> (StatusCode, String) {
        let headers = asked.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect();
        let response = serve(name, pinned, &headers);
        let cache = response.headers().get(header::CACHE_CONTROL).map(|value| value.to_str().expect("text").to_owned());
        (response.status(), cache.unwrap_or_default())
    }

    #[test]
    fn the_style_is_there_without_node() {
        let href = href("beffroi.css").expect("the style");
        assert!(href.starts_with("/assets/beffroi.css?v="), "{href}");
        assert_eq!(status_and_cache("beffroi.css", false, &[]), (StatusCode::OK, "no-cache".to_owned()));
    }

    #[test]
    fn a_known_etag_is_answered_without_the_body() {
        let etag = format!("\"{}\"", digits(&find("beffroi.css").expect("the style")));
        let (status, cache) = status_and_cache("beffroi.css", true, &[(header::IF_NONE_MATCH, &etag)]);
        assert_eq!(status, StatusCode::NOT_MODIFIED);
        assert!(cache.contains("immutable"));
    }

    #[test]
    fn nothing_outside_the_folders_is_served() {
        for name in ["../assets.rs", "/etc/passwd", "..%2fassets.rs", ""] {
            assert_eq!(status_and_cache(name, false, &[]).0, StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn only_the_bundlers_names_count_as_hashed() {
        assert!(carries_a_hash("map-ABCD1234.js"));
        assert!(!carries_a_hash("apple-touch-icon.png"));
        assert!(!carries_a_hash("icon-192.png"));
    }
}
