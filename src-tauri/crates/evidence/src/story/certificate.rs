//! Step 2: the server's certificate, and what the server asked of the client.

use super::{StoryStep, read, step, title::short_id};
use crate::{CertificateSource, CertificateView, Exchange, Fact, Handshake};

pub(super) fn server(e: &Exchange, h: &Handshake) -> StoryStep {
    let tls13 = read::tls13(h);
    let mut step = step(2, "Server certificate", if tls13 { ("RFC 9846", "4.5.1") } else { ("RFC 5246", "7.4.2") });
    if read::resumed(h) {
        step.text = resumed(h, tls13);
    } else if let Some(text) = sent(e, h, tls13) {
        step.text = text;
    } else {
        step.text = "No certificate came: the handshake ended before.".to_owned();
        step.reached = false;
    }
    if let Some(leaf) = e.certificates.first().filter(|_| step.reached) {
        step.facts.push(Fact::new("Certificate", format!("{}, {}", named(leaf), key(leaf))));
        step.facts.push(Fact::new("Issuer", if leaf.issuer == leaf.subject { "itself" } else { &leaf.issuer }));
    }
    if let Some(scheme) = h.signature_scheme.as_ref().filter(|_| !read::resumed(h)) {
        step.facts.push(Fact::new("Signed with", scheme));
    }
    step.facts.extend(asked(h));
    step
}

/// The subject, or what stands in its place.
fn named(certificate: &CertificateView) -> &str {
    match (certificate.subject.as_str(), certificate.names.first()) {
        ("", Some(name)) => name,
        (subject, _) => subject,
    }
}

/// `ECDSA P-256`, `RSA 2048`, `Ed25519`.
pub(super) fn key(certificate: &CertificateView) -> String {
    let key = &certificate.key;
    match (&key.curve, key.bits) {
        (Some(curve), _) => format!("{} {curve}", if key.kind == "EC" { "ECDSA" } else { &key.kind }),
        (None, Some(bits)) => format!("{} {bits}", key.kind),
        (None, None) => key.kind.clone(),
    }
}

fn resumed(h: &Handshake, tls13: bool) -> String {
    let proof = if tls13 {
        "Not sent again: who holds the pre-shared key of the ticket took part in the connection that made it."
    } else {
        "Not sent again: who holds the master secret took part in the connection that made it."
    };
    match &h.verified_on {
        Some(on) => format!(
            "{proof} That one, connection {} at {}Z, verified the certificate below.",
            short_id(&on.connection),
            on.at.clock()
        ),
        None => proof.to_owned(),
    }
}

/// `Two certificates sent, encrypted. The server then signed the handshake so far with the key of the first.`
fn sent(e: &Exchange, h: &Handshake, tls13: bool) -> Option<String> {
    let message = read::message(h, "server", &["Certificate", "CompressedCertificate"]);
    let count = e.certificates.iter().filter(|c| c.source == CertificateSource::Sent).count();
    if message.is_none() && count == 0 {
        return None;
    }
    let mut text = if count == 0 {
        "Certificates sent, ".to_owned()
    } else {
        format!("{} sent, ", read::capitalised(&read::counted_words(count, "certificate")))
    };
    text.push_str(if tls13 { "encrypted" } else { "in clear" });
    if let Some(packed) = message.filter(|m| m.name == "CompressedCertificate") {
        let how = read::values(packed, "algorithm").next().and_then(|v| v.rsplit(", ").next()).unwrap_or("some method");
        text.push_str(&format!(", compressed with {how}"));
    }
    text.push_str(". ");
    let which = if count == 1 { "its key" } else { "the key of the first" };
    text.push_str(&if h.signature_scheme.is_none() {
        "Nothing signed with its key was seen.".to_owned()
    } else if tls13 {
        format!("The server then signed the handshake so far with {which}.")
    } else {
        format!("The server signed both randoms and its part of the key exchange with {which}.")
    });
    Some(text)
}

/// What the server asked of the client, and the answer.
fn asked(h: &Handshake) -> Vec<Fact> {
    if !h.client_certificate_requested {
        return Vec::new();
    }
    let issuers = match h.acceptable_issuers.as_slice() {
        [] => "a client certificate of any issuer".to_owned(),
        [one] => format!("a client certificate from {one}"),
        [one, rest @ ..] => format!("a client certificate from {one} and {} more", rest.len()),
    };
    let answer = match h.client_certificate.as_ref().filter(|used| used.sent) {
        Some(used) => used.subject.clone().unwrap_or_else(|| "a certificate".to_owned()),
        None => "none sent".to_owned(),
    };
    vec![Fact::new("Asks for", issuers), Fact::new("Client", answer)]
}
