//! A browser without JavaScript: pages, forms and cookies. What works in it works everywhere.

use super::http::{self, Answer};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method};
use std::collections::BTreeMap;
use url::Url;

/// Redirects followed one after the other.
const REDIRECTS_MAX: usize = 5;

pub struct Browser {
    http: Client,
    base: Url,
    cookies: BTreeMap<String, String>,
}

pub struct Page {
    /// Where redirects ended.
    pub url: Url,
    pub answer: Answer,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    pub action: Url,
    pub fields: Vec<(String, String)>,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        Self { http: http::client(None), base: Url::parse(base).expect("a base address"), cookies: BTreeMap::new() }
    }

    /// Opens a path or an address.
    pub async fn get(&mut self, path: &str) -> Page {
        let url = self.base.join(path).expect("an address");
        self.follow(Method::GET, url, None).await
    }

    /// Sends a form, as clicking its button would.
    pub async fn submit(&mut self, form: &Form) -> Page {
        self.follow(Method::POST, form.action.clone(), Some(form)).await
    }

    /// Sends a form as a page of another site would make this browser send it.
    pub async fn submit_from(&mut self, origin: &str, form: &Form) -> Page {
        let answer = self.ask(&Method::POST, &form.action, Some((form, origin, "cross-site"))).await;
        Page { url: form.action.clone(), answer }
    }

    /// Signs in on the console's page for that.
    pub async fn sign_in(&mut self, login: &str, password: &str) {
        let page = self.get("/console").await.expect(200);
        let form = page.form_with("password").fill("login", login).fill("password", password);
        let welcome = self.submit(&form).await.expect(200);
        assert!(!welcome.answer.text().contains("type=\"password\""), "not signed in: {}", welcome.answer.text());
    }

    async fn follow(&mut self, method: Method, url: Url, form: Option<&Form>) -> Page {
        let (mut method, mut url, mut form) = (method, url, form);
        for _ in 0..=REDIRECTS_MAX {
            let origin = self.base.origin().ascii_serialization();
            let answer = self.ask(&method, &url, form.map(|form| (form, origin.as_str(), "same-origin"))).await;
            let Some(location) = answer.headers.get(LOCATION).filter(|_| (300..400).contains(&answer.status)) else {
                return Page { url, answer };
            };
            url = url.join(location.to_str().expect("a text")).expect("an address");
            (method, form) = (Method::GET, None);
        }
        panic!("more than {REDIRECTS_MAX} redirects, the last to {url}")
    }

    async fn ask(&mut self, method: &Method, url: &Url, form: Option<(&Form, &str, &str)>) -> Answer {
        let mut request = self.http.request(method.clone(), url.clone());
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some((form, origin, site)) = form {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(&form.fields);
            request = request
                .header(ORIGIN, origin)
                .header("sec-fetch-site", site)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.finish());
        }
        let answer = Answer::of(request.send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"))).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a text");
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            let gone = attributes.to_ascii_lowercase().contains("max-age=0") || value.is_empty();
            if gone {
                self.cookies.remove(name.trim());
            } else {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        answer
    }
}

