//! Every view passes axe in both themes, and nothing breaks the content security policy.

use serde_json::Value;

use super::{after_first_run, fresh, open_step};
use crate::support::window::Window;

/// The pages reachable from the sidebar, by their link.
const PAGES: [&str; 7] =
    ["Create payment", "Demo client", "Local gateway", "Tokens", "Inspect a server", "History", "Settings"];
/// The pages of the exchange in view: the row they open from, their link, words that stand on them.
const OF_THE_EXCHANGE: [(&str, &str, &str); 4] = [
    ("5", "Open handshake", "Messages read by one poll share a time."),
    ("5", "Open chain", "Copy full chain"),
    ("2", "Open token", "How it was obtained"),
    ("6", "Open signature base", "Fields added to the request"),
];

async fn found(window: &Window, view: &str) -> Vec<String> {
    let mut found = Vec::new();
    for theme in ["light", "dark"] {
        window.script("document.documentElement.dataset.theme = arguments[0]", vec![theme.into()]).await;
        window.settled().await;
        found.extend(window.axe().await.into_iter().map(|v| format!("{view}, {theme}: {v}")));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_view_has_a_serious_violation_in_either_theme() {
    let Some((_first, window)) = fresh("views_first_run").await else { return };
    window.reads("Start local gateway and send a signed request").await;
    let mut violations = found(&window, "First run").await;
    window.close().await;

    let Some((_sandbox, window)) = after_first_run("views").await else { return };
    let listen = "window.refused = []; document.addEventListener('securitypolicyviolation', \
                  (e) => window.refused.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`))";
    window.script(listen, vec![]).await;
    for page in PAGES {
        window.click("link", page).await;
        violations.extend(found(&window, page).await);
    }
    window.click("link", "Demo client").await;
    window.click("button", "Recipes").await;
    window.reads("What it found").await;
    violations.extend(found(&window, "Recipes").await);
    for (row, link, words) in OF_THE_EXCHANGE {
        window.click("link", "Create payment").await;
        open_step(&window, row).await;
        window.click("button", link).await;
        window.reads(words).await;
        violations.extend(found(&window, link).await);
        if link == "Open handshake" {
            for tab in ["Steps 6", "Checks 6"] {
                window.click("tab", tab).await;
                violations.extend(found(&window, tab).await);
            }
        }
    }
    window.click("link", "Create payment").await;
    for (fault, words) in [
        ("Wrong host", "Stopped at TLS"),
        ("Refused client", "Stopped at Token"),
        ("Changed content", "the signature differs"),
    ] {
        window.click("button", fault).await;
        window.reads(words).await;
        violations.extend(found(&window, fault).await);
    }
    assert_eq!(violations, Vec::<String>::new(), "axe-core");
    let refused = window.script("return window.refused", vec![]).await;
    assert_eq!(refused, Value::Array(Vec::new()), "the content security policy had nothing to refuse");
    window.close().await;
}
