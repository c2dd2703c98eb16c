//! Signing and verifying a message that is not sent: what a file holds, with a key of the vault or of a file.

use countersign_evidence::{Fault, Problem, Signature};
use countersign_signing::sigv4::{Request, Scope, sign_field, sign_query};
use countersign_signing::{
    Algorithm, Difference, Keys, Mismatch, Profile, PublicJwk, PublicKey, compare, labels, likely_cause, received_base,
    sign, verify,
};
use serde::Serialize;

use crate::core::Core;
use crate::message::Message;
use crate::view::Parted;

/// A message with its signature.
#[derive(Clone, Debug, Serialize)]
pub struct SignedMessage {
    /// `countersign.signature/1`.
    pub schema: &'static str,
    /// What was signed.
    pub base: String,
    /// Fields that were added.
    pub added_fields: Vec<(String, String)>,
    /// The signature.
    pub signature: Signature,
    /// The whole message.
    #[serde(skip)]
    pub message: Vec<u8>,
}

/// What an AWS Signature Version 4 needs besides the secret.
#[derive(Clone, Debug)]
pub struct SigV4 {
    /// The slot of the secret access key, `CREDENTIAL/SLOT`; a slot `session_token` beside it holds that of temporary
    /// credentials.
    pub key: String,
    /// The access key id.
    pub access_key_id: String,
    /// `us-east-1`.
    pub region: String,
    /// `execute-api`.
    pub service: String,
    /// Seconds the address lives; `None`: the signature stands in the Authorization field.
    pub expires: Option<u32>,
}

/// One signature of a message, judged.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// Its label.
    pub label: String,
    /// Whether it is by the key.
    pub verified: bool,
    /// The same in words.
    pub sentence: String,
    /// The component a person should look at; empty where none can be named.
    pub component: String,
    /// What it is over; absent where that cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Where the verifier's own base parts from this one, when that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Parted>,
}

/// The slot of the session token of temporary credentials.
const SESSION_TOKEN: &str = "session_token";

/// `CREDENTIAL/SLOT`.
fn split(key: &str) -> Result<(&str, &str), Problem> {
    key.split_once('/').ok_or_else(|| {
        let detail = format!("`{key}`; CREDENTIAL/SLOT is wanted");
        Problem::new("signature.no_key", Fault::Caller, "no key is named", detail)
            .with_hint("Name the slot of a key, for example `demo-client/signing_key`.")
    })
}

/// What a message is verified with.
pub struct VerifyKey(PublicKey);

impl Keys for VerifyKey {
    fn key(&self, _keyid: &str) -> Option<&PublicKey> {
        Some(&self.0)
    }
}

impl VerifyKey {
    /// From a file: a JWK, a JWKS with one key, `PUBLIC KEY` or a certificate in PEM.
    ///
    /// # Errors
    /// `signature.not_a_key`.
    pub fn from_file(bytes: &[u8]) -> Result<Self, Problem> {
        let not = |reason: &str| {
            Problem::new("signature.not_a_key", Fault::Caller, "the file holds no public key", reason.to_owned())
                .with_hint("Give a JWK, a JWKS with one key, a PUBLIC KEY or a CERTIFICATE in PEM.")
        };
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) {
            let keys = json.get("keys").and_then(|keys| keys.as_array());
            let one = match keys.map(Vec::as_slice) {
                None => json.clone(),
                Some([one]) => one.clone(),
                Some(many) => return Err(not(&format!("it holds {} keys", many.len()))),
            };
            let jwk: PublicJwk = serde_json::from_value(one).map_err(|e| not(&e.to_string()))?;
            return PublicKey::from_jwk(&jwk).map(Self).map_err(|e| e.problem());
        }
        use rustls::pki_types::pem::PemObject as _;
        use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
        if let Ok(key) = SubjectPublicKeyInfoDer::from_pem_slice(bytes) {
            return PublicKey::from_spki(&key).map(Self).map_err(|e| e.problem());
        }
        let certificate = CertificateDer::from_pem_slice(bytes).map_err(|_| not("it is neither JSON nor PEM"))?;
        PublicKey::from_certificate(&certificate).map(Self).map_err(|e| e.problem())
    }
}

impl Core {
    /// Signs a message as it stands. The time is the console's.
    pub(crate) async fn sign_message(&self, profile: Profile, message: &Message) -> Result<SignedMessage, Problem> {
        let signer = crate::send::signer::signer(self, profile).await?;
        let created = self.clock.now().unix_seconds();
        let nonce = self.entropy.id(&self.clock);
        let plain = |text: &str| text.to_owned();
        let signed = sign(&signer.profile, &message.view(None), &signer.key, created, Some(&nonce), &plain)
            .map_err(|e| e.problem())?;
        Ok(SignedMessage {
            schema: "countersign.signature/1",
            message: message.written(&signed.added_fields, &[]),
            base: signed.base.text,
            added_fields: signed.added_fields,
            signature: signed.evidence,
        })
    }

