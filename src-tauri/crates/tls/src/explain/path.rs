//! Paths: from the end entity through what was sent and fetched to an anchor of a store.

use std::collections::HashMap;

use countersign_evidence::Timestamp;

use crate::{Certificate, Malformed, Store};

/// Work a chain may cost, in counters instead of time, so that the answer is the same everywhere.
const MOST_STEPS: usize = 2_000;
const MOST_PATHS: usize = 64;
/// Certificates looked at.
pub(crate) const MOST_CERTIFICATES: usize = 100;
/// Certificates above the end entity.
const MOST_DEPTH: usize = 10;

/// An anchor and the store that holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) store: &'a Store,
}

/// One way up from the end entity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path<'a> {
    /// Indices of certificates, end entity first: the sent ones, then the fetched ones.
    pub(crate) sent: Vec<usize>,
    /// Where it ends well; `None` where it does not.
    pub(crate) anchor: Option<Anchor<'a>>,
}

/// All ways that were found.
#[derive(Debug, Default)]
pub(crate) struct Paths<'a> {
    pub(crate) complete: Vec<Path<'a>>,
    /// Those with no further issuer.
    pub(crate) dead: Vec<Path<'a>>,
    /// There may be more: the work was cut short.
    pub(crate) spent: bool,
}

/// Looks for them, depth first; of several issuers the likeliest first.
pub(crate) fn search<'a>(pool: &'a [Result<Certificate, Malformed>], stores: &[&'a Store], at: Timestamp) -> Paths<'a> {
    let mut search =
        Search { pool, stores, at, paths: Paths::default(), steps: 0, issuers: HashMap::new(), same: identities(pool) };
    search.paths.spent = pool.len() > MOST_CERTIFICATES;
    if matches!(pool.first(), Some(Ok(_))) {
        search.walk(&mut vec![0]);
    }
    search.paths
}

struct Search<'a, 's> {
    pool: &'a [Result<Certificate, Malformed>],
    stores: &'s [&'a Store],
    at: Timestamp,
    paths: Paths<'a>,
    steps: usize,
    /// Found once for each certificate: the likeliest first.
    issuers: HashMap<usize, Vec<usize>>,
    /// For each certificate the first one with the same name and key.
    same: Vec<usize>,
}

/// The same name with the same key is the same issuer (RFC 4158 §5.2).
fn identities(pool: &[Result<Certificate, Malformed>]) -> Vec<usize> {
    let mut first: HashMap<(&[u8], &[u8]), usize> = HashMap::new();
    let mut all = Vec::with_capacity(pool.len());
    for (index, parsed) in pool.iter().enumerate() {
        all.push(match parsed {
            Ok(own) => *first.entry((own.subject.as_slice(), own.spki.as_slice())).or_insert(index),
            Err(_) => index,
        });
    }
    all
}

impl<'a> Search<'a, '_> {
    fn walk(&mut self, path: &mut Vec<usize>) {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.paths.complete.len() >= MOST_PATHS {
            self.paths.spent = true;
            return;
        }
        let Some(Ok(head)) = path.last().and_then(|index| self.pool.get(*index)) else { return };
        let mut further = false;
        let mut anchors: Vec<&Certificate> = Vec::new();
        for store in self.stores {
            let mut found: Vec<&Certificate> = store.issuers_of(head).collect();
            found.sort_by_key(|candidate| self.rank(head, candidate));
            for certificate in found {
                further = true;
                anchors.push(certificate);
                self.paths.complete.push(Path { sent: path.clone(), anchor: Some(Anchor { certificate, store }) });
            }
        }
        let index = path.last().copied().unwrap_or_default();
        let all = match self.issuers.get(&index) {
            Some(known) => known.clone(),
            None => {
                let found = self.candidates(head);
                self.issuers.insert(index, found.clone());
                found
            }
        };
        let issuers: Vec<usize> = all
            .into_iter()
            .filter(|candidate| !self.visited(path, *candidate) && !self.is_one_of(&anchors, *candidate))
            .collect();
        if path.len() <= MOST_DEPTH {
            for index in issuers {
                further = true;
                path.push(index);
                self.walk(path);
                path.pop();
            }
        } else if !issuers.is_empty() {
            self.paths.spent = true;
        }
        if !further && self.paths.dead.len() < MOST_PATHS {
            self.paths.dead.push(Path { sent: path.clone(), anchor: None });
        }
    }

    /// Those of the pool, the likeliest first.
    fn candidates(&self, head: &Certificate) -> Vec<usize> {
        let candidates = self.pool.iter().enumerate().skip(1).take(MOST_CERTIFICATES - 1);
        let mut issuers: Vec<(_, usize)> = candidates
            .filter_map(|(index, candidate)| Some((index, candidate.as_ref().ok()?)))
            .filter(|(_, candidate)| candidate.is_issuer_of(head))
            .map(|(index, candidate)| (self.rank(head, candidate), index))
            .collect();
        issuers.sort();
        issuers.into_iter().map(|(_, index)| index).collect()
    }

    /// An anchor that was sent too is not walked through.
    fn is_one_of(&self, anchors: &[&Certificate], candidate: usize) -> bool {
        let candidate = self.pool.get(candidate).and_then(|parsed| parsed.as_ref().ok());
        anchors.iter().any(|anchor| candidate.is_some_and(|own| own.der() == anchor.der()))
    }

    /// By key identifier, then by validity, then names equal byte by byte first.
    fn rank(&self, child: &Certificate, candidate: &Certificate) -> (u8, bool, bool) {
        let identifier = match (&child.authority_key_id, &candidate.subject_key_id) {
            (Some(wanted), Some(own)) if wanted == own => 0,
            (Some(_), Some(_)) => 2,
            (None, _) | (_, None) => 1,
        };
        let view = candidate.view();
        let valid = view.not_before <= self.at && self.at <= view.not_after;
        (identifier, !valid, candidate.subject != child.issuer)
    }

    fn visited(&self, path: &[usize], candidate: usize) -> bool {
        let identity = self.same.get(candidate);
        path.iter().any(|index| self.same.get(*index) == identity)
    }
}
