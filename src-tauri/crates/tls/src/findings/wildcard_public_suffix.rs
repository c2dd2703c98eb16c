//! A wildcard directly left of a public suffix (F13): it would cover the domains of strangers.
//!
//! `leaf (*.co.uk) → intermediate → root`. Which suffixes count: docs/decisions/0007-public-suffixes.md.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{fit, oid};

const SINCE: &str = "2012-07-01";

/// Suffixes of two labels with many registrations below; one label is a suffix in any case.
const SUFFIXES: &str = "\
    ac.uk co.uk gov.uk org.uk me.uk net.uk com.au net.au org.au edu.au gov.au co.nz org.nz net.nz \
    co.za org.za co.in net.in org.in gov.in co.jp ne.jp or.jp ac.jp go.jp co.kr or.kr com.br net.br \
    org.br gov.br com.cn net.cn org.cn com.mx com.tr com.tw com.hk com.sg co.id co.il co.th com.ar \
    gov.ae";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf() else { return Vec::new() };
    let suffix = |name: &&str| name.strip_prefix("*.").is_some_and(is_suffix);
    let Some(name) = Seen::dns(&leaf).find(suffix) else { return Vec::new() };
    let name = fit(name);
    let sentence = format!("{name} covers every domain that is registered below a public suffix.");
    let fix = "Ask the operator for a certificate with the names it needs.";
    let severity = if seen.public { FindingSeverity::Warning } else { FindingSeverity::Info };
    let note = note("name.wildcard_public_suffix", severity, leaf, sentence, fix, ("CA/B BR", "3.2.2.6"));
    vec![note.value("name", name).since(SINCE).on(leaf.1, oid::ALTERNATIVE_NAME).must(true)]
}

fn is_suffix(parent: &str) -> bool {
    let parent = parent.to_ascii_lowercase();
    !parent.is_empty() && (!parent.contains('.') || SUFFIXES.split(' ').any(|suffix| suffix == parent))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, dns, found};

    fn named(name: &'static str) -> Made {
        Made::with(move |leaf| leaf.subject_alt_names.push(dns(name)), |_| {})
    }

    #[test]
    fn a_wildcard_over_a_public_suffix_is_noted() {
        for name in ["*.com", "*.co.uk"] {
            assert!(found(&named(name), DAY, "name.wildcard_public_suffix"), "{name}");
        }
    }

    #[test]
    fn a_wildcard_over_ones_own_domain_is_as_it_should_be() {
        for name in ["*.example.com", "*.example.co.uk"] {
            assert!(!found(&named(name), DAY, "name.wildcard_public_suffix"), "{name}");
        }
    }
}
