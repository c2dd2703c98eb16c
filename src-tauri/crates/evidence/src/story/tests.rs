//! Documents of real connections, read; a resumed one is made of a full one.

use super::{Story, TickState, story};
use crate::{CertificateUse, Exchange, HandshakeKind, Timestamp, VerdictState, VerifiedOn};

fn document(name: &str) -> Exchange {
    let text = match name {
        "alert" => include_str!("fixtures/alert.json"),
        "asked" => include_str!("fixtures/asked.json"),
        "expired" => include_str!("fixtures/expired.json"),
        "full" => include_str!("fixtures/full.json"),
        "incomplete" => include_str!("fixtures/incomplete.json"),
        "retried" => include_str!("fixtures/retried.json"),
        "tls_1_2" => include_str!("fixtures/tls_1_2.json"),
        other => panic!("no such document: {other}"),
    };
    serde_json::from_str(text).expect("a document of ours")
}

/// As a page would show it, line by line.
fn lines(story: &Story) -> Vec<String> {
    let mut out = vec![story.title.clone(), story.line.clone()];
    out.extend(story.badges.iter().map(|b| format!("[{}]", b.text)));
    out.extend(story.notes.iter().map(|note| format!("note: {note}")));
    for group in &story.groups {
        let names: Vec<&str> = group.messages.iter().map(|m| m.label.as_str()).collect();
        out.push(format!("{} {}: {}", group.sender, group.keys, names.join(" ")));
    }
    out.push(story.foot.clone());
    out.extend(story.end.iter().map(|end| format!("end at {:?}: {}. {}", end.message, end.title, end.meaning)));
    for step in &story.steps {
        let reached = if step.reached { "" } else { " (not reached)" };
        out.push(format!(
            "{} {}{reached}, {} §{}",
            step.number, step.title, step.citation.source, step.citation.section
        ));
        out.push(format!("  {}", step.text));
        out.extend(step.facts.iter().map(|fact| format!("  {}: {}", fact.name, fact.value)));
        for tick in &step.ticks {
            let glyph = match tick.state {
                TickState::Held => '✓',
                TickState::Failed => '✕',
                TickState::NotCompared => '–',
            };
            out.push(format!("  {glyph} {}: {} | {}", tick.name, tick.says, tick.compared));
        }
        out.extend(step.secrets.iter().map(|secret| format!("  {} {} B", secret.label, secret.length)));
        out.extend(step.derived_words.iter().map(|words| format!("  + {words}")));
    }
    out
}

fn told(name: &str) -> Vec<String> {
    lines(&story(&document(name)).expect("there was a handshake"))
}

fn resumed() -> Exchange {
    let mut e = document("full");
    let h = e.handshake.as_mut().expect("a handshake");
    h.kind = Some(HandshakeKind::Resumed);
    h.signature_scheme = None;
    h.messages.retain(|m| !m.name.starts_with("Cert") && !m.name.starts_with("Comp"));
    h.verified_on = Some(VerifiedOn {
        connection: "01m88vbd1a38eh1dg69qjggkpb".into(),
        at: Timestamp::parse("2026-11-25T07:50:00Z").expect("a time"),
    });
    e
}

#[test]
fn a_full_handshake_of_tls_1_3_is_told_in_six_steps() {
    assert_eq!(
        told("full"),
        [
            "Full handshake in 21 ms: TLS 1.3, X25519MLKEM768, Trusted",
            "localhost:46323 · opened 07:57:30.538Z",
            "[One-way TLS: only the server proved its identity]",
            "[Post-quantum key exchange]",
            "[7 messages, 6 checks, all equal]",
            "Client in clear: ClientHello",
            "Server in clear: ServerHello change_cipher_spec",
            "Server handshake keys: EncryptedExtensions CompressedCertificate CertificateVerify Finished",
            "Client handshake keys: change_cipher_spec Finished",
            "One round trip. Client sent 1,536 B, server 2,013 B. Messages read by one poll share a time.",
            "1 Client connects, RFC 9846 §4.2.2",
            "  ClientHello, 1,484 B: offers TLS 1.3 and 1.2, nine suites, four groups, and key shares for two of them.",
            "  Asks for: localhost",
            "  Key shares: X25519MLKEM768 1,216 B, x25519 32 B",
            "  Protocols: h2, http/1.1",
            "2 Server certificate, RFC 9846 §4.5.1",
            "  Two certificates sent, encrypted, compressed with brotli. The server then signed the handshake so far with the key of the first.",
            "  Certificate: CN=localhost, ECDSA P-256",
            "  Issuer: CN=Countersign lab issuing",
            "  Signed with: ecdsa_secp256r1_sha256",
            "3 Client verification, RFC 5280 §6.1",
            "  ",
            "  ✓ Dates: 24 Nov 2026 to 23 Feb 2027 | 25 Nov 2026, 07:57:30Z",
            "  ✓ Issuer: Countersign lab root | the CA file of this call",
            "  ✓ Name: DNS localhost | localhost",
            "  ✓ Signature: ecdsa-with-SHA256, 2 of 2 | issuers’ keys: nothing altered",
            "4 Shared secret, RFC 9846 §7.4",
            "  Not sent in any form. Each end computed it from the other’s share. Older texts call this the pre-master secret, encrypted under the server’s key: that is static RSA, not this connection.",
            "  X25519MLKEM768 64 B",
            "5 Master secret, RFC 9846 §7.1",
            "  HKDF over SHA-384, three extracts. RFC 9846 says main secret.",
            "  early_secret 48 B",
            "  handshake_secret 48 B",
            "  main_secret 48 B",
            "  + 6 secrets derived from them",
            "6 Session keys, RFC 9846 §7.3",
            "  One key and iv for each direction, AES-256-GCM. In use since Finished.",
            "  client key 32 B",
            "  client iv 12 B",
            "  server key 32 B",
            "  server iv 12 B",
            "  + 4 keys and ivs of the handshake",
        ]
    );
}

