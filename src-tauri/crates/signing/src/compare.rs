//! Mine against theirs: the first line, and in it the first character, that differs.

/// Where two bases part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Line, counted from 1.
    pub line: usize,
    /// The component of that line, without quotes; empty where a line has none.
    pub component: String,
    /// Index of the first differing character in the line.
    pub at: usize,
    /// Our line.
    pub ours: String,
    /// Their line.
    pub theirs: String,
}

/// Compares line by line; `None` when they are equal.
pub fn compare(ours: &str, theirs: &str) -> Option<Difference> {
    let (mut left, mut right) = (ours.split('\n'), theirs.split('\n'));
    for line in 1.. {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (a, b) if a == b => {}
            (a, b) => {
                let (ours, theirs) = (a.unwrap_or_default(), b.unwrap_or_default());
                let at = ours.chars().zip(theirs.chars()).take_while(|(x, y)| x == y).count();
                let named = if ours.is_empty() { theirs } else { ours };
                let component = named.split("\": ").next().unwrap_or_default().trim_start_matches('"').to_owned();
                return Some(Difference { line, component, at, ours: ours.to_owned(), theirs: theirs.to_owned() });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn the_first_differing_character_is_named() {
        let ours = "\"@method\": POST\n\"content-digest\": sha-256=:vxW:";
        let theirs = "\"@method\": POST\n\"content-digest\": sha-256=:toZ:";
        let difference = compare(ours, theirs).unwrap();
        assert_eq!(
            (difference.line, difference.component.as_str(), difference.at),
            (2, "content-digest", 27),
            "v against t"
        );
        assert_eq!(compare(ours, ours), None, "equal bases do not differ");
        assert_eq!(compare("a", "a\nb").map(|d| d.line), Some(2), "a missing line differs");
    }
}
