use serde_json::{Value, json};

use super::{Jwks, Signed, Verification};

/// RFC 7515 A.3: header, claims and signature, and the key that made it.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn key() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

/// The key with more members.
fn with(more: Value) -> Value {
    let mut key = key();
    key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    key
}

fn looked(token: &str, keys: &[Value]) -> Verification {
    Jwks::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap().verify(token)
}

/// The token with another header; its signature is then none of it.
fn headed(header: Value) -> String {
    use base64::Engine as _;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{}", ES256.split_once('.').unwrap().1)
}

fn first(seen: &Verification) -> (&str, &str) {
    (seen.findings[0].id.as_str(), seen.findings[0].sentence.as_str())
}

#[test]
fn the_example_of_rfc_7515_is_by_its_key() {
    let seen = looked(ES256, &[with(json!({"kid": "a", "use": "sig", "alg": "ES256", "key_ops": ["verify"]}))]);
    assert_eq!((seen.signed, seen.kid.as_deref(), seen.alg.as_str()), (Signed::Yes, Some("a"), "ES256"));
    assert!(seen.findings.is_empty(), "{:?}", seen.findings);
}

#[test]
fn one_character_of_the_signature_or_the_claims_is_enough() {
    for changed in [ES256.replacen("DtEh", "DtEi", 1), ES256.replacen("eyJpc3Mi", "eyJpc3Mj", 1)] {
        let seen = looked(&changed, &[key()]);
        assert_ne!(seen.signed, Signed::Yes, "{changed}");
        assert!(["jwt.bad_signature", "jwt.malformed"].contains(&first(&seen).0), "{:?}", seen.findings);
    }
}

#[test]
fn a_key_that_is_for_something_else_is_not_tried() {
    for (member, words) in [
        (json!({"use": "enc"}), "its use is `enc`"),
        (json!({"key_ops": ["encrypt", "wrapKey"]}), "without `verify`"),
        (json!({"alg": "ES384"}), "its alg is ES384, the token's ES256"),
        (json!({"crv": "P-384"}), "it is EC P-384, and ES256 takes EC P-256"),
        (json!({"kty": "oct", "crv": "", "k": "c2VjcmV0"}), "it is oct"),
    ] {
        let seen = looked(ES256, &[with(member.clone())]);
        let (id, sentence) = first(&seen);
        assert_eq!((seen.signed, id), (Signed::No, "jwt.key_unfit"), "{member}");
        assert!(sentence.contains(words), "{member}: {sentence}");
    }
}

#[test]
fn algorithms_that_prove_nothing_are_refused_whatever_the_keys_are() {
    let none = looked(&headed(json!({"alg": "none"})), &[key()]);
    assert_eq!((none.signed, first(&none).0), (Signed::No, "jwt.unsigned"));
    let hmac = looked(&headed(json!({"alg": "HS256"})), &[key()]);
    assert_eq!((hmac.signed, first(&hmac).0), (Signed::No, "jwt.algorithm_confused"));
    let unknown = looked(&headed(json!({"alg": "ES256K"})), &[key()]);
    assert_eq!((unknown.signed, first(&unknown).0), (Signed::Unknown, "jwt.algorithm_unknown"));
}

#[test]
fn a_key_that_is_not_published_is_named_with_those_that_are() {
    let token = headed(json!({"alg": "ES256", "kid": "new"}));
    let keys = [with(json!({"kid": "old-1"})), with(json!({"kid": "old-2"}))];
    let set = Jwks::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    assert!(set.lacks_key_of(&token) && !set.lacks_key_of(ES256), "only a name can be missing");
    let seen = set.verify(&token);
    let (id, sentence) = first(&seen);
    assert_eq!(id, "jwt.unknown_key");
    assert!(sentence.contains("`new`") && sentence.contains("old-1, old-2"), "{sentence}");
}

#[test]
fn without_a_name_each_key_is_tried_and_that_is_said() {
    let mut other = with(json!({"kid": "other"}));
    other["x"] = other["y"].clone();
    let seen = looked(ES256, &[other, with(json!({"kid": "right"}))]);
    assert_eq!((seen.signed, seen.kid.as_deref()), (Signed::Yes, Some("right")));
    assert_eq!(first(&seen).0, "jwt.kid_missing");
}

#[test]
fn what_is_no_set_of_keys_is_told_and_a_key_that_cannot_be_read_harms_no_other() {
    for (text, words) in [("<html>", "no JSON"), ("{}", "no array `keys`"), (r#"{"keys": {}}"#, "no array `keys`")] {
        let told = Jwks::read(text.as_bytes()).unwrap_err();
        assert!(told.contains(words), "{told}");
    }
    let seen =
        looked(ES256, &[json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq"}), json!(7), with(json!({"kid": "a"}))]);
    assert_eq!(seen.signed, Signed::Yes);
    assert_eq!(looked(ES256, &[]).signed, Signed::No);
    for odd in ["", "a.b.c", "....", &"x".repeat(10_000_000)] {
        assert_eq!(looked(odd, &[key()]).signed, Signed::Unknown, "no panic, and no answer");
    }
}