#[test]
fn tls_1_2_is_told_by_its_own_words_and_documents() {
    let told = told("tls_1_2");
    assert_eq!(
        told[3..9],
        [
            "[8 messages, 6 checks, all equal]",
            "Client in clear: ClientHello",
            "Server in clear: ServerHello Certificate ServerKeyExchange ServerHelloDone",
            "Client in clear: ClientKeyExchange change_cipher_spec",
            "Client session keys: Finished",
            "Server session keys: change_cipher_spec Finished",
        ],
        "the certificate goes in clear"
    );
    assert_eq!(told[9][..16], *"Two round trips.", "one more than TLS 1.3");
    let steps: Vec<&String> = told.iter().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert_eq!(
        steps,
        [
            "1 Client connects, RFC 5246 §7.4.1.2",
            "2 Server certificate, RFC 5246 §7.4.2",
            "3 Client verification, RFC 5280 §6.1",
            "4 Pre-master secret, RFC 8422 §5.10",
            "5 Master secret, RFC 7627 §4",
            "6 Session keys, RFC 5246 §6.3",
        ]
    );
    assert!(told.iter().any(|l| l.contains("offers TLS 1.2, nine suites and three groups.")), "{told:#?}");
    assert!(told.iter().any(|l| l.contains("ECDHE") || l.contains("static RSA, not of this connection")), "{told:#?}");
}

#[test]
fn static_rsa_is_called_by_its_name() {
    let mut e = document("tls_1_2");
    e.handshake.as_mut().expect("a handshake").cipher_suite = Some("TLS_RSA_WITH_AES_128_GCM_SHA256".into());
    let story = story(&e).expect("a handshake");
    let shared = &story.steps[3];
    assert_eq!(shared.citation.section, "8.1.1", "RFC 5246 §8.1.1 is RSA's");
    assert!(shared.text.starts_with("Static RSA: the client chose it and sent it encrypted"), "{}", shared.text);
}

#[test]
fn a_resumed_handshake_names_the_connection_that_verified_the_server() {
    let story = story(&resumed()).expect("a handshake");
    assert!(story.title.starts_with("Resumed handshake in "), "{}", story.title);
    assert_eq!(
        story.notes,
        ["Resumed: no certificate went over the wire. The server was verified on connection jggkpb at 07:50:00Z."]
    );
    assert!(story.steps[1].text.contains("the pre-shared key of the ticket"), "{}", story.steps[1].text);
    assert_eq!(story.steps[2].text, "By reference: verified at 07:50:00Z, on the connection that is resumed.");
    assert!(story.steps[3].text.starts_with("A fresh one"), "the key exchange is made anew: {}", story.steps[3].text);
}

#[test]
fn a_reused_connection_says_whose_handshake_is_shown() {
    let mut e = document("full");
    e.connection.as_mut().expect("a connection").reused = true;
    e.timing.tls = 0;
    let story = story(&e).expect("a handshake");
    assert_eq!(
        story.notes,
        [
            "Reused: this exchange made no handshake of its own. Shown is the one of 07:57:30Z, which opened connection jggkpb."
        ]
    );
    assert!(story.title.starts_with("Full handshake in 18 ms"), "read off the messages: {}", story.title);
}

