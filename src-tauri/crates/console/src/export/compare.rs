//! Two exchanges side by side, value by value, in the words of the ladder. What only restates the time is left out.

use countersign_evidence::ladder::{bytes, duration, elide};
use countersign_evidence::{
    Exchange, Finding, FindingSeverity, Handshake, HandshakeKind, Outcome, Signature, Token, TokenOrigin, VerdictState,
};
use serde_json::{Map, Value};

use super::{sentence, short_name};
use crate::view::{ComparedValue, Comparison};

/// Stands where one of two has no such value.
const NONE: &str = "–";
/// Claims that differ from token to token.
const OWN: [&str; 5] = ["exp", "iat", "nbf", "jti", "auth_time"];
/// Claims shown where they differ.
const MOST_CLAIMS: usize = 6;

/// Compares two exchanges; the older one stands left and is called A.
pub fn compare(left: &Exchange, right: &Exchange) -> Comparison {
    let mut sheet = Sheet { group: "Result", values: Vec::new() };
    sheet.value("Result", result(left), result(right));
    handshakes(left, right, &mut sheet);
    if left.token.is_some() || right.token.is_some() {
        sheet.group = "Token";
        tokens(left.token.as_ref(), right.token.as_ref(), &mut sheet);
    }
    if left.signature.is_some() || right.signature.is_some() {
        sheet.group = "Signature";
        signatures(left.signature.as_ref(), right.signature.as_ref(), &mut sheet);
    }
    if left.response.is_some() || right.response.is_some() {
        sheet.group = "Response";
        responses(left, right, &mut sheet);
    }
    Comparison { values: sheet.values, sentence: sentence::sentence(left, right) }
}

struct Sheet {
    group: &'static str,
    values: Vec<ComparedValue>,
}

impl Sheet {
    fn value(&mut self, name: &str, left: impl Into<String>, right: impl Into<String>) {
        let (left, right) = (left.into(), right.into());
        let differs = left != right;
        self.values.push(ComparedValue { group: self.group.to_owned(), name: name.to_owned(), left, right, differs });
    }

    /// A value of both sides, by the same reading.
    fn both<T: ?Sized>(
        &mut self,
        name: &str,
        left: Option<&T>,
        right: Option<&T>,
        read: impl Fn(&T) -> Option<String>,
    ) {
        let side = |side: Option<&T>| side.and_then(&read);
        if let (None, None) = (side(left), side(right)) {
            return;
        }
        self.value(name, side(left).unwrap_or_else(|| NONE.into()), side(right).unwrap_or_else(|| NONE.into()));
    }

    /// Only where they differ.
    fn difference<T: ?Sized>(
        &mut self,
        name: &str,
        left: Option<&T>,
        right: Option<&T>,
        read: impl Fn(&T) -> Option<String>,
    ) {
        if left.and_then(&read) != right.and_then(&read) {
            self.both(name, left, right, read);
        }
    }
}

/// `201 in 143 ms`.
pub(super) fn result(e: &Exchange) -> String {
    let time = duration(e.timing.total);
    match (e.outcome, &e.response) {
        (Outcome::Answered, Some(response)) => format!("{} in {time}", response.status),
        (Outcome::Answered, None) => format!("handshake in {time}"),
        (Outcome::Cancelled, _) => format!("cancelled after {time}"),
        (Outcome::Failed, _) => match e.failed_step {
            Some(step) => format!("stopped at {}", step.title()),
            None => format!("stopped after {time}"),
        },
        (Outcome::RefusedByUs, _) => "not sent".into(),
    }
}

fn handshakes(left: &Exchange, right: &Exchange, sheet: &mut Sheet) {
    sheet.group = "Handshake";
    sheet.both("Verdict", Some(left), Some(right), |e| e.verdict.as_ref().map(|v| verdict(e, v.state)));
    let (l, r) = (left.handshake.as_ref(), right.handshake.as_ref());
    sheet.both("Kind", l, r, |h| h.kind.map(|kind| kind_words(kind).to_owned()));
    sheet.both("Version", l, r, |h| h.protocol_version.as_ref().map(|v| v.replace("TLSv", "TLS ")));
    sheet.both("Suite", l, r, |h| h.cipher_suite.clone());
    sheet.both("Group", l, r, |h| h.named_group.clone());
    sheet.difference("Round trips", l, r, round_trips);
    sheet.both("ALPN", l, r, |h| h.alpn_protocol.clone());
    let connection = |e: &Exchange| e.connection.as_ref().map(|c| if c.reused { "reused" } else { "new" }.to_owned());
    sheet.both("Connection", Some(left), Some(right), connection);
    chains(left, right, sheet);
    if [l, r].into_iter().flatten().any(|h| h.client_certificate_requested) {
        sheet.both("Client", l, r, |h| Some(client(h)));
    }
}

