//! `docs/errors.md` and the code name the same codes.
//!
//! A code is a string of the shape `area.what_is_wrong`. Every such literal of the sources counts unless it is
//! listed here with the reason why it is none; so a code of a new area cannot be forgotten. What is only
//! compared with is no source of a code: a page row needs a place that makes the code, and a comparison needs
//! one too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// Literals of the shape of a code that are none.
const NO_CODES: [(&str, &str); 20] = [
    ("api.example.test", "a host in a fuzz target"),
    ("cabforum.org", "a publisher whose documents are linked"),
    ("corp.test", "a name in a certificate of the zoo"),
    ("datatracker.ietf.org", "a publisher whose documents are linked"),
    ("elsewhere.zoo.test", "a host of the zoo"),
    ("gateway.api", "a variable, as in {{gateway.api}}"),
    ("gateway.base_url", "a variable"),
    ("gateway.introspection_endpoint", "a variable"),
    ("gateway.issuer", "a variable"),
    ("gateway.mutual_base_url", "a variable"),
    ("gateway.revocation_endpoint", "a variable"),
    ("gateway.token_endpoint", "a variable"),
    ("history.db", "the file of the history"),
    ("issuing.pub", "a file of the zoo"),
    ("keymanagement.service.access_token_expired", "a code of Apigee"),
    ("passphrase.sealed", "the file of the passphrase vault"),
    ("payments.example.test", "a name in a certificate that the gateway breaks on purpose"),
    ("payments.zoo.test", "a host of the zoo"),
    ("portal.zoo.test", "a host of the zoo"),
    ("upper.pub", "a file of the zoo"),
];

/// Codes that are compared with although nothing makes them yet.
const READ_AHEAD: [(&str, &str); 6] = [
    ("clock.differs", "a pill of the ladder; the clock is measured, not yet a finding"),
    ("exchange.authorization_dropped", "a pill of the ladder; a redirect drops the field, which is not yet a finding"),
    ("resource.insufficient_scope", "a second name of token.insufficient_scope"),
    ("resource.invalid_token", "a second name of token.invalid"),
    ("resource.token_expired", "a second name of token.expired"),
    ("vault.slot_empty", "a second name of credential.slot_empty"),
];

/// Who has to act, as the page says it.
const WHO: [&str; 4] = ["caller", "peer", "environment", "us"];

#[test]
fn the_page_lists_every_code_that_can_be_met() {
    let (sources, page) = (Sources::read(), Page::read());
    let missing: Vec<_> = sources.made.iter().filter(|(code, _)| !page.rows.contains_key(*code)).collect();
    assert!(missing.is_empty(), "docs/errors.md lacks these codes; the code makes them here: {missing:#?}");
}

#[test]
fn the_page_names_no_code_that_is_never_made() {
    let (sources, page) = (Sources::read(), Page::read());
    let dead: Vec<_> = page.named.iter().filter(|code| !sources.made.contains_key(*code)).collect();
    assert!(dead.is_empty(), "docs/errors.md names codes that nothing in the sources makes: {dead:#?}");
}

#[test]
fn a_row_says_what_happened_who_acts_and_what_to_do() {
    for (code, rows) in &Page::read().rows {
        let [row] = rows.as_slice() else { panic!("{code} has {} rows", rows.len()) };
        let [_, what, who, todo] = row.as_slice() else { panic!("{code} wants four columns: {row:?}") };
        assert!(!what.is_empty() && !todo.is_empty(), "{code} lacks a cell");
        assert!(who.split(", ").all(|who| WHO.contains(&who)), "{code}: `{who}` is not of {WHO:?}");
    }
}

#[test]
fn what_is_compared_with_is_made_somewhere() {
    let sources = Sources::read();
    let ahead: BTreeSet<&str> = READ_AHEAD.iter().map(|(code, _)| *code).collect();
    let dead: BTreeSet<&str> =
        sources.read.keys().map(String::as_str).filter(|code| !sources.made.contains_key(*code)).collect();
    assert_eq!(dead, ahead, "a comparison with a code that nothing makes, or a listed one that is gone or made now");
}

