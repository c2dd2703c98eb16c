//! The words of a filter: each has to be found, in the full-text index or in what the list shows.

use rusqlite::types::Value;

/// More words than anyone types.
const MOST: usize = 16;
/// Longer words are cut; SQLite refuses patterns of 50,000 bytes.
const LONGEST: usize = 200;

/// A condition with its values; empty for a filter without words. No input makes it an error.
pub(super) fn condition(filter: &str) -> (String, Vec<Value>) {
    let (mut sql, mut values) = (String::new(), Vec::new());
    for word in filter.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).take(MOST) {
        let word = word.char_indices().nth(LONGEST).map_or(word, |(end, _)| &word[..end]);
        sql.push_str(" AND (words LIKE ? ESCAPE '\\'");
        values.push(Value::Text(format!("%{}%", word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"))));
        // a phrase of no token at all would match nothing
        if word.chars().any(char::is_alphanumeric) {
            sql.push_str(" OR number IN (SELECT rowid FROM exchange_text WHERE exchange_text MATCH ?)");
            values.push(Value::Text(format!("\"{}\" *", word.replace('"', "\"\""))));
        }
        sql.push(')');
    }
    (sql, values)
}
