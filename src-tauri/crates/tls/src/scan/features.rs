//! What a server does beside suites and groups: told by raw hellos up to TLS 1.2, by one real handshake in TLS 1.3.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use countersign_evidence::ScannedFeature;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{Report, Version, suites};
use crate::probe::{Answer, Hello, Offer, Prober, Said, Until};
use crate::{ConnectionRecord, Connector, Policy, Target};

/// The real handshake beside the probes is given up after this long.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Tickets of TLS 1.3 come when the server likes; those that give any give them at once.
const TICKETS: Duration = Duration::from_millis(20);

/// The real handshake.
pub(super) struct Observed {
    /// `None` where there is no version or suite in common.
    pub(super) record: Option<Arc<ConnectionRecord>>,
    pub(super) tickets: usize,
    pub(super) early_data: bool,
}

impl Observed {
    /// One handshake that accepts any chain and sends nothing.
    pub(super) async fn of(connector: &Connector, target: &Target, policy: &Policy) -> Self {
        let (record, io) = connector.look(target, policy, HANDSHAKE).await;
        if let Some(mut io) = io
            && let Some(recording) = record.recording.clone()
        {
            let mut byte = [0];
            {
                let mut read = std::pin::pin!(io.read(&mut byte));
                let arrived = std::future::poll_fn(|context| {
                    let read = read.as_mut().poll(context);
                    if read.is_ready() || recording.has_ticket() { Poll::Ready(()) } else { Poll::Pending }
                });
                let round_trip = Duration::from_micros(record.timing.tcp.duration);
                let _none = timeout(TICKETS.max(round_trip * 2), arrived).await;
            }
            let _gone = timeout(TICKETS, io.shutdown()).await;
        }
        let negotiated = record.handshake.as_ref().is_some_and(|handshake| handshake.cipher_suite.is_some());
        let full = record.handshake_in_full().unwrap_or_default();
        let tickets = full.messages.iter().filter(|message| message.name == "NewSessionTicket");
        Self {
            tickets: tickets.clone().count(),
            early_data: tickets.flat_map(|ticket| &ticket.fields).any(|field| field.name.contains("early_data")),
            record: negotiated.then_some(record),
        }
    }
}

/// What raw hellos tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    /// The newest version whose flight is in clear.
    pub(super) said: Option<Said>,
    /// Application protocols, each asked for alone.
    pub(super) protocols: Vec<&'static str>,
    /// `None` where a server of one version has nothing to fall back from.
    pub(super) fallback_refused: Option<bool>,
    /// RFC 7366; `None` where no suite has a MAC of its own.
    pub(super) encrypt_then_mac: Option<bool>,
    /// Bits of the finite field, where there is one.
    pub(super) field_bits: Option<usize>,
}

pub(super) async fn raw(prober: &Prober<'_>, versions: &[Version], finite: Option<Hello>) -> Raw {
    let clear = versions.iter().find(|version| version.offer != Offer::Tls13 && version.accepted());
    let said = clear.and_then(|version| version.answer.with(version.offer.version())).cloned();
    let of = |version: &Version| Hello {
        suites: version.suites.list.clone(),
        ..Hello::everything(version.offer, prober.server_name())
    };
    let protocols = async {
        let Some(version) = clear else { return Vec::new() };
        let asked = ["h2", "http/1.1"].map(|protocol| {
            let hello = Hello { protocols: vec![protocol], ..of(version) };
            async move {
                let answer = prober.probe(&hello, Until::Hello).await;
                let chosen = matches!(&answer, Answer::Hello(said) if said.protocol.as_deref() == Some(protocol));
                chosen.then_some(protocol)
            }
        });
        futures_util::future::join_all(asked).await.into_iter().flatten().collect()
    };
    let fallback = async {
        let spoken: Vec<&Version> = versions.iter().filter(|version| version.accepted()).collect();
        let [_, .., oldest] = spoken.as_slice() else { return None };
        let hello = Hello { fallback: true, ..of(oldest) };
        // inappropriate_fallback (RFC 7507 §3)
        Some(matches!(prober.probe(&hello, Until::Hello).await, Answer::Alert(alert) if alert.code() == 86))
    };
    let field = async {
        let answer = prober.probe(finite.as_ref()?, Until::Done).await;
        match answer {
            Answer::Hello(said) => said.field_bits,
            _ => None,
        }
    };
    let mac = async {
        let version = clear?;
        let suites: Vec<u16> =
            version.suites.list.iter().copied().filter(|suite| suites::name(*suite).contains("_CBC_")).collect();
        if suites.is_empty() {
            return None;
        }
        let answer = prober.probe(&Hello { suites, ..of(version) }, Until::Hello).await;
        answer.with(version.offer.version()).map(|said| said.extensions.contains(&22))
    };
    let (protocols, fallback_refused, field_bits, encrypt_then_mac) = tokio::join!(protocols, fallback, field, mac);
    Raw { said, protocols, fallback_refused, encrypt_then_mac, field_bits }
}