#[test]
fn a_code_is_written_out_and_never_formatted() {
    let sources = Sources::read();
    let areas: BTreeSet<&str> = sources.made.keys().filter_map(|code| code.split('.').next()).collect();
    let made_up: Vec<_> = sources.formatted.iter().filter(|(area, _)| areas.contains(area.as_str())).collect();
    assert!(made_up.is_empty(), "codes that no search can find: {made_up:?}");
}

#[test]
fn no_exception_is_left_over() {
    let met = Sources::read().no_codes;
    let listed: BTreeSet<String> = NO_CODES.iter().map(|(text, _)| (*text).to_owned()).collect();
    assert_eq!(met, listed, "a literal that is listed as no code does not occur any more");
}

#[test]
fn codes_are_told_from_comparisons_and_from_tests() {
    let text = r##"
        // "comment.one" and /* "comment.two" */
        #[cfg(test)]
        mod tests { const X: &str = "test.only"; }
        #[cfg(test)]
        fn helper<A, B>() -> A { "test.only" }
        struct S { #[cfg(test)] field: &'static str, other: u8 }
        fn f(c: char) -> bool { c == '"' || c == '\'' || "raw \" quote" == r#"raw "quote" "# }
        const ORDER: [&str; 1] = ["read.rank"];
        fn g() {
            make("made.by_call"); list(vec!["made.in_vec".into()]); let x = (1, "made.in_tuple");
            if x == "read.equal" && "read.before" != x && has("read.has") {}
            match x { "read.arm" => "made.result", (_, "read.in_tuple") | "read.or" if true => 1, _ => 2 }
            matches!(x, "read.matches_one"); matches!(x, "read.a" | "read.b"); "x.toml"; "no code.here"; "UPPER.case";
        }
    "##;
    let mut sources = Sources::default();
    sources.add("f.rs", &without_tests(&tokens(text)).0);
    let made = ["made.by_call", "made.in_tuple", "made.in_vec", "made.result"];
    assert_eq!(sources.made.into_keys().collect::<Vec<_>>(), made);
    let read = ["read.a", "read.arm", "read.b", "read.before", "read.equal"];
    let more = ["read.has", "read.in_tuple", "read.matches_one", "read.or", "read.rank"];
    assert_eq!(sources.read.into_keys().collect::<Vec<_>>(), [&read[..], &more[..]].concat());
}

/// `area.what_is_wrong`: at least two words of lower case, digits and `_`. Names of files are none.
fn is_code(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    text.contains('.') && text.split('.').all(word) && !text.ends_with(".toml")
}

/// The codes of `docs/errors.md`.
struct Page {
    /// First cell of a table row, with the cells of each such row.
    rows: BTreeMap<String, Vec<Vec<String>>>,
    /// In back quotes anywhere; variables and files that are no codes are left out.
    named: BTreeSet<String>,
}

impl Page {
    fn read() -> Self {
        let text = fs::read_to_string(root().join("docs/errors.md")).unwrap();
        let mut rows: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for line in text.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|')) {
            let cells: Vec<String> = line.split(" | ").map(|cell| cell.trim().to_owned()).collect();
            if let Some(code) = cells[0].strip_prefix('`').and_then(|cell| cell.strip_suffix('`')) {
                rows.entry(code.to_owned()).or_default().push(cells);
            }
        }
        let quoted = text.split('`').skip(1).step_by(2).filter(|text| is_code(text) && !is_no_code(text));
        let named = rows.keys().cloned().chain(quoted.map(ToOwned::to_owned)).collect();
        Self { rows, named }
    }
}

fn is_no_code(text: &str) -> bool {
    NO_CODES.iter().any(|(known, _)| *known == text)
}

/// The codes of the sources, each with the places where it stands.
#[derive(Default)]
struct Sources {
    made: BTreeMap<String, Vec<String>>,
    read: BTreeMap<String, Vec<String>>,
    no_codes: BTreeSet<String>,
    /// What stands before the first place of a text like `area.{}`, and where.
    formatted: Vec<(String, String)>,
}

impl Sources {
    /// The shell and every crate, without tests; the helpers of the build are not part of the program.
    fn read() -> Self {
        let folder = root().join("src-tauri");
        let mut files: BTreeMap<PathBuf, Vec<Token>> = BTreeMap::new();
        let mut tests: Vec<PathBuf> = Vec::new();
        let crates = fs::read_dir(folder.join("crates")).unwrap().map(|entry| entry.unwrap().path().join("src"));
        let mut folders: Vec<PathBuf> = crates.chain([folder.join("src")]).collect();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    let (kept, modules) = without_tests(&tokens(&fs::read_to_string(&path).unwrap()));
                    tests.extend(modules.iter().map(|module| beside(&path, module)));
                    files.insert(path, kept);
                }
            }
        }
        let mut sources = Self::default();
        for (path, kept) in &files {
            let of_test = tests.iter().any(|test| path.starts_with(test) || *path == test.with_extension("rs"));
            if !of_test {
                sources.add(&path.strip_prefix(&folder).unwrap().display().to_string(), kept);
            }
        }
        assert!(files.len() > 150 && sources.made.len() > 150, "the sources were found");
        sources
    }

    fn add(&mut self, file: &str, tokens: &[Token]) {
        let mut open: Vec<usize> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match &token.kind {
                Kind::Sign('(' | '[' | '{') => open.push(at),
                Kind::Sign(')' | ']' | '}') => drop(open.pop()),
                Kind::Text(text) if is_no_code(text) => drop(self.no_codes.insert(text.clone())),
                Kind::Text(text) if is_code(text) => {
                    let read = is_compared(tokens, at, open.last().copied());
                    let map = if read { &mut self.read } else { &mut self.made };
                    map.entry(text.clone()).or_default().push(format!("{file}:{}", token.line));
                }
                Kind::Text(text) => {
                    let area = text.split_once('{').and_then(|(start, _)| start.strip_suffix('.'));
                    self.formatted.extend(area.map(|area| (area.to_owned(), format!("{file}:{}", token.line))));
                }
                Kind::Sign(_) | Kind::Word(_) => {}
            }
        }
    }
}

