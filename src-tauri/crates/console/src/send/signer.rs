//! Signing: the last thing that happens to a request, over what is really sent.

use std::sync::{Arc, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use countersign_evidence::{Fault, Problem, Signature};
use countersign_secret::{Secret, SecretText};
use countersign_signing::{Algorithm, MessageView, Profile, SigningKey, sign};
use http::{HeaderName, HeaderValue, Method, Uri};

use crate::core::Core;

/// A key ready to sign, and whether its slot was read for it.
pub(crate) struct Signer {
    pub(crate) profile: Profile,
    pub(crate) key: Arc<SigningKey>,
    /// `signing_key`, when the vault was asked for it now.
    pub(crate) read: Option<String>,
}

/// The key a profile names, `CREDENTIAL/SLOT`, from the vault or from the handles made before.
pub(crate) async fn signer(core: &Core, profile: Profile) -> Result<Signer, Problem> {
    let algorithm = Algorithm::parse(&profile.alg).map_err(|e| e.problem())?;
    let key_slot = profile.key.clone();
    let Some((credential, slot)) = key_slot.split_once('/') else {
        return Err(Problem::new(
            "signature.no_key",
            Fault::Caller,
            "the signing profile names no key",
            format!("key = `{}`; CREDENTIAL/SLOT is wanted", profile.key),
        )
        .with_hint("Name the slot of the key in the signing profile, for example `demo-client/signing_key`."));
    };
    let slot_ref = core.slot(credential, slot)?;
    let known = core.signers.lock().unwrap_or_else(PoisonError::into_inner).get(&slot_ref.id).cloned();
    if let Some((generation, key)) = known
        && generation == slot_ref.generation
        && key.algorithm() == algorithm
    {
        return Ok(Signer { profile, key, read: None });
    }
    let secret = core.read_slot(credential, slot).await?;
    let key = Arc::new(SigningKey::from_secret(algorithm, &secret).map_err(|e| e.problem())?);
    core.signers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(slot_ref.id, (slot_ref.generation, Arc::clone(&key)));
    Ok(Signer { profile, key, read: Some(slot.to_owned()) })
}

/// What is signed: the request as it goes out.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) fields: &'a [(HeaderName, HeaderValue)],
    pub(crate) content: &'a Bytes,
}

/// A signature that was made: its fields, its evidence, and the base as it was signed.
pub(crate) struct Signed {
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) evidence: Signature,
    pub(crate) content_digest: Option<String>,
    key: Arc<SigningKey>,
    base: SecretText,
}

impl Signed {
    /// Whether the signature verifies here over the base that was signed; `false` for a shared secret.
    pub(crate) fn verifies(&self) -> bool {
        let value = STANDARD.decode(&self.evidence.value).unwrap_or_default();
        self.key.public().is_some_and(|key| key.verify(self.base.expose_secret().as_bytes(), &value))
    }
}

/// Makes the signature over what goes out.
pub(crate) fn apply(core: &Core, signer: &Signer, unsigned: &Unsigned<'_>) -> Result<Signed, Problem> {
    let fields: Vec<(String, Vec<u8>)> =
        unsigned.fields.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    let message = MessageView::request(unsigned.method.as_str(), unsigned.uri, &fields, unsigned.content);
    let mut nonce = [0; 16];
    core.entropy.fill(&mut nonce);
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    let created = core.clock.now().unix_seconds();
    let signed =
        sign(&signer.profile, &message, &signer.key, created, Some(&nonce), &|text| core.redactor.redact(text))
            .map_err(|e| e.problem())?;
    let mut added = Vec::with_capacity(signed.added_fields.len());
    for (name, value) in &signed.added_fields {
        let pair = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        added.push(pair.ok_or_else(|| {
            Problem::new(
                "signature.not_a_field",
                Fault::Caller,
                "the signature cannot stand in a field",
                format!("field `{name}`"),
            )
            .with_hint("Look at `keyid`, `tag` and the covered components of the signing profile.")
        })?);
    }
    Ok(Signed {
        fields: added,
        content_digest: signed.evidence.content_digest.clone(),
        evidence: signed.evidence,
        key: Arc::clone(&signer.key),
        base: Secret::new(signed.base.text),
    })
}
