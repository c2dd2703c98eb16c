//! Edits in place: what is not meant keeps its bytes, comments and order; what is equal already is not touched.

use toml_edit::{Array, InlineTable, Item, Key, Table, TableLike, Value};

use super::list;

/// How a table that is not there yet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `[name]`.
    Header,
    /// `name = { … }`.
    Inline,
}

/// Sets text, or removes the key.
pub(crate) fn text(item: &mut Item, key: &str, wanted: Option<&str>) {
    value(item, key, wanted.map(string));
}

/// Sets text that has a default: the default is written only over something else that stands there already.
pub(crate) fn text_or_default(item: &mut Item, key: &str, wanted: &str, default: &str) {
    let present = item.get(key).and_then(Item::as_str);
    if present.is_none() && wanted == default {
        return;
    }
    text(item, key, (wanted != default || present == Some(default)).then_some(wanted));
}

/// Sets a value, or removes the key.
pub(crate) fn value(item: &mut Item, key: &str, wanted: Option<Value>) {
    let Some(wanted) = wanted else { return remove(item, key) };
    match item.get_mut(key).filter(|present| !present.is_none()) {
        Some(Item::Value(present)) => {
            if !same(present, &wanted) {
                put(present, wanted);
            }
        }
        Some(present) => *present = Item::Value(wanted),
        None => insert(item, key, Item::Value(wanted)),
    }
}

/// Sets a list of texts; an empty one is removed.
pub(crate) fn texts(item: &mut Item, key: &str, wanted: &[String]) {
    if wanted.is_empty() {
        return remove(item, key);
    }
    let one_line = wanted.iter().map(String::len).sum::<usize>() < 90;
    let same = |value: &Value, text: &String| value.as_str() == Some(text);
    let plan = list::Plan { same: &same, kin: &same, edit: &|_, _| {}, make: &|text| string(text), one_line };
    array(item, key, |present| plan.apply(present, wanted));
}

/// Sets names and values; an empty table is removed. A name's value is compared as text.
pub(crate) fn pairs(item: &mut Item, key: &str, wanted: &[(String, String)]) {
    if wanted.is_empty() {
        return remove(item, key);
    }
    let style = if wanted.len() <= 3 { Style::Inline } else { Style::Header };
    let table = section(item, key, style);
    for gone in names(table).iter().filter(|name| !wanted.iter().any(|(n, _)| n == *name)) {
        remove(table, gone);
    }
    for (name, text) in wanted {
        let present = table.get(name.as_str()).and_then(super::document::plain_text);
        if present.as_deref() != Some(text) {
            value(table, name, Some(string(text)));
        }
    }
}

/// Changes an array, which is made where there is none.
pub(crate) fn array(item: &mut Item, key: &str, change: impl FnOnce(&mut Array)) {
    match item.get_mut(key).filter(|present| !present.is_none()) {
        Some(present) => {
            present.make_value();
            match present.as_array_mut() {
                Some(array) => change(array),
                None => {
                    let mut array = Array::new();
                    change(&mut array);
                    *present = Item::Value(Value::Array(array));
                }
            }
        }
        None => {
            let mut array = Array::new();
            change(&mut array);
            insert(item, key, Item::Value(Value::Array(array)));
        }
    }
}

/// The table of this name, made in this style where there is none.
pub(crate) fn section<'a>(item: &'a mut Item, key: &str, style: Style) -> &'a mut Item {
    if !item.get(key).is_some_and(Item::is_table_like) {
        let made = match style {
            Style::Header => Item::Table(Table::new()),
            Style::Inline => Item::Value(Value::InlineTable(InlineTable::new())),
        };
        // an inline table cannot hold one under a header
        let made = match (&*item, made) {
            (Item::Value(_), Item::Table(table)) => Item::Value(Value::InlineTable(table.into_inline_table())),
            (_, made) => made,
        };
        insert(item, key, made);
    }
    &mut item[key]
}

/// Removes a table that has nothing left in it.
pub(crate) fn remove_if_empty(item: &mut Item, key: &str) {
    if item.get(key).and_then(Item::as_table_like).is_some_and(TableLike::is_empty) {
        remove(item, key);
    }
}

