//! The seven rows. Each is made from the record alone; a row that was not reached says so.

use super::text::{bytes, count, countdown, duration, elide, short_name, span, version};
use super::{Row, answered, cause, title};
use crate::{
    CertificateSource, Exchange, Fact, HandshakeKind, Outcome, Step, StepState, TokenOrigin, TokenState, VerdictState,
};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

pub(super) fn rows(e: &Exchange) -> Vec<Row> {
    let mut rows: Vec<Row> = Step::ALL
        .iter()
        .map(|step| match step {
            Step::Credential => credential(e),
            Step::Token => token(e),
            Step::Name => name(e),
            Step::Tcp => tcp(e),
            Step::Tls => tls(e),
            Step::Signature => signature(e),
            Step::Response => response(e),
        })
        .collect();
    place_bars(e, &mut rows);
    mark_cause(e, &mut rows);
    for row in &mut rows {
        row.spoken = spoken(row);
    }
    rows
}

fn row(step: Step, state: StepState, fact: impl Into<String>) -> Row {
    let number = Step::ALL.iter().position(|s| *s == step).unwrap_or_default() + 1;
    Row {
        number: number.to_string(),
        step,
        title: step.title().to_owned(),
        state,
        fact: fact.into(),
        duration_us: None,
        start_us: 0,
        spoken: String::new(),
        details: Vec::new(),
        chain: Vec::new(),
        compared: Vec::new(),
        causes: Vec::new(),
        ruled_out: Vec::new(),
        hint: None,
        actions: Vec::new(),
        inner: Vec::new(),
    }
}

fn not_reached(e: &Exchange, step: Step) -> Row {
    let word = match e.failed_step {
        Some(failed) if failed < step => "not reached",
        _ if matches!(e.outcome, Outcome::Cancelled | Outcome::Failed | Outcome::RefusedByUs) => "not reached",
        _ => "not used",
    };
    row(step, StepState::NotReached, word)
}

/// Rows start where their step started: the phases follow each other on one scale.
fn place_bars(e: &Exchange, rows: &mut [Row]) {
    let t = &e.timing;
    let spans = [t.credential, t.token, t.name, t.tcp, t.tls, t.sign, t.request + t.first_byte + t.content];
    let mut start = 0;
    for (row, span) in rows.iter_mut().zip(spans) {
        row.start_us = start;
        if !matches!(row.state, StepState::NotReached) {
            row.duration_us = Some(span);
        }
        start += span;
    }
}

/// Turns the failed step's row into the cause and opens it up.
fn mark_cause(e: &Exchange, rows: &mut [Row]) {
    let Some(step) = e.failed_step else { return };
    let cancelled = matches!(e.outcome, Outcome::Cancelled);
    for row in rows.iter_mut().filter(|r| r.step == step) {
        let needs_you = e
            .error
            .as_ref()
            .is_some_and(|p| matches!(p.code.as_str(), "vault.locked" | "vault.missing" | "vault.denied"));
        row.state = match (cancelled, needs_you) {
            (true, _) => StepState::Consequence,
            (false, true) => StepState::NeedsYou,
            (false, false) => StepState::Cause,
        };
        if let Some(refused) = refused_token(e, step) {
            row.fact = refused;
        } else if let Some(error) = e.error.as_ref() {
            row.fact = match step {
                Step::Tls if e.verdict.as_ref().is_some_and(|v| matches!(v.state, VerdictState::NotTrusted)) => {
                    "Not trusted".into()
                }
                _ if cancelled => "cancelled".into(),
                Step::Tls if error.code == "client_certificate.required" => "client certificate required".into(),
                Step::Tls if error.code == "client_certificate.refused" => "client certificate refused".into(),
                _ => elide(&error.title, 44),
            };
        }
        if cancelled {
            continue;
        }
        row.causes = cause::causes(e);
        row.ruled_out = e.ruled_out.clone();
        row.hint = cause::hint(e);
        row.actions = cause::actions(e, step);
        if step == Step::Tls {
            row.chain = cause::chain(e);
        }
        if step == Step::Signature {
            row.compared = cause::compared(e);
        }
    }
    // what came after the cause and did happen is its consequence
    for row in rows.iter_mut().filter(|r| r.step > step && !matches!(r.state, StepState::NotReached)) {
        row.state = StepState::Consequence;
    }
}

