//! Opens a published document in the system's browser. Only https, and only hosts that publish standards.

use countersign_evidence::{Fault, Problem};

/// The only hosts a link leads to.
const PUBLISHERS: [&str; 3] = ["www.rfc-editor.org", "cabforum.org", "datatracker.ietf.org"];

/// Opens `url` outside the window.
pub(crate) fn open(url: &str) -> Result<(), Problem> {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    if !host.is_some_and(|host| PUBLISHERS.contains(&host)) {
        return Err(Problem::new("url.not_a_publisher", Fault::Us, "this link is not opened", url.to_owned()));
    }
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    std::process::Command::new(program)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .map(|_| ())
        .map_err(|e| {
            Problem::new(
                "url.no_browser",
                Fault::Environment,
                "no browser could be started",
                format!("`{program}`: {e}"),
            )
            .with_hint(format!("Open {url} by hand."))
        })
}
