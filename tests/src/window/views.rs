//! Every view passes axe in both themes, and nothing breaks the content security policy.

use super::after_first_run;

/// The pages reachable from the sidebar, by their link.
const PAGES: [&str; 5] = ["Create payment", "Local gateway", "Inspect a server", "History", "Settings"];

#[tokio::test(flavor = "multi_thread")]
async fn no_view_has_a_serious_violation_in_either_theme() {
    let Some((_sandbox, window)) = after_first_run("views").await else { return };
    let mut found = Vec::new();
    for theme in ["light", "dark"] {
        window.script("document.documentElement.dataset.theme = arguments[0]", vec![theme.into()]).await;
        for page in PAGES {
            window.click("link", page).await;
            found.extend(window.axe().await.into_iter().map(|v| format!("{page}, {theme}: {v}")));
        }
    }
    assert_eq!(found, Vec::<String>::new(), "axe-core");
    window.close().await;
}
