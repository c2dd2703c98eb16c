//! Judges every path and picks the best: the one with the fewest reasons to refuse it, then the store chosen
//! by hand, then the shortest.

use std::collections::HashMap;

use countersign_evidence::{Finding, FindingSeverity, Profile, Timestamp};

use rustls_pki_types::ServerName;

use super::path::{Anchor, Path, Paths, search};
use super::{Peer, Usage, ending, limits, name, problem};
use crate::certificate::SignatureCheck;
use crate::findings::{self, Seen};
use crate::revocation::{Sources, Status};
use crate::{Certificate, Malformed, Store, Trust, trust};

/// Signature checks a chain may cost.
const MOST_SIGNATURES: usize = 200;
/// Comparisons of a name with a name constraint.
const MOST_COMPARISONS: usize = 250_000;

/// Everything a judgement stands on.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    /// The sent certificates, then the fetched ones.
    pub(crate) pool: &'a [Result<Certificate, Malformed>],
    /// How many of the pool were sent.
    pub(crate) sent: usize,
    /// Those that count.
    pub(crate) stores: &'a [&'a Store],
    /// All of them, and the endpoint: one may be bound to other hosts.
    pub(crate) trust: &'a Trust,
    pub(crate) endpoint: Option<(&'a str, u16)>,
    pub(crate) peer: Peer<'a>,
    pub(crate) usage: Usage,
    pub(crate) at: Timestamp,
    pub(crate) max_depth: Option<usize>,
    pub(crate) sources: &'a Sources,
    /// What a CA must not do refuses too.
    pub(crate) strict: bool,
    /// Whether a verifier decided.
    pub(crate) decided: bool,
}

/// A path and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged<'a> {
    pub(crate) path: Path<'a>,
    pub(crate) problems: Vec<Finding>,
    /// Not everything on it could be looked at.
    pub(crate) unfinished: bool,
}

impl Judged<'_> {
    pub(crate) fn accepted(&self) -> bool {
        self.path.anchor.is_some() && !self.unfinished && self.refusing() == 0
    }

    fn refusing(&self) -> usize {
        self.problems.iter().filter(|problem| problem.rejects == Some(true)).count()
    }
}

