//! Documents as sends make them, for the tests of history and exports.

use aws_lc_rs::digest;
use countersign_evidence::{
    Attempt, AttemptReason, BasicConstraints, Certainty, CertificateSource, CertificateView, Citation, ConnectionView,
    ContentView, CredentialView, Exchange, Fact, Fault, Finding, FindingSeverity, Fingerprints, Handshake,
    HandshakeKind, KeyScheduleEntry, KeyView, Outcome, Problem, Profile, RequestView, ResponseView, RootCause,
    SecretStore, Signature, SignatureDifference, Step, Timestamp, Timing, Token, TokenOrigin, TokenState, Verdict,
    VerdictState, VerifiedOn, ladder,
};

use super::Entry;
use super::parts::pem;

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// A certificate; `key` and `made` tell one from another.
pub(crate) fn certificate(subject: &str, issuer: &str, key: &str, made: &str) -> CertificateView {
    let der = format!("0\u{1}{subject}{issuer}{key}{made}").repeat(9).into_bytes();
    let ca = subject.contains("issuing") || subject.contains("root");
    CertificateView {
        subject: format!("CN={subject}"),
        issuer: format!("CN={issuer}"),
        serial: "04:9c:e1".into(),
        not_before: at("2027-03-16T00:00:00Z"),
        not_after: at("2027-06-14T00:00:00Z"),
        names: if ca { Vec::new() } else { vec![format!("DNS:{subject}"), "IP:127.0.0.1".into()] },
        key: KeyView { kind: "EC".into(), curve: Some("P-256".into()), bits: None },
        signature_algorithm: "ecdsa-with-SHA256".into(),
        key_usage: vec!["digitalSignature".into()],
        extended_key_usage: vec!["serverAuth".into()],
        basic_constraints: ca.then_some(BasicConstraints { ca: true, path_length: Some(0) }),
        ca_issuers: Vec::new(),
        ocsp: Vec::new(),
        crl: Vec::new(),
        fingerprints: Fingerprints { sha256: sha256(&der), spki_sha256: sha256(key.as_bytes()) },
        source: CertificateSource::Sent,
        store: None,
        pem: pem(&der),
        details: None,
    }
}

pub(crate) fn chain(host: &str) -> Vec<CertificateView> {
    let mut root = certificate("Countersign lab root", "Countersign lab root", "root", "once");
    root.source = CertificateSource::Store;
    root.store = Some("gateway".into());
    let leaf = certificate(host, "Countersign lab issuing", "leaf", "once");
    vec![leaf, certificate("Countersign lab issuing", "Countersign lab root", "issuing", "once"), root]
}

pub(crate) fn handshake(name: &str) -> Handshake {
    Handshake {
        protocol_version: Some("TLSv1.3".into()),
        cipher_suite: Some("TLS_AES_128_GCM_SHA256".into()),
        named_group: Some("X25519MLKEM768".into()),
        signature_scheme: Some("ecdsa_secp256r1_sha256".into()),
        alpn_protocol: Some("h2".into()),
        kind: Some(HandshakeKind::Full),
        server_name: Some(name.into()),
        client_certificate_requested: false,
        client_certificate: None,
        acceptable_issuers: Vec::new(),
        early_data: false,
        ocsp_response: None,
        verified_on: None,
        messages: Vec::new(),
        key_schedule: vec![KeyScheduleEntry {
            name: "handshake_secret".into(),
            length: 32,
            derivation: None,
            citation: None,
        }],
        checks: Vec::new(),
    }
}

