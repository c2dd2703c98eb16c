//! What the list shows of a document, read from it once, when it is added.

use countersign_evidence::{Exchange, FindingSeverity, Step, VerdictState, ladder};

/// The columns that are made from the document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) status: Option<u16>,
    pub(super) verdict: String,
    pub(super) code: Option<String>,
    pub(super) title: String,
}

pub(super) fn summary(e: &Exchange) -> Summary {
    let (method, target) = match &e.request {
        Some(request) => (request.method.clone(), request.target.clone()),
        None => ("TLS".to_owned(), inspected(e)),
    };
    let (host, path) = parts(&target);
    Summary {
        host: host.to_owned(),
        path: path.to_owned(),
        method,
        status: e.response.as_ref().map(|r| r.status),
        verdict: verdict(e),
        code: code(e),
        title: if e.title.is_empty() { ladder(e).title } else { e.title.clone() },
        target,
    }
}

/// Host and port of a document without a request.
fn inspected(e: &Exchange) -> String {
    let remote = e.connection.as_ref().and_then(|c| c.remote.as_deref()).unwrap_or_default();
    match e.handshake.as_ref().and_then(|h| h.server_name.as_deref()) {
        Some(name) => match remote.rsplit_once(':') {
            Some((_, port)) => format!("{name}:{port}"),
            None => name.to_owned(),
        },
        None if remote.is_empty() => {
            e.connection.as_ref().and_then(|c| c.addresses.first()).cloned().unwrap_or_default()
        }
        None => remote.to_owned(),
    }
}

/// Authority without userinfo, and path with query. A target without a scheme is `host:port`, or a path.
fn parts(target: &str) -> (&str, &str) {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    (authority.rsplit_once('@').map_or(authority, |(_, host)| host), path)
}

/// The words of the list; empty where TLS was not reached.
fn verdict(e: &Exchange) -> String {
    let Some(verdict) = &e.verdict else { return String::new() };
    let before_tls = e.failed_step.is_some_and(|step| step < Step::Tls);
    match verdict.state {
        VerdictState::TrustedWithFindings => match notable(e).count() {
            0 => "Trusted".into(),
            1 => "Trusted, 1 finding".into(),
            n => format!("Trusted, {n} findings"),
        },
        VerdictState::NotChecked if before_tls && e.handshake.is_none() => String::new(),
        state @ (VerdictState::Trusted | VerdictState::NotTrusted | VerdictState::NotChecked) => state.words().into(),
    }
}

/// Findings above info that are no diagnosis, as the ladder counts them.
fn notable(e: &Exchange) -> impl Iterator<Item = &countersign_evidence::Finding> {
    e.findings.iter().filter(|f| f.certainty.is_none() && !matches!(f.severity, FindingSeverity::Info))
}

/// Why it failed, most specific first; else the first thing worth reading.
fn code(e: &Exchange) -> Option<String> {
    e.findings
        .iter()
        .find(|f| f.certainty.is_some() || f.rejects == Some(true))
        .map(|f| f.id.clone())
        .or_else(|| e.error.as_ref().map(|p| p.code.clone()))
        .or_else(|| notable(e).next().map(|f| f.id.clone()))
}

/// What the full-text index holds of a document, those inside of it included: targets, fields, findings.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) target: String,
    pub(super) fields: String,
    pub(super) findings: String,
}

impl Text {
    pub(super) fn of(e: &Exchange) -> Self {
        let mut text = Self::default();
        text.take(e);
        text
    }

    fn take(&mut self, e: &Exchange) {
        if let Some(request) = &e.request {
            add(&mut self.target, &[&request.target]);
            request.fields.iter().for_each(|(name, value)| add(&mut self.fields, &[name, value]));
        }
        if let Some(response) = &e.response {
            response.fields.iter().for_each(|(name, value)| add(&mut self.fields, &[name, value]));
        }
        for finding in &e.findings {
            add(&mut self.findings, &[&finding.id, &finding.subject, &finding.sentence]);
        }
        if let Some(error) = &e.error {
            add(&mut self.findings, &[&error.code, &error.title, &error.detail]);
        }
        if let Some(cause) = &e.root_cause {
            add(&mut self.findings, &[&cause.sentence]);
        }
        if let Some(call) = e.token.as_ref().and_then(|t| t.exchange.as_deref()) {
            self.take(call);
        }
        for attempt in &e.previous_attempts {
            self.take(&attempt.exchange);
        }
    }
}

fn add(text: &mut String, pieces: &[&str]) {
    for piece in pieces {
        text.push_str(piece);
        text.push(' ');
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::{parts, summary};
    use crate::history::sample;

    #[test]
    fn host_and_path_are_read_from_any_target() {
        assert_eq!(parts("https://localhost:8443/v1/payments?page=2"), ("localhost:8443", "/v1/payments?page=2"));
        assert_eq!(parts("https://user@api.test"), ("api.test", ""), "no userinfo");
        assert_eq!(parts("https://api.test?x=@y"), ("api.test", "?x=@y"));
        assert_eq!(parts("{{base_url}}/payments"), ("{{base_url}}", "/payments"), "a send that was stopped before");
        assert_eq!(parts("expired.zoo.test:40501"), ("expired.zoo.test:40501", ""));
    }

    #[test]
    fn the_list_says_verdict_and_cause() {
        let words = |e| {
            let s = summary(&e);
            (s.verdict, s.code, s.method, s.host)
        };
        let host = || "localhost:8443".to_owned();
        assert_eq!(words(sample::success("01a")), ("Trusted".into(), None, "POST".into(), host()));
        assert_eq!(
            words(sample::expired("01b")),
            ("Not trusted".into(), Some("certificate.expired".into()), "GET".into(), "expired.zoo.test".into())
        );
        assert_eq!(
            words(sample::renewal_due("01c")),
            ("Trusted, 1 finding".into(), Some("validity.renewal_due".into()), "POST".into(), host())
        );
        assert_eq!(words(sample::unreached("01d")), (String::new(), Some("tcp.refused".into()), "POST".into(), host()));
        assert_eq!(words(sample::inspected("01e")), ("Trusted".into(), None, "TLS".into(), host()));
    }
}
