//! The keys an issuer publishes (RFC 7517), and whether one of them signed a token (RFC 7515 §5.2).
//!
//! The signature alone is judged: not the claims, not the time. A key that says it is for something else is not tried.

use countersign_evidence::{Certainty, Citation, Fact, Finding, FindingSeverity};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

use crate::jwt::{JwtView, view};

/// A set with more keys is not read.
const MOST: usize = 200;

/// One published key, as it says of itself.
#[derive(Clone, Debug)]
struct Key {
    kid: Option<String>,
    kty: String,
    crv: String,
    alg: Option<String>,
    used_for: Option<String>,
    operations: Option<Vec<String>>,
    /// `None`: of a kind that cannot be read here.
    jwk: Option<Jwk>,
}

/// The keys of an issuer.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    keys: Vec<Key>,
}

/// Whether the token was signed by one of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// By the key named.
    Yes,
    /// By none of them.
    No,
    /// It cannot be judged here.
    Unknown,
}

/// What looking at a token with a set of keys showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The outcome.
    pub signed: Signed,
    /// The key that signed it.
    pub kid: Option<String>,
    /// The algorithm the header names.
    pub alg: String,
    /// Why not, or what is odd about it.
    pub findings: Vec<Finding>,
}

impl Jwks {
    /// Reads a set. A key that cannot be read stays in it by its name.
    ///
    /// # Errors
    /// Why it is none: no JSON, no array `keys`, too many.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let set: Value = serde_json::from_slice(body).map_err(|e| format!("it is no JSON: {e}"))?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("it has no array `keys` (RFC 7517 §5)")?;
        if keys.len() > MOST {
            return Err(format!("it has {} keys; {MOST} are read at most", keys.len()));
        }
        Ok(Self { keys: keys.iter().map(Key::of).collect() })
    }

    /// Names of the keys.
    pub fn kids(&self) -> Vec<&str> {
        self.keys.iter().filter_map(|key| key.kid.as_deref()).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a token names a key that is in none of them: then the set may be old (RFC 7517 §4.5).
    pub fn lacks_key_of(&self, token: &str) -> bool {
        view(token).is_ok_and(|jwt| {
            text(&jwt, "kid").is_some_and(|kid| !self.keys.iter().any(|key| key.kid.as_deref() == Some(kid)))
        })
    }

    /// Looks for the key that signed a token.
    pub fn verify(&self, token: &str) -> Verification {
        let jwt = match view(token) {
            Ok(jwt) => jwt,
            Err(not) => {
                let sentence = format!("The token cannot be read: {not}.");
                return Verification {
                    signed: Signed::Unknown,
                    kid: None,
                    alg: String::new(),
                    findings: vec![refusal(
                        "jwt.malformed",
                        sentence,
                        "An opaque token can be introspected.",
                        ("RFC 7515", "5.2"),
                    )],
                };
            }
        };
        let alg = text(&jwt, "alg").unwrap_or_default().to_owned();
        let end = |signed, findings| Verification { signed, kid: None, alg: alg.clone(), findings };
        if alg.eq_ignore_ascii_case("none") {
            let sentence = "The token is not signed: alg is none, so anybody could have written it.";
            let fix = "Ask the authorization server for a signed token; no API may take this one.";
            return end(Signed::No, vec![refusal("jwt.unsigned", sentence, fix, ("RFC 8725", "3.2"))]);
        }
        if alg.starts_with("HS") {
            let sentence = format!(
                "alg is {alg}, an HMAC, and the issuer publishes public keys: whoever knows one could have made the token."
            );
            let fix = "Ask the authorization server for a token signed by a private key; no API may take this one.";
            return end(Signed::No, vec![refusal("jwt.algorithm_confused", sentence, fix, ("RFC 8725", "2.1"))]);
        }
        let Some(algorithm) = algorithm(&alg) else {
            let sentence = format!("alg is `{alg}`, which cannot be verified here.");
            let fix = "Verify it with a library that knows the algorithm.";
            return end(Signed::Unknown, vec![refusal("jwt.algorithm_unknown", sentence, fix, ("RFC 7518", "3.1"))]);
        };
        let candidates = match self.candidates(text(&jwt, "kid")) {
            Ok(candidates) => candidates,
            Err(unknown) => return end(Signed::No, vec![unknown]),
        };
        let mut findings = Vec::new();
        if text(&jwt, "kid").is_none() && candidates.len() > 1 {
            let sentence = format!(
                "The token names no key, and the issuer publishes {}: a verifier has to try them.",
                candidates.len()
            );
            findings.push(note("jwt.kid_missing", sentence, ("RFC 7515", "4.1.4")));
        }
        let (fit, unfit): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|key| key.against(&alg).is_none());
        let signing_input = token.rsplit_once('.').map_or("", |(input, _)| input);
        let signature = token.rsplit_once('.').map_or("", |(_, signature)| signature);
        for key in &fit {
            let decoding = key.jwk.as_ref().and_then(|jwk| DecodingKey::from_jwk(jwk).ok());
            let verifies = decoding
                .is_some_and(|of| crypto::verify(signature, signing_input.as_bytes(), &of, algorithm).unwrap_or(false));
            if verifies {
                return Verification { signed: Signed::Yes, kid: key.kid.clone(), alg, findings };
            }
        }
        if let (true, Some(key)) = (fit.is_empty(), unfit.first()) {
            let reason = key.against(&alg).unwrap_or_default();
            let sentence = format!("The key {} is not for this token: {reason}.", key.name());
            let fix = "The issuer has to publish the key as what it is used for.";
            findings.insert(0, refusal("jwt.key_unfit", sentence, fix, ("RFC 7517", "4.2")));
            return end(Signed::No, findings);
        }
        let names: Vec<String> = fit.iter().map(|key| key.name()).collect();
        let tried = if names.is_empty() { "no key".to_owned() } else { names.join(", ") };
        let sentence = format!("The signature is not by the issuer's key: {tried} was tried.");
        let fix = "Copy the token anew, whole; else it is of another issuer or was changed on its way.";
        findings.insert(0, refusal("jwt.bad_signature", sentence, fix, ("RFC 7515", "5.2")));
        end(Signed::No, findings)
    }

    /// The keys of this name; all of them where none is named.
    fn candidates(&self, kid: Option<&str>) -> Result<Vec<&Key>, Finding> {
        let Some(kid) = kid else { return Ok(self.keys.iter().collect()) };
        let named: Vec<&Key> = self.keys.iter().filter(|key| key.kid.as_deref() == Some(kid)).collect();
        if !named.is_empty() {
            return Ok(named);
        }
        let known = if self.keys.is_empty() { "none".to_owned() } else { self.kids().join(", ") };
        let mut finding = refusal(
            "jwt.unknown_key",
            format!("The token is signed by the key `{kid}`, which the issuer does not publish; it publishes {known}."),
            "Compare issuer and environment; after a rotation obtain another token.",
            ("RFC 7517", "4.5"),
        );
        finding.values = vec![Fact::new("kid", kid.to_owned()), Fact::new("published", known)];
        Err(finding)
    }
}