/// As a table.
pub(super) fn features(report: &Report, observed: &Observed) -> Vec<ScannedFeature> {
    let mut out = Vec::new();
    let mut add = |name: &str, value: String| out.push(ScannedFeature { name: name.to_owned(), value });
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let handshake = observed.record.as_ref().and_then(|record| record.handshake.as_ref());
    let mut protocols: Vec<String> = report.features.protocols.iter().map(|name| (*name).to_owned()).collect();
    if let Some(chosen) = handshake.and_then(|h| h.alpn_protocol.clone()).filter(|chosen| !protocols.contains(chosen)) {
        protocols.insert(0, chosen);
    }
    add("ALPN", if protocols.is_empty() { "none of h2, http/1.1".to_owned() } else { protocols.join(", ") });
    let tls13 = report.versions.iter().any(|version| version.offer == Offer::Tls13 && version.accepted());
    let said = report.features.said.as_ref();
    if tls13 && observed.record.is_some() {
        add("Resumption, TLS 1.3", tickets(observed.tickets));
        add("Early data", if observed.early_data { "offered" } else { "not offered" }.to_owned());
    }
    if let Some(said) = said {
        let kind = match (said.extensions.contains(&35), said.session_id) {
            (true, true) => "tickets and session ids",
            (true, false) => "tickets",
            (false, true) => "session ids",
            (false, false) => "no",
        };
        add("Resumption, TLS 1.2", kind.to_owned());
        add("Extended master secret", yes(said.extensions.contains(&23)));
        add("Secure renegotiation", yes(said.extensions.contains(&0xff01)));
    }
    if let Some(does) = report.features.encrypt_then_mac {
        add("Encrypt-then-MAC", yes(does));
    }
    if let Some(refused) = report.features.fallback_refused {
        add("Downgrade signal", if refused { "honoured" } else { "ignored" }.to_owned());
    }
    if let Some(bits) = report.features.field_bits {
        add("Finite-field group", format!("{bits} bits"));
    }
    add("Stapled status", yes(is_stapled(report, observed)));
    if handshake.is_some() || said.is_some() {
        let asked = handshake.is_some_and(|h| h.client_certificate_requested)
            || said.is_some_and(|said| said.asks_for_certificate);
        add("Client certificate", if asked { "requested" } else { "not requested" }.to_owned());
    }
    out
}

/// Whether an OCSP response came along, in either handshake.
pub(super) fn is_stapled(report: &Report, observed: &Observed) -> bool {
    let handshake = observed.record.as_ref().and_then(|record| record.handshake.as_ref());
    handshake.is_some_and(|h| h.ocsp_response == Some(true))
        || report.features.said.as_ref().is_some_and(|said| said.stapled)
}

fn tickets(count: usize) -> String {
    match count {
        0 => "no ticket".to_owned(),
        1 => "one ticket".to_owned(),
        2 => "two tickets".to_owned(),
        count => format!("{count} tickets"),
    }
}
