//! The message signature of a request, judged by `signing`'s verifier. As a lab it says what differs.

use std::sync::PoisonError;

use axum::http::request::Parts;
use countersign_signing::{Keys, MessageView, Mismatch, PublicKey, verify};
use serde_json::{Value, json};

use crate::config::TrustedKey;
use crate::fault::FaultGroup;
use crate::lab::Lab;

/// How it was judged.
pub(crate) enum Checked {
    Absent,
    Differs { body: Value, words: String, on_purpose: bool },
    Verified,
}

struct Known<'a> {
    keys: &'a [TrustedKey],
    none: bool,
    other: Option<&'a PublicKey>,
}

impl Keys for Known<'_> {
    fn key(&self, keyid: &str) -> Option<&PublicKey> {
        if self.none {
            return None;
        }
        self.other.or_else(|| self.keys.iter().find(|known| known.keyid == keyid).map(|known| &known.key))
    }
}

/// Checks the signature, as a gateway behind the active fault would.
pub(crate) fn check(lab: &Lab, parts: &Parts, content: &[u8]) -> Checked {
    if !parts.headers.contains_key("signature-input") {
        return Checked::Absent;
    }
    let fault = lab.fault(FaultGroup::Signature);
    let name = fault.as_ref().map_or("", |f| f.name());
    let uri = seen_uri(lab, parts, name == "host-rewritten");
    let content = seen_content(content, name);
    let fields: Vec<(String, Vec<u8>)> =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    let message = MessageView::request(parts.method.as_str(), &uri, &fields, &content);
    let keys = lab.trusted_keys.read().unwrap_or_else(PoisonError::into_inner);
    let other = PublicKey::Ed25519(vec![0x17; 32]);
    let known = Known { keys: &keys, none: name == "key-rotated", other: (name == "key-other").then_some(&other) };
    match verify(&message, None, &known, lab.seconds()) {
        Ok(_) if name == "replay" => Checked::Differs {
            body: json!({"title": "signature used before", "status": 401, "error": "invalid_signature", "reason": "replay"}),
            words: "signature used before".into(),
            on_purpose: true,
        },
        Ok(_) => Checked::Verified,
        Err(mismatch) => differs(&mismatch, name == "host-rewritten", fault.is_some(), content.len()),
    }
}

/// The target URI as the gateway sees it.
fn seen_uri(lab: &Lab, parts: &Parts, rewritten: bool) -> axum::http::Uri {
    let host = parts.headers.get("host").and_then(|v| v.to_str().ok());
    let authority = parts.uri.authority().map(|a| a.as_str()).or(host);
    let origin = match authority {
        _ if rewritten => "https://internal.gateway.test".to_owned(),
        Some(authority) => format!("https://{authority}"),
        None => lab.base_url.clone(),
    };
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    format!("{origin}{path}").parse().unwrap_or_else(|_| parts.uri.clone())
}

/// The content as it arrives behind the fault.
fn seen_content(content: &[u8], fault: &str) -> Vec<u8> {
    match fault {
        "content-changed" => {
            let mut changed = content.to_vec();
            changed.push(b' ');
            changed
        }
        "content-reserialised" => serde_json::from_slice::<Value>(content)
            .map_or_else(|_| content.to_vec(), |value| value.to_string().into_bytes()),
        _ => content.to_vec(),
    }
}

fn differs(mismatch: &Mismatch, rewritten: bool, on_purpose: bool, length: usize) -> Checked {
    let component = match mismatch {
        Mismatch::Base { base, .. } if rewritten => ["@target-uri", "@authority"]
            .into_iter()
            .find(|c| base.contains(&format!("\"{c}\": ")))
            .unwrap_or_default()
            .to_owned(),
        other => other.component(),
    };
    let mut body = json!({"title": "signature differs", "status": 401, "error": "invalid_signature", "reason": mismatch.sentence()});
    let mut first = json!({"component": component});
    match mismatch {
        Mismatch::ContentDigest { received, computed } => {
            first["yours"] = received.clone().into();
            first["server"] = computed.clone().into();
            body["content_length"] = length.into();
        }
        Mismatch::Base { base, .. } => {
            let line = base.lines().find_map(|line| line.strip_prefix(&format!("\"{component}\": ")));
            if let Some(value) = line {
                first["server"] = value.into();
            }
        }
        Mismatch::Algorithm { .. }
        | Mismatch::Component(_)
        | Mismatch::Expired { .. }
        | Mismatch::Key { .. }
        | Mismatch::Missing { .. } => {}
    }
    body["first_difference"] = first;
    let words = if component.is_empty() || component.starts_with("@sig") {
        mismatch.sentence()
    } else {
        format!("{component} differs")
    };
    Checked::Differs { body, words, on_purpose }
}
