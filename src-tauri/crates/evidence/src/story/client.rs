//! Step 1: the client connects.

use super::{StoryStep, read, step};
use crate::{Exchange, Fact, Handshake, HandshakeMessage};

pub(super) fn connects(e: &Exchange, h: &Handshake) -> StoryStep {
    let cited = if read::tls13(h) { ("RFC 9846", "4.2.2") } else { ("RFC 5246", "7.4.1.2") };
    let mut step = step(1, "Client connects", cited);
    let Some(hello) = read::message(h, "client", &["ClientHello"]) else {
        step.text = if read::failed(e) { "No ClientHello was sent." } else { "What the client offered is not kept." }
            .to_owned();
        step.reached = !read::failed(e);
        step.facts = asked(h);
        return step;
    };
    step.citation = hello.citation.clone().unwrap_or(step.citation);
    step.text = offers(hello);
    if let Some(retry) = read::message(h, "server", &["HelloRetryRequest"]) {
        let group = read::within(retry, "key_share").iter().find(|f| f.name == "selected_group" || f.name == "group");
        let group = group.map_or("another group", |f| f.value.rsplit(", ").next().unwrap_or(&f.value));
        step.text.push_str(&format!(
            " The server asked for a share of {group} instead: a HelloRetryRequest, a second ClientHello, one round trip more."
        ));
    }
    step.facts = asked(h);
    let shares: Vec<String> = shares(hello).map(share).collect();
    if !shares.is_empty() {
        step.facts.push(Fact::new("Key shares", shares.join(", ")));
    }
    let protocols: Vec<&str> = read::values(hello, "ProtocolName").collect();
    if !protocols.is_empty() {
        step.facts.push(Fact::new("Protocols", protocols.join(", ")));
    }
    step
}

fn asked(h: &Handshake) -> Vec<Fact> {
    vec![Fact::new("Asks for", read::server_name(h).unwrap_or("no name: it connects to an address"))]
}

fn shares(hello: &HandshakeMessage) -> impl Iterator<Item = &str> {
    read::values(hello, "KeyShareEntry").filter(|v| !v.contains("GREASE"))
}

/// `X25519MLKEM768 1,216 B` from `X25519MLKEM768, 1216 B`.
fn share(value: &str) -> String {
    let parts = value.split_once(", ").and_then(|(group, size)| Some((group, size.split(' ').next()?.parse().ok()?)));
    parts.map_or_else(|| value.to_owned(), |(group, size)| format!("{group} {}", read::exact(size)))
}

/// `ClientHello, 1,541 B: offers TLS 1.3 and 1.2, nine suites, four groups, and key shares for two of them.`
fn offers(hello: &HandshakeMessage) -> String {
    let real = |name| read::values(hello, name).filter(|v| !v.contains("GREASE") && !v.ends_with("_SCSV")).count();
    let versions: Vec<&str> = read::values(hello, "ProtocolVersion")
        .filter_map(|v| v.split_once("TLS ").map(|(_, version)| version))
        .collect();
    let mut offered = Vec::new();
    match versions.as_slice() {
        [] => {}
        [one] => offered.push(format!("TLS {one}")),
        [first, .., last] => offered.push(format!("TLS {first} and {last}")),
    }
    offered.push(read::counted_words(real("cipher_suite"), "suite"));
    let groups = real("NamedGroup");
    if groups > 0 {
        offered.push(read::counted_words(groups, "group"));
    }
    let shares = shares(hello).count();
    let resumes = hello.fields.iter().any(|f| f.name == "pre_shared_key")
        || hello.fields.iter().any(|f| f.name == "session_ticket" && f.length > 4);
    let last = if shares == 0 { offered.pop() } else { None };
    let mut text = format!("ClientHello, {}: offers {}", read::exact(hello.length), offered.join(", "));
    text.extend(last.iter().map(|last| format!(" and {last}")));
    match shares {
        0 => {}
        1 => text.push_str(", and a key share for one of them"),
        n => text.push_str(&format!(", and key shares for {} of them", read::words(n))),
    }
    text.push('.');
    if resumes {
        text.push_str(" It offers to resume an earlier connection.");
    }
    text
}