/// Removes a key. Comments above it stay: they move to what follows, or to what stood before.
pub(crate) fn remove(item: &mut Item, key: &str) {
    let Some(table) = item.as_table_like_mut() else { return };
    if !table.contains_key(key) {
        return;
    }
    let order: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    let at = order.iter().position(|name| name == key).unwrap_or_default();
    let comment = comment_above(table, key);
    table.remove(key);
    if let Some(comment) = comment {
        let next = order.get(at + 1).and_then(|name| table.key_mut(name));
        match next {
            Some(mut next) => {
                let own = next.leaf_decor().prefix().and_then(|p| p.as_str()).unwrap_or_default().to_owned();
                next.leaf_decor_mut().set_prefix(format!("{comment}{own}"));
            }
            None => {
                let before = at.checked_sub(1).and_then(|i| order.get(i)).and_then(|name| table.get_mut(name));
                if let Some(before) = before.and_then(Item::as_value_mut) {
                    let own = before.decor().suffix().and_then(|s| s.as_str()).unwrap_or_default().to_owned();
                    let comment = comment.trim_end_matches('\n');
                    before.decor_mut().set_suffix(format!("{own}\n{comment}"));
                }
            }
        }
    }
    tidy(item);
}

/// Names of the keys.
pub(crate) fn names(item: &Item) -> Vec<String> {
    item.as_table_like().map(|table| table.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
}

/// Text as a value: over several lines as a literal, so that it reads as what is sent.
pub(crate) fn string(text: &str) -> Value {
    let literal = text.contains('\n')
        && !text.contains("'''")
        && !text.ends_with('\'')
        && text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t');
    if literal
        && let Ok(value) = format!("'''\n{text}'''").parse::<Value>()
        && value.as_str() == Some(text)
    {
        return value;
    }
    Value::from(text)
}

/// Whether two values mean the same.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.value() == b.value(),
        (Value::Integer(a), Value::Integer(b)) => a.value() == b.value(),
        (Value::Boolean(a), Value::Boolean(b)) => a.value() == b.value(),
        (Value::Float(a), Value::Float(b)) => a.value().to_bits() == b.value().to_bits(),
        (Value::Datetime(a), Value::Datetime(b)) => a.value() == b.value(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::InlineTable(a), Value::InlineTable(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => false,
    }
}

/// Puts a value in place of another, which keeps what stands around it.
pub(crate) fn put(place: &mut Value, wanted: Value) {
    let decor = place.decor().clone();
    *place = wanted;
    *place.decor_mut() = decor;
}

fn insert(item: &mut Item, key: &str, made: Item) {
    if let Some(table) = item.as_table_like_mut() {
        table.insert(key, made);
        // a table that was only a path to others has a key of its own now
        tidy(item);
    }
}

/// What stands above a key, where it has a comment.
fn comment_above(table: &dyn TableLike, key: &str) -> Option<String> {
    let (key, item) = table.get_key_value(key)?;
    let prefix = |key: &Key| key.leaf_decor().prefix().and_then(|p| p.as_str()).unwrap_or_default().to_owned();
    let header = item.as_table().and_then(|table| table.decor().prefix()).and_then(|p| p.as_str()).unwrap_or_default();
    let above = format!("{}{header}", prefix(key));
    above.contains('#').then_some(above)
}

/// An inline table that lost or won a key is spaced again, unless it stands on several lines.
fn tidy(item: &mut Item) {
    if let Item::Value(Value::InlineTable(table)) = item {
        let shown = table.to_string();
        if !shown.contains('\n') && !shown.contains('#') {
            table.fmt();
        }
    }
}

#[cfg(test)]
mod tests {
    use toml_edit::{DocumentMut, Item};

    use super::{Style, pairs, remove, section, string, text, text_or_default, texts};

    fn edited(before: &str, edit: impl FnOnce(&mut Item)) -> String {
        let mut document: DocumentMut = before.parse().unwrap();
        edit(document.as_item_mut());
        document.to_string()
    }

    #[test]
    fn an_equal_value_keeps_its_spelling() {
        let before = "a  =  'x' # why\nb = \"\\u0041\"\n";
        let after = edited(before, |root| {
            text(root, "a", Some("x"));
            text(root, "b", Some("A"));
        });
        assert_eq!(after, before, "nothing was meant to change");
    }

    #[test]
    fn a_changed_value_keeps_what_stands_around_it() {
        assert_eq!(
            edited("# head\na  =  'x' # why\nb = 1\n", |root| text(root, "a", Some("y"))),
            "# head\na  =  \"y\" # why\nb = 1\n"
        );
    }

    #[test]
    fn a_default_is_not_written() {
        assert_eq!(edited("", |root| text_or_default(root, "http", "auto", "auto")), "", "absent already");
        assert_eq!(
            edited("http = \"auto\"\n", |root| text_or_default(root, "http", "auto", "auto")),
            "http = \"auto\"\n",
            "kept"
        );
        assert_eq!(edited("http = \"2\"\n", |root| text_or_default(root, "http", "auto", "auto")), "", "removed");
        assert_eq!(edited("", |root| text_or_default(root, "http", "2", "auto")), "http = \"2\"\n", "another value");
    }

    #[test]
    fn comments_outlive_the_key_below_them() {
        assert_eq!(edited("# file head\n\na = 1\nb = 2\n", |root| remove(root, "a")), "# file head\n\nb = 2\n");
        assert_eq!(edited("a = 1\n# note\nb = 2\n", |root| remove(root, "b")), "a = 1\n# note\n");
        assert_eq!(edited("a = 1\n\n# note\n[b]\nc = 1\n", |root| remove(root, "b")), "a = 1\n\n# note\n");
        assert_eq!(edited("# head\na = 1\n[b]\nc = 1\n", |root| remove(root, "a")), "# head\n[b]\nc = 1\n");
    }

    #[test]
    fn inline_tables_are_spaced_as_people_do() {
        let add = |root: &mut Item| text(section(root, "authorization", Style::Inline), "scope", Some("s"));
        assert_eq!(
            edited("authorization = { credential = \"c\" }\n", add),
            "authorization = { credential = \"c\", scope = \"s\" }\n"
        );
        assert_eq!(edited("", add), "authorization = { scope = \"s\" }\n");
        let cut = |root: &mut Item| remove(section(root, "a", Style::Inline), "y");
        assert_eq!(edited("a = { x = 1, y = 2 }\n", cut), "a = { x = 1 }\n");
    }

    #[test]
    fn lists_and_pairs_change_where_they_differ() {
        let hosts = ["a".to_owned(), "c".to_owned()];
        assert_eq!(edited("h = [\"a\", \"b\"] # why\n", |root| texts(root, "h", &hosts)), "h = [\"a\", \"c\"] # why\n");
        assert_eq!(edited("h = [\"a\"]\n", |root| texts(root, "h", &[])), "");
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        let after = edited("variables = { a = 8443, b = 'x', c = 'y' }\n", |root| {
            pairs(root, "variables", &[pair("a", "8443"), pair("b", "z")])
        });
        assert_eq!(after, "variables = { a = 8443, b = \"z\" }\n", "the number keeps its spelling");
    }

    #[test]
    fn text_of_several_lines_is_a_literal_and_nothing_is_added() {
        assert_eq!(string("{\n  \"a\": 'b'\n}").to_string(), "'''\n{\n  \"a\": 'b'\n}'''");
        for text in [
            "\n",
            "\n\n",
            "a\n",
            "a\r\nb",
            "'''\na",
            "a\n'",
            "a\n\\n",
            "\u{1}\n",
            "a\tb\n",
            "'",
            "\"\"\"\n'''",
            "",
            "\u{feff}\n",
        ] {
            let back: DocumentMut = format!("a = {}\n", string(text)).parse().unwrap();
            assert_eq!(back["a"].as_str(), Some(text), "{text:?} byte for byte");
        }
    }
}
