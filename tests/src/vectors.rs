//! Published vectors of signature schemes: every base and every signature of RFC 9421 appendix B.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::Timestamp;
use countersign_secret::Secret;
use countersign_signing::sigv4::{Request, Scope, sign_field, sign_query};
use countersign_signing::{Keys, MessageView, PublicJwk, PublicKey, labels, received_base, verify};
use serde_json::Value;

use crate::support::{vectors, without_vectors};

type Fields = Vec<(String, Vec<u8>)>;

/// A message as it is printed: start line, fields, content.
struct Printed {
    method: String,
    uri: http::Uri,
    status: Option<u16>,
    fields: Fields,
    content: Vec<u8>,
}

impl Printed {
    fn read(text: &str) -> Self {
        let (head, content) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let start: Vec<&str> = lines.next().unwrap().splitn(3, ' ').collect();
        let fields: Fields = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_owned(), value.trim_start().as_bytes().to_vec()))
            .collect();
        let host = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host =
            host.map_or_else(|| "example.com".to_owned(), |(_, value)| String::from_utf8(value.clone()).unwrap());
        let status = start[0].starts_with("HTTP/").then(|| start[1].parse().unwrap());
        let target = if status.is_some() { "/" } else { start[1] };
        Self {
            method: start[0].to_owned(),
            uri: format!("https://{host}{target}").parse().unwrap(),
            status,
            fields,
            content: content.as_bytes().to_vec(),
        }
    }

    fn view(&self) -> MessageView<'_> {
        match self.status {
            Some(status) => MessageView::response(status, &self.fields, &self.content, None),
            None => MessageView::request(&self.method, &self.uri, &self.fields, &self.content),
        }
    }

    /// In place of what stands there.
    fn set(&mut self, name: &str, value: &str) {
        self.fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.fields.push((name.to_owned(), value.as_bytes().to_vec()));
    }
}

struct Known(Vec<(String, PublicKey)>);

impl Keys for Known {
    fn key(&self, keyid: &str) -> Option<&PublicKey> {
        self.0.iter().find(|(known, _)| known == keyid).map(|(_, key)| key)
    }
}

fn keys(all: &Value) -> Known {
    let key = |value: &Value| match value["base64"].as_str() {
        Some(secret) => PublicKey::Hmac(Secret::new(STANDARD.decode(secret).unwrap())),
        None => {
            let jwk: PublicJwk = serde_json::from_value(value["jwk"].clone()).unwrap();
            PublicKey::from_jwk(&jwk).unwrap()
        }
    };
    Known(all.as_object().unwrap().iter().map(|(name, value)| (name.clone(), key(value))).collect())
}

#[test]
fn vectors_rfc9421_each_base_and_each_signature_of_appendix_b() {
    let file = "rfc9421/appendix-b.json";
    let Some(path) = vectors(file) else { return without_vectors(file) };
    let all: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let keys = keys(&all["keys"]);
    let (mut valid, mut refused) = (0, 0);
    for case in all["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let printed =
            case["message_raw"].as_str().or_else(|| all["messages"][case["message"].as_str().unwrap()].as_str());
        let mut message = Printed::read(printed.unwrap());
        if case["message"] == "test-response" {
            // erratum: the digest that is printed is not of the content that is printed
            let own =
                countersign_signing::content_digest(countersign_signing::DigestAlgorithm::Sha512, &message.content);
            message.set("Content-Digest", &own);
        }
        for (field, member) in [("Signature-Input", "signature_input"), ("Signature", "signature")] {
            if let Some(value) = case[member].as_str() {
                message.set(field, value);
            }
        }
        let view = message.view();
        let label = case["label"].as_str().unwrap();
        assert!(labels(&view).unwrap().iter().any(|known| known == label), "{name}");
        let wanted = case["expect"] == "valid";
        let base = received_base(&view, Some(label)).map(|base| base.text);
        if wanted {
            assert_eq!(base.as_deref().ok(), case["signature_base"].as_str(), "{name}: the base");
        }
        // each was made at the time it says
        let created = case["signature_input"].as_str().unwrap().split("created=").nth(1);
        let created = created.map_or(0, |text| text.split(';').next().unwrap().parse().unwrap());
        let judged = verify(&view, Some(label), &keys, created);
        assert_eq!(judged.is_ok(), wanted, "{name}: {judged:?}");
        if wanted { valid += 1 } else { refused += 1 }
    }
    assert_eq!((valid, refused), (11, 2), "all cases were judged");
}