impl Key {
    fn of(value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let list = |name: &str| {
            let list = value.get(name)?.as_array()?;
            Some(list.iter().filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect())
        };
        Self {
            kid: text("kid"),
            kty: text("kty").unwrap_or_default(),
            crv: text("crv").unwrap_or_default(),
            alg: text("alg"),
            used_for: text("use"),
            operations: list("key_ops"),
            jwk: serde_json::from_value(value.clone()).ok(),
        }
    }

    fn name(&self) -> String {
        self.kid.as_ref().map_or_else(|| format!("without a name ({})", self.kty), |kid| format!("`{kid}`"))
    }

    /// What speaks against the key for a signature with this algorithm; `None`: nothing.
    fn against(&self, alg: &str) -> Option<String> {
        if let Some(used_for) = self.used_for.as_deref().filter(|used_for| *used_for != "sig") {
            return Some(format!("its use is `{used_for}`, not `sig` (RFC 7517 §4.2)"));
        }
        if let Some(operations) = self.operations.as_ref().filter(|list| !list.iter().any(|one| one == "verify")) {
            return Some(format!("its key_ops are {}, without `verify` (RFC 7517 §4.3)", operations.join(", ")));
        }
        if let Some(own) = self.alg.as_deref().filter(|own| !same_algorithm(own, alg)) {
            return Some(format!("its alg is {own}, the token's {alg} (RFC 7517 §4.4)"));
        }
        let kind = kind_of(alg);
        let own = if self.crv.is_empty() { self.kty.clone() } else { format!("{} {}", self.kty, self.crv) };
        (own != kind).then(|| format!("it is {own}, and {alg} takes {kind} (RFC 7518 §3.1)"))
    }
}

fn text<'a>(jwt: &'a JwtView, name: &str) -> Option<&'a str> {
    jwt.header.get(name).and_then(Value::as_str)
}

/// `EdDSA` and `Ed25519` name the same (RFC 9864).
fn same_algorithm(a: &str, b: &str) -> bool {
    let one = |name: &str| if name == "Ed25519" { "EdDSA".to_owned() } else { name.to_owned() };
    one(a) == one(b)
}

fn algorithm(alg: &str) -> Option<Algorithm> {
    if alg == "Ed25519" { Some(Algorithm::EdDSA) } else { alg.parse().ok() }
}

/// `kty` and `crv` of the keys an algorithm takes.
fn kind_of(alg: &str) -> &'static str {
    match alg {
        "ES256" => "EC P-256",
        "ES384" => "EC P-384",
        "EdDSA" | "Ed25519" => "OKP Ed25519",
        _ => "RSA",
    }
}

fn refusal(id: &str, sentence: impl Into<String>, fix: &str, citation: (&'static str, &'static str)) -> Finding {
    let mut finding = note(id, sentence, citation);
    finding.severity = FindingSeverity::Error;
    finding.fix = fix.to_owned();
    finding.certainty = Some(Certainty::Proven);
    finding
}

fn note(id: &str, sentence: impl Into<String>, citation: (&'static str, &'static str)) -> Finding {
    Finding {
        id: id.into(),
        severity: FindingSeverity::Info,
        subject: "token".into(),
        sentence: sentence.into(),
        fix: String::new(),
        citation: Citation::new(citation.0, citation.1),
        certainty: None,
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

#[cfg(test)]
mod tests;
