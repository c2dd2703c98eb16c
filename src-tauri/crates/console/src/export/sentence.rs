//! What a comparison comes to, in one sentence: who the server was, what the handshake, the token and the signature
//! did otherwise, and how both were answered.

use countersign_evidence::{Exchange, HandshakeKind, Outcome, VerdictState};

use super::base::differences;
use super::short_name;

/// Names of differing components that are listed; more are counted.
const MOST_NAMES: usize = 4;

pub(super) fn sentence(left: &Exchange, right: &Exchange) -> String {
    let clauses: Vec<String> =
        [server(left, right), handshake(left, right), token(left, right), signature(left, right), answer(left, right)]
            .into_iter()
            .flatten()
            .collect();
    let text = clauses.join("; ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => "Neither reached a server.".into(),
    }
}

fn server(left: &Exchange, right: &Exchange) -> Option<String> {
    let state = |e: &Exchange| {
        e.verdict.as_ref().filter(|_| e.handshake.is_some() || !e.certificates.is_empty()).map(|v| v.state)
    };
    let word = |state: VerdictState| match state {
        VerdictState::Trusted | VerdictState::TrustedWithFindings => "trusted",
        VerdictState::NotTrusted => "not trusted",
        VerdictState::NotChecked => "not checked",
    };
    let verdict = match (state(left).map(word), state(right).map(word)) {
        (Some(l), Some(r)) if l == r => Some(format!("both {l}")),
        (Some(l), Some(r)) => Some(format!("A {l}, B {r}{}", why(left, right))),
        (Some(l), None) => Some(format!("A {l}, B without TLS{}", why(left, right))),
        (None, Some(r)) => Some(format!("A without TLS, B {r}{}", why(left, right))),
        (None, None) => None,
    };
    let certificate = certificate(left, right);
    match (verdict, certificate) {
        (Some(verdict), Some(certificate)) => Some(format!("{verdict}, {certificate}")),
        (verdict, certificate) => verdict.or(certificate),
    }
}

/// Why the one that stopped did.
fn why(left: &Exchange, right: &Exchange) -> String {
    let stopped = [left, right]
        .into_iter()
        .find(|e| e.verdict.as_ref().is_some_and(|v| matches!(v.state, VerdictState::NotTrusted)));
    stopped.and_then(|e| e.error.as_ref()).map_or_else(String::new, |p| format!(" ({})", p.title))
}

fn certificate(left: &Exchange, right: &Exchange) -> Option<String> {
    let (l, r) = (left.certificates.first()?, right.certificates.first()?);
    let same_key = l.fingerprints.spki_sha256 == r.fingerprints.spki_sha256;
    Some(if l.fingerprints.sha256 == r.fingerprints.sha256 {
        let rest =
            |e: &Exchange| e.certificates.iter().skip(1).map(|c| c.fingerprints.sha256.clone()).collect::<Vec<_>>();
        if rest(left) == rest(right) {
            "by the same server certificate"
        } else {
            "by the same server certificate over another chain"
        }
        .into()
    } else if l.names == r.names && l.subject == r.subject {
        format!(
            "the server certificate was renewed in between, with {} key",
            if same_key { "the same" } else { "a new" }
        )
    } else {
        format!("by different server certificates, {} and {}", short_name(&l.subject), short_name(&r.subject))
    })
}

fn handshake(left: &Exchange, right: &Exchange) -> Option<String> {
    let same = |e: &Exchange| e.connection.as_ref().map(|c| c.id.clone());
    if same(left).is_some() && same(left) == same(right) {
        return Some("both over one connection".into());
    }
    let (l, r) = (left.handshake.as_ref()?, right.handshake.as_ref()?);
    if l.protocol_version != r.protocol_version
        && let (Some(l), Some(r)) = (&l.protocol_version, &r.protocol_version)
    {
        return Some(format!("A spoke {}, B {}", l.replace("TLSv", "TLS "), r.replace("TLSv", "TLS ")));
    }
    let retried = |kind: Option<HandshakeKind>| matches!(kind, Some(HandshakeKind::FullWithHelloRetry));
    for (name, this, other) in [("A", l, r), ("B", r, l)] {
        if retried(this.kind) && !retried(other.kind) {
            let group = this.named_group.as_deref().unwrap_or("another group");
            return Some(format!(
                "{name} needed a second round trip: the server asked for {group}, for which no share had been offered"
            ));
        }
    }
    let resumed = |kind: Option<HandshakeKind>| matches!(kind, Some(HandshakeKind::Resumed));
    match (resumed(l.kind), resumed(r.kind)) {
        (true, false) => return Some("A resumed a session, B made a full handshake".into()),
        (false, true) => return Some("B resumed a session".into()),
        (true, true) | (false, false) => {}
    }
    match (&l.named_group, &r.named_group, &l.cipher_suite, &r.cipher_suite) {
        (Some(l), Some(r), ..) if l != r => Some(format!("the group was {l}, then {r}")),
        (.., Some(l), Some(r)) if l != r => Some(format!("the cipher suite was {l}, then {r}")),
        _ => None,
    }
}

