//! Paths: from the end entity through what was sent to an anchor of a store, as the verifier looks for them.

use crate::{Certificate, Malformed, Store};

/// Work a chain may cost, in counters instead of time, so that the answer is the same everywhere.
const MOST_STEPS: usize = 2_000;
const MOST_PATHS: usize = 64;
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
    /// Indices of sent certificates, end entity first.
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

/// Looks for them, depth first. Names are compared byte by byte, as the verifier does.
pub(crate) fn search<'a>(sent: &'a [Result<Certificate, Malformed>], stores: &[&'a Store]) -> Paths<'a> {
    let mut search = Search { sent, stores, paths: Paths::default(), steps: 0 };
    if matches!(sent.first(), Some(Ok(_))) {
        search.walk(&mut vec![0]);
    }
    search.paths
}

struct Search<'a, 's> {
    sent: &'a [Result<Certificate, Malformed>],
    stores: &'s [&'a Store],
    paths: Paths<'a>,
    steps: usize,
}

impl<'a> Search<'a, '_> {
    fn walk(&mut self, path: &mut Vec<usize>) {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.paths.complete.len() + self.paths.dead.len() >= MOST_PATHS {
            self.paths.spent = true;
            return;
        }
        let Some(Ok(head)) = path.last().and_then(|index| self.sent.get(*index)) else { return };
        let mut further = false;
        for store in self.stores {
            for certificate in store.by_subject(&head.issuer) {
                further = true;
                let anchor = Some(Anchor { certificate, store });
                self.paths.complete.push(Path { sent: path.clone(), anchor });
            }
        }
        if path.len() <= MOST_DEPTH {
            for (index, candidate) in self.sent.iter().enumerate().skip(1) {
                let Ok(candidate) = candidate else { continue };
                if candidate.subject != head.issuer || self.visited(path, candidate) {
                    continue;
                }
                further = true;
                path.push(index);
                self.walk(path);
                path.pop();
            }
        }
        if !further {
            self.paths.dead.push(Path { sent: path.clone(), anchor: None });
        }
    }

    /// The same name with the same key is the same issuer (RFC 4158 §5.2).
    fn visited(&self, path: &[usize], candidate: &Certificate) -> bool {
        path.iter().any(|index| match self.sent.get(*index) {
            Some(Ok(seen)) => seen.subject == candidate.subject && seen.spki == candidate.spki,
            Some(Err(_)) | None => false,
        })
    }
}