pub(crate) struct Judge<'a> {
    task: Task<'a>,
    /// By certificate and key of the issuer.
    signatures: HashMap<(usize, &'a [u8]), SignatureCheck>,
    comparisons: usize,
    /// Work was cut short.
    pub(crate) spent: bool,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(task: Task<'a>) -> Self {
        Self { task, signatures: HashMap::new(), comparisons: MOST_COMPARISONS, spent: false }
    }

    /// Every path with everything wrong on it, the best first. Without an anchor: the ways that end nowhere.
    pub(crate) fn all(&mut self) -> Vec<Judged<'a>> {
        let Some(Ok(leaf)) = self.task.pool.first() else { return vec![Judged::default()] };
        let Paths { complete, dead, spent } = search(self.task.pool, self.task.stores, self.task.at);
        self.spent |= spent;
        let named = name::problem(leaf, self.task.peer);
        let lost = complete.is_empty();
        let mut judged: Vec<Judged<'a>> = Vec::new();
        for path in if lost { dead } else { complete } {
            let (mut problems, mut unfinished) = self.along(&path);
            if lost {
                problems.extend(self.end(&path));
            } else if self.task.strict {
                problems.extend(self.strict(&path));
            }
            problems.extend(named.clone());
            unfinished |= lost && spent;
            judged.push(Judged { path, problems, unfinished });
        }
        if lost {
            // the one that came furthest says most
            judged.sort_by_key(|own| (std::cmp::Reverse(own.path.sent.len()), own.refusing()));
        } else {
            judged.sort_by_key(|own| {
                let rank = own.path.anchor.as_ref().map_or(u8::MAX, |anchor| anchor.store.label().rank());
                (own.refusing() + usize::from(own.unfinished), rank, own.path.sent.len())
            });
        }
        if judged.is_empty() {
            judged.push(Judged { problems: named.into_iter().collect(), unfinished: spent, ..Judged::default() });
        }
        judged
    }

    /// Certificates that do not parse: the first decides, of the others the verifier takes no notice.
    pub(crate) fn unreadable(&self, path: &Path<'_>) -> Vec<Finding> {
        let total = self.task.sent;
        let sent = self.task.pool.iter().take(total).enumerate();
        sent.filter_map(|(index, parsed)| parsed.as_ref().err().map(|malformed| (index, malformed)))
            .map(|(index, malformed)| {
                let mut finding = problem::malformed(index, total, malformed);
                if index > 0 && path.anchor.is_some() {
                    finding.rejects = Some(false);
                    finding.severity = FindingSeverity::Warning;
                }
                finding
            })
            .collect()
    }

    /// `auto` is public under an anchor of the Mozilla set.
    pub(crate) fn profile(&self, path: &Path<'_>) -> Profile {
        match self.task.trust.profile() {
            Profile::Public => Profile::Public,
            Profile::Private => Profile::Private,
            Profile::Auto => match &path.anchor {
                Some(anchor) if trust::is_public(anchor.certificate) => Profile::Public,
                _ => Profile::Private,
            },
        }
    }

    /// The end entity.
    pub(crate) fn leaf(&self) -> Option<&'a Certificate> {
        self.task.pool.first()?.as_ref().ok()
    }

    /// The certificates of a path with its anchor.
    pub(crate) fn certificates(&self, path: &Path<'a>) -> Vec<&'a Certificate> {
        self.chain(path).into_iter().map(|about| about.certificate).collect()
    }

    /// A name that the end entity covers.
    pub(crate) fn first_name(&self) -> Option<String> {
        let names = self.leaf()?.names.iter().flatten();
        names.map(|name| name.bare().replacen("*.", "any.", 1)).find(|name| ServerName::try_from(name.as_str()).is_ok())
    }

    /// What a rule looks at on this path.
    pub(crate) fn seen(&self, path: &Path<'a>) -> Seen<'a> {
        Seen::new(&self.task, path, self.profile(path))
    }

    /// Rules for CAs that were broken, as reasons to refuse.
    fn strict(&self, path: &Path<'a>) -> Vec<Finding> {
        findings::broken(&self.seen(path))
            .into_iter()
            .map(|finding| Finding { rejects: Some(true), severity: FindingSeverity::Error, ..finding })
            .collect()
    }

    /// What is wrong with the certificates of a path and the links between them; whether work was cut short.
    fn along(&mut self, path: &Path<'a>) -> (Vec<Finding>, bool) {
        let task = self.task;
        let mut problems = Vec::new();
        let mut unfinished = false;
        let chain = self.chain(path);
        let private = self.profile(path) == Profile::Private;
        for (depth, about) in chain.iter().enumerate() {
            let certificate = about.certificate;
            problems.extend(about.dates(task.at));
            problems.extend(about.structure());
            problems.extend(about.purpose(task.usage));
            let below = chain.iter().take(depth).skip(1).filter(|own| !own.certificate.is_self_issued()).count();
            match depth {
                0 if !task.decided && private => {}
                0 => problems.extend(about.leaf_is_ca()),
                // an anchor of version 1 has no extension to say it with
                _ if about.anchor && certificate.version < 3 => {}
                _ => problems.extend(about.as_issuer(below)),
            }
            if depth > 0 {
                let below = chain.iter().take(depth).enumerate();
                let bound = below.filter(|(place, own)| *place == 0 || !own.certificate.is_self_issued());
                let names: Vec<&Certificate> = bound.map(|(_, own)| own.certificate).collect();
                match limits::problems(about, &names, &mut self.comparisons) {
                    Ok(found) => problems.extend(found),
                    Err(_) => unfinished = true,
                }
            }
            let issuer = match chain.get(depth + 1) {
                Some(next) => next.certificate,
                // an end entity that is itself in the store
                None if depth == 0 && path.anchor.is_some() => certificate,
                None => continue,
            };
            match self.signature(about.index, certificate, issuer) {
                Some(check) => {
                    let next = chain.get(depth + 1);
                    let store = next.filter(|own| own.anchor).and(path.anchor.as_ref()).map(|anchor| anchor.store);
                    let index = next.map_or(about.index, |own| own.index);
                    problems.extend(link(about, issuer, index, store, check));
                }
                None => unfinished = true,
            }
            if let Some(next) = chain.get(depth + 1) {
                problems.extend(self.revocation(about, next.certificate));
            }
        }
        if let Some(allowed) = task.max_depth {
            let between = chain.iter().skip(1).filter(|own| !own.anchor && !own.certificate.is_self_issued());
            problems.extend(ending::too_deep(between.count(), allowed));
        }
        self.spent |= unfinished;
        (problems, unfinished)
    }

    /// The certificates of a path with its anchor.
    fn chain(&self, path: &Path<'a>) -> Vec<problem::About<'a>> {
        let total = self.task.sent;
        let on_path = path.sent.iter().filter_map(|index| {
            let certificate = self.task.pool.get(*index)?.as_ref().ok()?;
            Some(problem::About { certificate, index: *index, total, anchor: false })
        });
        let mut chain: Vec<problem::About<'a>> = on_path.collect();
        if let Some(Anchor { certificate, .. }) = path.anchor {
            match chain.last() {
                Some(last) if last.certificate.der() == certificate.der() => {}
                _ => chain.push(problem::About { certificate, index: self.task.pool.len(), total, anchor: true }),
            }
        }
        chain
    }

    fn revocation(&self, about: &problem::About<'_>, issuer: &Certificate) -> Option<Finding> {
        match self.task.sources.status(about.certificate, issuer, about.index == 0, self.task.at) {
            Status::Good | Status::NotSaid => None,
            Status::Revoked(revoked) => Some(about.revoked(&revoked)),
            Status::Unknown(reason) => Some(about.status_unknown(&reason)),
        }
    }

    fn signature(
        &mut self,
        index: usize,
        certificate: &Certificate,
        issuer: &'a Certificate,
    ) -> Option<SignatureCheck> {
        let key = (index, issuer.spki.as_slice());
        if let Some(known) = self.signatures.get(&key) {
            return Some(*known);
        }
        if self.signatures.len() >= MOST_SIGNATURES {
            self.spent = true;
            return None;
        }
        let check = certificate.signed_by(issuer);
        self.signatures.insert(key, check);
        Some(check)
    }

    /// Why a path goes no further.
    fn end(&mut self, path: &Path<'a>) -> Option<Finding> {
        let index = *path.sent.last()?;
        let last = self.task.pool.get(index)?.as_ref().ok()?;
        if let Some(finding) = self.bound_elsewhere(index, last) {
            return Some(finding);
        }
        let about = problem::About { certificate: last, index, total: self.task.sent, anchor: false };
        let stores = super::stores_in_words(self.task.stores);
        if last.is_self_issued() {
            let itself = self.signature(index, last, last) != Some(SignatureCheck::Invalid);
            return Some(if path.sent.len() == 1 && itself {
                about.self_signed(&stores)
            } else {
                about.untrusted_root(&stores)
            });
        }
        let fetched = self.task.pool.len() > self.task.sent;
        Some(if last.is_ca() { about.untrusted_issuer(&stores) } else { about.missing_intermediate(fetched) })
    }

    /// A store holds the anchor, but does not count for this host.
    fn bound_elsewhere(&mut self, index: usize, last: &'a Certificate) -> Option<Finding> {
        let (host, port) = self.task.endpoint?;
        for store in self.task.trust.stores() {
            if store.applies(host, port) {
                continue;
            }
            for anchor in store.issuers_of(last) {
                if self.signature(index, last, anchor) == Some(SignatureCheck::Valid) {
                    return Some(ending::bound_elsewhere(anchor, index, store, host, port));
                }
            }
        }
        None
    }
}

/// The signature of one certificate by the key of the next.
fn link(
    about: &problem::About<'_>,
    issuer: &Certificate,
    issuer_index: usize,
    store: Option<&Store>,
    check: SignatureCheck,
) -> Option<Finding> {
    match check {
        SignatureCheck::Valid => None,
        SignatureCheck::Unsupported => Some(about.signature_unsupported(issuer)),
        SignatureCheck::Invalid if problem::is_rsa_short(issuer) => {
            Some(problem::issuer_key_short(issuer, issuer_index))
        }
        SignatureCheck::Invalid => Some(about.signature_invalid(issuer, store)),
    }
}
