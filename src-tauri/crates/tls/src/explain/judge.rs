//! Judges every path and picks the best: the one with the fewest reasons to refuse it, then the store chosen
//! by hand, then the shortest.

use std::collections::HashMap;

use countersign_evidence::{Finding, FindingSeverity, Timestamp};

use super::path::{Anchor, Path, Paths, search};
use super::{Question, constraint, name, problem, seconds, stores_in_words};
use crate::certificate::SignatureCheck;
use crate::{Certificate, Malformed, Store};

/// Signature checks a chain may cost.
const MOST_SIGNATURES: usize = 200;

pub(crate) struct Judge<'a> {
    sent: &'a [Result<Certificate, Malformed>],
    stores: &'a [&'a Store],
    question: &'a Question<'a>,
    paths: Paths<'a>,
    at: Timestamp,
    /// By certificate and key of the issuer.
    signatures: HashMap<(usize, &'a [u8]), SignatureCheck>,
    spent: bool,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        sent: &'a [Result<Certificate, Malformed>],
        stores: &'a [&'a Store],
        question: &'a Question<'a>,
    ) -> Self {
        let paths = search(sent, stores);
        let spent = paths.spent;
        Self { sent, stores, question, paths, at: seconds(question.at), signatures: HashMap::new(), spent }
    }

    /// Whether work was cut short.
    pub(crate) fn spent(&self) -> bool {
        self.spent
    }

    /// The best path with every reason to refuse it.
    pub(crate) fn best(&mut self) -> (Path<'a>, Vec<Finding>) {
        let Some(Ok(leaf)) = self.sent.first() else { return (Path::default(), Vec::new()) };
        let complete = std::mem::take(&mut self.paths.complete);
        let dead = std::mem::take(&mut self.paths.dead);
        let mut judged: Vec<(Path<'a>, Vec<Finding>)> = Vec::new();
        if complete.is_empty() {
            for path in dead {
                let mut problems = self.along(&path);
                problems.extend(self.end(&path));
                judged.push((path, problems));
            }
            // the one that came furthest says most
            judged.sort_by_key(|(path, problems)| (std::cmp::Reverse(path.sent.len()), problems.len()));
        } else {
            for path in complete {
                let problems = self.along(&path);
                judged.push((path, problems));
            }
            judged.sort_by_key(|(path, problems)| {
                let rank = path.anchor.as_ref().map_or(u8::MAX, |anchor| anchor.store.label().rank());
                (problems.len(), rank, path.sent.len())
            });
        }
        let (path, mut problems) = judged.into_iter().next().unwrap_or_default();
        problems.extend(name::problem(leaf, self.question.host));
        (path, problems)
    }

    /// Certificates that do not parse: the first decides, of the others the verifier takes no notice.
    pub(crate) fn unreadable(&self, path: &Path<'_>) -> Vec<Finding> {
        let total = self.sent.len();
        let broken =
            self.sent.iter().enumerate().filter_map(|(index, parsed)| parsed.as_ref().err().map(|e| (index, e)));
        broken
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

    /// What is wrong with the certificates of a path and the links between them.
    fn along(&mut self, path: &Path<'a>) -> Vec<Finding> {
        let mut problems = Vec::new();
        let total = self.sent.len();
        for (depth, index) in path.sent.iter().copied().enumerate() {
            let Some(Ok(certificate)) = self.sent.get(index) else { continue };
            let about = problem::About { certificate, index, total };
            problems.extend(about.dates(self.at));
            problems.extend(about.structure());
            problems.extend(about.purpose());
            match depth {
                0 => problems.extend(about.leaf_is_ca()),
                _ => problems.extend(about.as_issuer(depth - 1)),
            }
            let issuer = match path.sent.get(depth + 1) {
                Some(next) => self.sent.get(*next).and_then(|parsed| parsed.as_ref().ok()).map(|c| (c, *next, None)),
                None => path.anchor.as_ref().map(|anchor| (anchor.certificate, total, Some(anchor))),
            };
            if let Some((issuer, issuer_index, anchor)) = issuer {
                problems.extend(self.link(&about, issuer, issuer_index, anchor));
                problems.extend(self.limits(path, issuer, issuer_index));
            }
        }
        problems
    }

    /// The signature of one certificate by the key of the next.
    fn link(
        &mut self,
        about: &problem::About<'_>,
        issuer: &'a Certificate,
        issuer_index: usize,
        anchor: Option<&Anchor<'_>>,
    ) -> Option<Finding> {
        match self.signature(about.index, about.certificate, issuer)? {
            SignatureCheck::Valid => None,
            SignatureCheck::Unsupported => Some(about.signature_unsupported(issuer)),
            SignatureCheck::Invalid if problem::is_rsa_short(issuer) => {
                Some(problem::issuer_key_short(issuer, issuer_index))
            }
            SignatureCheck::Invalid => Some(about.signature_invalid(issuer, anchor.map(|anchor| anchor.store))),
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

    /// Name constraints of a CA on the names of the end entity.
    fn limits(&self, path: &Path<'_>, issuer: &Certificate, issuer_index: usize) -> Option<Finding> {
        let leaf = path.sent.first().and_then(|index| self.sent.get(*index))?.as_ref().ok()?;
        constraint::problem(leaf, issuer, issuer_index)
    }

    /// Why a path goes no further.
    fn end(&mut self, path: &Path<'a>) -> Option<Finding> {
        let index = *path.sent.last()?;
        let last = self.sent.get(index)?.as_ref().ok()?;
        if let Some(finding) = self.bound_elsewhere(index, last) {
            return Some(finding);
        }
        let about = problem::About { certificate: last, index, total: self.sent.len() };
        let stores = stores_in_words(self.stores);
        if last.is_self_issued() {
            let itself = self.signature(index, last, last) != Some(SignatureCheck::Invalid);
            return Some(if path.sent.len() == 1 && itself {
                about.self_signed(&stores)
            } else {
                about.untrusted_root(&stores)
            });
        }
        Some(if last.is_ca() { about.untrusted_issuer(&stores) } else { about.missing_intermediate() })
    }

    /// A store holds the anchor, but does not count for this host.
    fn bound_elsewhere(&mut self, index: usize, last: &'a Certificate) -> Option<Finding> {
        let question = self.question;
        for store in question.trust.stores() {
            if store.applies(question.host, question.port) {
                continue;
            }
            for anchor in store.by_subject(&last.issuer) {
                if self.signature(index, last, anchor) == Some(SignatureCheck::Valid) {
                    return Some(problem::bound_elsewhere(anchor, index, store, question.host, question.port));
                }
            }
        }
        None
    }
}
