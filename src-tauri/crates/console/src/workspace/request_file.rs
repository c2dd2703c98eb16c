//! A request's file: the draft it holds, and how a draft is put into it.

use toml_edit::{Item, Table, Value};

use super::document::{Document, Section};
use super::edit::{self, Style};
use super::error::Error;
use super::{list, name};
use crate::view::{DraftAuthorization, DraftField, RequestDraft};

/// HTTP versions an exchange can be asked for.
const HTTP: [&str; 3] = ["auto", "1.1", "2"];
/// Redirects followed at most, where nothing is said.
pub(super) const REDIRECTS: u32 = 5;
/// Kinds of content a draft cannot hold; their files are left as they are.
const OTHER_CONTENT: [&str; 3] = ["form", "multipart", "graphql"];

/// What a request's file says.
pub(super) struct Read {
    pub(super) draft: RequestDraft,
    pub(super) variables: Vec<(String, String)>,
    pub(super) order: Option<i64>,
    /// Content this version cannot send.
    pub(super) unsupported: Option<Error>,
}

/// Reads a request; `path` without `.toml`.
pub(super) fn read(path: &str, document: &Document) -> Result<Read, Error> {
    let root = document.root();
    let mut draft = RequestDraft {
        path: Some(path.to_owned()),
        name: root.text("name")?.unwrap_or_else(|| stem(path).to_owned()),
        method: root.text("method")?.unwrap_or_else(|| "GET".into()),
        url: root.required_text("url")?,
        query: fields(&root, "query")?,
        fields: fields(&root, "fields")?,
        authorization: authorization(&root)?,
        signing: signing(&root)?,
        client_certificate: root.text("client-certificate")?,
        ..RequestDraft::default()
    };
    let mut unsupported = None;
    if let Some(content) = root.section("content")? {
        draft.content_type = content.text("type")?;
        draft.content = content.text("text")?;
        draft.content_file = content.text("file")?;
        if draft.content.is_some() && draft.content_file.is_some() {
            return Err(content.wrong_value("file", "stands beside `content.text`, and only one of them is sent"));
        }
        if let Some(Err(Error::BadName { reason, .. })) = draft.content_file.as_deref().map(name::relative_checked) {
            return Err(content.wrong_value("file", format!("leads elsewhere: {reason}")));
        }
        unsupported = OTHER_CONTENT.iter().find(|key| content.has(key)).map(|key| Error::Unsupported {
            file: document.file().to_owned(),
            line: content.line(key),
            key: format!("content.{key}"),
        });
    }
    if let Some(options) = root.section("options")? {
        draft.timeout_s = options.seconds("timeout")?;
        let redirects = options.count("redirects")?;
        let wide = |n: u64| {
            u32::try_from(n).map_err(|_| options.wrong_value("redirects", format!("is {n}, which is too many")))
        };
        draft.redirects = redirects.map(wide).transpose()?;
        draft.http = options.one_of("http", &HTTP)?;
    }
    Ok(Read { draft, variables: root.pairs("variables")?, order: root.integer("order")?, unsupported })
}

