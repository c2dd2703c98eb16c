//! Name constraints of a CA on the names below it (RFC 5280 §4.2.1.10).

use countersign_evidence::{Fact, Finding};

use super::problem::{About, refusing};
use crate::Certificate;
use crate::certificate::{Base, Spent, Violation};

/// What the constraints of one CA say of the certificates below it: the first name outside, and constraints that
/// cannot be read.
pub(crate) fn problems(ca: &About<'_>, below: &[&Certificate], budget: &mut usize) -> Result<Vec<Finding>, Spent> {
    let Some(constraints) = &ca.certificate.name_constraints else { return Ok(Vec::new()) };
    let mut problems = Vec::new();
    let malformed = constraints.bases().find(|base| matches!(base, Base::Malformed { .. }));
    if let Some(base) = malformed {
        let sentence = format!(
            "A name constraint of {}, {}, is not as RFC 5280 has it, so nothing can be compared with it.",
            ca.certificate.named(),
            base.words()
        );
        problems.push(finding("constraint.malformed", ca, sentence));
    }
    for certificate in below {
        if let Some(violation) = constraints.violation(certificate, budget)? {
            problems.push(violated(ca, &violation));
            break;
        }
    }
    Ok(problems)
}

fn violated(ca: &About<'_>, violation: &Violation) -> Finding {
    let issuer = ca.certificate.named();
    let (name, sentence) = match violation {
        Violation::Excluded { name, base } => (name, format!("{issuer} may not issue for {name}: it excludes {base}.")),
        Violation::Outside { name, permitted } => {
            (name, format!("{issuer} is limited to {}; {name} is outside.", permitted.join(", ")))
        }
        Violation::NotSupported { name, kind } => (
            name,
            format!("{issuer} limits names of the form {}, and {name} cannot be compared with that.", kind.word()),
        ),
    };
    let mut finding = finding("constraint.name", ca, sentence);
    finding.values.push(Fact::new("name", name));
    finding
}

fn finding(id: &str, ca: &About<'_>, sentence: String) -> Finding {
    let fix = "Ask the operator for a certificate from a CA that may issue for this name.".to_owned();
    let mut finding = refusing(id, ca.certificate, ca.index, sentence, fix, ("RFC 5280", "4.2.1.10"));
    let extension = ca.certificate.extension(crate::certificate::oid::NAME_CONSTRAINTS);
    finding.range = extension.map(|extension| crate::certificate::byte_range(&extension.range));
    finding
}