/// Who refused the token, by status and code: the authorization server, or the API.
fn refused_token(e: &Exchange, step: Step) -> Option<String> {
    if step != Step::Token || matches!(e.outcome, Outcome::Cancelled) {
        return None;
    }
    if let Some(response) = &e.response {
        return (response.status >= 400).then(|| format!("refused by the API, {}", response.status));
    }
    let call = e.token.as_ref()?.exchange.as_ref()?;
    let status = call.response.as_ref()?.status;
    let code =
        call.findings.iter().find_map(|f| f.values.iter().find(|v| v.name == "error")).map(|v| format!(" {}", v.value));
    Some(format!("{status}{}", code.unwrap_or_default()))
}

fn spoken(row: &Row) -> String {
    let state = match row.state {
        StepState::Done => None,
        StepState::Reused => Some("reused"),
        StepState::Findings => Some("with findings"),
        StepState::Cause => Some("this is the cause"),
        StepState::Consequence => Some("a consequence"),
        StepState::NotReached => None,
        StepState::Running => Some("running"),
        StepState::NeedsYou => Some("needs you"),
    };
    let mut parts = vec![row.number.clone(), row.title.clone()];
    parts.extend(state.map(ToOwned::to_owned));
    parts.push(row.fact.clone());
    parts.extend(row.duration_us.map(|us| duration(us).replace(" ms", " milliseconds").replace(" s", " seconds")));
    parts.join(", ")
}

fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact::new(name, value)
}

fn credential(e: &Exchange) -> Row {
    let Some(used) = &e.credential else {
        let word = if e.failed_step == Some(Step::Credential) { "not read" } else { "none chosen" };
        return row(Step::Credential, StepState::NotReached, word);
    };
    if used.slots.is_empty() {
        let word = if e.token.is_some() { "not read, token reused" } else { "not read" };
        let mut row = row(Step::Credential, StepState::NotReached, word);
        row.details = vec![fact("Credential", &used.name), fact("Store", used.store.words())];
        return row;
    }
    let mut row = row(Step::Credential, StepState::Done, used.name.clone());
    row.details = vec![
        fact("Credential", &used.name),
        fact("Store", used.store.words()),
        fact("Slots read", used.slots.join(", ")),
    ];
    row
}

