//! The lessons of the zoo: each case of broken TLS looked at as a stranger would, under the public profile, with the
//! lab root as the only one that counts.

use std::sync::Arc;

use countersign_evidence::{Exchange, Fault, Outcome, Problem, Profile, VerdictState};
use countersign_gateway::ZooCase;
use countersign_tls::explain::{Case, Peer, Supplement, Usage, explain_case};
use countersign_tls::{HostPattern, Pin, Policy, Store, StoreLabel, Target, Trust, certificates_from_pem};

use crate::core::Core;
use crate::fetch::{LARGE, client, fetch};
use crate::inspect::Inspection;
use crate::send::{ProgressSink, record};
use crate::view::{ExchangeView, ZooLesson};

/// The case whose host has another key pinned.
const PINNED: &str = "pinned-mismatch";
/// A key that nobody has.
const NOBODYS_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

impl Core {
    /// Every lesson; the zoo is served from now on.
    pub(crate) async fn zoo_lessons(&self) -> Result<Vec<ZooLesson>, Problem> {
        Ok(self.zoo_cases().await?.0.into_iter().map(lesson).collect())
    }

    /// The cases, and the root they end at.
    async fn zoo_cases(&self) -> Result<(Vec<ZooCase>, Vec<u8>), Problem> {
        let running = self.gateway.lock().await;
        let Some(running) = running.as_ref() else { return Err(crate::gateway::stopped()) };
        running.gateway.start_zoo().await.map_err(|error| error.problem())?;
        Ok((running.gateway.zoo(), running.gateway.ca_der().to_vec()))
    }

    /// Looks at one case.
    pub(crate) async fn zoo_inspect(self: &Arc<Self>, id: &str, sink: ProgressSink) -> Result<ExchangeView, Problem> {
        let (cases, root) = self.zoo_cases().await?;
        let case = cases.into_iter().find(|case| case.id == id).ok_or_else(|| unknown(id))?;
        let trust = trust(&case, root);
        let Some(port) = case.port else { return self.zoo_file(&case, &trust).await };
        let mut target = Target::parse_endpoint(&format!("{}:{port}", case.host)).map_err(|error| error.problem())?;
        target.connect_to = Some(("127.0.0.1".to_owned(), port));
        let policy = Policy { whole_handshakes: true, ..Policy::new(trust) };
        self.look(Inspection { target, policy, choice: None, resume: false, fetch: true }, sink).await
    }

    /// A case that is a file: no server shows such a chain.
    async fn zoo_file(self: &Arc<Self>, case: &ZooCase, trust: &Trust) -> Result<ExchangeView, Problem> {
        let url = case.chain.as_deref().unwrap_or_default();
        let unread = |reason: String| Problem::new("gateway.zoo_file", Fault::Us, "the chain cannot be read", reason);
        let pem = fetch(client()?.get(url), url, LARGE).await.map_err(unread)?;
        let chain = certificates_from_pem(&pem).map_err(|error| unread(error.reason))?;
        let mut e = Exchange::new(self.entropy.id(&self.clock), self.clock.now());
        let explained = explain_case(&Case {
            chain: &chain,
            trust,
            peer: Peer::Host(&case.host),
            usage: Usage::Server,
            at: self.clock.wall(),
            max_depth: None,
            strict: false,
            compare: true,
            supplement: Supplement::default(),
        });
        let trusted = matches!(explained.verdict.state, VerdictState::Trusted | VerdictState::TrustedWithFindings);
        e.outcome = if trusted { Outcome::Answered } else { Outcome::Failed };
        e.certificates.clone_from(&explained.certificates);
        e.findings.clone_from(&explained.findings);
        e.verdict = Some(explained.verdict.clone());
        e.explained = Some(Box::new(explained));
        let e = record::seal(e, &self.redactor);
        Ok(self.finish(e, None).await)
    }
}

fn trust(case: &ZooCase, root: Vec<u8>) -> Trust {
    let hosts = HostPattern::parse(&case.host).into_iter().collect();
    let store = Store::new(StoreLabel::Gateway, [root.into()]).for_hosts(hosts);
    let mut trust = Trust::builder().profile(Profile::Public).store(store);
    let pin = HostPattern::parse(&case.host).and_then(|host| Pin::new(host, NOBODYS_KEY));
    if let (PINNED, Some(pin)) = (case.id.as_str(), pin) {
        trust = trust.pin(pin);
    }
    trust.build()
}

fn lesson(case: ZooCase) -> ZooLesson {
    ZooLesson {
        id: case.id,
        group: case.group_title,
        host: case.host,
        port: case.port,
        title: case.title,
        broken: case.broken,
        say: case.say,
        verdict: case.expect.verdict,
        told: case.expect.error.or(case.expect.finding),
    }
}

fn unknown(id: &str) -> Problem {
    Problem::new("gateway.unknown_zoo_case", Fault::Caller, format!("the zoo has no case `{id}`"), "nothing was done")
        .with_hint("The list of lessons has them all.")
}
