//! Why a handshake came to nothing although both ends speak TLS: found out by asking, in up to six probes at once.

use rustls::{CipherSuite, NamedGroup, ProtocolVersion};

use super::prober::{Prober, Until};
use super::{Answer, Hello, MODERN, Offer, Said};
use crate::iana;

/// Suites named at most; who wants all of them scans.
const NAMED: usize = 3;

/// What the two ends do not have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The server speaks only versions that are retired (RFC 8996), newest first.
    Version {
        /// `TLS 1.1`.
        spoken: Vec<String>,
    },
    /// The server accepts only suites without AEAD or without forward secrecy (RFC 9325 §4.2).
    Suites {
        /// The first it chose.
        chosen: Vec<String>,
        /// Bits of its finite field, where the key exchange has one.
        field_bits: Option<usize>,
    },
    /// The server wants a group for the key exchange that is not offered.
    Group {
        /// The registry's name.
        wanted: String,
    },
    /// The server goes along once no name is asked for.
    Name {
        /// What was asked for.
        server_name: String,
    },
    /// A ClientHello that fits one segment gets through, the one with a hybrid share does not.
    LargeHello,
    /// The server says that it speaks TLS 1.3 and was asked for less: something between changed the ClientHello.
    Downgrade,
}

impl Mismatch {
    /// The code of the error.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Mismatch::Version { .. } => "tls.legacy_only",
            Mismatch::Suites { chosen, field_bits: None } if chosen.iter().all(|suite| is_cbc(suite)) => "tls.cbc_only",
            Mismatch::Suites { .. } => "tls.no_common_parameters",
            Mismatch::Group { .. } => "tls.group_not_offered",
            Mismatch::Name { .. } => "tls.no_name",
            Mismatch::LargeHello => "tls.large_hello",
            Mismatch::Downgrade => "tls.downgrade",
        }
    }

    /// In a few words.
    pub(crate) fn title(&self) -> String {
        match self {
            Mismatch::Version { spoken } => format!("the server speaks only {}", listed(spoken)),
            Mismatch::Suites { .. } => "the server accepts only retired cipher suites".to_owned(),
            Mismatch::Group { wanted } => format!("the server accepts only the group {wanted}"),
            Mismatch::Name { server_name } => format!("the server does not know the name {server_name}"),
            Mismatch::LargeHello => "a large ClientHello does not get through".to_owned(),
            Mismatch::Downgrade => "the ClientHello was changed on the way".to_owned(),
        }
    }

    /// The one sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Mismatch::Version { spoken } => {
                format!("This server speaks only {}; Countersign needs TLS 1.2 or later.", listed(spoken))
            }
            Mismatch::Suites { chosen, field_bits: Some(bits) } => {
                format!("The server’s key exchange is a finite field of {bits} bits: {}.", listed(chosen))
            }
            Mismatch::Suites { chosen, .. } => {
                format!("The server accepts only {}, such as {}.", kind_of(chosen), listed(chosen))
            }
            Mismatch::Group { wanted } => {
                format!("The server accepts only the group {wanted}, which Countersign does not have.")
            }
            Mismatch::Name { server_name } => {
                format!("No certificate for {server_name} at that address: without a name the server answers.")
            }
            Mismatch::LargeHello => {
                "Something on the path drops a ClientHello that takes more than one segment; a smaller one is answered."
                    .to_owned()
            }
            Mismatch::Downgrade => {
                "The server speaks TLS 1.3 and answered as if it had not been offered: something between the two \
                 changed the ClientHello."
                    .to_owned()
            }
        }
    }

    /// What to do.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Mismatch::Version { .. } => "Ask the operator to enable TLS 1.2 or 1.3: the others are retired (RFC 8996).",
            Mismatch::Suites { .. } => {
                "Ask the operator to enable ECDHE with AES-GCM or ChaCha20-Poly1305 (RFC 9325 §4.2)."
            }
            Mismatch::Group { .. } => "Ask the operator to enable x25519, secp256r1 or X25519MLKEM768 beside it.",
            Mismatch::Name { .. } => "Check the host; a proxy or load balancer may not know this name.",
            Mismatch::LargeHello => "Try with --tls-max 1.2, and have the device between the two updated.",
            Mismatch::Downgrade => "Try from another network, and ask who inspects TLS on this one.",
        }
    }

    /// Where it is defined.
    pub(crate) fn citation(&self) -> (&'static str, &'static str) {
        match self {
            Mismatch::Version { .. } => ("RFC 8996", "4"),
            Mismatch::Suites { .. } => ("RFC 9325", "4.2"),
            Mismatch::Group { .. } => ("RFC 9846", "4.3.7"),
            Mismatch::Name { .. } => ("RFC 6066", "3"),
            Mismatch::LargeHello => ("RFC 9846", "5.1"),
            Mismatch::Downgrade => ("RFC 9846", "4.2.3"),
        }
    }
}