fn token(left: &Exchange, right: &Exchange) -> Option<String> {
    let (l, r) = match (&left.token, &right.token) {
        (Some(l), Some(r)) => (l, r),
        (Some(_), None) => return Some("only A had a token".into()),
        (None, Some(_)) => return Some("only B had a token".into()),
        (None, None) => return None,
    };
    let name = |e: &Exchange| e.credential.as_ref().map(|c| c.name.clone());
    Some(match (&l.fingerprint, &r.fingerprint) {
        (Some(l), Some(r)) if l == r => "the same token".into(),
        _ if name(left) != name(right) => {
            let word = |e: &Exchange| name(e).unwrap_or_else(|| "no credential".into());
            format!("tokens of different credentials, {} and {}", word(left), word(right))
        }
        (Some(_), Some(_)) if l.generation != r.generation => {
            format!("the token was renewed in between (generation {} and {})", l.generation, r.generation)
        }
        (Some(_), Some(_)) => "different tokens".into(),
        (_, None) => "B got no token".into(),
        (None, _) => "A got no token".into(),
    })
}

fn signature(left: &Exchange, right: &Exchange) -> Option<String> {
    let (l, r) = match (&left.signature, &right.signature) {
        (Some(l), Some(r)) => (l, r),
        (Some(_), None) => return Some("only A was signed".into()),
        (None, Some(_)) => return Some("only B was signed".into()),
        (None, None) => return None,
    };
    if l.keyid != r.keyid {
        return Some(format!("signed with different keys, {} and {}", l.keyid, r.keyid));
    }
    let names = differences(&l.base, &r.base);
    let compared = match names.len() {
        0 => "the same signature base".into(),
        n if n <= MOST_NAMES => format!("the same signature base but for {}", listed(&names)),
        n => format!("signature bases that differ in {n} values"),
    };
    Some(match (&l.difference, &r.difference) {
        (None, Some(seen)) => format!("{compared}, {}", seen_otherwise("B", &seen.component)),
        (Some(seen), None) => format!("{compared}, {}", seen_otherwise("A", &seen.component)),
        (None, None) | (Some(_), Some(_)) => compared,
    })
}

fn seen_otherwise(name: &str, component: &str) -> String {
    if component.is_empty() {
        format!("which was not accepted from {name}")
    } else {
        format!("but the server of {name} saw another {component}")
    }
}

/// `created`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn answer(left: &Exchange, right: &Exchange) -> Option<String> {
    let word = |e: &Exchange| match (e.outcome, &e.response) {
        (Outcome::Answered, Some(response)) => Some(format!("answered {}", response.status)),
        (Outcome::Answered, None) => None,
        (Outcome::Cancelled, _) => Some("cancelled".into()),
        (Outcome::Failed, _) => Some("not answered".into()),
        (Outcome::RefusedByUs, _) => Some("not sent".into()),
    };
    match (word(left), word(right)) {
        (Some(l), Some(r)) if l == r => Some(format!("both {l}")),
        (Some(l), Some(r)) => Some(format!("A was {l}, B {r}")),
        (Some(l), None) => Some(format!("A was {l}, B sent no request")),
        (None, Some(r)) => Some(format!("A sent no request, B was {r}")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use countersign_evidence::HandshakeKind;

    use super::sentence;
    use crate::history::sample;

    #[test]
    fn two_alike_are_said_to_be_alike() {
        let said = sentence(&sample::success("01a"), &sample::success("01b"));
        assert_eq!(
            said,
            "Both trusted, by the same server certificate; the same token; the same signature base; both answered 201."
        );
    }

    #[test]
    fn what_changed_in_between_is_said() {
        let left = sample::success("01a");
        let mut right = sample::renewed("01b");
        right.certificates[0] = sample::certificate("localhost", "Countersign lab issuing", "another key", "again");
        let handshake = right.handshake.as_mut().unwrap();
        handshake.kind = Some(HandshakeKind::FullWithHelloRetry);
        handshake.named_group = Some("secp384r1".into());
        let base = &mut right.signature.as_mut().unwrap().base;
        *base = base.replace("1a7674eb", "77aa0011").replace("1805275064", "1805275099");
        assert_eq!(
            sentence(&left, &right),
            "Both trusted, the server certificate was renewed in between, with a new key; B needed a second round trip: the \
             server asked for secp384r1, for which no share had been offered; the token was renewed in between (generation 3 \
             and 4); the same signature base but for authorization and created; both answered 201."
        );
    }

    #[test]
    fn a_failure_is_said_with_its_cause() {
        assert_eq!(
            sentence(&sample::success("01a"), &sample::expired("01b")),
            "A trusted, B not trusted (the certificate expired), by different server certificates, localhost and \
             expired.zoo.test; only A had a token; only A was signed; A was answered 201, B not answered."
        );
        assert_eq!(
            sentence(&sample::success("01a"), &sample::signature_refused("01b")),
            "Both trusted, by the same server certificate; the same token; the same signature base, \
             but the server of B saw another content-digest; A was answered 201, B answered 401."
        );
        assert_eq!(
            sentence(&sample::unreached("01a"), &sample::unreached("01b")),
            "The same token; both not answered."
        );
        assert_eq!(
            sentence(&sample::inspected("01a"), &sample::inspected("01b")),
            "Both trusted, by the same server certificate."
        );
    }

    #[test]
    fn one_connection_is_one_server() {
        let left = sample::success("01a");
        let mut right = sample::success("01b");
        right.connection.clone_from(&left.connection);
        assert!(sentence(&left, &right).contains("; both over one connection; "));
        let said = sentence(&left, &sample::resumed("01c"));
        assert!(said.contains("; B resumed a session; "), "{said}");
    }
}
