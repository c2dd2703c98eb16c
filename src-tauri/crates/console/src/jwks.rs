//! Whether a token is signed by a key its issuer publishes: asked for by a person, never on the way of a request.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Fault, Problem, Timestamp};
use countersign_oauth::{Jwks, Signed, Verification, view};
use countersign_secret::SecretText;

use crate::core::{Core, lock};
use crate::send::token_call::TokenParts;
use crate::view::{SignedView, VerificationView};

/// How long a set counts as read just now.
const FRESH: Duration = Duration::from_secs(600);
/// A set is not read again sooner, whatever key a token names: a stranger's token must not make us ask at will.
const AGAIN: Duration = Duration::from_secs(30);

/// The keys of an issuer as they were read.
#[derive(Clone)]
pub(crate) struct Read {
    uri: String,
    keys: Arc<Jwks>,
    /// Boot clock.
    at: Duration,
    read_at: Timestamp,
}

impl Core {
    /// Reads the issuer's keys, once more where the token names another one (RFC 7517 §4.5), and looks for the one that
    /// signed.
    pub(crate) async fn verify_token(
        self: &Arc<Self>,
        parts: &TokenParts,
        token: &SecretText,
    ) -> Result<VerificationView, Problem> {
        let issuer = issuer(parts, token)?;
        let known = lock(&self.key_sets).get(&issuer).cloned();
        let now = self.clock.boot();
        let fresh = known.clone().filter(|read| now.saturating_sub(read.at) < FRESH);
        let mut reread = false;
        let read = match fresh {
            Some(read) if !read.keys.lacks_key_of(token.expose_secret()) => read,
            Some(read) if now.saturating_sub(read.at) < AGAIN => read,
            stale => {
                reread = stale.is_some();
                self.read_keys(&issuer).await?
            }
        };
        let seen = read.keys.verify(token.expose_secret());
        Ok(shown(&issuer, &read, reread, seen))
    }

    async fn read_keys(self: &Arc<Self>, issuer: &str) -> Result<Read, Problem> {
        let none = |reason: String| {
            Problem::new("token.no_keys", Fault::Peer, "the issuer publishes no keys that can be read", reason)
                .with_citation("RFC 7517", "5")
                .with_hint("Ask the API's owner where the keys of the tokens stand.")
        };
        let uri = self.discover(issuer).await?.jwks_uri;
        if uri.is_empty() {
            return Err(none(format!("the metadata of {issuer} has no jwks_uri")));
        }
        let plain = uri.starts_with("http://") && !self.plain_target(&uri)?.is_loopback();
        if plain {
            return Err(none(format!("{uri} is plain http: anybody on the way could replace the keys")));
        }
        let asked = self.fetch(&uri, "application/jwk-set+json, application/json").await?;
        if asked.status() != 200 {
            return Err(none(format!("{uri}: {}", asked.status())));
        }
        let keys = Jwks::read(asked.body()).map_err(|reason| none(format!("{uri}: {reason}")))?;
        let read = Read { uri, keys: Arc::new(keys), at: self.clock.boot(), read_at: self.clock.now() };
        lock(&self.key_sets).insert(issuer.to_owned(), read.clone());
        Ok(read)
    }
}

/// Whose keys count: the credential's issuer, else the token's own `iss` where that is the server it came from. A token
/// does not choose whom we ask.
fn issuer(parts: &TokenParts, token: &SecretText) -> Result<String, Problem> {
    if !parts.issuer.is_empty() {
        return Ok(parts.issuer.clone());
    }
    let unknown = |detail: String| {
        Problem::new("token.issuer_unknown", Fault::Caller, "it is not known whose keys sign this token", detail)
            .with_citation("RFC 8414", "2")
            .with_hint(format!("Enter the issuer: `countersign credential replace {} --issuer URL`.", parts.file.name))
    };
    let jwt = view(token.expose_secret()).map_err(|not| unknown(format!("the token is opaque: {not}")))?;
    let own = jwt.claims.get("iss").and_then(|iss| iss.as_str()).unwrap_or_default().to_owned();
    let same = countersign_tls::Target::parse(&own).is_ok_and(|at| at.endpoint() == parts.target.endpoint());
    if same {
        Ok(own)
    } else {
        Err(unknown(format!("its iss is `{own}`, the token endpoint is at {}", parts.target.endpoint())))
    }
}

impl From<Signed> for SignedView {
    fn from(signed: Signed) -> Self {
        match signed {
            Signed::Yes => Self::Yes,
            Signed::No => Self::No,
            Signed::Unknown => Self::Unknown,
        }
    }
}

fn shown(issuer: &str, read: &Read, reread: bool, seen: Verification) -> VerificationView {
    let by = seen.kid.as_ref().map_or_else(|| "a key without a name".to_owned(), |kid| format!("the key {kid}"));
    let sentence = match seen.signed {
        Signed::Yes => format!("Signed by {by} of {issuer}, {}.", seen.alg),
        Signed::No => format!("Not signed by a key of {issuer}."),
        Signed::Unknown => "Whether it is signed cannot be judged here.".to_owned(),
    };
    VerificationView {
        signed: seen.signed.into(),
        sentence,
        jwks_uri: read.uri.clone(),
        keys: read.keys.kids().into_iter().map(ToOwned::to_owned).collect(),
        read_at: read.read_at,
        reread,
        findings: seen.findings,
    }
}