fn verdict(e: &Exchange, state: VerdictState) -> String {
    match state {
        VerdictState::TrustedWithFindings => {
            let notable = |f: &&Finding| f.certainty.is_none() && !matches!(f.severity, FindingSeverity::Info);
            match e.findings.iter().filter(notable).count() {
                1 => "Trusted, 1 finding".into(),
                n => format!("Trusted, {n} findings"),
            }
        }
        state @ (VerdictState::Trusted | VerdictState::NotTrusted | VerdictState::NotChecked) => state.words().into(),
    }
}

fn kind_words(kind: HandshakeKind) -> &'static str {
    match kind {
        HandshakeKind::Full | HandshakeKind::FullWithHelloRetry => "full",
        HandshakeKind::Resumed => "resumed",
    }
}

/// RFC 9846 §2 and §2.1; RFC 5246 §7.3 needs one more.
fn round_trips(h: &Handshake) -> Option<String> {
    let older = h.protocol_version.as_deref()? == "TLSv1.2";
    Some(match (h.kind?, older) {
        (HandshakeKind::FullWithHelloRetry, _) => "2, retry asked".into(),
        (HandshakeKind::Full, true) => "2".into(),
        (HandshakeKind::Full, false) | (HandshakeKind::Resumed, _) => "1".into(),
    })
}

fn client(h: &Handshake) -> String {
    match (&h.client_certificate, h.client_certificate_requested) {
        (_, false) => "not asked".into(),
        (Some(c), true) if c.sent => c.subject.as_deref().map_or("sent", short_name).to_owned(),
        (_, true) => "none sent".into(),
    }
}

/// `same 3`; else how many, and the first digits of what tells the end entities apart.
fn chains(left: &Exchange, right: &Exchange, sheet: &mut Sheet) {
    if left.certificates.is_empty() && right.certificates.is_empty() {
        return;
    }
    let digests = |e: &Exchange| e.certificates.iter().map(|c| c.fingerprints.sha256.clone()).collect::<Vec<_>>();
    if digests(left) == digests(right) {
        let same = format!("same {}", left.certificates.len());
        sheet.value("Chain", same.clone(), same);
        return;
    }
    let words = |e: &Exchange| match e.certificates.first() {
        Some(leaf) => format!("{}, {}", e.certificates.len(), elide(short_name(&leaf.subject), 24)),
        None => NONE.to_owned(),
    };
    let first = |e: &Exchange| e.certificates.first().map(|leaf| leaf.fingerprints.sha256.chars().take(8).collect());
    sheet.value("Chain", words(left), words(right));
    if let Some(chain) = sheet.values.last_mut() {
        chain.differs = true;
    }
    sheet.both("Certificate", Some(left), Some(right), first);
    let until = |e: &Exchange| e.certificates.first().map(|leaf| leaf.not_after.date());
    sheet.difference("Valid until", Some(left), Some(right), until);
    let issuer = |e: &Exchange| e.certificates.first().map(|leaf| short_name(&leaf.issuer).to_owned());
    sheet.difference("Issuer", Some(left), Some(right), issuer);
}

fn tokens(left: Option<&Token>, right: Option<&Token>, sheet: &mut Sheet) {
    sheet.both("Generation", left, right, |t| Some(format!("{}{}", t.generation, t.origin.map_or("", origin))));
    sheet.both("Fingerprint", left, right, |t| t.fingerprint.clone());
    let scope = |t: &Token| {
        t.scope.as_deref().or(t.requested_scope.as_deref()).map(|s| if s.is_empty() { "none" } else { s }.to_owned())
    };
    match (left.and_then(scope), right.and_then(scope)) {
        (None, None) => {}
        (l, r) if l == r => sheet.value("Scope", "same", "same"),
        _ => sheet.both("Scope", left, right, scope),
    }
    sheet.difference("Type", left, right, |t| t.kind.clone());
    if let (Some(l), Some(r)) = (left.and_then(|t| t.claims.as_ref()), right.and_then(|t| t.claims.as_ref())) {
        claims(l, r, sheet);
    }
}

fn origin(origin: TokenOrigin) -> &'static str {
    match origin {
        TokenOrigin::Acquired => ", new",
        TokenOrigin::Adopted => ", adopted",
        TokenOrigin::Renewed => ", renewed",
        TokenOrigin::Reused => ", reused",
    }
}

