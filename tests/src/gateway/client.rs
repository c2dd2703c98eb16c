//! An independent client: reqwest on a rustls configuration of its own, bodies and signatures written by hand. And
//! a gateway whose clock can be pushed on.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_console::clock::Clock;
use countersign_gateway::{Config, Dialect, Gateway, TrustedKey};
use countersign_secret::Secret;
use countersign_signing::PublicKey;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderMap;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::Value;

/// The demo client's secret: characters that every encoding treats its own way.
pub const SECRET: &str = "s3cret/of+demo client&=%";

/// A running gateway and a client that trusts its root.
pub struct Lab {
    pub gateway: Gateway,
    pub client: reqwest::Client,
    ahead: Arc<AtomicU64>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub fields: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// RFC 6749 §5.2: a status, an `error`, and an `error_description` of allowed characters; never stored.
    #[track_caller]
    pub fn refused(&self, status: u16, error: &str) {
        let body = self.json();
        assert_eq!((self.status, body["error"].as_str()), (status, Some(error)), "{self:?}");
        let described = body["error_description"].as_str().unwrap();
        assert!(described.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{described}");
        assert_eq!((self.field("content-type"), self.field("cache-control")), ("application/json", "no-store"));
    }
}

/// A rustls client that trusts one root.
pub fn tls(root: &[u8], versions: &[&'static SupportedProtocolVersion], protocols: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
    config
}

/// The same, with a certificate of its own.
pub fn mutual(root: &[u8], certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)
        .unwrap()
}

/// reqwest over it.
pub fn client(config: ClientConfig) -> reqwest::Client {
    let builder = reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(30)).build().unwrap()
}

/// One parameter list in `application/x-www-form-urlencoded`.
pub fn form(parameters: &[(&str, &str)]) -> String {
    parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// RFC 6749 §2.3.1.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

impl Lab {
    pub async fn start(dialect: Dialect) -> Self {
        Self::with(|config| config.dialect = dialect).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (wall, ahead) = (Clock::system(None).wall_function(), Arc::new(AtomicU64::new(0)));
        let pushed = Arc::clone(&ahead);
        let clock = Arc::new(move || wall() + Duration::from_secs(pushed.load(Ordering::SeqCst)));
        let mut config = Config::new(Arc::new(Secret::new(SECRET.to_owned())), clock);
        change(&mut config);
        let gateway = Gateway::start(config).await.unwrap();
        let client = client(tls(gateway.ca_der(), rustls::ALL_VERSIONS, &["h2", "http/1.1"]));
        Self { gateway, client, ahead }
    }

    /// Pushes the gateway's clock on.
    pub fn later(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}{path}", self.gateway.ready().api)
    }

    /// A form to the token endpoint.
    pub async fn ask(&self, authorization: Option<&str>, parameters: &[(&str, &str)]) -> Answer {
        let request = self.client.post(self.gateway.ready().token_endpoint);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form(parameters));
        answer(match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        })
        .await
    }

    /// `client_credentials` by Basic; the whole answer.
    pub async fn issued(&self, scope: &str) -> Value {
        let parameters = [("grant_type", "client_credentials"), ("scope", scope)];
        let answer = self.ask(Some(&basic("demo-client", SECRET)), &parameters).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A token of that scope.
    pub async fn token(&self, scope: &str) -> String {
        self.issued(scope).await["access_token"].as_str().unwrap().to_owned()
    }

    /// `GET` on the API with a token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        answer(self.client.get(self.api(path)).header("authorization", format!("Bearer {token}"))).await
    }

    /// `POST` of JSON on the API with a token.
    pub async fn post(&self, path: &str, token: &str, content: &str) -> Answer {
        let request = self.client.post(self.api(path)).header("authorization", format!("Bearer {token}"));
        answer(request.header("content-type", "application/json").body(content.to_owned())).await
    }

    /// The newest entry of what the gateway saw: request, status, judgement, whether on purpose.
    pub fn judged(&self) -> (String, Option<u16>, String, bool) {
        let newest = self.gateway.seen().into_iter().next().unwrap();
        (newest.request, newest.status, newest.judged, newest.on_purpose)
    }
}

/// Sends, and reads to the end.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap_or_else(|e| panic!("{}", words(&e)));
    let (status, fields) = (response.status().as_u16(), response.headers().clone());
    Answer { status, fields, body: response.text().await.unwrap() }
}

/// An error with everything beneath it.
pub fn words(error: &reqwest::Error) -> String {
    let mut text = format!("{error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n{cause}"));
        source = cause.source();
    }
    text
}

/// Signs by RFC 9421, written out by hand.
pub struct Signer {
    pair: Ed25519KeyPair,
    pub keyid: &'static str,
}

impl Signer {
    pub fn new() -> Self {
        Self { pair: Ed25519KeyPair::generate().unwrap(), keyid: "hand-written" }
    }

    /// What the gateway trusts.
    pub fn trusted(&self) -> TrustedKey {
        TrustedKey { keyid: self.keyid.to_owned(), key: PublicKey::Ed25519(self.pair.public_key().as_ref().to_vec()) }
    }

    /// `content-digest`, `signature-input` and `signature` of a POST.
    pub fn fields(&self, uri: &str, token: &str, content: &str) -> [(&'static str, String); 3] {
        let sha256 = digest(&SHA256, content.as_bytes());
        let content_digest = format!("sha-256=:{}:", STANDARD.encode(sha256.as_ref()));
        let created = Clock::system(None).now().unix_seconds();
        let parameters = format!(
            "(\"@method\" \"@target-uri\" \"authorization\" \"content-digest\");created={created};keyid=\"{}\";alg=\"ed25519\"",
            self.keyid
        );
        let base = format!(
            "\"@method\": POST\n\"@target-uri\": {uri}\n\"authorization\": Bearer {token}\n\
             \"content-digest\": {content_digest}\n\"@signature-params\": {parameters}"
        );
        let signature = format!("sig1=:{}:", STANDARD.encode(self.pair.sign(base.as_bytes()).as_ref()));
        [
            ("content-digest", content_digest),
            ("signature-input", format!("sig1={parameters}")),
            ("signature", signature),
        ]
    }
}

impl Lab {
    /// A signed POST; `sent` goes out, `signed` is what was signed.
    pub async fn signed(&self, signer: &Signer, token: &str, signed: &str, sent: &str) -> Answer {
        let uri = self.api("/payments");
        let mut request = self.client.post(&uri).header("authorization", format!("Bearer {token}"));
        for (name, value) in signer.fields(&uri, token, signed) {
            request = request.header(name, value);
        }
        answer(request.header("content-type", "application/json").body(sent.to_owned())).await
    }
}