impl Page {
    /// The page, if it came with this status; panics, showing it, if it did not.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.answer.status, status, "{}: {}", self.url, self.answer.text());
        self
    }

    /// The forms that are sent by POST, each button with a name or an action of its own counting as one.
    pub fn forms(&self) -> Vec<Form> {
        let html = self.answer.text();
        let blocks = html.split("<form").skip(1).map(|rest| rest.split("</form").next().unwrap_or(rest));
        blocks.filter(|block| is_post(block)).flat_map(|block| self.forms_of(block)).collect()
    }

    /// Where links lead.
    pub fn links(&self) -> Vec<String> {
        let html = self.answer.text();
        html.split("<a ").skip(1).filter_map(|tag| attribute(&format!(" {}", tag.split('>').next()?), "href")).collect()
    }

    fn forms_of(&self, block: &str) -> Vec<Form> {
        let (head, inner) = block.split_once('>').expect("a form's tag ends");
        let action = attribute(head, "action").unwrap_or_default();
        let mut fields = Vec::new();
        let mut buttons = Vec::new();
        for tag in inner.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or(tag)) {
            let name = attribute(tag, "name");
            let value = attribute(tag, "value");
            let kind = attribute(tag, "type").unwrap_or_default();
            let checkable = matches!(kind.as_str(), "checkbox" | "radio");
            if tag.starts_with("button") || kind == "submit" {
                buttons.push((attribute(tag, "formaction"), name.map(|name| (name, value.unwrap_or_default()))));
            } else if let Some(name) = name
                && (tag.starts_with("input") || tag.starts_with("textarea") || tag.starts_with("select"))
                && (!checkable || tag.contains("checked"))
            {
                fields.push((name, value.unwrap_or_else(|| if checkable { "on".into() } else { String::new() })));
            }
        }
        if buttons.is_empty() {
            buttons.push((None, None));
        }
        let form = |(own_action, pressed): (Option<String>, Option<(String, String)>)| Form {
            action: self.url.join(own_action.as_deref().unwrap_or(&action)).expect("an action"),
            fields: fields.iter().cloned().chain(pressed).collect(),
        };
        buttons.into_iter().map(form).collect()
    }

    /// The form (or button) whose action or field values contain this word; panics, showing the page, without one.
    #[track_caller]
    pub fn form(&self, word: &str) -> Form {
        let speaks = |form: &Form| {
            form.action.path().contains(word) || form.fields.iter().any(|(_, value)| value.contains(word))
        };
        let found = self.forms().into_iter().find(speaks);
        found.unwrap_or_else(|| panic!("no form for {word} on {}:\n{}", self.url, self.answer.text()))
    }

    /// The form that has a field of this name.
    #[track_caller]
    pub fn form_with(&self, field: &str) -> Form {
        let found = self.forms().into_iter().find(|form| form.fields.iter().any(|(name, _)| name == field));
        found.unwrap_or_else(|| panic!("no form with {field} on {}:\n{}", self.url, self.answer.text()))
    }
}

impl Form {
    /// Fills every field whose name contains this word; panics when there is none.
    #[track_caller]
    pub fn fill(mut self, word: &str, value: &str) -> Self {
        let mut filled = false;
        for (name, content) in &mut self.fields {
            if name.contains(word) {
                value.clone_into(content);
                filled = true;
            }
        }
        assert!(filled, "no field {word} in {self:?}");
        self
    }
}

fn is_post(block: &str) -> bool {
    let head = block.split('>').next().unwrap_or(block);
    attribute(head, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"))
}

/// The value of an attribute in the inside of a tag, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let from = tag.match_indices(name).map(|(index, _)| index).find(|index| {
        let before = tag[..*index].chars().next_back();
        before.is_some_and(char::is_whitespace) && tag[index + name.len()..].starts_with('=')
    })?;
    let rest = &tag[from + name.len() + 1..];
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        _ => rest.split(|c: char| c.is_whitespace() || c == '/').next()?,
    };
    let entities = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    Some(entities.iter().fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_with_their_hidden_fields_and_their_buttons() {
        let html = r#"<form method="get" action="/search"><input name="q"></form>
            <form method="post" action="/console/broadcasts/7"><input type="hidden" name="csrf" value="a&amp;b">
            <button name="act" value="release">Release</button><button name="act" value="refuse">Refuse</button></form>"#;
        let answer = Answer { status: 200, headers: reqwest::header::HeaderMap::new(), bytes: html.into() };
        let page = Page { url: Url::parse("http://host/console").expect("an address"), answer };
        let form = page.form("refuse");
        assert_eq!(form.action.as_str(), "http://host/console/broadcasts/7");
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(form.fields, [pair("csrf", "a&b"), pair("act", "refuse")]);
    }
}
