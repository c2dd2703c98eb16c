//! What the four limits of a public certificate's life share (BR §6.3.2, ballot SC-081v3).

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, day, lifetime_days, note};

/// A certificate that was made under the limit breaks it; one that is older could not be made that way again.
pub(super) fn over(seen: &Seen<'_>, id: &str, limit: i64, since: &str) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf() else { return Vec::new() };
    let days = lifetime_days(leaf.1);
    let bound = leaf.1.view().not_before >= day(since);
    if days <= limit || !(bound || seen.at >= day(since)) {
        return Vec::new();
    }
    let (severity, sentence, fix) = if bound {
        (
            FindingSeverity::Warning,
            format!("The certificate is valid for {days} days; {limit} are the most since {since}."),
            "Ask the operator for a certificate with a shorter life, renewed automatically.",
        )
    } else {
        (
            FindingSeverity::Info,
            format!(
                "The certificate is valid for {days} days, which was fine when it was made; since {since} {limit} are the most."
            ),
            "Ask the operator to plan for shorter lives and automatic renewal.",
        )
    };
    let note = note(id, severity, leaf, sentence, fix, ("CA/B BR", "6.3.2"));
    vec![note.value("days", days.to_string()).since(since).at(&leaf.1.layout.validity)]
}

#[cfg(test)]
pub(super) mod tests {
    use crate::Certificate;
    use crate::findings::lifetime_days;
    use crate::fixture::Made;

    /// Valid for so many days, judged as a public certificate.
    pub(crate) fn lasting(days: i64) -> Made {
        Made::with(move |leaf| leaf.not_after = leaf.not_before + time::Duration::days(days), |_| {}).public()
    }

    #[test]
    fn any_fraction_of_a_day_is_a_day() {
        let leaf = Certificate::from_der(&lasting(90).sent[0]).unwrap();
        assert_eq!(lifetime_days(&leaf), 91, "90 days and the last second");
    }
}
