//! The document itself.

use countersign_evidence::Exchange;

/// `countersign.evidence/1`, indented, with a line break at its end.
pub fn json(e: &Exchange) -> String {
    // a document is plain data with text keys: there is nothing in it that JSON lacks
    let mut text = serde_json::to_string_pretty(e).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use countersign_evidence::Exchange;

    use super::json;
    use crate::history::sample;

    #[test]
    fn the_text_is_the_document() {
        let e = sample::renewed("01a");
        let text = json(&e);
        assert_eq!(serde_json::from_str::<Exchange>(&text).unwrap(), e);
        assert!(text.starts_with("{\n  \"schema\": \"countersign.evidence/1\",\n") && text.ends_with("}\n"));
    }
}
