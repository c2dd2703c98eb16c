//! The real window, driven by WebKitWebDriver. Found by role and name, acted on by key and click.

use std::process::Command;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::child::Child;
use super::sandbox::Sandbox;
use super::{free_port, has, program, root};

/// How long anything on the screen may take.
const LIMIT: Duration = Duration::from_secs(20);

/// One window over one sandbox. Ends with its handle.
pub struct Window {
    pub client: Client,
    _driver: Child,
    name: String,
}

/// Whether a window can be driven here.
pub fn can_open() -> bool {
    has("WebKitWebDriver") && std::env::var_os("DISPLAY").is_some()
}

impl Window {
    /// Opens the program on the sandbox's folders; `name` names pictures of failures.
    pub async fn open(sandbox: &Sandbox, name: &str) -> Self {
        Self::open_with(sandbox, name, &[]).await
    }

    pub async fn open_with(sandbox: &Sandbox, name: &str, environment: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        sandbox.enter(&mut driver).arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        for (key, value) in environment {
            driver.env(key, value);
        }
        let driver = Child::start(&mut driver, None);
        let url = format!("http://127.0.0.1:{port}");
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < LIMIT, "the driver does not listen:\n{}", driver.output());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let binary = program("countersign-desktop");
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("webkitgtk:browserOptions".into(), json!({"binary": binary.to_str().unwrap(), "args": []}));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&url)
            .await
            .unwrap_or_else(|e| panic!("{e}\n{}", driver.output()));
        client.set_window_size(1280, 800).await.unwrap();
        Self { client, _driver: driver, name: name.to_owned() }
    }

    /// Waits for an element.
    #[track_caller]
    pub fn find<'a>(&'a self, locator: Locator<'a>) -> impl Future<Output = Element> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let start = Instant::now();
            loop {
                match self.client.find(locator).await {
                    Ok(element) => return element,
                    Err(e) if start.elapsed() > LIMIT => {
                        let picture = self.failure_picture().await;
                        panic!(
                            "{caller}: {locator:?}: {e}\nthe window shows:\n{}\npicture: {picture}",
                            self.text().await
                        );
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
                }
            }
        }
    }

    /// A button, link or tab by its name.
    #[track_caller]
    pub fn named<'a>(&'a self, role: &str, name: &str) -> impl Future<Output = Element> + 'a {
        let caller = std::panic::Location::caller();
        let tags = match role {
            "button" => "self::button or @role='button' or @role='menuitem' or @role='option'",
            "form button" => "self::button and ancestor::form",
            "dialog button" => "self::button and ancestor::*[@role='dialog' or @role='alertdialog' or self::dialog]",
            "link" => "self::a or self::button",
            "tab" => "@role='tab'",
            "radio" => "self::label[input[@type='radio']]",
            "textbox" => "self::input or self::textarea or @role='textbox'",
            other => panic!("no such role here: {other}"),
        };
        let xpath = format!(
            "//*[{tags}][normalize-space(.)='{name}' or @aria-label='{name}' or @placeholder='{name}' \
             or @id=//label[normalize-space(.)='{name}']/@for]"
        );
        async move {
            let start = Instant::now();
            loop {
                match self.client.find(Locator::XPath(&xpath)).await {
                    Ok(element) if element.is_displayed().await.unwrap_or(false) => return element,
                    _ if start.elapsed() > LIMIT => {
                        let picture = self.failure_picture().await;
                        panic!(
                            "{caller}: nothing matches {xpath}\nthe window shows:\n{}\npicture: {picture}",
                            self.text().await
                        );
                    }
                    _ => tokio::time::sleep(Duration::from_millis(25)).await,
                }
            }
        }
    }

    /// Clicks, once it stands still and nothing lies over it.
    #[track_caller]
    pub fn click<'a>(&'a self, role: &'a str, name: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let start = Instant::now();
            loop {
                match self.named(role, name).await.click().await {
                    Ok(()) => return,
                    Err(e) if start.elapsed() > LIMIT => {
                        let picture = self.failure_picture().await;
                        panic!(
                            "{caller}: {role} {name}: {e}\nthe window shows:\n{}\npicture: {picture}",
                            self.text().await
                        );
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
                }
            }
        }
    }

    /// Everything a person can read.
    pub async fn text(&self) -> String {
        let text = self.client.execute("return document.body.innerText", vec![]).await.unwrap_or(Value::Null);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the window's text holds `words`.
    #[track_caller]
    pub fn reads<'a>(&'a self, words: &'a str) -> impl Future<Output = String> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let start = Instant::now();
            loop {
                let text = self.text().await;
                if text.contains(words) {
                    return text;
                }
                if start.elapsed() > LIMIT {
                    let picture = self.failure_picture().await;
                    panic!("{caller}: `{words}` does not appear; the window shows:\n{text}\npicture: {picture}");
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }
    }

    /// Runs script in the page.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// Runs script that ends by calling its last argument.
    pub async fn script_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// Everything the web view keeps by itself.
    pub async fn storage(&self) -> String {
        let kept = self
            .script("return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])", vec![])
            .await;
        kept.as_str().unwrap().to_owned()
    }

    /// Waits until fonts are loaded and what was changed is painted.
    pub async fn settled(&self) {
        self.script_async(
            "const done = arguments[arguments.length - 1];
             document.fonts.ready.then(() => Promise.allSettled(document.getAnimations().map((a) => a.finished)))
               .then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))",
            vec![],
        )
        .await;
    }

    /// What stands at the right edge of an entry of the sidebar: a port, a count, what a token has left.
    pub async fn entry(&self, title: &str) -> String {
        let script = "const entry = [...document.querySelectorAll('nav button')].find((b) => b.querySelector('.title')?.textContent === arguments[0]);
                      return entry?.querySelector('[data-text]')?.dataset.text ?? ''";
        self.script(script, vec![title.into()]).await.as_str().unwrap().to_owned()
    }

    /// Waits until `ready` says so of what `read` finds.
    #[track_caller]
    pub fn until<'a, T: std::fmt::Debug>(
        &'a self,
        what: &'a str,
        read: impl AsyncFn() -> T + 'a,
        ready: impl Fn(&T) -> bool + 'a,
    ) -> impl Future<Output = T> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let start = Instant::now();
            loop {
                let found = read().await;
                if ready(&found) {
                    return found;
                }
                if start.elapsed() > LIMIT {
                    let picture = self.failure_picture().await;
                    panic!("{caller}: {what}: {found:?}; the window shows:\n{}\npicture: {picture}", self.text().await);
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }
    }

    /// A picture of the window as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        tokio::time::timeout(LIMIT, self.client.screenshot()).await.expect("no picture in time").unwrap()
    }

    async fn failure_picture(&self) -> String {
        let folder = root().join("target/e2e");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}.png", self.name));
        if let Ok(Ok(png)) = tokio::time::timeout(LIMIT, self.client.screenshot()).await {
            std::fs::write(&file, png).unwrap();
        }
        file.display().to_string()
    }

    /// Serious and critical violations axe finds on what is shown now.
    pub async fn axe(&self) -> Vec<String> {
        let source = std::fs::read_to_string(root().join("tests/peers/node_modules/axe-core/axe.min.js")).unwrap();
        self.script(&source, vec![]).await;
        let found = self
            .script_async(
                "const done = arguments[arguments.length - 1];
                 axe.run(document, {resultTypes: ['violations']}).then(
                   (r) => done(r.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map(
                     (v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | '))),
                   (e) => done(['axe did not run: ' + e]))",
                vec![],
            )
            .await;
        serde_json::from_value(found).unwrap()
    }

    /// Closes the window and its driver.
    pub async fn close(self) {
        let _gone = self.client.clone().close().await;
    }
}