fn token(e: &Exchange) -> Row {
    let Some(token) = &e.token else { return not_reached(e, Step::Token) };
    let end = e.started_at.unix_millis() + i64::try_from(e.timing.total / 1000).unwrap_or(i64::MAX);
    let left = token.expires_at.map(|at| countdown(at.unix_millis() - end));
    let word = match (token.origin, &left) {
        (Some(TokenOrigin::Reused), Some(left)) => format!("reused, {left} left"),
        (Some(TokenOrigin::Renewed), Some(left)) => format!("renewed, expires in {left}"),
        (Some(TokenOrigin::Adopted), Some(left)) => format!("adopted, expires in {left}"),
        (Some(TokenOrigin::Acquired), Some(left)) => format!("new, expires in {left}"),
        (_, _) => state_word(token.state).into(),
    };
    let state = if matches!(token.origin, Some(TokenOrigin::Reused)) { StepState::Reused } else { StepState::Done };
    let mut row = row(Step::Token, state, word);
    if let Some(call) = &token.exchange {
        if let Some(request) = &call.request {
            row.details.push(fact("Endpoint", &request.target));
        }
        if let Some(sent) = call.request.as_ref().and_then(sent_as) {
            row.details.push(sent);
        }
        if let Some(response) = &call.response {
            let error = call
                .findings
                .iter()
                .find_map(|f| f.values.iter().find(|v| v.name == "error"))
                .map(|v| format!(", error={}", v.value));
            row.details.push(Fact::cited(
                "Answered",
                format!("{}{}", response.status, error.unwrap_or_default()),
                "RFC 6749",
                if response.status < 400 { "5.1" } else { "5.2" },
            ));
        }
        row.details.push(fact(
            "Via",
            format!(
                "Name {}, TCP {}, TLS {}",
                duration(call.timing.name),
                duration(call.timing.tcp),
                duration(call.timing.tls)
            ),
        ));
        row.inner = inner(call);
    }
    if let Some(kind) = &token.kind {
        row.details.push(Fact::cited("Type", kind, "RFC 6749", "7.1"));
    }
    match (&token.requested_scope, &token.scope) {
        (Some(asked), Some(granted)) if asked != granted => {
            row.details.push(Fact::cited("Scope asked", asked, "RFC 6749", "3.3"));
            row.details.push(fact("Scope granted", if granted.is_empty() { "none" } else { granted }));
        }
        (_, Some(granted)) => row.details.push(Fact::cited("Scope", granted, "RFC 6749", "3.3")),
        // of a refused token it matters where the scope was the reason
        (Some(_), None) if refused_otherwise(e) => {}
        (Some(asked), None) => row.details.push(Fact::cited("Scope asked", asked, "RFC 6749", "3.3")),
        (None, None) => {}
    }
    if let (Some(at), Some(left)) = (token.expires_at, &left) {
        row.details.push(Fact::cited("Expires", format!("{}Z, in {left}", at.clock()), "RFC 6749", "5.1"));
    }
    if let Some(at) = token.renew_at {
        row.details.push(fact("Renews", format!("{}Z", at.clock())));
    }
    if token.generation > 0 {
        row.details.push(fact("Generation", token.generation.to_string()));
    }
    if let Some(fingerprint) = &token.fingerprint {
        row.details.push(fact("Fingerprint", fingerprint));
    }
    row.actions = vec![super::Action::OpenToken];
    row
}

/// Whether the token was refused for another reason than its scope.
fn refused_otherwise(e: &Exchange) -> bool {
    e.failed_step == Some(Step::Token) && e.error.as_ref().is_some_and(|p| p.code != "token.invalid_scope")
}

/// `client_secret_basic, form-encoded`, from the shown `authorization` field or form of a token request.
fn sent_as(request: &crate::RequestView) -> Option<Fact> {
    let method = request.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let words = |value: &str| value.strip_prefix("Basic ‹").and_then(|v| v.strip_suffix('›')).map(ToOwned::to_owned);
    method.map(|(_, value)| fact("Sent", words(value).unwrap_or_else(|| value.clone())))
}

fn state_word(state: TokenState) -> &'static str {
    match state {
        TokenState::Absent => "none yet",
        TokenState::Acquiring => "being obtained",
        TokenState::Ambiguous => "ambiguous",
        TokenState::Dead => "refused",
        TokenState::Expired => "expired",
        TokenState::Renewing => "being renewed",
        TokenState::Valid => "valid",
    }
}

