//! The request as a line for a POSIX shell. A secret is a variable: the marks of redaction never reach the line, and
//! what the person fills in never reaches the history.

use std::fmt::Write as _;

use countersign_evidence::{Exchange, RequestView, VerdictState};

/// Content up to this many bytes stands on the line.
const INLINE: usize = 32 * 1024;

/// The request of the last attempt. `content` is what was sent, as far as it was kept.
///
/// Variables: `COUNTERSIGN_TOKEN` and others after the name of the secret; `COUNTERSIGN_CONTENT`, the file with a content
/// that cannot stand on the line; `COUNTERSIGN_CA`, the file with the CA, where it is in no public store.
pub fn curl(e: &Exchange, content: Option<&[u8]>) -> String {
    let mut names = Names::default();
    let mut words = match &e.request {
        Some(request) => sent(request, content, &mut names),
        // an inspection sent no request; this one only asks for the head
        None => vec!["--head".to_owned(), "--verbose".to_owned(), quoted(&names, &inspected(e))],
    };
    trust(e, &mut words);
    words.insert(0, "curl".to_owned());
    words.join(" \\\n  ")
}

fn sent(request: &RequestView, content: Option<&[u8]>, names: &mut Names) -> Vec<String> {
    let mut words = Vec::new();
    let length = request.content.as_ref().map_or(0, |c| c.length);
    let body = (length > 0 || content.is_some_and(|c| !c.is_empty())).then(|| data(content, names));
    match (request.method.as_str(), body.is_some()) {
        ("GET", false) => {}
        ("HEAD", _) => words.push("--head".to_owned()),
        (method, _) => words.push(format!("--request {}", bare(method))),
    }
    match request.protocol.as_deref() {
        Some("HTTP/2") => words.push("--http2".to_owned()),
        Some("HTTP/1.1") => words.push("--http1.1".to_owned()),
        _ => {}
    }
    words.push(names.quote(&request.target, "query"));
    if request.target.contains(['[', ']', '{', '}']) {
        words.push("--globoff".to_owned());
    }
    let authority =
        request.target.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    for (name, value) in &request.fields {
        let ours = name.eq_ignore_ascii_case("content-length")
            || name.eq_ignore_ascii_case("transfer-encoding")
            || name.eq_ignore_ascii_case("connection")
            || (name.eq_ignore_ascii_case("host") && value == authority)
            || name.starts_with(':');
        if ours {
            continue;
        }
        // a name alone would take the field away
        let line = if value.trim().is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.push(format!("--header {}", names.quote(&line, name)));
    }
    if let Some(body) = body {
        if !request.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            // curl would say that it is a form
            words.push("--header 'content-type:'".to_owned());
        }
        words.push(body);
    }
    words
}

/// `--data-binary` with the content, or with the file it is to be read from.
fn data(content: Option<&[u8]>, names: &mut Names) -> String {
    let text = content
        .filter(|bytes| !bytes.is_empty() && bytes.len() <= INLINE)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .filter(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')));
    match text {
        // an @ in front would name a file
        Some(text) if text.starts_with('@') => format!("--data-raw {}", names.quote(text, "content")),
        Some(text) => format!("--data-binary {}", names.quote(text, "content")),
        None => "--data-binary \"@$COUNTERSIGN_CONTENT\"".to_owned(),
    }
}

/// Who was believed, and who we said we are.
fn trust(e: &Exchange, words: &mut Vec<String>) {
    let verdict =
        e.verdict.as_ref().filter(|v| matches!(v.state, VerdictState::Trusted | VerdictState::TrustedWithFindings));
    if verdict.and_then(|v| v.store.as_deref()).is_some_and(|store| !matches!(store, "os" | "mozilla")) {
        words.push("--cacert \"$COUNTERSIGN_CA\"".to_owned());
    }
    let client = e.handshake.as_ref().and_then(|h| h.client_certificate.as_ref());
    if client.is_some_and(|c| c.sent) {
        words.push("--cert \"$COUNTERSIGN_CLIENT_CERTIFICATE\"".to_owned());
        words.push("--key \"$COUNTERSIGN_CLIENT_KEY\"".to_owned());
    }
}

fn inspected(e: &Exchange) -> String {
    let remote = e.connection.as_ref().and_then(|c| c.remote.as_deref()).unwrap_or("localhost");
    let name = e.handshake.as_ref().and_then(|h| h.server_name.as_deref());
    match (name, remote.rsplit_once(':')) {
        (Some(name), Some((_, port))) => format!("https://{name}:{port}/"),
        (Some(name), None) => format!("https://{name}/"),
        (None, _) => format!("https://{remote}/"),
    }
}

/// A method is a token (RFC 9110 §5.6.2); some of its characters mean something to a shell.
fn bare(method: &str) -> String {
    if method.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        method.to_owned()
    } else {
        quoted(&Names::default(), method)
    }
}

