//! Every lesson of the zoo in the window: it is looked at, it fails, and what is told first is what is wrong.

use std::time::Duration;

use fantoccini::Locator;

use super::after_first_run;
use crate::support::root;
use crate::support::window::Window;

/// A lesson of the plan, and the code that is to stand first; empty where nothing is wrong.
fn plan() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("certs/zoo.toml")).unwrap();
    let quoted = |line: &str, key: &str| {
        let rest = line.split_once(&format!("{key} = \""))?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let mut out: Vec<(String, String)> = Vec::new();
    let mut id = None;
    for line in text.lines() {
        if line.starts_with("id = ") {
            id = quoted(line, "id");
        } else if line.starts_with("expect = ") {
            let told = quoted(line, "error").or_else(|| quoted(line, "finding")).unwrap_or_default();
            out.push((id.take().unwrap(), told));
        }
    }
    out
}

/// What stands first on the page of a lesson, once it was looked at.
async fn told(window: &Window, id: &str, limit: Duration) -> Option<String> {
    let script = "return document.querySelector(`[data-lesson=\"${arguments[0]}\"]`)?.dataset.told ?? null";
    let began = std::time::Instant::now();
    while began.elapsed() < limit {
        let told = window.script(script, vec![id.into()]).await;
        if let Some(told) = told.as_str() {
            return Some(told.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}

async fn choose(window: &Window, id: &str) {
    let script = "
        const list = document.querySelector('[role=listbox]');
        const row = document.querySelector(`[data-id=\"${arguments[0]}\"]`);
        if (row) row.click(); else list.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
        return row !== null";
    window.script(script, vec![id.into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lesson_tells_first_what_is_wrong() {
    let Some((_sandbox, window)) = after_first_run("zoo").await else { return };
    window.click("link", "Local gateway").await;
    window.click("button", "Open zoo").await;
    window.reads("each on a port of its own").await;
    let plan = plan();
    assert!(plan.len() > 100, "{} lessons", plan.len());
    let mut wrong = Vec::new();
    // the key of 8192 bits takes seconds to make: its lesson comes last
    let (slow, rest): (Vec<_>, Vec<_>) = plan.iter().partition(|(id, _)| id == "rsa-8192");
    for (id, expected) in rest {
        choose(&window, id).await;
        match told(&window, id, Duration::from_secs(30)).await {
            Some(told) if told == *expected => {}
            told => wrong.push(format!("{id}: {expected:?} is expected, {told:?} stands first")),
        }
    }
    let filter = window.named("textbox", "Filter lessons").await;
    for (id, expected) in slow {
        filter.send_keys("8192").await.unwrap();
        choose(&window, id).await;
        let mut seen = told(&window, id, Duration::from_secs(30)).await;
        for _ in 0..6 {
            if seen.as_deref() != Some("tls.silent") {
                break;
            }
            window.click("button", "Look at the lesson again").await;
            seen = told(&window, id, Duration::from_secs(30)).await;
        }
        assert_eq!(seen.as_deref(), Some(expected.as_str()), "{id}");
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), plan.len());

    filter.clear().await.unwrap();
    filter.send_keys("expired").await.unwrap();
    choose(&window, "expired").await;
    let text = window.reads("Ask the operator to renew the certificate").await;
    assert!(text.contains("RFC 5280"), "with its source: {text}");
    assert_eq!(window.axe().await, Vec::<String>::new(), "a lesson is accessible");
    filter.clear().await.unwrap();
    filter.send_keys("missing intermediate").await.unwrap();
    choose(&window, "missing-intermediate").await;
    window.reads("did not send the intermediate").await;
    window.click("button", "Open chain").await;
    let text = window.reads("With what the certificates point at").await;
    for words in ["/issuer/issuing.der", "CN=Countersign zoo issuing", "Copy the chain to install"] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    window.find(Locator::Css("[data-back]")).await.click().await.unwrap();
    window.reads("Filter lessons").await;
    window.close().await;
}
