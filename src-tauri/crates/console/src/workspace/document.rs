//! A TOML file as it was read: typed access that names file, line and key, and the editable form.

use std::time::Duration;

use toml_edit::{DocumentMut, Item, TableLike};

use super::error::Error;

/// The largest file of ours that is read: a request with its content inside.
pub(crate) const LIMIT: u64 = 16 * 1024 * 1024;

/// A parsed file with its positions.
pub(crate) struct Document {
    file: String,
    parsed: toml_edit::Document<String>,
}

impl Document {
    /// Reads the bytes of a file; `file` is how it is named in errors.
    pub(crate) fn parse(file: &str, bytes: Vec<u8>) -> Result<Self, Error> {
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LIMIT {
            return Err(Error::TooLarge { file: file.to_owned(), limit: LIMIT });
        }
        let not_toml = |text: &[u8], at: usize, reason: String| {
            let (line, column) = position(text, at);
            Error::NotToml { file: file.to_owned(), line, column, reason }
        };
        let text = String::from_utf8(bytes)
            .map_err(|e| not_toml(e.as_bytes(), e.utf8_error().valid_up_to(), "a byte that is not UTF-8".into()))?;
        let parsed = toml_edit::Document::parse(text.clone())
            .map_err(|e| not_toml(text.as_bytes(), e.span().map_or(0, |span| span.start), e.message().to_owned()))?;
        Ok(Self { file: file.to_owned(), parsed })
    }

    /// The name of the file.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The text as it was read.
    pub(crate) fn text(&self) -> &str {
        self.parsed.raw()
    }

    /// The root table.
    pub(crate) fn root(&self) -> Section<'_> {
        Section { document: self, path: String::new(), table: self.parsed.as_table() }
    }

    /// The form that is edited in place.
    pub(crate) fn into_mut(self) -> DocumentMut {
        self.parsed.into_mut()
    }

    /// The line a byte stands in, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        position(self.text().as_bytes(), offset).0
    }
}

fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}

/// A table of a document.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    document: &'a Document,
    path: String,
    table: &'a dyn TableLike,
}

impl<'a> Section<'a> {
    /// Names of the keys, in order.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.table.iter().map(|(key, _)| key.to_owned()).collect()
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The line of a key.
    pub(crate) fn line(&self, key: &str) -> usize {
        let entry = self.table.get_key_value(key);
        let span = entry.and_then(|(key, item)| key.span().or_else(|| item.span()));
        span.map_or(1, |span| self.document.line(span.start))
    }

    /// The item itself.
    pub(crate) fn item(&self, key: &str) -> Option<&'a Item> {
        self.table.get(key).filter(|item| !item.is_none())
    }

    /// Text.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, Error> {
        self.typed(key, "a string", |item| item.as_str().map(ToOwned::to_owned))
    }

    /// Text that must be there.
    pub(crate) fn required_text(&self, key: &str) -> Result<String, Error> {
        self.text(key)?
            .ok_or_else(|| Error::MissingKey { file: self.document.file.clone(), key: format!("{}{key}", self.path) })
    }

    /// True or false.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, Error> {
        self.typed(key, "true or false", Item::as_bool)
    }

    /// A whole number.
    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, Error> {
        self.typed(key, "a whole number", Item::as_integer)
    }

    /// A whole number that is not negative.
    pub(crate) fn count(&self, key: &str) -> Result<Option<u64>, Error> {
        let number = self.integer(key)?;
        number
            .map(|n| u64::try_from(n).map_err(|_| self.wrong_value(key, format!("is {n}, and cannot be negative"))))
            .transpose()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, Error> {
        self.typed(key, "a list of strings", |item| {
            item.as_array()?.iter().map(|value| value.as_str().map(ToOwned::to_owned)).collect()
        })
    }

    /// A table, inline or under a header.
    pub(crate) fn section(&self, key: &str) -> Result<Option<Section<'a>>, Error> {
        let Some(item) = self.item(key) else { return Ok(None) };
        let table = item.as_table_like().ok_or_else(|| self.wrong_type(key, item, "a table"))?;
        Ok(Some(Section { document: self.document, path: format!("{}{key}.", self.path), table }))
    }

    /// Names and values in order; numbers and flags count as the text they are written with.
    pub(crate) fn pairs(&self, key: &str) -> Result<Vec<(String, String)>, Error> {
        let Some(section) = self.section(key)? else { return Ok(Vec::new()) };
        let mut pairs = Vec::new();
        for (name, item) in section.table.iter() {
            let value = plain_text(item).ok_or_else(|| section.wrong_type(name, item, "a string"))?;
            pairs.push((name.to_owned(), value));
        }
        Ok(pairs)
    }

    /// A duration of whole seconds, `30s`, `5m`, `1h`, `2000ms`.
    pub(crate) fn seconds(&self, key: &str) -> Result<Option<u64>, Error> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match duration(&text) {
            Some(duration) if duration.subsec_nanos() == 0 => Ok(Some(duration.as_secs())),
            Some(_) | None => {
                Err(self.wrong_value(key, format!("is `{text}`, not whole seconds such as \"30s\" or \"5m\"")))
            }
        }
    }

    /// One of a few words.
    pub(crate) fn one_of(&self, key: &str, words: &[&str]) -> Result<Option<String>, Error> {
        let text = self.text(key)?;
        match text {
            Some(text) if !words.contains(&text.as_str()) => {
                Err(self.wrong_value(key, format!("is `{text}`, not one of {}", words.join(", "))))
            }
            other => Ok(other),
        }
    }

    /// A value of another type.
    pub(crate) fn wrong_type(&self, key: &str, item: &Item, wanted: &'static str) -> Error {
        let name = match item.type_name() {
            "boolean" => "true or false".to_owned(),
            name if name.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {name}"),
            name => format!("a {name}"),
        };
        Error::WrongType {
            file: self.document.file.clone(),
            line: self.line(key),
            key: format!("{}{key}", self.path),
            found: name,
            wanted,
        }
    }

    /// A value that cannot be; `reason` ends the sentence.
    pub(crate) fn wrong_value(&self, key: &str, reason: impl Into<String>) -> Error {
        Error::WrongValue {
            file: self.document.file.clone(),
            line: self.line(key),
            key: format!("{}{key}", self.path),
            reason: reason.into(),
        }
    }

    fn typed<T>(
        &self,
        key: &str,
        wanted: &'static str,
        read: impl FnOnce(&'a Item) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(item) = self.item(key) else { return Ok(None) };
        read(item).map(Some).ok_or_else(|| self.wrong_type(key, item, wanted))
    }
}

