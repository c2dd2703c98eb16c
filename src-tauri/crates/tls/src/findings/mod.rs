//! Notes on a chain: what is worth reading and decides nothing. One file per finding, each with its citation.
//!
//! Rules of the CA/Browser Forum apply under the public profile only: a private CA may do as it likes. A rule that
//! a CA must keep is marked; under the strict reading of files it refuses, dates of effect set aside.

mod access_ca_issuers;
mod chain_cross_sign_ends;
mod chain_duplicate;
mod chain_order;
mod chain_root_sent;
mod chain_unrelated;
mod common_name_not_listed;
mod constraint_malformed;
mod constraint_policy;
mod identifier_key;
mod key_cert_sign;
mod key_curve;
mod key_dsa;
mod lifetime;
mod name_criticality;
mod name_duplicate;
mod name_internal;
mod name_malformed;
mod name_underscore;
mod no_subject_alternative_name;
mod renewal_due;
mod revocation_no_source;
mod rsa_exponent;
mod rsa_length;
mod rsa_short;
mod rsa_weak;
mod serial_malformed;
mod serial_short;
mod staple;
mod subject_empty;
mod subject_organizational_unit;
mod transparency_few_scts;
mod usage_basic_constraints;
mod usage_client_auth;
mod usage_key_type;
mod usage_leaf_is_ca;
mod usage_server_auth;
mod validity_backdated;
mod validity_outlives_issuer;
mod validity_over_100_days;
mod validity_over_200_days;
mod validity_over_398_days;
mod validity_over_47_days;
mod weak_signature;
mod wildcard_malformed;
mod wildcard_public_suffix;

use std::ops::Range;

use countersign_evidence::{Citation, Fact, Finding, FindingSeverity, Profile, Timestamp};

use crate::Certificate;
use crate::certificate::{AlternativeName, byte_range, fit};
use crate::explain::{Path, Task, Usage};
use crate::revocation::Answer;

/// A certificate and its index.
type Own<'a> = (usize, &'a Certificate);