fn quoted(names: &Names, text: &str) -> String {
    let mut out = String::new();
    names.literal(text, &mut out);
    out
}

/// The variables of a line: one for each mark.
#[derive(Default)]
struct Names {
    known: Vec<(String, String)>,
}

impl Names {
    /// Text as one word of a shell: literal parts in single quotes, marks as variables in double quotes.
    fn quote(&mut self, text: &str, place: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, mark, after)) = next_mark(rest) {
            if !before.is_empty() {
                self.literal(before, &mut out);
            }
            let name =
                self.name(mark, if mark == "withheld" || mark == "secret" { parameter(before, place) } else { "" });
            let _infallible = write!(out, "\"${name}\"");
            rest = after;
        }
        if !rest.is_empty() || out.is_empty() {
            self.literal(rest, &mut out);
        }
        out
    }

    fn literal(&self, text: &str, out: &mut String) {
        let _infallible = write!(out, "'{}'", text.replace('\0', "").replace('\'', r"'\''"));
    }

    /// `COUNTERSIGN_TOKEN` of `token 1a7674eb`, `COUNTERSIGN_CLIENT_SECRET` of `client_secret of demo-client`.
    fn name(&mut self, mark: &str, place: &str) -> String {
        let key = format!("{mark}\n{place}");
        if let Some((_, name)) = self.known.iter().find(|(known, _)| *known == key) {
            return name.clone();
        }
        let word = if place.is_empty() { mark.split_once(" of ").map_or(mark, |(slot, _)| slot) } else { place };
        let word = if word.starts_with("token ") { "token" } else { word };
        let upper: String =
            word.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        let first = format!("COUNTERSIGN_{upper}");
        let taken = |name: &String| self.known.iter().any(|(_, known)| known == name);
        let name = if taken(&first) {
            (2..).map(|n| format!("{first}_{n}")).find(|name| !taken(name)).unwrap_or(first)
        } else {
            first
        };
        self.known.push((key, name.clone()));
        name
    }
}

/// The parameter whose value was struck, where one stands in front; else the place.
fn parameter<'a>(before: &'a str, place: &'a str) -> &'a str {
    let name = before.strip_suffix('=').and_then(|b| b.rsplit(['&', '?', ' ', ';']).next()).unwrap_or_default();
    if name.is_empty() || name.len() > 40 { place } else { name }
}

/// The first mark of redaction: text before, inside, after.
fn next_mark(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('‹').map(|at| from + at) {
        let inside = open + '‹'.len_utf8();
        let close = inside + text[inside..].find('›')?;
        let mark = &text[inside..close];
        if is_mark(mark) {
            return Some((&text[..open], mark, &text[close + '›'.len_utf8()..]));
        }
        from = inside;
    }
    None
}

/// What redaction writes; other text in such quotes is text.
fn is_mark(mark: &str) -> bool {
    let slug = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    match mark.split_once(' ') {
        None => matches!(mark, "withheld" | "secret"),
        Some(("token", fingerprint)) if fingerprint.len() == 8 => fingerprint.chars().all(|c| c.is_ascii_hexdigit()),
        Some(_) => mark
            .split_once(" of ")
            .is_some_and(|(slot, credential)| (slug(slot) || slot == "client credentials") && slug(credential)),
    }
}

#[cfg(test)]
mod tests {
    use countersign_evidence::{CertificateUse, ContentView};

    use super::curl;
    use crate::history::sample;

    #[test]
    fn the_line_sends_what_was_sent_with_secrets_by_reference() {
        let line = curl(&sample::success("01a"), Some(b"{\"reference\": \"it's demo-0001\"}"));
        let expected = r#"curl \
  --request POST \
  --http2 \
  'https://localhost:8443/v1/payments' \
  --header 'accept: application/json' \
  --header 'authorization: Bearer '"$COUNTERSIGN_TOKEN" \
  --header 'content-type: application/json' \
  --data-binary '{"reference": "it'\''s demo-0001"}' \
  --cacert "$COUNTERSIGN_CA""#;
        assert_eq!(line, expected);
    }