/// Text, or the text of a number or flag.
pub(crate) fn plain_text(item: &Item) -> Option<String> {
    let number = || item.as_integer().map(|n| n.to_string()).or_else(|| item.as_float().map(|n| n.to_string()));
    item.as_str().map(ToOwned::to_owned).or_else(number).or_else(|| item.as_bool().map(|b| b.to_string()))
}

/// `30s`, `5m`, `1h`, `500ms`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

/// `256MiB`, `64KiB`, `1GiB`, `512B` in bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit: u64 = match &text[digits..] {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Document, duration, size};

    fn read(text: &str) -> Document {
        Document::parse("credentials/bad.toml", text.into()).unwrap()
    }

    #[test]
    fn what_does_not_parse_is_named_with_line_and_column() {
        let error = Document::parse("credentials/bad.toml", b"name = \"x\"\nkind = \n".to_vec()).err().unwrap();
        let problem = error.problem();
        assert_eq!(problem.code, "workspace.not_toml");
        assert!(problem.detail.starts_with("credentials/bad.toml, line 2, column 8: "), "{}", problem.detail);
        let error = Document::parse("a.toml", b"a = 1\nb = \"\xff\"\n".to_vec()).err().unwrap();
        assert_eq!(error.to_string(), "a.toml, line 2, column 6: a byte that is not UTF-8");
    }

    #[test]
    fn the_line_itself_is_never_in_the_error() {
        let error = Document::parse("a.toml", b"password = \"hunter2\n".to_vec()).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "it may hold a secret: {error}");
    }

    #[test]
    fn a_wrong_type_is_named_with_line_and_key() {
        let document = read("name = \"x\"\n[slots.client_secret]\nid = 5\n");
        let slot = document.root().section("slots").unwrap().unwrap().section("client_secret").unwrap().unwrap();
        let error = slot.text("id").unwrap_err();
        assert_eq!(
            error.to_string(),
            "credentials/bad.toml, line 3: `slots.client_secret.id` is an integer, a string is wanted"
        );
        assert_eq!(error.problem().code, "workspace.wrong_type");
        let error = document.root().section("name").err().unwrap();
        assert_eq!(error.to_string(), "credentials/bad.toml, line 1: `name` is a string, a table is wanted");
    }

    #[test]
    fn durations_and_sizes_say_their_unit() {
        assert_eq!(
            ["30s", "5m", "1h", "250ms"].map(duration),
            [30_000, 300_000, 3_600_000, 250].map(|ms| Some(Duration::from_millis(ms)))
        );
        assert_eq!(["256MiB", "1KiB", "7B"].map(size), [Some(256 << 20), Some(1024), Some(7)]);
        for text in ["", "s", "30", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(size("1MB"), None, "powers of two by their names");
    }
}
