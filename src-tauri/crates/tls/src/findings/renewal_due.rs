//! Less than a third of the end entity's life is left (F45): the time when renewal is due, by common practice.

use countersign_evidence::{Fact, FindingSeverity};

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf() else { return Vec::new() };
    let view = leaf.1.view();
    let life = view.not_after.unix_millis() - view.not_before.unix_millis();
    let left = view.not_after.unix_millis() - seen.at.unix_millis();
    if left < 0 || left > life || left.saturating_mul(3) >= life {
        return Vec::new();
    }
    // a tenth: whoever renews automatically would have done it
    let soon = left.saturating_mul(10) < life;
    let (left, life) = (words(left), words(life));
    let sentence = format!("{left} of {life} are left, until {}: renewal is due.", view.not_after.date());
    let fix = "Ask the operator whether renewal is under way.";
    let severity = if soon { FindingSeverity::Warning } else { FindingSeverity::Info };
    let mut finding = note("validity.renewal_due", severity, leaf, sentence, fix, ("RFC 5280", "4.1.2.5"));
    finding.finding.values = vec![Fact::new("not_after", view.not_after.to_string()), Fact::new("left", left)];
    vec![finding]
}

fn words(millis: i64) -> String {
    let hours = millis / 3_600_000;
    match hours {
        0..48 => format!("{hours} h"),
        _ => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, ids};

    #[test]
    fn the_last_third_of_a_life_is_noted() {
        let chain = Made::good();
        assert!(ids(&chain.at(70 * DAY)).contains(&"validity.renewal_due".to_owned()), "20 of 90 days left");
    }

    #[test]
    fn before_that_there_is_nothing_to_note() {
        let chain = Made::good();
        assert!(ids(&chain.at(10 * DAY)).is_empty(), "80 of 90 days left");
    }
}