    /// The arguments a shell makes of the line.
    #[cfg(unix)]
    fn arguments(line: &str) -> Vec<String> {
        let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{line}\n");
        let out = std::process::Command::new("sh")
            .args(["-c", &script])
            .env("COUNTERSIGN_TOKEN", "a $token `with` \"everything\"")
            .env("COUNTERSIGN_CLIENT_SECRET", "s3cr3t")
            .env("COUNTERSIGN_CONTENT", "/tmp/content file")
            .env("COUNTERSIGN_CA", "ca.pem")
            .env("COUNTERSIGN_API_KEY", "key")
            .output()
            .unwrap();
        assert!(out.status.success() && out.stderr.is_empty(), "{line}: {out:?}");
        String::from_utf8(out.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect()
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_every_byte() {
        let content = "@'; rm -rf /; echo \"$HOME\" `id` !! \\ \n\t‹client_secret of demo-client› ‹quote› ‹ é";
        let mut e = sample::success("01a");
        let request = e.request.as_mut().unwrap();
        request.target = "https://localhost:8443/v1/{x}?q='$(id)'&api_key=‹withheld›&z=1".into();
        request.fields.push(("x-empty".into(), String::new()));
        request.fields.push(("x-odd".into(), "$HOME 'single' \"double\" \\".into()));
        let arguments = arguments(&curl(&e, Some(content.as_bytes())));
        assert_eq!(
            arguments,
            [
                "--request",
                "POST",
                "--http2",
                "https://localhost:8443/v1/{x}?q='$(id)'&api_key=key&z=1",
                "--globoff",
                "--header",
                "accept: application/json",
                "--header",
                "authorization: Bearer a $token `with` \"everything\"",
                "--header",
                "content-type: application/json",
                "--header",
                "x-empty;",
                "--header",
                "x-odd: $HOME 'single' \"double\" \\",
                "--data-raw",
                "@'; rm -rf /; echo \"$HOME\" `id` !! \\ \n\ts3cr3t ‹quote› ‹ é",
                "--cacert",
                "ca.pem",
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn content_that_cannot_stand_on_the_line_comes_from_a_file() {
        let e = sample::success("01a");
        for content in [None, Some(&b"\0\xff"[..]), Some(&[b'x'; 100_000][..])] {
            let arguments = arguments(&curl(&e, content));
            assert!(arguments.windows(2).any(|pair| pair == ["--data-binary", "@/tmp/content file"]), "{arguments:?}");
        }
    }

    #[test]
    fn two_secrets_have_two_variables() {
        let mut e = sample::success("01a");
        let request = e.request.as_mut().unwrap();
        request.content = None;
        request.fields = vec![
            ("authorization".into(), "Bearer ‹token 1a7674eb›".into()),
            ("x-other".into(), "‹token 77aa0011›, ‹token 1a7674eb›".into()),
            ("cookie".into(), "‹withheld›".into()),
            ("x-pair".into(), "‹client credentials of demo-client›".into()),
        ];
        let line = curl(&e, None);
        for part in [
            "'authorization: Bearer '\"$COUNTERSIGN_TOKEN\"",
            "'x-other: '\"$COUNTERSIGN_TOKEN_2\"', '\"$COUNTERSIGN_TOKEN\"",
            "'cookie: '\"$COUNTERSIGN_COOKIE\"",
            "'x-pair: '\"$COUNTERSIGN_CLIENT_CREDENTIALS\"",
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
        assert!(!line.contains('‹') && !line.contains("--data"), "{line}");
    }

    #[test]
    fn a_plain_get_is_a_plain_line() {
        let mut e = sample::success("01a");
        e.verdict.as_mut().unwrap().store = Some("os".into());
        let request = e.request.as_mut().unwrap();
        (request.method, request.protocol, request.content) = ("GET".into(), Some("HTTP/1.1".into()), None);
        request.fields = vec![("host".into(), "localhost:8443".into())];
        assert_eq!(curl(&e, None), "curl \\\n  --http1.1 \\\n  'https://localhost:8443/v1/payments'");
        e.handshake.as_mut().unwrap().client_certificate =
            Some(CertificateUse { sent: true, ..CertificateUse::default() });
        assert!(curl(&e, None).ends_with("--key \"$COUNTERSIGN_CLIENT_KEY\""));
    }

    #[test]
    fn content_without_a_type_is_not_made_a_form() {
        let mut e = sample::success("01a");
        let request = e.request.as_mut().unwrap();
        request.fields.clear();
        request.content = Some(ContentView { length: 1, reference: None, media_type: None, not_kept: None });
        assert!(curl(&e, Some(b"x")).contains("--header 'content-type:' \\\n  --data-binary 'x'"));
    }

    #[test]
    fn an_inspection_asks_for_the_head_only() {
        let line = curl(&sample::inspected("01a"), None);
        assert!(line.starts_with("curl \\\n  --head \\\n  --verbose \\\n  'https://localhost:8443/'"), "{line}");
    }
}
