//! HTTP Archive 1.2: every request of the exchange, token calls and earlier attempts too, in the order they were made.
//! What the format lacks stands in `_countersign`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{AttemptReason, ContentView, Exchange, RequestView, ResponseView};
use serde_json::{Value, json};

use super::short_name;

/// The archive. `contents` gives the bytes of a reference, as far as they were kept; they are redacted.
pub fn har(e: &Exchange, contents: &dyn Fn(&str) -> Option<Vec<u8>>) -> Value {
    let mut entries = Vec::new();
    for attempt in &e.previous_attempts {
        add(&attempt.exchange, Some(attempt.reason), contents, &mut entries);
    }
    add(e, None, contents, &mut entries);
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": "Countersign", "version": env!("CARGO_PKG_VERSION") },
        "pages": [],
        "entries": entries,
        "comment": e.title,
    }})
}

type Contents<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

fn add(e: &Exchange, followed: Option<AttemptReason>, contents: Contents<'_>, entries: &mut Vec<Value>) {
    if let Some(call) = e.token.as_ref().and_then(|t| t.exchange.as_deref()) {
        add(call, None, contents, entries);
    }
    // an inspection has no request, so there is nothing an archive could say
    if let Some(request) = &e.request {
        entries.push(entry(e, request, followed, contents));
    }
}

fn entry(e: &Exchange, request: &RequestView, followed: Option<AttemptReason>, contents: Contents<'_>) -> Value {
    let timings = timings(e);
    let mut entry = json!({
        "startedDateTime": e.started_at.to_string(),
        "time": ms(e.timing.total.max(waited(e))),
        "request": sent(request, contents),
        "response": received(e.response.as_ref(), request.protocol.as_deref(), contents),
        "cache": {},
        "timings": timings,
        "comment": comment(e),
        "_countersign": ours(e, followed),
    });
    if let (Some(connection), Some(members)) = (&e.connection, entry.as_object_mut()) {
        if let Some(address) = connection.remote.as_deref().and_then(|r| r.rsplit_once(':')).map(|(address, _)| address)
        {
            members.insert("serverIPAddress".into(), json!(address.trim_matches(['[', ']'])));
        }
        members.insert("connection".into(), json!(connection.id));
    }
    entry
}

fn waited(e: &Exchange) -> u64 {
    let t = &e.timing;
    t.name + t.tcp + t.tls + t.request + t.first_byte + t.content
}

/// Milliseconds; `blocked` is everything before the request that is no connect: credential, token, signature.
fn timings(e: &Exchange) -> Value {
    let t = &e.timing;
    let connected = e.connection.as_ref().is_some_and(|c| !c.reused);
    let if_connected = |us: u64| if connected { json!(ms(us)) } else { json!(-1) };
    json!({
        "blocked": ms(t.total.saturating_sub(waited(e))),
        "dns": if_connected(t.name),
        "connect": if_connected(t.tcp + t.tls),
        "ssl": if e.handshake.is_some() { if_connected(t.tls) } else { json!(-1) },
        "send": ms(t.request),
        "wait": ms(t.first_byte),
        "receive": ms(t.content),
    })
}

fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

fn sent(request: &RequestView, contents: Contents<'_>) -> Value {
    let query = request.target.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or_default());
    let pairs: Vec<Value> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let mut sent = json!({
        "method": request.method,
        "url": request.target,
        "httpVersion": request.protocol.as_deref().unwrap_or("unknown"),
        "cookies": [],
        "headers": headers(&request.fields),
        "queryString": pairs,
        "headersSize": -1,
        "bodySize": request.content.as_ref().map_or(0, |c| c.length),
    });
    if let (Some(content), Some(members)) = (&request.content, sent.as_object_mut()) {
        let mut data = json!({ "mimeType": media_type(content, &request.fields), "params": [], "text": "" });
        match text(content, contents) {
            Ok((text, encoding)) => {
                data["text"] = json!(text);
                if let Some(encoding) = encoding {
                    data["_encoding"] = json!(encoding);
                }
            }
            Err(why) => data["comment"] = json!(why),
        }
        members.insert("postData".into(), data);
    }
    sent
}

