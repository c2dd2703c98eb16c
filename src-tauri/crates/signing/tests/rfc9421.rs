//! RFC 9421 appendix B: the figures themselves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_secret::Secret;
use countersign_signing::{
    Algorithm, Component, Error, Keys, MessageView, Mismatch, Profile, PublicJwk, PublicKey, SigningKey, generate,
    sign, verify,
};

type Fields = Vec<(String, Vec<u8>)>;

const CONTENT: &[u8] = br#"{"hello": "world"}"#;
const CREATED: i64 = 1_618_884_473;

fn fields(lines: &[(&str, &str)]) -> Fields {
    lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

/// The request of appendix B.2.
fn test_request() -> (http::Uri, Fields) {
    let uri = "https://example.com/foo?param=Value&Pet=dog".parse().unwrap();
    let fields = fields(&[
        ("Host", "example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        (
            "Content-Digest",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        ),
        ("Content-Length", "18"),
    ]);
    (uri, fields)
}

fn profile(alg: &str, label: &str, keyid: &str, covered: &[&str]) -> Profile {
    Profile {
        scheme: "rfc9421".into(),
        key: "c/k".into(),
        keyid: keyid.into(),
        alg: alg.into(),
        label: label.into(),
        covered: covered.iter().map(|c| (*c).to_owned()).collect(),
        parameters: vec!["created".into(), "keyid".into()],
        content_digest: None,
        expires_after: None,
        tag: None,
    }
}

/// PKCS#8 around the seed of B.1.4.
fn ed25519() -> SigningKey {
    let seed = URL_SAFE_NO_PAD.decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU").unwrap();
    let mut der = hex_bytes("302e020100300506032b657004220420");
    der.extend(seed);
    SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(der)).unwrap()
}