/// The token call's own rows, 2.1 to 2.5.
fn inner(call: &Exchange) -> Vec<Row> {
    let mut inner: Vec<Row> =
        rows(call).into_iter().filter(|r| matches!(r.step, Step::Name | Step::Tcp | Step::Tls)).collect();
    let t = &call.timing;
    // the bars of the call begin with the call, not with the reading of its secret
    for row in &mut inner {
        row.start_us = row.start_us.saturating_sub(t.credential + t.token);
    }
    let before = t.name + t.tcp + t.tls;
    let word = |sent: bool| if sent { StepState::Done } else { StepState::NotReached };
    let sent = call.request.as_ref().is_some_and(|r| r.sent);
    let mut request = row(
        Step::Response,
        word(sent),
        call.request
            .as_ref()
            .map_or_else(|| "not sent".to_owned(), |r| format!("{} {}", r.method, elide(path(&r.target), 32))),
    );
    request.title = "Request".into();
    request.start_us = before;
    request.duration_us = sent.then_some(t.request);
    let mut answer = row(
        Step::Response,
        word(call.response.is_some()),
        call.response.as_ref().map_or_else(|| "none".to_owned(), answer_fact),
    );
    answer.title = "Answer".into();
    answer.start_us = before + t.request;
    answer.duration_us = call.response.is_some().then_some(t.first_byte + t.content);
    inner.push(request);
    inner.push(answer);
    for (i, row) in inner.iter_mut().enumerate() {
        row.number = format!("2.{}", i + 1);
        row.spoken = spoken(row);
        row.inner = Vec::new();
    }
    inner
}

/// `200, application/json, 842 B`.
fn answer_fact(r: &crate::ResponseView) -> String {
    let mut facts = vec![r.status.to_string()];
    if let Some(content) = &r.content {
        facts.extend(content.media_type.as_ref().map(|kind| kind.split(';').next().unwrap_or(kind).trim().to_owned()));
        facts.push(bytes(content.length));
    }
    facts.join(", ")
}

fn path(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    rest.find('/').map_or("/", |i| &rest[i..])
}

/// Whether the main connection was opened before this request.
fn reused(e: &Exchange) -> bool {
    e.connection.as_ref().is_some_and(|c| c.reused)
}

fn opened(e: &Exchange) -> String {
    e.connection.as_ref().map_or_else(String::new, |c| format!("connection of {}Z", c.opened_at.clock()))
}

fn name(e: &Exchange) -> Row {
    let Some(connection) = &e.connection else { return not_reached(e, Step::Name) };
    if connection.addresses.is_empty() && e.failed_step != Some(Step::Name) {
        return not_reached(e, Step::Name);
    }
    if reused(e) {
        return row(Step::Name, StepState::Reused, opened(e));
    }
    let mut row = row(Step::Name, StepState::Done, connection.addresses.first().cloned().unwrap_or_default());
    row.details = vec![fact("Addresses", connection.addresses.join(", "))];
    row
}

fn tcp(e: &Exchange) -> Row {
    let Some(connection) = &e.connection else { return not_reached(e, Step::Tcp) };
    if reused(e) {
        return row(Step::Tcp, StepState::Reused, opened(e));
    }
    let Some(remote) = &connection.remote else {
        let mut failed = not_reached(e, Step::Tcp);
        failed.details = vec![fact("Tried", connection.addresses.join(", "))];
        return failed;
    };
    let port = remote.rsplit_once(':').map_or(remote.as_str(), |(_, port)| port);
    let mut row = row(Step::Tcp, StepState::Done, format!("port {port}"));
    row.details = vec![fact("Answered", remote), fact("Connection", &connection.id)];
    row
}

fn tls(e: &Exchange) -> Row {
    let Some(handshake) = &e.handshake else {
        if e.failed_step == Some(Step::Tls) {
            return row(Step::Tls, StepState::Cause, "no handshake");
        }
        if answered(e) {
            return row(Step::Tls, StepState::NotReached, "not used: plain HTTP");
        }
        return not_reached(e, Step::Tls);
    };
    let verdict = e.verdict.as_ref();
    let notable = title::notable(e);
    let word = match verdict.map(|v| v.state) {
        Some(VerdictState::TrustedWithFindings) => format!("Trusted, {}", count(notable, "finding")),
        Some(state) => state.words().into(),
        None => "Not checked".into(),
    };
    let short = handshake.protocol_version.as_deref().map(|v| version(v).replace("TLS ", ""));
    let state = match verdict.map(|v| v.state) {
        Some(VerdictState::TrustedWithFindings) | Some(VerdictState::NotChecked) => StepState::Findings,
        _ if reused(e) || matches!(handshake.kind, Some(HandshakeKind::Resumed)) => StepState::Reused,
        _ => StepState::Done,
    };
    let at = e.connection.as_ref().filter(|c| c.reused).map(|c| format!(" at {}Z", c.opened_at.clock()));
    let fact_text = match (short, at) {
        (_, Some(at)) => format!("{word}{at}"),
        (Some(v), None) => format!("{v}, {word}"),
        (None, None) => word,
    };
    let mut row = row(Step::Tls, state, fact_text);
    row.details = tls_details(e);
    row.actions = vec![super::Action::OpenHandshake];
    if !e.certificates.is_empty() {
        row.actions.push(super::Action::OpenChain);
    }
    row
}