fn claims(left: &Map<String, Value>, right: &Map<String, Value>, sheet: &mut Sheet) {
    let names = left.keys().chain(right.keys().filter(|name| !left.contains_key(*name)));
    let differing = names.filter(|name| !OWN.contains(&name.as_str()) && left.get(*name) != right.get(*name));
    for name in differing.take(MOST_CLAIMS) {
        let value = |claims: &Map<String, Value>| {
            claims.get(name).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
        };
        sheet.both(name, Some(left), Some(right), value);
    }
}

fn signatures(left: Option<&Signature>, right: Option<&Signature>, sheet: &mut Sheet) {
    sheet.both("Scheme", left, right, |s| Some(s.alg.clone()));
    sheet.both("Key", left, right, |s| Some(s.keyid.clone()));
    sheet.both("Components", left, right, |s| Some(s.covered.len().to_string()));
    let (Some(l), Some(r)) = (left, right) else { return };
    let only = |one: &Signature, other: &Signature| {
        one.covered.iter().filter(|name| !other.covered.contains(name)).cloned().collect::<Vec<_>>().join(", ")
    };
    let (only_left, only_right) = (only(l, r), only(r, l));
    if !only_left.is_empty() {
        sheet.value("Only in A", only_left, NONE);
    }
    if !only_right.is_empty() {
        sheet.value("Only in B", NONE, only_right);
    }
    sheet.both("Base", left, right, |s| Some(bytes(s.base_length)));
    if let (true, Some(base)) = (l.base != r.base, sheet.values.last_mut()) {
        base.differs = true;
    }
    sheet.difference("Server", left, right, |s| {
        Some(if s.difference.is_some() { "says it differs" } else { "accepted" }.into())
    });
}

