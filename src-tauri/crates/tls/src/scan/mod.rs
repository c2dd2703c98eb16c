//! What a server offers: versions, suites in its order, groups, signature schemes, features, and what follows from it.
//!
//! Raw hellos ([`crate::probe`]) by elimination: everything is offered, what the server chose is taken out, until it
//! refuses. One real handshake beside them tells what is encrypted in TLS 1.3. No test for vulnerabilities.

mod elimination;
mod features;
mod findings;
mod suites;

use std::time::Duration;

use countersign_evidence::{SCAN_SCHEMA, Scan, ScannedGroup, ScannedSuite, ScannedVersion, Timestamp};
use rustls::{NamedGroup, SignatureScheme};
use tokio::time::Instant;

use self::elimination::{Axis, Found, by_elimination};
use self::features::{Observed, features};
use crate::probe::{Answer, Hello, Offer, Prober, Until, version_words};
use crate::{Connector, Error, Policy, Target, iana};

/// One probe is given up after this long.
const PROBE: Duration = Duration::from_secs(5);
/// Probes under way at once.
const AT_ONCE: usize = 8;
/// Some servers choke on more suites than this.
const CHUNK: usize = 90;

/// Versions newest first.
const OFFERS: [Offer; 5] =
    [Offer::Tls13, Offer::Legacy(0x0303), Offer::Legacy(0x0302), Offer::Legacy(0x0301), Offer::Legacy(0x0300)];

/// What is known of one version.
struct Version {
    offer: Offer,
    answer: Answer,
    suites: Found,
    /// Of TLS 1.3, where they are asked for without a signature.
    groups: Option<Found>,
    /// Of TLS 1.2.
    schemes: Option<Vec<u16>>,
}

impl Version {
    fn accepted(&self) -> bool {
        !self.suites.list.is_empty()
    }
}

/// Everything the probes found.
struct Report {
    versions: Vec<Version>,
    groups: Found,
    schemes: Vec<u16>,
    features: features::Raw,
}

impl Connector {
    /// Scans an endpoint. `at` is the wall clock now; `told` hears how many probes ended. Dropping the future ends it.
    ///
    /// # Errors
    /// The name is not found, nothing listens, or what listens speaks no TLS.
    pub async fn scan(
        &self,
        target: &Target,
        policy: &Policy,
        at: Timestamp,
        told: &(dyn Fn(usize) + Send + Sync),
    ) -> Result<Scan, Error> {
        let began = Instant::now();
        let name = target.verified_name()?.to_str().into_owned();
        let addresses = self.addresses(target).await?;
        // one address: what differs between two machines of one name is no finding about either
        let address = crate::tcp::connect(&addresses).await.ok().and_then(|stream| stream.peer_addr().ok());
        let addresses = address.map_or(addresses, |address| vec![address]);
        let prober = Prober::new(addresses, Some(&name), PROBE, AT_ONCE, told);
        let (versions, observed) = tokio::join!(versions(&prober), Observed::of(self, target, policy));
        if !versions.iter().any(Version::accepted) {
            return Err(nothing(target, &versions));
        }
        let report = report(&prober, versions).await;
        let mut scan = Scan {
            schema: SCAN_SCHEMA.to_owned(),
            endpoint: target.endpoint(),
            server_name: name.clone(),
            started_at: at,
            title: String::new(),
            findings: findings::findings(&report, &observed),
            versions: report.versions.iter().map(shown).collect(),
            groups: report.groups.list.iter().map(|group| shown_group(*group)).collect(),
            groups_in_server_order: report.groups.server_order,
            signature_schemes: report
                .schemes
                .iter()
                .map(|s| iana::signature_scheme(SignatureScheme::from(*s)))
                .collect(),
            features: features(&report, &observed),
            probes: u64::try_from(prober.count()).unwrap_or(u64::MAX),
            duration_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        };
        scan.title = title(&scan);
        Ok(scan)
    }
}

/// Each version with all it has; those that answer are asked for their suites one by one.
async fn versions(prober: &Prober<'_>) -> Vec<Version> {
    futures_util::future::join_all(OFFERS.map(|offer| version(prober, offer))).await
}

async fn version(prober: &Prober<'_>, offer: Offer) -> Version {
    let everything = Hello::everything(offer, prober.server_name());
    let answer = prober.probe(&everything, Until::Done).await;
    if answer.with(offer.version()).is_some() {
        let suites = by_elimination(prober, &everything, Axis::Suites, Some(&answer));
        // beside the suites, not behind them: each asks one after the other
        let (suites, groups, schemes) =
            tokio::join!(suites, groups(prober, offer, &everything), schemes(prober, offer, &everything));
        return Version { offer, answer, suites, groups, schemes };
    }
    let nothing = |answer| Version { offer, answer, suites: Found::default(), groups: None, schemes: None };
    let refused_version = matches!(&answer, Answer::Alert(alert) if alert.code() == 70);
    let other_version = matches!(answer, Answer::Hello(_));
    let no_tls = matches!(answer, Answer::Http(_) | Answer::Other(_) | Answer::Unreached | Answer::Silent);
    if refused_version || other_version || no_tls || offer == Offer::Tls13 {
        return nothing(answer);
    }
    // the list may be what it does not like
    let chunks = everything.suites.len().div_ceil(CHUNK);
    let chunked = (0..chunks).map(|chunk| {
        let suites = everything.suites.iter().copied().skip(chunk).step_by(chunks).collect();
        let hello = Hello { suites, ..everything.clone() };
        async move { by_elimination(prober, &hello, Axis::Suites, None).await.list }
    });
    let suites = futures_util::future::join_all(chunked).await.concat();
    if suites.is_empty() {
        return nothing(answer);
    }
    let hello = Hello { suites, ..everything };
    let answer = prober.probe(&hello, Until::Done).await;
    let suites = by_elimination(prober, &hello, Axis::Suites, Some(&answer)).await;
    let schemes = schemes(prober, offer, &hello).await;
    Version { offer, answer, suites, groups: None, schemes }
}