fn hex_bytes(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

struct One(&'static str, PublicKey);

impl Keys for One {
    fn key(&self, keyid: &str) -> Option<&PublicKey> {
        (keyid == self.0).then_some(&self.1)
    }
}

fn ed25519_public() -> One {
    let jwk = PublicJwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs".into(),
        ..PublicJwk::default()
    };
    One("test-key-ed25519", PublicKey::from_jwk(&jwk).unwrap())
}

fn plain(text: &str) -> String {
    text.to_owned()
}

#[test]
fn b_2_6_ed25519_gives_the_base_and_the_signature() {
    let (uri, fields) = test_request();
    let message = MessageView::request("POST", &uri, &fields, CONTENT);
    let covered = ["date", "@method", "@path", "@authority", "content-type", "content-length"];
    let profile = profile("ed25519", "sig-b26", "test-key-ed25519", &covered);
    let signed = sign(&profile, &message, &ed25519(), CREATED, None, &plain).unwrap();
    assert_eq!(
        signed.base.text,
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@authority\": example.com\n\
         \"content-type\": application/json\n\"content-length\": 18\n\"@signature-params\": (\"date\" \"@method\" \"@path\" \
         \"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"",
        "RFC 9421 appendix B.2.6"
    );
    assert_eq!(
        signed.evidence.value,
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
        "RFC 9421 appendix B.2.6"
    );
}

#[test]
fn b_2_5_hmac_gives_the_signature() {
    let (uri, fields) = test_request();
    let message = MessageView::request("POST", &uri, &fields, CONTENT);
    let secret = STANDARD
        .decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
        .unwrap();
    let key = SigningKey::from_secret(Algorithm::HmacSha256, &Secret::new(secret)).unwrap();
    let profile = profile("hmac-sha256", "sig-b25", "test-shared-secret", &["date", "@authority", "content-type"]);
    let signed = sign(&profile, &message, &key, CREATED, None, &plain).unwrap();
    assert_eq!(signed.evidence.value, "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=", "RFC 9421 appendix B.2.5");
}

/// The request of appendix B.4, and what a proxy did to it.
fn transformed(target: &str, accept: &[&str], method: &str) -> Result<(), Mismatch> {
    let uri: http::Uri = target.parse().unwrap();
    let mut fields = fields(&[
        (
            "Signature-Input",
            "transform=(\"@method\" \"@path\" \"@authority\" \"accept\");created=1618884473;keyid=\"test-key-ed25519\"",
        ),
        (
            "Signature",
            "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:",
        ),
    ]);
    fields.extend(accept.iter().map(|value| ("Accept".to_owned(), value.as_bytes().to_vec())));
    let message = MessageView::request(method, &uri, &fields, b"");
    verify(&message, None, &ed25519_public(), CREATED + 10).map(|_| ())
}

#[test]
fn b_4_what_a_proxy_may_and_may_not_do() {
    let good = "https://example.org/demo?name1=Value1&Name2=value2";
    let both = ["application/json", "*/*"];
    assert_eq!(transformed(good, &both, "GET"), Ok(()), "as signed");
    assert_eq!(transformed(&format!("{good}&param=added"), &both, "GET"), Ok(()), "the query is not covered");
    assert_eq!(transformed(good, &["application/json, */*"], "GET"), Ok(()), "joined lines are the same field");
    assert!(transformed(good, &both, "POST").is_err(), "another method");
    assert!(transformed("https://example.com/demo", &both, "GET").is_err(), "another authority");
    assert!(transformed(good, &["*/*", "application/json"], "GET").is_err(), "another order");
}

#[test]
fn our_own_signature_verifies_and_each_change_is_named() {
    let uri: http::Uri = "https://localhost:8443/v1/payments?id=7&id=8".parse().unwrap();
    let fields = fields(&[("authorization", "Bearer abc"), ("content-type", "application/json")]);
    let random = aws_lc_rs::rand::SystemRandom::new();
    for algorithm in Algorithm::ALL {
        let (secret, jwk) = generate(algorithm, &random).unwrap();
        let key = SigningKey::from_secret(algorithm, &secret).unwrap();
        let public = jwk.as_ref().map_or_else(|| PublicKey::Hmac(secret), |jwk| PublicKey::from_jwk(jwk).unwrap());
        let keys = One("k", public);
        let mut profile =
            profile(algorithm.name(), "sig1", "k", &["@method", "@target-uri", "authorization", "content-digest"]);
        profile.content_digest = Some("sha-256".into());
        let message = MessageView::request("POST", &uri, &fields, b"{\"amount\":1250}");
        let signed = sign(&profile, &message, &key, CREATED, None, &plain).unwrap();
        let mut sent = fields.clone();
        sent.extend(signed.added_fields.iter().map(|(n, v)| (n.clone(), v.clone().into_bytes())));
        let received = MessageView { fields: &sent, ..message };
        let proof = verify(&received, Some("sig1"), &keys, CREATED).unwrap();
        assert_eq!(proof.keyid(), "k", "{}", algorithm.name());

        let changed = MessageView { content: b"{\"amount\":9250}", ..received };
        let refused = verify(&changed, None, &keys, CREATED).unwrap_err();
        assert_eq!(refused.component(), "content-digest", "changed content is named: {refused:?}");
        let late = verify(&received, None, &keys, CREATED + 301).unwrap_err();
        assert!(matches!(late, Mismatch::Expired { parameter: "created", .. }), "too old: {late:?}");
        let other = verify(&received, None, &One("x", PublicKey::Ed25519(vec![0; 32])), CREATED).unwrap_err();
        assert_eq!(other, Mismatch::Key { keyid: "k".into() }, "no such key");
        assert!(verify(&received, Some("sig2"), &keys, CREATED).is_err(), "no such label");
    }
}

#[test]
fn spans_cover_every_byte_of_the_base_once() {
    let (uri, fields) = test_request();
    let message = MessageView::request("POST", &uri, &fields, CONTENT);
    let covered = [
        "@method",
        "@target-uri",
        "@authority",
        "@scheme",
        "@request-target",
        "@path",
        "@query",
        "\"@query-param\";name=\"Pet\"",
        "content-type",
        "\"content-digest\";key=\"sha-512\"",
        "\"date\";bs",
    ];
    let signed = sign(&profile("ed25519", "s", "k", &covered), &message, &ed25519(), CREATED, None, &plain).unwrap();
    let mut at = 0;
    for span in &signed.base.spans {
        assert_eq!(span.range.start, at, "no gap and no overlap before {span:?}");
        at = span.range.end;
    }
    assert_eq!(at, signed.base.text.len(), "to the end");
    assert!(signed.base.text.contains("\"@query-param\";name=\"Pet\": dog\n"), "RFC 9421 §2.2.8");
}

#[test]
fn what_cannot_be_signed_says_why() {
    let uri: http::Uri = "https://localhost/?id=7&id=8".parse().unwrap();
    let message = MessageView::request("GET", &uri, &[], b"");
    let attempt = |covered: &[&str]| {
        sign(&profile("ed25519", "s", "k", covered), &message, &ed25519(), 0, None, &plain).map(|_| ())
    };
    assert_eq!(
        attempt(&["date"]),
        Err(Error::ComponentMissing { component: "date".into() }),
        "an absent field is not signed as empty"
    );
    assert_eq!(attempt(&["@path", "@path"]), Err(Error::ComponentTwice { component: "@path".into() }), "RFC 9421 §2.5");
    assert_eq!(
        attempt(&["\"@query-param\";name=\"id\""]),
        Err(Error::QueryParameterRepeated { name: "id".into(), count: 2 }),
        "§2.2.8"
    );
    assert!(matches!(attempt(&["@nonsense"]), Err(Error::NotAComponent { .. })), "not a derived component");
}

#[test]
fn an_ecdsa_signature_in_der_is_told_apart() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let random = aws_lc_rs::rand::SystemRandom::new();
    let (secret, jwk) = generate(Algorithm::EcdsaP256Sha256, &random).unwrap();
    let key = SigningKey::from_secret(Algorithm::EcdsaP256Sha256, &secret).unwrap();
    let uri: http::Uri = "https://localhost/a".parse().unwrap();
    let message = MessageView::request("GET", &uri, &[], b"");
    let signed =
        sign(&profile("ecdsa-p256-sha256", "s", "k", &["@path"]), &message, &key, CREATED, None, &plain).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, secret.expose_secret()).unwrap();
    let der = pair.sign(&random, signed.base.text.as_bytes()).unwrap();
    let sent = fields(&[
        ("signature-input", signed.evidence.signature_input.as_deref().unwrap()),
        ("signature", &format!("s=:{}:", STANDARD.encode(der.as_ref()))),
    ]);
    let received = MessageView { fields: &sent, ..message };
    match verify(&received, None, &One("k", PublicKey::from_jwk(&jwk.unwrap()).unwrap()), CREATED) {
        Err(Mismatch::Base { as_der: true, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_profile_file_reads_and_writes() {
    let text = "scheme = \"rfc9421\"\nkey = \"demo-client/signing_key\"\nkeyid = \"demo-ed25519\"\nalg = \"ed25519\"\n\
                covered = [\"@method\", '\"@query-param\";name=\"id\"']\nparameters = [\"created\", \"keyid\", \"alg\"]\ncontent-digest = \"sha-256\"\n";
    let profile = Profile::from_toml(text).unwrap();
    assert_eq!(Profile::from_toml(&profile.to_toml().unwrap()), Ok(profile), "round trip");
    assert!(Profile::from_toml(&text.replace("ed25519\"\ncov", "rot13\"\ncov")).is_err(), "unknown algorithm");
}

#[test]
fn parameters_that_are_not_known_or_do_not_go_together_are_refused() {
    for text in [
        "\"date\";later",
        "\"@method\";sf",
        "\"date\";bs;sf",
        "\"date\";bs;key=\"a\"",
        "\"@query-param\";name=\"a\";tr",
        "\"@nothing\"",
    ] {
        assert!(Component::parse(text).is_err(), "{text}");
    }
    for text in ["\"date\";bs", "\"date\";sf;tr", "\"@method\";req", "\"@query-param\";name=\"a\";req", "@status"] {
        assert!(Component::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_signed_as_they_are() {
    let uri = "https://a.test/".parse().unwrap();
    let fields: Fields = vec![("x".into(), b" \xff\xfe ".to_vec()), ("x".into(), b"two".to_vec())];
    let message = MessageView::request("GET", &uri, &fields, b"");
    let (value, _) = Component::parse("\"x\";bs").unwrap().value(&message).unwrap();
    assert_eq!(value, "://4=:, :dHdv:", "RFC 9421 section 2.1.3");
}

#[test]
fn a_response_binds_its_request_and_trailers_are_told_from_fields() {
    let uri = "https://a.test/x".parse().unwrap();
    let asked = fields(&[("date", "asked")]);
    let request = MessageView::request("POST", &uri, &asked, b"");
    let (answer, trailers) = (fields(&[("date", "answered")]), fields(&[("expires", "never")]));
    let response = MessageView { trailers: &trailers, ..MessageView::response(201, &answer, b"", Some(&request)) };
    for (component, value) in [
        ("@status", "201"),
        ("date", "answered"),
        ("\"date\";req", "asked"),
        ("\"@method\";req", "POST"),
        ("\"@authority\";req", "a.test"),
        ("\"expires\";tr", "never"),
    ] {
        let (found, _) = Component::parse(component).unwrap().value(&response).unwrap();
        assert_eq!(found, value, "{component}");
    }
    for component in ["@method", "expires", "\"date\";tr"] {
        assert!(Component::parse(component).unwrap().value(&response).is_err(), "{component} is not in the response");
    }
    for component in ["@status", "\"date\";req"] {
        assert!(Component::parse(component).unwrap().value(&request).is_err(), "{component} is not in a request");
    }
}