fn tls_details(e: &Exchange) -> Vec<Fact> {
    let Some(h) = &e.handshake else { return Vec::new() };
    let mut details = Vec::new();
    if refused_certificate(e) {
        // what decided stands alone
        if !failed_dates(e, &mut details) {
            failed_chain(e, &mut details);
        }
        return details;
    }
    let mut negotiated = |name: &str, value: &Option<String>, section: &'static str| {
        if let Some(value) = value {
            let mut fact = Fact::new(name, value.clone());
            if !section.is_empty() {
                fact.citation = Some(crate::Citation::new("RFC 9846", section));
            }
            details.push(fact);
        }
    };
    negotiated("Version", &h.protocol_version.as_deref().map(version), "4.3.1");
    negotiated("Cipher suite", &h.cipher_suite, "");
    negotiated("Named group", &h.named_group, "");
    negotiated("ALPN", &h.alpn_protocol, "");
    if !e.certificates.is_empty() {
        details.push(fact("Chain", chain_summary(e)));
    }
    let client = match (&h.client_certificate, h.client_certificate_requested) {
        (_, false) => "no certificate requested".to_owned(),
        (Some(c), true) if c.sent => format!("sent {}", c.subject.as_deref().map_or("a certificate", short_name)),
        (_, true) => "certificate requested, none sent".to_owned(),
    };
    if h.protocol_version.is_some() {
        details.push(fact("Client", client));
        details.extend(h.client_certificate.iter().filter_map(|c| c.reason.as_ref()).map(|why| fact("Chosen", why)));
    }
    if let Some(verified) = &h.verified_on {
        details.push(fact("Verified", format!("{}Z, on an earlier connection", verified.at.clock())));
    }
    details
}

/// Whether the handshake stopped because of what the server's certificates say.
fn refused_certificate(e: &Exchange) -> bool {
    e.failed_step == Some(Step::Tls) && !e.certificates.is_empty() && e.findings.iter().any(|f| f.rejects == Some(true))
}

/// `3 certificates, 89 d left`.
fn chain_summary(e: &Exchange) -> String {
    let left = e.certificates.first().map(|c| c.not_after.unix_millis() - e.started_at.unix_millis());
    let word = match left {
        Some(left) if left >= DAY => format!("{} d left", left / DAY),
        Some(left) if left >= 0 => format!("{} left", span(left)),
        Some(left) => format!("expired {} ago", span(left)),
        None => String::new(),
    };
    format!("{}, {word}", count(e.certificates.len(), "certificate"))
}

/// An expired certificate stacks notAfter over the time of the check.
fn failed_dates(e: &Exchange, details: &mut Vec<Fact>) -> bool {
    let Some(finding) = e.findings.iter().find(|f| {
        matches!(f.id.as_str(), "certificate.expired" | "certificate.not_yet_valid") && f.rejects == Some(true)
    }) else {
        return false;
    };
    let Some(certificate) = finding.certificate.and_then(|i| e.certificates.get(i)) else { return false };
    let expired = finding.id == "certificate.expired";
    details.push(fact(
        "Certificate",
        format!("{} of {}: {}", finding.certificate.unwrap_or_default() + 1, e.certificates.len(), certificate.subject),
    ));
    let (name, value) =
        if expired { ("notAfter", certificate.not_after) } else { ("notBefore", certificate.not_before) };
    details.push(Fact::cited(name, value.to_string(), "RFC 5280", "4.1.2.5"));
    if let Some(at) = e.verdict.as_ref().and_then(|v| v.checked_at) {
        details.push(fact("Checked at", at.to_string()));
    }
    true
}