    /// Signs a message by AWS Signature Version 4. S3 wants its path as it is and the digest of the content.
    pub(crate) async fn sign_sigv4(&self, asked: &SigV4, message: &Message) -> Result<SignedMessage, Problem> {
        let (credential, slot) = split(&asked.key)?;
        let secret = self.read_text_slot(credential, slot).await?;
        let file = self.workspace.credential(credential)?;
        let token = match file.slots.contains_key(SESSION_TOKEN) {
            true => Some(self.read_text_slot(credential, SESSION_TOKEN).await?),
            false => None,
        };
        let is_s3 = asked.service == "s3";
        let scope = Scope {
            access_key_id: &asked.access_key_id,
            region: &asked.region,
            service: &asked.service,
            session_token: token.as_ref().map(|token| token.expose_secret().as_str()),
            token_unsigned: false,
            normalize: !is_s3,
            encoded_once: is_s3,
            content_sha256: is_s3 && asked.expires.is_none(),
            at: self.clock.now().unix_seconds(),
        };
        let request = Request {
            method: &message.method,
            path: message.uri.path(),
            query: message.uri.query().unwrap_or_default(),
            fields: &message.fields,
            content: &message.content,
        };
        let key = countersign_secret::Secret::new(secret.expose_secret().as_bytes().to_vec());
        let signed = match asked.expires {
            Some(expires) => sign_query(&scope, &request, &key, expires),
            None => sign_field(&scope, &request, &key),
        };
        let signed = signed.map_err(|e| e.problem())?;
        let covered = signed.canonical_request.lines().rev().nth(1).unwrap_or_default();
        let signature = Signature {
            scheme: "sigv4".to_owned(),
            label: None,
            alg: "AWS4-HMAC-SHA256".to_owned(),
            keyid: asked.access_key_id.clone(),
            covered: covered.split(';').map(ToOwned::to_owned).collect(),
            base: signed.canonical_request.clone(),
            base_length: u64::try_from(signed.canonical_request.len()).unwrap_or(u64::MAX),
            value: signed.signature.clone(),
            content_digest: None,
            signature_input: Some(signed.string_to_sign.clone()),
            origins: Vec::new(),
            difference: None,
        };
        Ok(SignedMessage {
            schema: "countersign.signature/1",
            message: message.written(&signed.fields, &signed.query),
            base: format!("{}\n\n{}", signed.canonical_request, signed.string_to_sign),
            added_fields: signed.fields,
            signature,
        })
    }

    /// The key of a slot, `CREDENTIAL/SLOT`, as one that verifies.
    pub(crate) async fn verify_key(&self, slot: &str) -> Result<VerifyKey, Problem> {
        let (credential, name) = split(slot)?;
        let file = self.workspace.credential(credential)?;
        if let Some(jwk) = file.slots.get(name).and_then(|slot| slot.public_jwk.as_ref()) {
            return PublicKey::from_jwk(jwk).map(VerifyKey).map_err(|e| e.problem());
        }
        let secret = self.read_text_slot(credential, name).await?;
        let bytes = countersign_secret::Secret::new(secret.expose_secret().as_bytes().to_vec());
        Ok(VerifyKey(PublicKey::Hmac(bytes)))
    }

    /// The algorithm a slot's key is for, where a profile names none.
    pub(crate) fn algorithm_of(&self, slot: &str) -> Result<Algorithm, Problem> {
        let Some((credential, name)) = slot.split_once('/') else { return Ok(Algorithm::HmacSha256) };
        let file = self.workspace.credential(credential)?;
        let jwk = file.slots.get(name).and_then(|slot| slot.public_jwk.as_ref());
        let key = jwk.map(PublicKey::from_jwk).transpose().map_err(|e| e.problem())?;
        Ok(key.map_or(Algorithm::HmacSha256, |key| key.algorithm()))
    }
}

/// Judges every signature of a message, or the one of this label. `theirs`: the base of the other side.
///
/// # Errors
/// No signature at all.
pub fn judge(
    message: &Message,
    request: Option<&Message>,
    label: Option<&str>,
    key: &VerifyKey,
    theirs: Option<&str>,
    now: i64,
) -> Result<Vec<Judged>, Problem> {
    let none = |mismatch: &Mismatch| {
        Problem::new("signature.none", Fault::Caller, "the message has no signature", mismatch.sentence())
            .with_citation("RFC 9421", "4")
            .with_hint("Give the message with its fields Signature-Input and Signature.")
    };
    let answered = request.map(|request| request.view(None));
    let view = message.view(answered.as_ref());
    let all = labels(&view).map_err(|mismatch| none(&mismatch))?;
    let wanted: Vec<String> = match label {
        Some(label) => vec![label.to_owned()],
        None => all,
    };
    let judged = wanted.into_iter().map(|label| {
        let base = received_base(&view, Some(&label)).ok().map(|base| base.text);
        let difference =
            theirs.zip(base.as_deref()).and_then(|(theirs, ours)| compare(ours, theirs.trim_end_matches('\n')));
        let difference = difference.map(|difference| parted(difference, &message.content));
        let (verified, sentence, component) = match verify(&view, Some(&label), key, now) {
            Ok(proof) => (true, format!("`{label}` is by the key, over {}.", words(proof.covered())), String::new()),
            Err(mismatch) => (false, format!("`{label}`: {}.", mismatch.sentence()), mismatch.component()),
        };
        Judged { label, verified, sentence, component, base, difference }
    });
    Ok(judged.collect())
}

fn words(covered: &[String]) -> String {
    if covered.is_empty() { "nothing but its parameters".to_owned() } else { covered.join(", ") }
}

/// With what most likely happened.
pub(crate) fn parted(difference: Difference, content: &[u8]) -> Parted {
    let cause = likely_cause(&difference, content);
    let (cause, fix) = cause.map_or_else(Default::default, |cause| (cause.sentence, cause.fix.to_owned()));
    let Difference { line, component, at, ours, theirs } = difference;
    Parted { line, component, at, ours, theirs, cause, fix }
}