/// Asks, and says what was asked and answered. `offered`: groups the library offers.
pub(crate) async fn mismatch(prober: &Prober<'_>, offered: &[u16]) -> (Option<Mismatch>, Vec<String>) {
    let name = prober.server_name();
    let everything = |offer| Hello::everything(offer, name);
    let modern = Hello { suites: MODERN.to_vec(), groups: small(offered), ..everything(Offer::Legacy(0x0303)) };
    let nameless = Hello { server_name: None, ..everything(Offer::Legacy(0x0303)) };
    let hellos = [
        ("TLS 1.3", everything(Offer::Tls13)),
        ("TLS 1.2, every suite", everything(Offer::Legacy(0x0303))),
        ("TLS 1.1", everything(Offer::Legacy(0x0302))),
        ("TLS 1.0", everything(Offer::Legacy(0x0301))),
        ("TLS 1.2, today’s suites", modern),
        ("TLS 1.2 without a name", nameless),
    ];
    let probes = hellos.iter().map(|(_, hello)| prober.probe(hello, Until::Hello));
    let answers = futures_util::future::join_all(probes).await;
    let said = hellos.iter().zip(&answers).map(|((what, _), answer)| format!("{what}: {}", answer.words())).collect();
    let [tls13, every, _, _, modern, nameless] = answers.as_slice() else { return (None, said) };
    let found = if let Some(wanted) = unknown_group(tls13, offered) {
        Some(Mismatch::Group { wanted })
    } else if tls13.with(0x0304).is_some() || modern.with(0x0303).is_some() {
        // it would have gone along: the hello was too large, or it is about something no probe can see
        let reached = |answer: &Answer| matches!(answer, Answer::Hello(_));
        (!reached(every) && reached(modern)).then_some(Mismatch::LargeHello)
    } else if let Some(first) = every.with(0x0303) {
        let chosen = suites(prober, first).await;
        let field_bits = if chosen.iter().all(|suite| suite.contains("_DHE_")) { field(prober).await } else { None };
        Some(Mismatch::Suites { chosen, field_bits })
    } else {
        // a server that answers a higher offer with what it has counts as much as one that refuses the offer
        let versions: Vec<u16> = answers.iter().filter_map(version).filter(|version| *version < 0x0303).collect();
        let mut spoken: Vec<u16> = versions;
        if spoken.is_empty()
            && let Some(version) = version(&prober.probe(&everything(Offer::Legacy(0x0300)), Until::Hello).await)
        {
            spoken.extend(Some(version).filter(|version| *version < 0x0303));
        }
        spoken.sort_unstable_by(|a, b| b.cmp(a));
        spoken.dedup();
        match (spoken.is_empty(), nameless.with(0x0303), name) {
            (false, _, _) => Some(Mismatch::Version { spoken: spoken.iter().map(|v| version_words(*v)).collect() }),
            (true, Some(_), Some(name)) => Some(Mismatch::Name { server_name: name.to_owned() }),
            (true, _, _) => None,
        }
    };
    (found, said)
}

/// `TLS 1.1`.
pub(crate) fn version_words(version: u16) -> String {
    iana::protocol_version(ProtocolVersion::from(version)).replace("TLSv", "TLS ").replace("SSLv", "SSL ")
        + if version <= 0x0300 { ".0" } else { "" }
}

fn version(answer: &Answer) -> Option<u16> {
    match answer {
        Answer::Hello(said) => Some(said.version),
        _ => None,
    }
}

/// The group a HelloRetryRequest wants, where it is none of ours.
fn unknown_group(answer: &Answer, offered: &[u16]) -> Option<String> {
    let group = answer.with(0x0304)?.group?;
    (!offered.contains(&group)).then(|| iana::named_group(NamedGroup::from(group)))
}

/// Groups whose shares fit into one segment.
fn small(offered: &[u16]) -> Vec<u16> {
    offered.iter().copied().filter(|group| *group < 0x0100).collect()
}

/// The first suites it chooses.
async fn suites(prober: &Prober<'_>, first: &Said) -> Vec<String> {
    let mut hello = Hello::everything(Offer::Legacy(0x0303), prober.server_name());
    let mut chosen = vec![first.suite];
    while chosen.len() < NAMED {
        hello.suites.retain(|suite| !chosen.contains(suite));
        match prober.probe(&hello, Until::Hello).await.with(0x0303) {
            Some(said) if hello.suites.contains(&said.suite) => chosen.push(said.suite),
            _ => break,
        }
    }
    chosen.iter().map(|suite| iana::cipher_suite(CipherSuite::from(*suite))).collect()
}

/// Bits of the finite field of its key exchange.
async fn field(prober: &Prober<'_>) -> Option<usize> {
    let hello = Hello::everything(Offer::Legacy(0x0303), prober.server_name());
    prober.probe(&hello, Until::Done).await.with(0x0303)?.field_bits
}

/// Blocks with a MAC, which was the rule once; nothing worse.
fn is_cbc(suite: &str) -> bool {
    suite.contains("_CBC_") && !suite.contains("_EXPORT") && !suite.contains("_anon_")
}

fn kind_of(chosen: &[String]) -> &'static str {
    let all = |part: &str| chosen.iter().all(|suite| suite.contains(part));
    match () {
        () if all("_anon_") => "anonymous suites, in which nobody proves who they are",
        () if all("_NULL_") => "suites that do not encrypt",
        () if all("_EXPORT") => "suites of export grade",
        () if all("_RC4_") => "suites with RC4",
        () if chosen.iter().all(|suite| is_cbc(suite)) => "CBC suites",
        () => "retired suites",
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