/// What was wanted over what was sent.
fn failed_chain(e: &Exchange, details: &mut Vec<Fact>) {
    let sent: Vec<_> = e.certificates.iter().filter(|c| matches!(c.source, CertificateSource::Sent)).collect();
    let names = e.findings.iter().any(|f| f.id.starts_with("name."));
    if names {
        if let Some(asked) = e.handshake.as_ref().and_then(|h| h.server_name.as_ref()) {
            details.push(Fact::cited("Asked for", asked, "RFC 9525", "6.3"));
        }
        if let Some(leaf) = sent.first() {
            details.push(fact("Covers", elide(&leaf.names.join(", "), 80)));
        }
        return;
    }
    if let Some(last) = sent.last() {
        details.push(Fact::cited("Issuer wanted", &last.issuer, "RFC 9846", "4.5.1"));
        let list = sent.iter().map(|c| short_name(&c.subject)).collect::<Vec<_>>().join(", ");
        details.push(fact("Server sent", format!("{}: {}", count(sent.len(), "certificate"), elide(&list, 60))));
        if let Some(published) = last.ca_issuers.first() {
            details.push(fact("Published at", published));
        }
    }
}

fn signature(e: &Exchange) -> Row {
    let Some(s) = &e.signature else { return not_reached(e, Step::Signature) };
    let mut row = row(Step::Signature, StepState::Done, format!("{}, {}", s.alg, count(s.covered.len(), "component")));
    if let Some(difference) = &s.difference {
        row.state = StepState::Cause;
        row.fact = if difference.component.is_empty() { "not accepted".into() } else { "differs".into() };
    }
    row.details = vec![
        Fact::cited("Algorithm", &s.alg, "RFC 9421", "3.3"),
        Fact::cited("Key", &s.keyid, "RFC 9421", "2.3"),
        Fact::cited("Covers", s.covered.join(", "), "RFC 9421", "2"),
    ];
    if let Some(digest) = &s.content_digest {
        row.details.push(Fact::cited("Content-Digest", elide(digest, 44), "RFC 9530", "2"));
    }
    row.details.push(fact("Base", bytes(s.base_length)));
    row.actions = vec![super::Action::OpenSignatureBase];
    row
}

fn response(e: &Exchange) -> Row {
    let Some(r) = &e.response else {
        let state = not_reached(e, Step::Response);
        return if matches!(e.outcome, Outcome::Answered) {
            row(Step::Response, StepState::NotReached, "no request was sent")
        } else {
            state
        };
    };
    let size = r.content.as_ref().map_or(0, |c| c.length);
    let mut row = row(Step::Response, StepState::Done, format!("{}, {}", r.status, bytes(size)));
    row.details = vec![Fact::cited(
        "Status",
        format!("{} {}", r.status, r.reason.as_deref().unwrap_or_default()).trim().to_owned(),
        "RFC 9110",
        "15",
    )];
    if let Some(protocol) = e.request.as_ref().and_then(|q| q.protocol.as_ref()) {
        row.details.push(fact("Protocol", protocol));
    }
    if let Some(kind) = r.content.as_ref().and_then(|c| c.media_type.as_ref()) {
        row.details.push(Fact::cited("Content-Type", kind, "RFC 9110", "8.3"));
    }
    if r.content.is_some() {
        row.details.push(fact("Content", bytes(size)));
    }
    row.details.push(fact("First byte", format!("after {}", duration(e.timing.first_byte))));
    row
}