fn connected(e: &mut Exchange, connection: &str, host: &str, port: u16) {
    e.connection = Some(ConnectionView {
        id: connection.into(),
        opened_at: at("2027-03-17T09:12:44.041Z"),
        reused: false,
        addresses: vec!["127.0.0.1".into()],
        remote: Some(format!("127.0.0.1:{port}")),
    });
    e.handshake = Some(handshake(host));
    e.certificates = chain(host);
    e.verdict = Some(Verdict {
        state: VerdictState::Trusted,
        reason: "path.valid".into(),
        store: Some("gateway".into()),
        checked_at: Some(at("2027-03-17T09:12:44.050Z")),
        profile: Some(Profile::Private),
    });
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A token call as it stands in `token.exchange`.
pub(crate) fn token_call(id: &str) -> Exchange {
    let mut e = Exchange::new(format!("{id}-token"), at("2027-03-17T09:12:44.013Z"));
    connected(&mut e, &format!("{id}-tokenconn"), "localhost", 8444);
    e.outcome = Outcome::Answered;
    e.credential = Some(CredentialView {
        name: "demo-client".into(),
        store: SecretStore::SecretService,
        slots: vec!["client_secret".into()],
    });
    e.request = Some(RequestView {
        method: "POST".into(),
        target: "https://localhost:8444/oauth2/token".into(),
        protocol: Some("HTTP/2".into()),
        fields: fields(&[
            ("authorization", "Basic ‹client credentials of demo-client›"),
            ("content-type", "application/x-www-form-urlencoded"),
        ]),
        content: Some(ContentView {
            length: 62,
            reference: None,
            media_type: None,
            not_kept: Some("the content of a token request is never kept".into()),
        }),
        sent: true,
    });
    e.response = Some(ResponseView {
        status: 200,
        reason: Some("OK".into()),
        fields: fields(&[("content-type", "application/json"), ("cache-control", "no-store")]),
        content: Some(ContentView {
            length: 900,
            reference: None,
            media_type: Some("application/json".into()),
            not_kept: Some("the answer of a token endpoint is never kept".into()),
        }),
    });
    e.timing = Timing {
        name: 100,
        tcp: 300,
        tls: 8_000,
        request: 200,
        first_byte: 20_000,
        content: 300,
        total: 29_000,
        ..Timing::default()
    };
    e.title = ladder(&e).title;
    e
}

pub(crate) fn token() -> Token {
    let claims =
        serde_json::json!({"iss": "https://localhost:8444", "aud": ["api"], "exp": 1_805_275_064, "ratio": 0.5});
    Token {
        state: TokenState::Valid,
        kind: Some("Bearer".into()),
        scope: Some("payments:read payments:write".into()),
        requested_scope: Some("payments:read payments:write".into()),
        issued_at: Some(at("2027-03-17T09:12:44Z")),
        expires_at: Some(at("2027-03-17T09:17:44Z")),
        renew_at: Some(at("2027-03-17T09:16:35Z")),
        generation: 3,
        origin: Some(TokenOrigin::Acquired),
        fingerprint: Some("1a7674eb".into()),
        header: None,
        claims: claims.as_object().cloned(),
        exchange: None,
    }
}

pub(crate) fn signature() -> Signature {
    let covered = ["@method", "@target-uri", "authorization", "content-digest"];
    Signature {
        scheme: "rfc9421".into(),
        label: Some("sig1".into()),
        alg: "ed25519".into(),
        keyid: "demo-ed25519".into(),
        covered: covered.map(str::to_owned).to_vec(),
        base: "\"@method\": POST\n\"@target-uri\": https://localhost:8443/v1/payments\n\"authorization\": Bearer ‹token 1a7674eb›\n\
               \"content-digest\": sha-256=:OWl0ZGlnZXN0:\n\
               \"@signature-params\": (\"@method\" \"@target-uri\" \"authorization\" \"content-digest\");created=1805275064;keyid=\"demo-ed25519\""
            .into(),
        base_length: 1104,
        value: "zRnW5Ev6".into(),
        content_digest: Some("sha-256=:OWl0ZGlnZXN0:".into()),
        signature_input: None,
        origins: vec![Fact::new("@method", "the request")],
        difference: None,
    }
}

/// A signed POST that was answered 201, with a token obtained for it.
pub(crate) fn success(id: &str) -> Exchange {
    let mut e = Exchange::new(id, at("2027-03-17T09:12:44.012Z"));
    connected(&mut e, &format!("{id}-conn"), "localhost", 8443);
    e.outcome = Outcome::Answered;
    e.credential = Some(CredentialView {
        name: "demo-client".into(),
        store: SecretStore::SecretService,
        slots: vec!["client_secret".into(), "signing_key".into()],
    });
    e.token = Some(Token { exchange: Some(Box::new(token_call(id))), ..token() });
    e.signature = Some(signature());
    e.request = Some(RequestView {
        method: "POST".into(),
        target: "https://localhost:8443/v1/payments".into(),
        protocol: Some("HTTP/2".into()),
        fields: fields(&[
            ("accept", "application/json"),
            ("authorization", "Bearer ‹token 1a7674eb›"),
            ("content-type", "application/json"),
            ("content-length", "69"),
        ]),
        content: Some(ContentView {
            length: 69,
            reference: None,
            media_type: Some("application/json".into()),
            not_kept: None,
        }),
        sent: true,
    });
    e.response = Some(ResponseView {
        status: 201,
        reason: Some("Created".into()),
        fields: fields(&[("content-type", "application/json"), ("location", "/v1/payments/pay_01J9Z4")]),
        content: Some(ContentView {
            length: 107,
            reference: None,
            media_type: Some("application/json".into()),
            not_kept: None,
        }),
    });
    e.timing = Timing {
        credential: 900,
        token: 38_100,
        name: 200,
        tcp: 400,
        tls: 9_100,
        sign: 300,
        request: 600,
        first_byte: 92_000,
        content: 400,
        total: 143_000,
        overhead: 350,
    };
    e.title = ladder(&e).title;
    e
}

/// The token was refused, renewed, and the request sent again.
pub(crate) fn renewed(id: &str) -> Exchange {
    let mut refused = success(&format!("{id}-first"));
    refused.response =
        Some(ResponseView { status: 401, reason: Some("Unauthorized".into()), fields: Vec::new(), content: None });
    let mut redirected = success(&format!("{id}-second"));
    redirected.token = None;
    redirected.certificates = chain("www.localhost");
    let mut e = success(id);
    e.previous_attempts = vec![
        Attempt { reason: AttemptReason::TokenRenewed, exchange: refused },
        Attempt { reason: AttemptReason::Redirect, exchange: redirected },
    ];
    if let Some(token) = &mut e.token {
        token.origin = Some(TokenOrigin::Renewed);
        token.generation = 4;
        token.fingerprint = Some("77aa0011".into());
    }
    e
}

pub(crate) fn finding(id: &str, sentence: &str) -> Finding {
    Finding {
        id: id.into(),
        severity: FindingSeverity::Warning,
        subject: "localhost".into(),
        sentence: sentence.into(),
        fix: "Renew it.".into(),
        citation: Citation::new("RFC 5280", "4.1.2.5"),
        certainty: None,
        certificate: Some(0),
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

/// Answered, with something to read about the certificate.
pub(crate) fn renewal_due(id: &str) -> Exchange {
    let mut e = success(id);
    if let Some(verdict) = &mut e.verdict {
        verdict.state = VerdictState::TrustedWithFindings;
    }
    e.findings = vec![finding("validity.renewal_due", "The certificate expires in 12 d.")];
    e
}

/// The chain was refused.
pub(crate) fn expired(id: &str) -> Exchange {
    let mut e = Exchange::new(id, at("2027-03-17T09:10:02Z"));
    connected(&mut e, &format!("{id}-conn"), "expired.zoo.test", 443);
    e.outcome = Outcome::Failed;
    e.failed_step = Some(Step::Tls);
    e.verdict = Some(Verdict {
        state: VerdictState::NotTrusted,
        reason: "certificate.expired".into(),
        store: None,
        checked_at: Some(e.started_at),
        profile: None,
    });
    let mut cause = finding("certificate.expired", "expired.zoo.test expired on 1 Jan 2027.");
    cause.severity = FindingSeverity::Error;
    cause.rejects = Some(true);
    e.findings = vec![cause];
    e.root_cause = Some(RootCause { sentence: "The certificate expired.".into(), probes: Vec::new() });
    e.error = Some(Problem::new("tls.not_trusted", Fault::Peer, "the certificate expired", "notAfter 1 Jan 2027"));
    e.request = Some(RequestView {
        method: "GET".into(),
        target: "https://expired.zoo.test/".into(),
        protocol: None,
        fields: Vec::new(),
        content: None,
        sent: false,
    });
    e.timing = Timing { name: 1_000, tcp: 2_000, tls: 6_000, total: 9_000, ..Timing::default() };
    e.title = ladder(&e).title;
    e
}

/// Nobody listened.
pub(crate) fn unreached(id: &str) -> Exchange {
    let mut e = success(id);
    (e.handshake, e.certificates, e.response, e.signature) = (None, Vec::new(), None, None);
    e.outcome = Outcome::Failed;
    e.failed_step = Some(Step::Tcp);
    e.verdict = Some(Verdict {
        state: VerdictState::NotChecked,
        reason: "handshake_failed".into(),
        store: None,
        checked_at: None,
        profile: None,
    });
    e.error = Some(Problem::new("tcp.refused", Fault::Environment, "nobody listens on port 8443", "127.0.0.1:8443"));
    e.title = ladder(&e).title;
    e
}

/// A handshake without a request.
pub(crate) fn inspected(id: &str) -> Exchange {
    let mut e = success(id);
    (e.request, e.response, e.token, e.signature, e.credential) = (None, None, None, None, None);
    e.title = ladder(&e).title;
    e
}

/// Resumed, with the chain and the verdict of an earlier connection.
pub(crate) fn resumed(id: &str) -> Exchange {
    let mut e = success(id);
    if let Some(handshake) = &mut e.handshake {
        handshake.kind = Some(HandshakeKind::Resumed);
        handshake.verified_on = Some(VerifiedOn { connection: "01earlier".into(), at: at("2027-03-17T09:00:00Z") });
    }
    e
}

/// The server named the component that differs.
pub(crate) fn signature_refused(id: &str) -> Exchange {
    let mut e = success(id);
    if let Some(signature) = &mut e.signature {
        signature.difference = Some(SignatureDifference {
            component: "content-digest".into(),
            ours: Some("sha-256=:OWl0ZGlnZXN0:".into()),
            theirs: Some("sha-256=:b3RoZXI=:".into()),
            at: Some(9),
        });
    }
    let mut cause = finding("signature.content_changed", "The content was changed on its way.");
    cause.certainty = Some(Certainty::Proven);
    e.findings = vec![cause];
    e.failed_step = Some(Step::Signature);
    e.response =
        Some(ResponseView { status: 401, reason: Some("Unauthorized".into()), fields: Vec::new(), content: None });
    e.title = ladder(&e).title;
    e
}

pub(crate) fn entry(exchange: Exchange) -> Entry {
    Entry {
        exchange,
        workspace: "01jz8q4t6v0m3n5p7r9s1t3v5x".into(),
        environment: Some("local".into()),
        request_path: Some("payments/create-payment".into()),
        gateway_seen: Some(7),
    }
}