/// Whether the literal is looked for, not made: beside `==` or `!=`, in a pattern, in a list of known ones.
fn is_compared(tokens: &[Token], at: usize, open: Option<usize>) -> bool {
    let kind = |at: usize| tokens.get(at).map(|token| &token.kind);
    let sign = |at: usize, sign: char| kind(at) == Some(&Kind::Sign(sign));
    let word = |at: usize, word: &str| matches!(kind(at), Some(Kind::Word(known)) if known == word);
    let before = |back: usize| at.checked_sub(back);
    let equals = |first: usize| (sign(first, '=') || sign(first, '!')) && sign(first + 1, '=');
    if before(2).is_some_and(equals) || equals(at + 1) {
        return true;
    }
    // `"a" |`, `| "a"`, `"a" =>`, `"a" if`, each also as the last of a tuple
    let after = (at + 1..).find(|next| !sign(*next, ')')).unwrap_or(at + 1);
    let arm = sign(after, '=') && sign(after + 1, '>');
    let either = |at: usize| sign(at, '|') && !sign(at + 1, '|') && at.checked_sub(1).is_none_or(|at| !sign(at, '|'));
    if arm || either(after) || word(after, "if") || before(1).is_some_and(either) {
        return true;
    }
    // in `matches!`, in the ladder's `has(…)`, or in an array that no macro fills
    open.is_some_and(|open| {
        if open >= 1 && word(open - 1, "has") {
            return true;
        }
        let of_macro = open >= 2 && sign(open - 1, '!');
        (sign(open, '[') && !of_macro) || (of_macro && word(open - 2, "matches"))
    })
}

/// The path of a module without its ending.
fn beside(file: &Path, module: &str) -> PathBuf {
    let stem = file.file_stem().unwrap();
    match stem.to_str().unwrap() {
        "lib" | "main" | "mod" => file.with_file_name(module),
        _ => file.with_extension("").join(module),
    }
}