/// The groups of TLS 1.3.
async fn groups(prober: &Prober<'_>, offer: Offer, hello: &Hello) -> Option<Found> {
    if offer != Offer::Tls13 {
        return None;
    }
    Some(by_elimination(prober, hello, Axis::Groups, None).await)
}

/// The signature schemes of TLS 1.2: with the suites whose key exchange is signed.
async fn schemes(prober: &Prober<'_>, offer: Offer, hello: &Hello) -> Option<Vec<u16>> {
    if offer != Offer::Legacy(0x0303) {
        return None;
    }
    let signed = |suite: &u16| suites::name(*suite).contains("DHE_");
    let hello = Hello { suites: hello.suites.iter().copied().filter(signed).collect(), ..hello.clone() };
    Some(by_elimination(prober, &hello, Axis::Schemes, None).await.list)
}

/// Groups up to TLS 1.2 and features, from the versions there are.
async fn report(prober: &Prober<'_>, versions: Vec<Version>) -> Report {
    let tls13 = versions.iter().find_map(|version| version.groups.clone());
    let newest = versions.iter().find(|version| version.offer != Offer::Tls13 && version.accepted());
    let with = |version: &Version, kind: &str| {
        let ephemeral = |suite: &&u16| suites::name(**suite).contains(kind);
        let suites: Vec<u16> = version.suites.list.iter().filter(ephemeral).copied().collect();
        let hello = Hello { suites, ..Hello::everything(version.offer, prober.server_name()) };
        (!hello.suites.is_empty()).then_some(hello)
    };
    let elliptic = newest.and_then(|version| with(version, "_ECDHE_"));
    let groups = async {
        match (tls13, &elliptic) {
            (Some(found), _) => found,
            (None, Some(hello)) => by_elimination(prober, hello, Axis::Groups, None).await,
            (None, None) => Found::default(),
        }
    };
    let finite = newest.and_then(|version| with(version, "_DHE_"));
    let raw = features::raw(prober, &versions, finite);
    let (groups, features) = tokio::join!(groups, raw);
    let schemes = versions.iter().find_map(|version| version.schemes.clone()).unwrap_or_default();
    Report { versions, groups, schemes, features }
}

fn shown(version: &Version) -> ScannedVersion {
    let suites: Vec<ScannedSuite> = version.suites.list.iter().map(|suite| suites::shown(*suite)).collect();
    let answer = match suites.len() {
        0 => version.answer.words().trim_start_matches("alert ").to_owned(),
        1 => "1 suite".to_owned(),
        count => format!("{count} suites"),
    };
    ScannedVersion {
        name: version_words(version.offer.version()),
        accepted: version.accepted(),
        answer,
        suites,
        server_order: version.suites.server_order,
    }
}

fn shown_group(group: u16) -> ScannedGroup {
    ScannedGroup { name: iana::named_group(NamedGroup::from(group)), post_quantum: is_post_quantum(group) }
}

/// ML-KEM, alone or in a hybrid.
fn is_post_quantum(group: u16) -> bool {
    matches!(group, 0x0200..=0x0202 | 0x11eb..=0x11ed)
}

/// There was no TLS to scan.
fn nothing(target: &Target, versions: &[Version]) -> Error {
    let endpoint = target.endpoint();
    let answers = || versions.iter().map(|version| &version.answer);
    for answer in answers() {
        match answer {
            Answer::Http(line) => return Error::PlainHttp { endpoint, first_line: line.clone() },
            Answer::Other(bytes) => return Error::NotTls { endpoint, first_bytes: bytes.clone() },
            _ => {}
        }
    }
    let all = |kind: fn(&Answer) -> bool| answers().all(kind);
    if all(|answer| matches!(answer, Answer::Unreached)) {
        return Error::TcpRefused { endpoint: endpoint.clone(), attempts: vec![endpoint] };
    }
    if all(|answer| matches!(answer, Answer::Silent)) {
        return Error::Silent { endpoint, after: PROBE };
    }
    if all(|answer| matches!(answer, Answer::Reset)) {
        return Error::Reset { endpoint };
    }
    let words: Vec<String> = versions
        .iter()
        .map(|version| format!("{}: {}", version_words(version.offer.version()), version.answer.words()))
        .collect();
    Error::NoCommonParameters { endpoint, reason: words.join(", ") }
}

/// `Speaks TLS 1.3 and 1.2, prefers hybrid groups, 3 findings`.
fn title(scan: &Scan) -> String {
    let spoken: Vec<&str> = scan.versions.iter().filter(|v| v.accepted).map(|v| v.name.as_str()).collect();
    let mut words: Vec<String> = Vec::new();
    for (index, name) in spoken.iter().enumerate() {
        // the second TLS is understood
        let short = if index > 0 { name.trim_start_matches("TLS ") } else { name };
        words.push(short.to_owned());
    }
    let versions = match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => format!("only {one}"),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    };
    let hybrid = match scan.groups.first() {
        Some(first) if first.post_quantum => ", prefers hybrid groups",
        Some(_) if scan.groups.iter().any(|group| group.post_quantum) => ", has hybrid groups",
        _ => "",
    };
    let findings = match scan.findings.len() {
        0 => ", no findings".to_owned(),
        1 => ", 1 finding".to_owned(),
        count => format!(", {count} findings"),
    };
    format!("Speaks {versions}{hybrid}{findings}")
}