/// A request as the suite of AWS prints it: spaces and bytes beyond ASCII stand in its target, lines are continued.
struct Raw {
    method: String,
    path: String,
    query: String,
    fields: Fields,
    content: Vec<u8>,
}

impl Raw {
    fn read(text: &str) -> Self {
        let (head, content) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let (method, rest) = lines.next().unwrap().split_once(' ').unwrap();
        let (target, _) = rest.rsplit_once(" HTTP/").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut fields: Fields = Vec::new();
        for line in lines {
            match line.split_once(':').filter(|_| !line.starts_with(' ')) {
                Some((name, value)) => fields.push((name.to_owned(), value.as_bytes().to_vec())),
                None => fields.last_mut().unwrap().1.extend(line.as_bytes()),
            }
        }
        let [method, path, query] = [method, path, query].map(str::to_owned);
        Self { method, path, query, fields, content: content.as_bytes().to_vec() }
    }
}

#[test]
fn vectors_aws_sigv4_canonical_request_string_to_sign_and_signature_in_field_and_query() {
    let one = "aws-sigv4/v4/get-vanilla/context.json";
    let Some(path) = vectors(one) else { return without_vectors(one) };
    let mut cases = 0;
    for entry in std::fs::read_dir(path.ancestors().nth(2).unwrap()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let file = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let context: Value = serde_json::from_str(&file("context.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (id, region, service) =
            (text(&context["credentials"]["access_key_id"]), text(&context["region"]), text(&context["service"]));
        let scope = Scope {
            access_key_id: &id,
            region: &region,
            service: &service,
            session_token: context["credentials"]["token"].as_str(),
            token_unsigned: context["omit_session_token"] == true,
            normalize: context["normalize"] == true,
            encoded_once: false,
            content_sha256: context["sign_body"] == true,
            at: Timestamp::parse(context["timestamp"].as_str().unwrap()).unwrap().unix_seconds(),
        };
        let raw = Raw::read(&file("request.txt"));
        let request = Request {
            method: &raw.method,
            path: &raw.path,
            query: &raw.query,
            fields: &raw.fields,
            content: &raw.content,
        };
        let secret = Secret::new(text(&context["credentials"]["secret_access_key"]).into_bytes());
        let expires = u32::try_from(context["expiration_in_seconds"].as_u64().unwrap()).unwrap();
        for (kind, signed) in [
            ("header", sign_field(&scope, &request, &secret).unwrap()),
            ("query", sign_query(&scope, &request, &secret, expires).unwrap()),
        ] {
            let wanted = |part: &str| file(&format!("{kind}-{part}.txt"));
            assert_eq!(signed.canonical_request, wanted("canonical-request"), "{name}, {kind}: canonical request");
            assert_eq!(signed.string_to_sign, wanted("string-to-sign"), "{name}, {kind}: string to sign");
            assert_eq!(signed.signature, wanted("signature"), "{name}, {kind}: signature");
            let sent = wanted("signed-request");
            for (field, value) in &signed.fields {
                assert!(sent.contains(&format!("{field}:{value}")), "{name}: {field}: {value}\n{sent}");
            }
            for (parameter, value) in &signed.query {
                assert!(sent.contains(&format!("{parameter}={value}")), "{name}: {parameter}={value}\n{sent}");
            }
        }
        cases += 1;
    }
    assert_eq!(cases, 38, "all cases were judged");
}