/// Leaves out what `#[cfg(test)]` stands before; names the modules of files of their own among it.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let sign = |at: usize, sign: char| tokens.get(at).is_some_and(|token| token.kind == Kind::Sign(sign));
    let word = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Word(word)) => word.as_str(),
        _ => "",
    };
    let cfg_test = |at: usize| {
        sign(at, '#') && sign(at + 1, '[') && word(at + 2) == "cfg" && word(at + 4) == "test" && sign(at + 6, ']')
    };
    let (mut kept, mut modules, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        if !cfg_test(at) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += 7;
        while sign(at, '#') {
            at = closed(tokens, at + 1);
        }
        if word(at) == "pub" {
            at += 1;
            at = if sign(at, '(') { closed(tokens, at) } else { at };
        }
        if word(at) == "mod" && sign(at + 2, ';') {
            modules.push(word(at + 1).to_owned());
        }
        // an item ends with its block or `;`, a field with `,`
        let field = sign(at + 1, ':') && !sign(at + 2, ':');
        while at < tokens.len() && !sign(at, '}') {
            let ends = sign(at, ';') || sign(at, '{') || (field && sign(at, ','));
            at = if sign(at, '(') || sign(at, '[') || sign(at, '{') { closed(tokens, at) } else { at + 1 };
            if ends {
                break;
            }
        }
    }
    (kept, modules)
}

/// Behind the bracket that closes the one at `at`.
fn closed(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, token) in tokens[at..].iter().enumerate() {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => depth -= 1,
            Kind::Sign(_) | Kind::Text(_) | Kind::Word(_) => {}
        }
        if depth == 0 {
            return at + offset + 1;
        }
    }
    tokens.len()
}

#[derive(Clone, Debug)]
struct Token {
    line: usize,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Sign(char),
    /// A string literal, escapes as written.
    Text(String),
    Word(String),
}

/// As much of Rust's lexical structure as this needs: comments and white space are gone, strings are whole.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let is = |at: usize, c: char| chars.get(at) == Some(&c);
    let until = |mut at: usize, end: &dyn Fn(usize) -> bool| {
        while at < chars.len() && !end(at) {
            at += 1;
        }
        at
    };
    let of_word = |at: usize| chars.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let start = at;
        let mut kind = None;
        match chars[at] {
            '/' if is(at + 1, '/') => at = until(at, &|at| is(at, '\n')),
            '/' if is(at + 1, '*') => {
                let mut depth = 1;
                at += 2;
                while at < chars.len() && depth > 0 {
                    match (chars[at], is(at + 1, '*'), is(at + 1, '/')) {
                        ('/', true, _) => (depth, at) = (depth + 1, at + 2),
                        ('*', _, true) => (depth, at) = (depth - 1, at + 2),
                        _ => at += 1,
                    }
                }
            }
            '"' => {
                at += 1;
                while at < chars.len() && chars[at] != '"' {
                    at += if chars[at] == '\\' { 2 } else { 1 };
                }
                kind = Some(Kind::Text(chars[start + 1..at.min(chars.len())].iter().collect()));
                at += 1;
            }
            // a character, not a lifetime
            '\'' if is(at + 1, '\\') => at = until(at + 3, &|at| is(at, '\'')) + 1,
            '\'' if is(at + 2, '\'') => at += 3,
            c if c.is_alphanumeric() || c == '_' => {
                at = until(at, &|at| !of_word(at));
                let word: String = chars[start..at].iter().collect();
                let fence = until(at, &|at| !is(at, '#')) - at;
                if matches!(word.as_str(), "r" | "br") && is(at + fence, '"') {
                    let from = at + fence + 1;
                    at = until(from, &|at| is(at, '"') && (1..=fence).all(|back| is(at + back, '#')));
                    kind = Some(Kind::Text(chars[from..at].iter().collect()));
                    at += fence + 1;
                } else {
                    kind = Some(Kind::Word(word));
                }
            }
            c => {
                at += 1;
                kind = (!c.is_whitespace()).then_some(Kind::Sign(c));
            }
        }
        tokens.extend(kind.map(|kind| Token { line, kind }));
        line += chars[start..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    tokens
}