#[test]
fn a_handshake_that_fails_marks_its_alert_and_what_was_not_reached() {
    let e = document("alert");
    let story = story(&e).expect("a ClientHello went out");
    let end = story.end.as_ref().expect("it failed");
    assert_eq!((end.message, end.title.as_str()), (Some(1), "The server sent the alert handshake_failure"));
    assert!(end.meaning.starts_with("No set of parameters"), "what it means: {}", end.meaning);
    assert_eq!(story.groups[1].messages[0].label, "alert handshake_failure");
    let reached: Vec<bool> = story.steps.iter().map(|step| step.reached).collect();
    assert_eq!(reached, [true, false, false, false, false, false], "the ClientHello was all");
    assert_eq!(story.steps[0].facts[0].value, "alert-handshake-failure.zoo.test", "read off the ClientHello");
    assert!(story.title.contains("no cipher suite, group or signature scheme in common"), "{}", story.title);
}

#[test]
fn a_refused_certificate_fails_on_the_tick_that_failed() {
    let state = |name: &str| {
        let story = story(&document(name)).expect("a handshake");
        story.steps[2].ticks.iter().map(|tick| tick.state).collect::<Vec<_>>()
    };
    use TickState::{Failed, Held, NotCompared};
    assert_eq!(state("expired"), [Failed, Held, Held, Held], "its dates alone");
    assert_eq!(state("incomplete"), [Held, Failed, Held, NotCompared], "without the issuer no key to compare with");
    let story = story(&document("expired")).expect("a handshake");
    assert_eq!(story.title, "Handshake stopped after 2 ms: the certificate expired 12 days ago");
    assert_eq!(story.badges[0].text, "One-way TLS: no identity was proved");
    assert_eq!(story.end.as_ref().and_then(|end| end.message), Some(4), "the Certificate message is marked");
    assert!(story.foot.ends_with("Seen on a second connection that only observes; nothing was sent on it."));
}

#[test]
fn verification_that_was_off_compares_nothing() {
    let mut e = document("full");
    let verdict = e.verdict.as_mut().expect("a verdict");
    verdict.state = VerdictState::NotChecked;
    let story = story(&e).expect("a handshake");
    assert!(story.steps[2].ticks.iter().all(|tick| tick.state == TickState::NotCompared), "{:?}", story.steps[2]);
    assert!(story.steps[2].text.starts_with("Verification was off"), "{}", story.steps[2].text);
}

#[test]
fn who_asked_whom_is_on_a_badge() {
    assert!(told("asked").contains(&"[Asked for a client certificate, none sent]".to_owned()));
    assert!(told("asked").contains(&"  Client: none sent".to_owned()), "and on the step");
    let mut e = document("asked");
    e.handshake.as_mut().expect("a handshake").client_certificate =
        Some(CertificateUse { sent: true, subject: Some("CN=acme-client,O=Acme".into()), ..CertificateUse::default() });
    let story = story(&e).expect("a handshake");
    assert_eq!(story.badges[0].text, "Mutual TLS: client certificate acme-client sent");
}

#[test]
fn a_retry_is_told_with_the_group_that_was_wanted() {
    let told = told("retried");
    assert_eq!(told[0][..30], *"Full handshake, after a retry,", "on top");
    assert!(told.iter().any(|line| line.contains("asked for a share of secp384r1 instead")), "{told:#?}");
    assert!(told.iter().any(|line| line.starts_with("Two round trips.")), "one more than without");
}

#[test]
fn a_check_that_differs_is_named() {
    let mut e = document("full");
    e.handshake.as_mut().expect("a handshake").checks[2].ok = false;
    let story = story(&e).expect("a handshake");
    assert_eq!(story.badges[2].text, "1 of 6 checks differs: finished");
    assert!(!story.checks[2].ok, "and in the table");
}

#[test]
fn an_older_record_without_messages_says_so() {
    let mut e = document("full");
    let h = e.handshake.as_mut().expect("a handshake");
    h.messages.clear();
    h.key_schedule.clear();
    h.checks.clear();
    let story = story(&e).expect("a handshake");
    assert_eq!(story.notes, ["The messages of this handshake are not kept: only what was negotiated is."]);
    assert_eq!((story.counted, story.groups.len(), story.badges.len()), (0, 0, 2), "nothing is invented");
    assert!(story.steps.iter().all(|step| step.reached && step.secrets.is_empty()), "{:?}", story.steps);
}

#[test]
fn without_tls_there_is_nothing_to_tell() {
    let mut e = document("full");
    e.handshake = None;
    assert_eq!(story(&e), None);
}