fn responses(left: &Exchange, right: &Exchange, sheet: &mut Sheet) {
    let protocol = |e: &Exchange| e.request.as_ref().and_then(|r| r.protocol.clone());
    sheet.difference("Protocol", Some(left), Some(right), protocol);
    let (l, r) = (left.response.as_ref(), right.response.as_ref());
    sheet.both("Fields", l, r, |r| Some(r.fields.len().to_string()));
    if let (Some(l), Some(r)) = (l, r) {
        let only = |one: &[(String, String)], other: &[(String, String)]| {
            let missing = |name: &String| !other.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
            let names: Vec<_> = one.iter().map(|(name, _)| name).filter(|name| missing(name)).cloned().collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let (only_left, only_right) = (only(&l.fields, &r.fields), only(&r.fields, &l.fields));
        if only_left.is_some() || only_right.is_some() {
            sheet.value(
                "Only here",
                only_left.unwrap_or_else(|| NONE.into()),
                only_right.unwrap_or_else(|| NONE.into()),
            );
        }
    }
    let (l, r) = (l.and_then(|r| r.content.as_ref()), r.and_then(|r| r.content.as_ref()));
    sheet.difference("Type", l, r, |c| c.media_type.clone());
    let same_length = l.map(|c| c.length) == r.map(|c| c.length);
    let references = (l.and_then(|c| c.reference.as_deref()), r.and_then(|c| c.reference.as_deref()));
    let other_bytes = same_length && matches!(references, (Some(l), Some(r)) if l != r);
    sheet.both("Content", l, r, |c| {
        let hash = c.reference.as_deref().filter(|_| other_bytes).and_then(|r| r.strip_prefix("sha256:"));
        Some(match hash.and_then(|h| h.get(..4)) {
            Some(first) => format!("{}, {first}…", bytes(c.length)),
            None => bytes(c.length),
        })
    });
}

#[cfg(test)]
mod tests {
    use countersign_evidence::{CertificateUse, ContentView, HandshakeKind, TokenOrigin};

    use super::compare;
    use crate::history::sample;

    fn sheet(left: &countersign_evidence::Exchange, right: &countersign_evidence::Exchange) -> Vec<String> {
        let mark = |differs| if differs { "≠" } else { "=" };
        compare(left, right)
            .values
            .into_iter()
            .map(|v| format!("{} · {}: {} {} {}", v.group, v.name, v.left, mark(v.differs), v.right))
            .collect()
    }

    #[test]
    fn the_pages_example() {
        let left = sample::success("01a");
        let mut right = sample::success("01b");
        right.timing.total = 187_000;
        let handshake = right.handshake.as_mut().unwrap();
        handshake.kind = Some(HandshakeKind::FullWithHelloRetry);
        handshake.named_group = Some("secp384r1".into());
        let token = right.token.as_mut().unwrap();
        (token.generation, token.origin, token.fingerprint) = (2, Some(TokenOrigin::Reused), Some("77aa0011".into()));
        let signature = right.signature.as_mut().unwrap();
        signature.covered.pop();
        signature.base = signature.base.replace("\"content-digest\": sha-256=:OWl0ZGlnZXN0:\n", "");
        signature.base = signature.base.replace(" \"content-digest\"", "");
        signature.base_length = 998;
        assert_eq!(
            sheet(&left, &right),
            [
                "Result · Result: 201 in 143 ms ≠ 201 in 187 ms",
                "Handshake · Verdict: Trusted = Trusted",
                "Handshake · Kind: full = full",
                "Handshake · Version: TLS 1.3 = TLS 1.3",
                "Handshake · Suite: TLS_AES_128_GCM_SHA256 = TLS_AES_128_GCM_SHA256",
                "Handshake · Group: X25519MLKEM768 ≠ secp384r1",
                "Handshake · Round trips: 1 ≠ 2, retry asked",
                "Handshake · ALPN: h2 = h2",
                "Handshake · Connection: new = new",
                "Handshake · Chain: same 3 = same 3",
                "Token · Generation: 3, new ≠ 2, reused",
                "Token · Fingerprint: 1a7674eb ≠ 77aa0011",
                "Token · Scope: same = same",
                "Signature · Scheme: ed25519 = ed25519",
                "Signature · Key: demo-ed25519 = demo-ed25519",
                "Signature · Components: 4 ≠ 3",
                "Signature · Only in A: content-digest ≠ –",
                "Signature · Base: 1.1 kB ≠ 998 B",
                "Response · Fields: 2 = 2",
                "Response · Content: 107 B = 107 B",
            ]
        );
    }

    #[test]
    fn what_one_lacks_is_a_dash() {
        let rows = sheet(&sample::expired("01a"), &sample::success("01b"));
        for row in [
            "Result · Result: stopped at TLS ≠ 201 in 143 ms",
            "Handshake · Verdict: Not trusted ≠ Trusted",
            "Handshake · Chain: 3, expired.zoo.test ≠ 3, localhost",
            "Token · Generation: – ≠ 3, new",
            "Signature · Components: – ≠ 4",
            "Response · Content: – ≠ 107 B",
        ] {
            assert!(rows.iter().any(|r| r == row), "{row} in {rows:#?}");
        }
        let rows = sheet(&sample::unreached("01a"), &sample::inspected("01b"));
        assert!(!rows.iter().any(|r| r.starts_with("Response") || r.starts_with("Signature")), "{rows:#?}");
    }

    #[test]
    fn what_differs_is_shown_where_it_differs() {
        let left = sample::success("01a");
        let mut right = sample::success("01b");
        right.handshake.as_mut().unwrap().client_certificate_requested = true;
        right.handshake.as_mut().unwrap().client_certificate =
            Some(CertificateUse { sent: true, subject: Some("CN=till-7".into()), ..CertificateUse::default() });
        right.certificates[0] = sample::certificate("localhost", "Countersign lab issuing", "leaf", "again");
        right.certificates[0].not_after = sample::at("2027-09-01T00:00:00Z");
        let token = right.token.as_mut().unwrap();
        token.scope = Some("payments:read".into());
        token.claims.as_mut().unwrap().insert("aud".into(), "other".into());
        token.claims.as_mut().unwrap().insert("exp".into(), 7.into());
        let content = |hash: &str| {
            Some(ContentView {
                length: 107,
                reference: Some(format!("sha256:{hash}")),
                media_type: None,
                not_kept: None,
            })
        };
        let mut left = left;
        left.response.as_mut().unwrap().content = content("0cb3aa");
        right.response.as_mut().unwrap().content = content("77e1aa");
        right.response.as_mut().unwrap().fields.push(("retry-after".into(), "3".into()));
        let rows = sheet(&left, &right);
        for row in [
            "Handshake · Client: not asked ≠ till-7",
            "Handshake · Chain: 3, localhost ≠ 3, localhost",
            "Handshake · Valid until: 14 Jun 2027 ≠ 1 Sep 2027",
            "Token · Scope: payments:read payments:write ≠ payments:read",
            "Token · aud: [\"api\"] ≠ other",
            "Response · Only here: – ≠ retry-after",
            "Response · Content: 107 B, 0cb3… ≠ 107 B, 77e1…",
        ] {
            assert!(rows.iter().any(|r| r == row), "{row} in {rows:#?}");
        }
        assert!(!rows.iter().any(|r| r.contains("exp:")), "every token has its own: {rows:#?}");
    }
}