fn received(response: Option<&ResponseView>, protocol: Option<&str>, contents: Contents<'_>) -> Value {
    let Some(response) = response else {
        // browsers write an answer that never came in this way
        return json!({
            "status": 0, "statusText": "", "httpVersion": "unknown", "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "x-unknown" }, "redirectURL": "", "headersSize": -1, "bodySize": -1,
            "comment": "no answer",
        });
    };
    let length = response.content.as_ref().map_or(0, |c| c.length);
    let mut content = json!({ "size": length, "mimeType": "x-unknown" });
    if let Some(view) = &response.content {
        content["mimeType"] = json!(media_type(view, &response.fields));
        match text(view, contents) {
            Ok((text, encoding)) => {
                content["text"] = json!(text);
                if let Some(encoding) = encoding {
                    content["encoding"] = json!(encoding);
                }
            }
            Err(why) => content["comment"] = json!(why),
        }
    }
    let location = response.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
    json!({
        "status": response.status,
        "statusText": response.reason.as_deref().unwrap_or_default(),
        "httpVersion": protocol.unwrap_or("unknown"),
        "cookies": [],
        "headers": headers(&response.fields),
        "content": content,
        "redirectURL": location.map_or("", |(_, value)| value),
        "headersSize": -1,
        "bodySize": length,
    })
}

fn headers(fields: &[(String, String)]) -> Vec<Value> {
    fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn media_type<'a>(content: &'a ContentView, fields: &'a [(String, String)]) -> &'a str {
    let field =
        || fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, value)| value.as_str());
    content.media_type.as_deref().or_else(field).unwrap_or("application/octet-stream")
}

/// The content as text, with its encoding where it is none; else why it is not here.
fn text(content: &ContentView, contents: Contents<'_>) -> Result<(String, Option<&'static str>), String> {
    let missing = || content.not_kept.clone().unwrap_or_else(|| "not kept".to_owned());
    let bytes = content.reference.as_deref().and_then(contents).ok_or_else(missing)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(binary) => (STANDARD.encode(binary.as_bytes()), Some("base64")),
    })
}

/// `Created in 143 ms over a trusted connection. Server: localhost, issued by Countersign lab issuing, until 14 Jun 2027.`
fn comment(e: &Exchange) -> String {
    match e.certificates.first() {
        Some(leaf) => format!(
            "{}. Server: {}, issued by {}, until {}.",
            e.title,
            short_name(&leaf.subject),
            short_name(&leaf.issuer),
            leaf.not_after.date()
        ),
        None => format!("{}.", e.title),
    }
}

fn ours(e: &Exchange, followed: Option<AttemptReason>) -> Value {
    let mut ours = json!({ "exchange": e.exchange, "outcome": e.outcome });
    let mut put = |name: &str, value: Value| ours[name] = value;
    if let Some(reason) = followed {
        put("followed_because", json!(reason));
    }
    if let Some(verdict) = &e.verdict {
        put("verdict", json!(verdict));
    }
    if let Some(h) = &e.handshake {
        put(
            "handshake",
            json!({
                "protocol_version": h.protocol_version, "cipher_suite": h.cipher_suite, "named_group": h.named_group,
                "signature_scheme": h.signature_scheme, "alpn_protocol": h.alpn_protocol, "kind": h.kind,
            }),
        );
    }
    let certificates: Vec<Value> = e
        .certificates
        .iter()
        .map(|c| {
            json!({
                "subject": c.subject, "issuer": c.issuer, "not_before": c.not_before, "not_after": c.not_after,
                "names": c.names, "sha256": c.fingerprints.sha256, "source": c.source,
            })
        })
        .collect();
    if !certificates.is_empty() {
        put("certificates", Value::Array(certificates));
    }
    if !e.findings.is_empty() {
        put("findings", e.findings.iter().map(|f| json!({ "id": f.id, "sentence": f.sentence })).collect());
    }
    if let Some(token) = &e.token {
        put(
            "token",
            json!({ "fingerprint": token.fingerprint, "generation": token.generation, "origin": token.origin, "scope": token.scope }),
        );
    }
    if let Some(signature) = &e.signature {
        put(
            "signature",
            json!({ "scheme": signature.scheme, "alg": signature.alg, "keyid": signature.keyid, "covered": signature.covered }),
        );
    }
    if let Some(error) = &e.error {
        put("error", json!({ "code": error.code, "title": error.title, "detail": error.detail }));
    }
    ours
}

#[cfg(test)]
mod tests {
    use countersign_evidence::ContentView;
    use serde_json::{Value, json};

    use super::har;
    use crate::history::sample;

    fn nothing(_: &str) -> Option<Vec<u8>> {
        None
    }

    fn view(reference: &str) -> Option<ContentView> {
        Some(ContentView { length: 2, reference: Some(reference.into()), media_type: None, not_kept: None })
    }

