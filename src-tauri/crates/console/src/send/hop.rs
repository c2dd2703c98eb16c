//! One hop of a send: the request as it goes to one target. A redirect makes the next hop; what may not go there stays here.

use bytes::Bytes;
use countersign_evidence::{Fault, Problem};
use countersign_exchange::Redirect;
use countersign_tls::Target;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, PROXY_AUTHORIZATION};
use http::{HeaderName, HeaderValue, Method, Uri};

use super::draft::{Prepared, allowed, key_allowed};
use crate::core::Core;

/// The request of one hop, without token and signature.
#[derive(Clone)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) target: Target,
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) content: Bytes,
    /// Whether this is the target that was asked for, where `--connect-to` and the like count.
    pub(crate) first: bool,
}

impl Hop {
    /// The first one.
    pub(crate) fn first(prepared: &Prepared) -> Self {
        Self {
            method: prepared.method.clone(),
            uri: prepared.uri.clone(),
            target: prepared.target.clone(),
            fields: prepared.fields.clone(),
            content: prepared.content.clone(),
            first: true,
        }
    }

    /// The next one after a redirect.
    ///
    /// # Errors
    /// A target the credential may not go to, or one that is no URL.
    pub(crate) fn after(&self, core: &Core, prepared: &Prepared, redirect: Redirect) -> Result<Self, Problem> {
        let target = core.plain_target(&redirect.uri.to_string())?;
        if self.target.scheme_tls && !target.scheme_tls {
            return Err(Problem::new(
                "url.downgrade",
                Fault::Peer,
                "the redirect leaves TLS",
                format!("from {} to http://{}", self.target.endpoint(), target.endpoint()),
            )
            .with_hint("Ask the API's owner for the https address, and use that."));
        }
        if let Some(credential) = &prepared.credential {
            allowed(credential, &target)?;
        }
        if let Some(choice) = &prepared.identity {
            allowed(&choice.credential, &target)?;
        }
        key_allowed(core, prepared.profile.as_ref(), &target)?;
        let dropped = |name: &HeaderName| {
            name == HOST
                || (!redirect.same_origin && [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name))
                || (!redirect.keeps_content && [CONTENT_TYPE, CONTENT_LENGTH].contains(name))
        };
        Ok(Self {
            fields: self.fields.iter().filter(|(name, _)| !dropped(name)).cloned().collect(),
            content: if redirect.keeps_content { self.content.clone() } else { Bytes::new() },
            method: redirect.method,
            uri: redirect.uri,
            target,
            first: false,
        })
    }
}
