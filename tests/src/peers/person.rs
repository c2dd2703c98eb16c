//! A person with a browser, as far as a sign-in needs one: follows redirects, keeps cookies, confirms a form.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, Url};

use crate::gateway::client::{client, tls};

/// One browser.
pub struct Person {
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// A page, where it was found.
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub text: String,
}

impl Person {
    /// Who trusts this root.
    pub fn new(root: &str) -> Self {
        use rustls::pki_types::pem::PemObject as _;
        let root = rustls::pki_types::CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
        let client = client(tls(&root, rustls::ALL_VERSIONS, &[]));
        Self { client, cookies: BTreeMap::new() }
    }

    /// Opens an address and goes where it leads.
    pub async fn open(&mut self, url: &str) -> Page {
        let mut url = Url::parse(url).unwrap();
        for _ in 0..10 {
            let response = self.client.get(url.clone()).header(COOKIE, self.jar()).send().await.unwrap();
            self.keep(&response);
            match next(&response, &url) {
                Some(there) => url = there,
                None => return Page { url, status: response.status().as_u16(), text: response.text().await.unwrap() },
            }
        }
        panic!("the redirects go in a circle: {url}")
    }

    /// Sends the one form of a page, with more fields.
    pub async fn submit(&mut self, page: &Page, more: &[(&str, &str)]) -> Page {
        let attribute = |text: &str, name: &str| {
            let start = text.find(&format!("{name}=\""))? + name.len() + 2;
            Some(text[start..].split('"').next().unwrap_or_default().replace("&amp;", "&"))
        };
        let form = page.text.split("<form").nth(1).unwrap_or_else(|| panic!("no form: {}", page.text));
        let action = attribute(form, "action").unwrap();
        let mut fields: Vec<(String, String)> = form
            .split("<input")
            .skip(1)
            .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
            .collect();
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let content = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let url = page.url.join(&action).unwrap();
        let request = self.client.post(url.clone()).header(COOKIE, self.jar());
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(content);
        let response = request.send().await.unwrap();
        self.keep(&response);
        match next(&response, &url) {
            Some(there) => self.open(there.as_str()).await,
            None => Page { url, status: response.status().as_u16(), text: response.text().await.unwrap() },
        }
    }

    fn jar(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn next(response: &Response, from: &Url) -> Option<Url> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    response.status().is_redirection().then(|| from.join(location).unwrap())
}