    #[test]
    fn every_request_is_an_entry_in_the_order_they_were_made() {
        let archive = har(&sample::renewed("01a"), &nothing);
        let entries = archive["log"]["entries"].as_array().unwrap();
        let urls: Vec<_> =
            entries.iter().map(|e| (e["request"]["url"].as_str().unwrap(), e["response"]["status"].clone())).collect();
        let (token, api) = ("https://localhost:8444/oauth2/token", "https://localhost:8443/v1/payments");
        assert_eq!(
            urls,
            [(token, json!(200)), (api, json!(401)), (api, json!(201)), (token, json!(200)), (api, json!(201))],
            "a token call stands before the request it was made for"
        );
        assert_eq!(entries[1]["_countersign"]["followed_because"], "token_renewed");
        assert_eq!(archive["log"]["version"], "1.2");
    }

    /// HAR 1.2: `time` is the sum of the timings that are not -1, `ssl` counted in `connect`.
    fn sums_up(entry: &Value) {
        let names = ["blocked", "dns", "connect", "send", "wait", "receive"];
        let sum: f64 = names.iter().map(|n| entry["timings"][n].as_f64().unwrap()).filter(|t| *t >= 0.0).sum();
        let time = entry["time"].as_f64().unwrap();
        assert!((sum - time).abs() < 0.001, "{sum} of {time}: {}", entry["timings"]);
    }

    #[test]
    fn an_entry_has_what_the_format_asks_for() {
        let archive = har(&sample::success("01a"), &nothing);
        let entry = &archive["log"]["entries"][1];
        sums_up(entry);
        assert_eq!(
            entry["timings"],
            json!({"blocked": 40.3, "dns": 0.2, "connect": 9.5, "ssl": 9.1, "send": 0.6, "wait": 92.0, "receive": 0.4})
        );
        assert_eq!(entry["startedDateTime"], "2027-03-17T09:12:44.012Z");
        assert_eq!((&entry["serverIPAddress"], &entry["connection"]), (&json!("127.0.0.1"), &json!("01a-conn")));
        assert_eq!(
            entry["comment"],
            "Created in 143 ms over a trusted connection. Server: localhost, issued by Countersign lab issuing, until 14 Jun 2027."
        );
        let request = &entry["request"];
        assert_eq!(
            request["headers"][1],
            json!({"name": "authorization", "value": "Bearer ‹token 1a7674eb›"}),
            "redacted"
        );
        assert_eq!(
            request["postData"],
            json!({"mimeType": "application/json", "params": [], "text": "", "comment": "not kept"})
        );
        assert_eq!(entry["response"]["redirectURL"], "/v1/payments/pay_01J9Z4");
        assert_eq!(entry["_countersign"]["certificates"][0]["subject"], "CN=localhost");
        for (name, kind) in
            [("cookies", "array"), ("headersSize", "number"), ("bodySize", "number"), ("httpVersion", "string")]
        {
            for side in [request, &entry["response"]] {
                let is = match kind {
                    "array" => side[name].is_array(),
                    "number" => side[name].is_number(),
                    _ => side[name].is_string(),
                };
                assert!(is, "{name} is a {kind}");
            }
        }
    }

    #[test]
    fn kept_content_is_text_or_base64() {
        let mut e = sample::success("01a");
        e.token = None;
        e.request.as_mut().unwrap().content = view("sha256:text");
        e.request.as_mut().unwrap().target.push_str("?a=1%202&b");
        e.response.as_mut().unwrap().content = view("sha256:binary");
        let contents = |reference: &str| Some(if reference == "sha256:text" { b"{}".to_vec() } else { vec![0, 255] });
        let archive = har(&e, &contents);
        let entry = &archive["log"]["entries"][0];
        assert_eq!(entry["request"]["postData"]["text"], "{}");
        assert_eq!(entry["request"]["queryString"], json!([{"name": "a", "value": "1 2"}, {"name": "b", "value": ""}]));
        assert_eq!(
            entry["response"]["content"],
            json!({"size": 2, "mimeType": "application/json", "text": "AP8=", "encoding": "base64"})
        );
    }

    #[test]
    fn what_was_never_answered_has_status_zero() {
        for e in [sample::expired("01a"), sample::unreached("01b")] {
            let archive = har(&e, &nothing);
            let entry = archive["log"]["entries"].as_array().unwrap().last().unwrap();
            sums_up(entry);
            assert_eq!(entry["response"]["status"], 0);
            assert_eq!(entry["_countersign"]["error"]["code"], e.error.unwrap().code);
        }
        let mut reused = sample::success("01c");
        reused.connection.as_mut().unwrap().reused = true;
        (reused.timing.name, reused.timing.tcp, reused.timing.tls) = (0, 0, 0);
        let archive = har(&reused, &nothing);
        let entry = &archive["log"]["entries"][1];
        sums_up(entry);
        assert_eq!(entry["timings"]["connect"], -1, "there was no connect");
        assert_eq!(har(&sample::inspected("01d"), &nothing)["log"]["entries"], json!([]), "no request was sent");
    }
}