/// What a rule looks at.
pub(crate) struct Seen<'a> {
    /// As sent.
    sent: Vec<Own<'a>>,
    /// The path that was judged, end entity first, without the anchor.
    path: Vec<Own<'a>>,
    /// Where it ends.
    anchor: Option<Own<'a>>,
    /// Whether rules for public CAs apply.
    public: bool,
    /// Whether rules count whatever their date.
    strict: bool,
    usage: Usage,
    /// What the staple says of the end entity; `None` where nothing is known of one.
    staple: Option<Answer>,
    /// The time of the check.
    at: Timestamp,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(task: &Task<'a>, path: &Path<'a>, profile: Profile) -> Self {
        let all = task.pool.iter().enumerate();
        let all: Vec<Own<'a>> = all.filter_map(|(index, parsed)| Some((index, parsed.as_ref().ok()?))).collect();
        let on_path = path.sent.iter().filter_map(|index| all.iter().find(|(own, _)| own == index).copied());
        let on_path: Vec<Own<'a>> = on_path.collect();
        let anchor = path.anchor.as_ref().map(|anchor| (task.pool.len(), anchor.certificate));
        let issuer = on_path.get(1).or(anchor.as_ref()).map(|(_, issuer)| *issuer);
        let staple = match (task.sources.staple(), on_path.first(), issuer) {
            (Some(staple), Some((_, leaf)), Some(issuer)) => Some(staple.answer(leaf, issuer, task.at)),
            _ => None,
        };
        Self {
            sent: all.into_iter().filter(|(index, _)| *index < task.sent).collect(),
            path: on_path,
            anchor,
            public: profile == Profile::Public,
            strict: task.strict,
            usage: task.usage,
            staple,
            at: task.at,
        }
    }

    /// The end entity.
    fn leaf(&self) -> Option<Own<'a>> {
        self.sent.first().copied().filter(|(index, _)| *index == 0)
    }

    /// The end entity, where the rules for public CAs apply.
    fn public_leaf(&self) -> Option<Own<'a>> {
        self.leaf().filter(|_| self.public)
    }

    fn on_path(&self, index: usize) -> bool {
        self.path.iter().any(|(own, _)| *own == index)
    }

    /// The path with its anchor, where that is not the end entity itself.
    fn whole(&self) -> Vec<Own<'a>> {
        let again = |anchor: &&Own<'a>| self.path.last().is_none_or(|(_, last)| last.der() != anchor.1.der());
        self.path.iter().chain(self.anchor.iter().filter(again)).copied().collect()
    }

    fn is_anchor(&self, own: &Own<'_>) -> bool {
        self.anchor.is_some_and(|(index, _)| index == own.0)
    }

    /// Whether a rule of this date binds a certificate: it was valid from then on.
    fn binds(&self, own: &Own<'_>, since: &str) -> bool {
        self.strict || own.1.view().not_before >= day(since)
    }

    /// DNS names of a certificate.
    fn dns(own: &Own<'a>) -> impl Iterator<Item = &'a str> {
        own.1.names.iter().flatten().filter_map(|name| match name {
            AlternativeName::Dns(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// The beginning of a day, `2020-09-01`.
fn day(date: &str) -> Timestamp {
    Timestamp::parse(&format!("{date}T00:00:00Z")).unwrap_or(Timestamp::from_unix_seconds(0))
}

/// Lifetime as the Baseline Requirements count it (BR §6.3.2): both ends included, any fraction of a day is a day.
fn lifetime_days(certificate: &Certificate) -> i64 {
    const DAY: i64 = 86_400;
    let view = certificate.view();
    let seconds = view.not_after.unix_seconds().saturating_sub(view.not_before.unix_seconds()).saturating_add(1);
    seconds.max(0).saturating_add(DAY - 1) / DAY
}

/// A finding, and whether a strict reader refuses for it.
pub(crate) struct Note {
    finding: Finding,
    strict: bool,
    /// Kept for those who ask what others say; people have nothing of it.
    quiet: bool,
}

impl Note {
    fn value(mut self, name: &str, value: impl Into<String>) -> Self {
        self.finding.values.push(Fact::new(name, value.into()));
        self
    }

    /// The date of the rule.
    fn since(mut self, date: &str) -> Self {
        self.finding.effective_since = Some(date.to_owned());
        self
    }

    /// Its place in the certificate.
    fn at(mut self, range: &Range<usize>) -> Self {
        self.finding.range = Some(byte_range(range));
        self
    }

    /// The place of an extension.
    fn on(self, certificate: &Certificate, oid: &str) -> Self {
        match certificate.extension(oid) {
            Some(extension) => self.at(&extension.range),
            None => self,
        }
    }

    fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    /// A CA must keep this rule.
    fn must(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }
}

type Rule = fn(&Seen<'_>) -> Vec<Note>;

/// In this order among equals.
const RULES: [Rule; 45] = [
    rsa_weak::notes,
    rsa_short::notes,
    weak_signature::notes,
    key_dsa::notes,
    rsa_exponent::notes,
    key_curve::notes,
    staple::notes,
    usage_leaf_is_ca::notes,
    key_cert_sign::notes,
    usage_basic_constraints::notes,
    usage_server_auth::notes,
    no_subject_alternative_name::notes,
    wildcard_malformed::notes,
    name_malformed::notes,
    name_underscore::notes,
    name_internal::notes,
    wildcard_public_suffix::notes,
    common_name_not_listed::notes,
    name_criticality::notes,
    constraint_malformed::notes,
    constraint_policy::notes,
    serial_malformed::notes,
    subject_empty::notes,
    validity_outlives_issuer::notes,
    validity_over_398_days::notes,
    validity_over_200_days::notes,
    validity_over_100_days::notes,
    validity_over_47_days::notes,
    validity_backdated::notes,
    chain_order::notes,
    chain_cross_sign_ends::notes,
    renewal_due::notes,
    identifier_key::notes,
    transparency_few_scts::notes,
    access_ca_issuers::notes,
    revocation_no_source::notes,
    rsa_length::notes,
    usage_key_type::notes,
    usage_client_auth::notes,
    subject_organizational_unit::notes,
    serial_short::notes,
    name_duplicate::notes,
    chain_duplicate::notes,
    chain_root_sent::notes,
    chain_unrelated::notes,
];

/// Every note, warnings first.
pub(crate) fn notes(seen: &Seen<'_>) -> Vec<Finding> {
    let loud = RULES.iter().flat_map(|rule| rule(seen)).filter(|note| !note.quiet);
    let mut notes: Vec<Finding> = loud.map(|note| note.finding).collect();
    notes.sort_by_key(|note| note.severity);
    notes
}

/// Every note, with whether a strict reader refuses for it.
pub(crate) fn marked(seen: &Seen<'_>) -> Vec<(Finding, bool)> {
    RULES.iter().flat_map(|rule| rule(seen)).map(|note| (note.finding, note.strict)).collect()
}

/// Rules a CA must keep that were broken on this path.
pub(crate) fn broken(seen: &Seen<'_>) -> Vec<Finding> {
    let all = RULES.iter().flat_map(|rule| rule(seen));
    all.filter(|note| note.strict).map(|note| note.finding).collect()
}

/// A note about one certificate.
fn note(
    id: &str,
    severity: FindingSeverity,
    (index, certificate): Own<'_>,
    sentence: String,
    fix: &str,
    (source, section): (&'static str, &'static str),
) -> Note {
    let finding = Finding {
        id: id.to_owned(),
        severity,
        subject: fit(&certificate.named()),
        sentence,
        fix: fix.to_owned(),
        citation: Citation::new(source, section),
        certainty: None,
        certificate: Some(index),
        rejects: Some(false),
        values: Vec::new(),
        range: None,
        effective_since: None,
    };
    Note { finding, strict: false, quiet: false }
}
