//! What all pages share: the reader's language, the frame around the content, and headers that let nothing run that is
//! not ours.
//!
//! A handler takes a [`Visit`], makes a [`Page`] of it, hands that to a template that extends `base.html`, and answers
//! with [`respond`].

use super::assets;
use crate::cap::time::DateTime;
use crate::config::Config;
use crate::i18n::{self, Language, Value};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Borrow;
use std::convert::Infallible;
use url::Url;
use url::form_urlencoded;

const COOKIE: &str = "lang";
const COOKIE_SECONDS: u32 = 31_536_000;

/// Who looks at what: the part of a request that every page needs.
#[derive(Debug, Clone)]
pub struct Visit {
    pub language: Language,
    /// Whether the address itself chose the language, which is then remembered.
    chosen: bool,
    path: String,
    /// The query without `lang` and without receipts, which must not be handed on.
    query: Vec<(String, String)>,
}

impl Visit {
    /// Reads path, query, cookie and `Accept-Language`.
    pub fn new(path: &str, query: &str, headers: &HeaderMap) -> Self {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let chosen = pairs.iter().find(|(name, _)| name == "lang").map(|(_, value)| value.as_str());
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let remembered = text(header::COOKIE).and_then(remembered);
        let language = Language::negotiate(chosen, remembered, text(header::ACCEPT_LANGUAGE));
        Self {
            language,
            chosen: chosen.and_then(Language::from_tag).is_some(),
            path: path.to_owned(),
            query: pairs.iter().filter(|(name, _)| name != "lang" && name != "r").cloned().collect(),
        }
    }

    /// A parameter of the address.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn address_in(&self, language: Language) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query);
        query.append_pair("lang", language.tag());
        format!("{}?{}", self.path, query.finish())
    }
}

fn remembered(cookies: &str) -> Option<&str> {
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(parts.uri.path(), parts.uri.query().unwrap_or(""), &parts.headers))
    }
}

/// The entry of the main menu that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Alerts,
    Subscribe,
    Console,
    Other,
}

/// A link to this page in another language.
#[derive(Debug, Clone)]
pub struct LanguageLink {
    pub language: Language,
    pub href: String,
}

/// The frame of a page: field `page` of every template that extends `base.html`.
#[derive(Debug, Clone)]
pub struct Page {
    pub language: Language,
    /// In the reader's language; may hold text of an alert.
    pub title: String,
    pub section: Section,
    /// How this installation calls itself.
    pub site: String,
    /// One for every language but this.
    pub languages: Vec<LanguageLink>,
    /// The addresses of the page's scripts; empty when the client is not built.
    pub scripts: Vec<String>,
    /// More style sheets than the common one.
    pub styles: Vec<String>,
    /// Whether scripts were wanted and `npm run build` was never run.
    pub client_missing: bool,
    remember: bool,
    tiles: Option<String>,
}

impl Page {
    /// A page without scripts.
    pub fn new(visit: &Visit, config: &Config, section: Section, title: String) -> Self {
        let others = Language::ALL.into_iter().filter(|language| *language != visit.language);
        Self {
            language: visit.language,
            title,
            section,
            site: config.server.name.clone(),
            languages: others.map(|language| LanguageLink { language, href: visit.address_in(language) }).collect(),
            scripts: Vec::new(),
            styles: Vec::new(),
            client_missing: false,
            remember: visit.chosen,
            tiles: tile_origin(&config.map.tile_url),
        }
    }

    /// Adds a bundle of `src/web/client/entries`, such as `citizen.js`.
    #[must_use]
    pub fn with_script(mut self, name: &str) -> Self {
        match assets::href(name) {
            Some(href) => self.scripts.push(href),
            None => self.client_missing = true,
        }
        self
    }

    /// Adds a style sheet of `src/web/client/static`, such as `console.css`.
    #[must_use]
    pub fn with_style(mut self, name: &str) -> Self {
        self.styles.extend(assets::href(name));
        self
    }

    /// A message in the reader's language.
    pub fn t(&self, key: impl AsRef<str>) -> String {
        i18n::text(self.language, key.as_ref(), &[])
    }

    /// A message with one text in it.
    pub fn t1(&self, key: &str, name: &'static str, value: impl AsRef<str>) -> String {
        i18n::text(self.language, key, &[(name, Value::from(value.as_ref()))])
    }

    /// A message with one number in it, for plurals.
    pub fn tn(&self, key: &str, name: &'static str, number: impl Borrow<u64>) -> String {
        i18n::text(self.language, key, &[(name, Value::from(*number.borrow()))])
    }

    /// A time on the sender's own clock.
    pub fn moment(&self, time: &DateTime) -> String {
        i18n::moment(self.language, *time)
    }

    /// The address of a committed file.
    pub fn asset(&self, name: &str) -> String {
        assets::href(name).unwrap_or_default()
    }

    /// Nothing but ours runs or loads, save tiles where the operator configured some.
    fn policy(&self) -> String {
        let tiles = self.tiles.as_ref().map(|origin| format!(" {origin}")).unwrap_or_default();
        format!(
            "default-src 'self'; img-src 'self' data:{tiles}; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'"
        )
    }
}

/// Scheme, host and port of the configured tiles; a `{s}` that names one of several servers becomes a wildcard.
fn tile_origin(template: &str) -> Option<String> {
    let url = Url::parse(&template.replace("{s}", "beffroi-tiles")).ok()?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization().replace("beffroi-tiles", "*"))
}

/// Answers with a page and the headers that guard it.
pub fn respond(page: &Page, status: StatusCode, template: &impl askama::Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered: {error}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut headers = HeaderMap::new();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Accept-Language, Cookie"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Nobody whom we link to learns which alert was read, nor a receipt.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "geolocation=(self), camera=(), microphone=()"),
        (header::CONTENT_LANGUAGE, page.language.tag()),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    match HeaderValue::from_str(&page.policy()) {
        Ok(policy) => headers.insert(header::CONTENT_SECURITY_POLICY, policy),
        Err(error) => {
            tracing::error!(%error, "map.tile_url cannot stand in a header: {error}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    if page.remember {
        let cookie = format!("{COOKIE}={}; Path=/; Max-Age={COOKIE_SECONDS}; SameSite=Lax", page.language.tag());
        headers.insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).expect("a tag of ours is plain"));
    }
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::load(None).expect("the defaults")
    }

    #[test]
    fn the_language_links_keep_the_address_but_drop_the_receipt() {
        let visit = Visit::new("/alerts/a", "r=secret&x=%3C&lang=fr", &HeaderMap::new());
        let page = Page::new(&visit, &config(), Section::Alerts, String::new());
        assert_eq!(page.language, Language::Fr);
        assert_eq!(page.languages.len(), 1);
        assert_eq!(page.languages[0].href, "/alerts/a?x=%3C&lang=en");
    }

    #[test]
    fn a_cookie_remembers_the_language() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("slang=en; lang=fr"));
        assert_eq!(Visit::new("/", "", &headers).language, Language::Fr);
    }

    #[test]
    fn the_policy_names_the_tile_host_and_nothing_else() {
        let mut config = config();
        let visit = Visit::new("/", "", &HeaderMap::new());
        let page = |config: &Config| Page::new(&visit, config, Section::Alerts, String::new());
        assert!(page(&config).policy().contains("img-src 'self' data:;"));
        config.map.tile_url = "https://{s}.tiles.example/{z}/{x}/{y}.png".to_owned();
        assert!(page(&config).policy().contains("img-src 'self' data: https://*.tiles.example;"));
        assert!(!page(&config).policy().contains("unsafe"));
    }
}
