//! One connect while it goes on: writes the record, tells the observer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign_evidence::{
    CertificateView, Fact, Finding, Handshake, HandshakeKind, Profile, Step, StepState, Timestamp, Verdict,
    VerdictState, VerifiedOn,
};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;

use crate::connector::Stopped;
use crate::explain::{self, Decision, Explanation, Question, Supplement};
use crate::outcome::{Ending, Failure};
use crate::recorder::{Accessors, Observation, Recorder, Sender};
use crate::tap::Tap;
use crate::tickets::{Tickets, Verified};
use crate::verifier::host_of;
use crate::{ConnectFailure, ConnectTiming, ConnectionRecord, Error, Observer, Policy, Span, Target, negotiated, tcp};

/// A limit so large that the clock cannot hold it means none.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

pub(crate) struct Attempt<'a> {
    pub(crate) target: &'a Target,
    pub(crate) policy: &'a Policy,
    pub(crate) limit: Duration,
    pub(crate) began: Instant,
    pub(crate) deadline: Instant,
    pub(crate) record: ConnectionRecord,
    observer: &'a dyn Observer,
    opened: SystemTime,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(
        id: String,
        opened: SystemTime,
        target: &'a Target,
        policy: &'a Policy,
        limit: Duration,
        observer: &'a dyn Observer,
    ) -> Self {
        let began = Instant::now();
        let record = ConnectionRecord {
            id,
            opened_at: Timestamp::from_system(opened),
            endpoint: target.endpoint(),
            addresses: Vec::new(),
            remote: None,
            local: None,
            handshake: None,
            certificates: Vec::new(),
            verdict: not_checked("handshake_failed"),
            findings: Vec::new(),
            acceptance: Vec::new(),
            paths: Vec::new(),
            timing: ConnectTiming::default(),
            failure: None,
            failed_step: None,
            root_cause: None,
            recording: None,
        };
        let deadline = began.checked_add(limit).unwrap_or(began + FOREVER);
        Self { target, policy, limit, began, deadline, record, observer, opened }
    }

    /// The phase that began then and ends now.
    pub(crate) fn span(&self, begin: Instant) -> Span {
        Span { start: micros(begin.duration_since(self.began)), duration: micros(begin.elapsed()) }
    }

    /// Tells the observer.
    pub(crate) fn tell(&self, step: Step, state: StepState, facts: Vec<Fact>) {
        self.observer.event(step, state, facts);
    }

    pub(crate) async fn resolve(&mut self) -> Result<Vec<SocketAddr>, Stopped> {
        let (host, port) = self.target.dialled();
        self.tell(Step::Name, StepState::Running, Vec::new());
        let begin = Instant::now();
        let result = timeout_at(self.deadline, tcp::resolve(host, port)).await;
        self.record.timing.name = self.span(begin);
        let not_found = |reason: String| (Step::Name, Error::NameNotFound { host: host.to_owned(), reason });
        let addresses = match result {
            Ok(Ok(addresses)) if addresses.is_empty() => return Err(not_found("no address".to_owned())),
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => {
                let reason = error.to_string();
                let reason = reason.strip_prefix("failed to lookup address information: ").unwrap_or(&reason);
                return Err(not_found(reason.to_owned()));
            }
            Err(_) => return Err((Step::Name, Error::NameTimedOut { host: host.to_owned(), after: self.limit })),
        };
        self.record.addresses = addresses.iter().map(|address| address.ip().to_string()).collect();
        let mut facts: Vec<Fact> = self.record.addresses.iter().take(1).map(|a| Fact::new("Address", a)).collect();
        facts.push(Fact::new("Addresses", self.record.addresses.join(", ")));
        if self.target.connect_to.is_some() {
            facts.push(Fact::new("Instead of", self.target.endpoint()));
        }
        self.tell(Step::Name, StepState::Done, facts);
        Ok(addresses)
    }

    pub(crate) fn connected(&mut self, stream: &TcpStream) {
        let remote = stream.peer_addr().ok();
        self.record.remote = remote.map(|address| address.to_string());
        self.record.local = stream.local_addr().ok().map(|address| address.to_string());
        let mut facts: Vec<Fact> =
            remote.iter().map(|address| Fact::new("Port", format!("port {}", address.port()))).collect();
        facts.extend(self.record.remote.iter().map(|remote| Fact::new("Answered", remote)));
        facts.push(Fact::new("Connection", &self.record.id));
        self.tell(Step::Tcp, StepState::Done, facts);
    }

    /// Nothing proves who answers.
    pub(crate) fn plain_http(&mut self) {
        self.record.verdict = not_checked("plain_http");
        self.tell(Step::Tls, StepState::NotReached, vec![Fact::new("TLS", "not used: plain HTTP")]);
    }

    /// The handshake ended well: writes what was negotiated and whom it proved.
    pub(crate) fn handshaken(
        &mut self,
        stream: &TlsStream<Tap>,
        recorder: &Recorder,
        tickets: &Tickets,
        name: &ServerName<'static>,
    ) {
        let (_, connection) = stream.get_ref();
        recorder.completed(Accessors::of(connection));
        let observation = recorder.observation().clone();
        let mut handshake = negotiated::completed(connection, name, self.policy, &observation);
        let begin = Instant::now();
        match &observation.decision {
            Some(decision) => {
                let explanation = self.explain(&observation, decision, name);
                tickets.remember(&recorder.endpoint, self.verified(&explanation, &observation, name));
                self.told(explanation);
            }
            None => {
                let chain = connection.peer_certificates().unwrap_or_default();
                match tickets.verified(&recorder.endpoint, name, chain) {
                    Some(earlier) => {
                        handshake.verified_on = Some(VerifiedOn { connection: earlier.connection, at: earlier.at });
                        self.told(Explanation {
                            certificates: earlier.certificates,
                            path: Vec::new(),
                            findings: earlier.findings,
                            verdict: earlier.verdict,
                            paths: Vec::new(),
                            acceptance: Vec::new(),
                        });
                    }
                    None => {
                        // the ticket came from this configuration, so its verifier accepted this chain
                        let observation = Observation { chain: chain.to_vec(), ..Observation::default() };
                        let explanation = self.explain(&observation, &Decision::Accepted, name);
                        self.told(explanation);
                    }
                }
            }
        }
        self.record.timing.explain = self.span(begin);
        self.record.handshake = Some(handshake);
        self.tell_tls();
    }

    /// The handshake failed: writes how far it came, and says why.
    pub(crate) fn handshake_failed(
        &mut self,
        ending: &Ending,
        recorder: &Recorder,
        name: &ServerName<'static>,
    ) -> Error {
        let observation = recorder.observation().clone();
        let received = recorder.flights.sent_by(Sender::Server);
        self.record.handshake = negotiated::failed(&received, name, self.policy, &observation);
        let begin = Instant::now();
        let mut refusal = None;
        if let Some(decision) = &observation.decision {
            let mut explanation = self.explain(&observation, decision, name);
            if let Some(error) = &observation.signature_refused {
                explanation.key_not_proved(error);
            }
            let refused = matches!(decision, Decision::Refused(_)) && observation.signature_scheme.is_none();
            if refused || observation.signature_refused.is_some() {
                refusal = explanation.findings.iter().find(|finding| finding.rejects == Some(true)).cloned();
            } else if observation.signature_scheme.is_none() && matches!(decision, Decision::Accepted) {
                // a chain alone proves nobody: the key in it was never used
                explanation.verdict = not_checked("handshake_failed");
            }
            self.told(explanation);
        }
        self.record.timing.explain = self.span(begin);
        let host = host_of(name);
        Failure {
            endpoint: self.record.endpoint.clone(),
            server_name: &host,
            policy: self.policy,
            observation: &observation,
            received: &received,
            received_total: recorder.flights.total(Sender::Server),
            refusal: refusal.as_ref(),
        }
        .error(ending)
    }

    /// The record of a connection that came to be.
    pub(crate) fn finish(self) -> ConnectionRecord {
        self.record
    }

    /// The record of one that did not.
    pub(crate) fn fail(mut self, (step, error): Stopped) -> ConnectFailure {
        let problem = error.problem();
        let summary = match &error {
            Error::NotTrusted { .. } => "Not trusted".to_owned(),
            other => other.to_string(),
        };
        let mut facts = vec![Fact::new(step.title(), summary)];
        if step == Step::Tls {
            facts.extend(self.record.handshake.iter().flat_map(negotiated_facts));
        }
        if !problem.detail.is_empty() {
            facts.push(Fact::new(
                "Why",
                error.root_cause().map_or_else(|| problem.detail.clone(), |cause| cause.sentence),
            ));
        }
        facts.extend(problem.hints.first().map(|hint| Fact::new("Hint", hint)));
        self.tell(step, StepState::Cause, facts);
        self.record.root_cause = error.root_cause();
        self.record.failed_step = Some(step);
        self.record.failure = Some(problem);
        ConnectFailure { record: Arc::new(self.record), error }
    }

    fn explain(&self, observation: &Observation, decision: &Decision, name: &ServerName<'_>) -> Explanation {
        explain::explain(&Question {
            chain: &observation.chain,
            host: &host_of(name),
            port: self.target.port,
            trust: &self.policy.trust,
            at: observation.checked_at.unwrap_or(self.opened),
            decision,
            supplement: Supplement { ocsp_response: observation.ocsp_response.as_deref(), ..Supplement::default() },
        })
    }

    fn told(&mut self, explanation: Explanation) {
        let Explanation { certificates, findings, verdict, path: _, paths, acceptance } = explanation;
        self.record.certificates = certificates;
        self.record.findings = findings;
        self.record.verdict = verdict;
        self.record.acceptance = acceptance;
        self.record.paths = paths;
    }

    fn verified(&self, explanation: &Explanation, observation: &Observation, name: &ServerName<'static>) -> Verified {
        let chain: Vec<CertificateDer<'static>> = observation.chain.clone();
        // of the path that was judged: a superfluous certificate may have ended long ago
        let ends = explanation.path.iter().filter_map(|i| explanation.certificates.get(*i)).map(|c| c.not_after);
        Verified {
            connection: self.record.id.clone(),
            at: self.record.opened_at,
            server_name: name.clone(),
            until: ends.min().map_or(self.opened, Timestamp::to_system),
            chain,
            certificates: explanation.certificates.clone(),
            verdict: explanation.verdict.clone(),
            findings: explanation.findings.clone(),
        }
    }

    fn tell_tls(&self) {
        let Some(handshake) = &self.record.handshake else { return };
        let notable = notable(&self.record.findings);
        let word = match self.record.verdict.state {
            VerdictState::TrustedWithFindings if notable == 1 => "Trusted, 1 finding".to_owned(),
            VerdictState::TrustedWithFindings => format!("Trusted, {notable} findings"),
            state => state.words().to_owned(),
        };
        let version = handshake.protocol_version.as_deref().map(|version| version.replace("TLSv", ""));
        let summary = version.map_or_else(|| word.clone(), |version| format!("{version}, {word}"));
        let state = match (self.record.verdict.state, handshake.kind) {
            (VerdictState::TrustedWithFindings | VerdictState::NotChecked | VerdictState::NotTrusted, _) => {
                StepState::Findings
            }
            (VerdictState::Trusted, Some(HandshakeKind::Resumed)) => StepState::Reused,
            (VerdictState::Trusted, _) => StepState::Done,
        };
        let mut facts = vec![Fact::new("TLS", summary)];
        facts.extend(negotiated_facts(handshake));
        facts.push(Fact::new("Chain", chain_words(&self.record.certificates)));
        self.tell(Step::Tls, state, facts);
    }
}

/// A verdict that says nothing was checked, and why.
pub(crate) fn not_checked(reason: &str) -> Verdict {
    Verdict {
        state: VerdictState::NotChecked,
        reason: reason.to_owned(),
        store: None,
        checked_at: None,
        profile: None::<Profile>,
    }
}

fn negotiated_facts(handshake: &Handshake) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(version) = &handshake.protocol_version {
        facts.push(Fact::cited("Version", version.replace("TLSv", "TLS "), "RFC 9846", "4.3.1"));
    }
    let plain = [
        ("Cipher suite", &handshake.cipher_suite),
        ("Named group", &handshake.named_group),
        ("ALPN", &handshake.alpn_protocol),
    ];
    facts.extend(plain.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| Fact::new(name, value))));
    facts
}

fn chain_words(certificates: &[CertificateView]) -> String {
    match certificates.len() {
        1 => "1 certificate".to_owned(),
        count => format!("{count} certificates"),
    }
}

fn notable(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity != countersign_evidence::FindingSeverity::Info).count()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