/// The last part of a path.
pub(super) fn stem(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A folder's or request's authorization.
pub(super) fn authorization(root: &Section<'_>) -> Result<Option<DraftAuthorization>, Error> {
    let Some(section) = root.section("authorization")? else { return Ok(None) };
    Ok(Some(DraftAuthorization { credential: section.required_text("credential")?, scope: section.text("scope")? }))
}

/// A folder's or request's signing profile.
pub(super) fn signing(root: &Section<'_>) -> Result<Option<String>, Error> {
    root.section("signing")?.map(|section| section.required_text("profile")).transpose()
}

/// Ordered pairs, or tables with `off`.
fn fields(root: &Section<'_>, key: &str) -> Result<Vec<DraftField>, Error> {
    let Some(item) = root.item(key) else { return Ok(Vec::new()) };
    let wanted = "a list of [name, value] pairs";
    let wrong = || root.wrong_type(key, item, wanted);
    let odd = |at: usize| {
        root.wrong_value(
            key,
            format!("has something else than [name, value] or {{ name, value, off }} as number {}", at + 1),
        )
    };
    let mut fields = Vec::new();
    if let Some(tables) = item.as_array_of_tables() {
        for (at, table) in tables.iter().enumerate() {
            let text = |name: &str| table.get(name).and_then(Item::as_str);
            fields
                .push(field(text("name"), text("value"), table.get("off").map(Item::as_bool)).ok_or_else(|| odd(at))?);
        }
        return Ok(fields);
    }
    for (at, value) in item.as_array().ok_or_else(wrong)?.iter().enumerate() {
        fields.push(element(value).ok_or_else(|| odd(at))?);
    }
    Ok(fields)
}

fn element(value: &Value) -> Option<DraftField> {
    match value {
        Value::Array(pair) if pair.len() == 2 => field(pair.get(0)?.as_str(), pair.get(1)?.as_str(), None),
        Value::InlineTable(table) => {
            let text = |name: &str| table.get(name).and_then(Value::as_str);
            field(text("name"), text("value"), table.get("off").map(Value::as_bool))
        }
        _ => None,
    }
}

fn field(name: Option<&str>, value: Option<&str>, off: Option<Option<bool>>) -> Option<DraftField> {
    let off = match off {
        None => false,
        Some(off) => off?,
    };
    Some(DraftField { name: name?.to_owned(), value: value?.to_owned(), off })
}

/// Puts a draft into a request's document; what is equal already is not touched.
pub(super) fn put(root: &mut Item, path: &str, draft: &RequestDraft) {
    let name = if draft.name.trim().is_empty() { stem(path) } else { &draft.name };
    edit::text_or_default(root, "name", name, stem(path));
    // a file that leaves GET out goes on doing so
    if root.get("url").is_none() || root.get("method").is_some() || draft.method != "GET" {
        edit::text(root, "method", Some(&draft.method));
    }
    edit::text(root, "url", Some(&draft.url));
    put_fields(root, "query", &draft.query);
    put_fields(root, "fields", &draft.fields);
    match &draft.authorization {
        Some(authorization) => {
            let section = edit::section(root, "authorization", Style::Inline);
            edit::text(section, "credential", Some(&authorization.credential));
            edit::text(section, "scope", authorization.scope.as_deref().filter(|scope| !scope.is_empty()));
        }
        None => edit::remove(root, "authorization"),
    }
    match draft.signing.as_deref().filter(|name| !name.is_empty()) {
        Some(profile) => edit::text(edit::section(root, "signing", Style::Inline), "profile", Some(profile)),
        None => edit::remove(root, "signing"),
    }
    let client = draft.client_certificate.as_deref().filter(|name| !name.is_empty());
    edit::text(root, "client-certificate", client);
    put_options(root, draft);
    put_content(root, draft);
}

fn put_options(root: &mut Item, draft: &RequestDraft) {
    let redirects = draft
        .redirects
        .filter(|n| *n != REDIRECTS || root.get("options").is_some_and(|o| o.get("redirects").is_some()));
    let http = draft.http.as_deref().filter(|http| !http.is_empty());
    let http = http.filter(|http| *http != "auto" || root.get("options").is_some_and(|o| o.get("http").is_some()));
    if draft.timeout_s.is_none() && redirects.is_none() && http.is_none() && root.get("options").is_none() {
        return;
    }
    let options = edit::section(root, "options", Style::Inline);
    let present = options.get("timeout").and_then(Item::as_str).and_then(super::document::duration);
    if present.map(|duration| duration.as_secs()) != draft.timeout_s {
        edit::text(options, "timeout", draft.timeout_s.map(|s| format!("{s}s")).as_deref());
    }
    edit::value(options, "redirects", redirects.map(|n| i64::from(n).into()));
    edit::text(options, "http", http);
    edit::remove_if_empty(root, "options");
}

fn put_content(root: &mut Item, draft: &RequestDraft) {
    let file = draft.content_file.as_deref().filter(|file| !file.is_empty());
    let has_text = root.get("content").is_some_and(|content| content.get("text").is_some());
    let text = draft.content.as_deref().filter(|text| file.is_none() && (!text.is_empty() || has_text));
    let kind = draft.content_type.as_deref().filter(|kind| !kind.is_empty());
    if file.is_none() && text.is_none() && kind.is_none() && root.get("content").is_none() {
        return;
    }
    let content = edit::section(root, "content", Style::Header);
    edit::text(content, "type", kind);
    edit::text(content, "file", file);
    edit::text(content, "text", text);
    edit::remove_if_empty(root, "content");
}

fn put_fields(root: &mut Item, key: &str, wanted: &[DraftField]) {
    if wanted.is_empty() {
        // an empty list that stands there already is no less empty
        if !root.get(key).and_then(Item::as_array).is_some_and(toml_edit::Array::is_empty) {
            edit::remove(root, key);
        }
        return;
    }
    let plan = list::Plan {
        same: &|value, want: &DraftField| element(value).as_ref() == Some(want),
        kin: &|value, want| element(value).is_some_and(|present| present.name.eq_ignore_ascii_case(&want.name)),
        edit: &change,
        make: &made,
        one_line: false,
    };
    edit::array(root, key, |array| plan.apply(array, wanted));
}

fn made(field: &DraftField) -> Value {
    if !field.off {
        return [field.name.as_str(), field.value.as_str()].into_iter().collect();
    }
    let mut table = Table::new().into_inline_table();
    table.insert("name", field.name.as_str().into());
    table.insert("value", field.value.as_str().into());
    table.insert("off", true.into());
    Value::InlineTable(table)
}

fn change(value: &mut Value, wanted: &DraftField) {
    if let Value::Array(pair) = &mut *value
        && !wanted.off
    {
        for (at, text) in [&wanted.name, &wanted.value].into_iter().enumerate() {
            if let Some(part) = pair.get_mut(at).filter(|part| part.as_str() != Some(text)) {
                edit::put(part, text.as_str().into());
            }
        }
        return;
    }
    let ours = |table: &toml_edit::InlineTable| table.iter().all(|(key, _)| ["name", "value", "off"].contains(&key));
    match value {
        Value::InlineTable(table) if wanted.off || !ours(table) => {
            let mut item = Item::Value(Value::InlineTable(std::mem::take(table)));
            edit::text(&mut item, "name", Some(&wanted.name));
            edit::text(&mut item, "value", Some(&wanted.value));
            edit::value(&mut item, "off", wanted.off.then(|| true.into()));
            if let Item::Value(Value::InlineTable(edited)) = item {
                *table = edited;
            }
        }
        other => edit::put(other, made(wanted)),
    }
}
