//! What an authorization server says about itself (RFC 8414, OpenID Connect Discovery), and what it says about a token
//! (RFC 7662). All are ordinary exchanges.

use std::sync::Arc;

use countersign_evidence::{Exchange, Fault, Problem};
use countersign_oauth::{Client, Introspection, Metadata, Prepared, endpoint_request, metadata_uris};
use countersign_secret::{Secret, SecretText};
use http::Method;

use crate::core::Core;
use crate::send::ask::{Asked, Asking};
use crate::send::token_call::TokenParts;
use crate::view::{IntrospectionView, ServerView};
use crate::workspace::GrantFile;

impl Core {
    /// Asks an issuer for its metadata, at both places where it may stand.
    pub(crate) async fn discover(self: &Arc<Self>, issuer: &str) -> Result<ServerView, Problem> {
        let asked_for = self.resolved_text(issuer.trim())?;
        let mut told = Vec::new();
        for uri in metadata_uris(&asked_for) {
            match self.metadata(&asked_for, &uri).await? {
                Ok(metadata) => return Ok(shown(issuer.trim(), &asked_for, metadata)),
                Err(reason) => told.push(format!("{uri}: {reason}")),
            }
        }
        let detail = if told.is_empty() { format!("`{asked_for}` is no URL") } else { told.join("; ") };
        Err(Problem::new("token.no_metadata", Fault::Peer, "the issuer says nothing about itself", detail)
            .with_citation("RFC 8414", "3")
            .with_hint("Compare the issuer with what the API's owner wrote, or enter the endpoints by hand."))
    }

    /// One place; the inner error says why it holds no metadata of this issuer.
    async fn metadata(self: &Arc<Self>, issuer: &str, uri: &str) -> Result<Result<Metadata, String>, Problem> {
        let asked = self.fetch(uri, "application/json").await?;
        Ok(match asked.status() {
            200 => Metadata::read(asked.body(), issuer),
            status => Err(status.to_string()),
        })
    }

    /// A `GET` without a credential; it stands in the history.
    pub(crate) async fn fetch(self: &Arc<Self>, uri: &str, accept: &str) -> Result<Asked, Problem> {
        let target = self.plain_target(uri)?;
        let mut e = Exchange::new(self.entropy.id(&self.clock), self.clock.now());
        let prepared = Prepared {
            method: Method::GET,
            uri: uri.parse().map_err(|_| countersign_oauth::Error::Endpoint { endpoint: uri.to_owned() }.problem())?,
            fields: vec![("accept", Secret::new(accept.to_owned()))],
            content: Secret::new(Vec::new()),
            shown_fields: vec![("accept".to_owned(), accept.to_owned())],
            authentication: countersign_oauth::ClientAuthentication::None,
        };
        let asking = Asking { credential: "discovery", target: &target, identity: None };
        let answered = self.ask(&mut e, &asking, &prepared).await;
        if let Ok(asked) = &answered {
            self.keep_answer(&mut e, asked);
        }
        let e = crate::send::record::seal(e, &self.redactor);
        self.finish(e, None).await;
        answered.map_err(|not| not.problem)
    }

    /// What the server says about a token it issued.
    pub(crate) async fn introspect(
        self: &Arc<Self>,
        parts: &TokenParts,
        token: &SecretText,
    ) -> Result<IntrospectionView, Problem> {
        let endpoint = self.resolved_text(&parts.file.grant.introspection_endpoint)?;
        if endpoint.is_empty() {
            return Err(missing(&parts.file.name, "introspection_endpoint"));
        }
        let asked = self.about(parts, &endpoint, "access_token", token).await?;
        let refused = |reason: String| {
            Problem::new("token.not_introspected", Fault::Peer, "the server tells nothing about the token", reason)
                .with_citation("RFC 7662", "2.3")
                .with_hint("Ask the API's owner whether this client may introspect tokens.")
        };
        match asked.status() {
            200 => {
                let read = Introspection::read(asked.body()).map_err(refused)?;
                let members = read.members.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                Ok(IntrospectionView { active: read.active, members })
            }
            status => Err(refused(format!("{status}, {}", self.said(&asked)))),
        }
    }

    /// Tells the server to forget a token (RFC 7009). An unknown one is no error.
    pub(crate) async fn revoke(
        self: &Arc<Self>,
        parts: &TokenParts,
        kind: &str,
        token: &SecretText,
    ) -> Result<(), Problem> {
        let endpoint = self.resolved_text(&parts.file.grant.revocation_endpoint)?;
        if endpoint.is_empty() {
            return Err(missing(&parts.file.name, "revocation_endpoint"));
        }
        let asked = self.about(parts, &endpoint, kind, token).await?;
        if (200..300).contains(&asked.status()) {
            return Ok(());
        }
        let detail = format!("{}, {}", asked.status(), self.said(&asked));
        Err(Problem::new("token.not_revoked", Fault::Peer, "the server did not revoke the token", detail)
            .with_citation("RFC 7009", "2.2.1")
            .with_hint("It dies at its end; ask the API's owner how tokens are revoked."))
    }

    /// A request about a token; it stands in the history.
    async fn about(
        self: &Arc<Self>,
        parts: &TokenParts,
        endpoint: &str,
        kind: &str,
        token: &SecretText,
    ) -> Result<Asked, Problem> {
        let mut e = Exchange::new(self.entropy.id(&self.clock), self.clock.now());
        let pairs = vec![
            ("token", Secret::new(token.expose_secret().clone())),
            ("token_type_hint", Secret::new(kind.to_owned())),
        ];
        let answered = self.ask_endpoint(&mut e, parts, endpoint, pairs).await;
        if let Ok(asked) = &answered {
            self.keep_answer(&mut e, asked);
        }
        let e = crate::send::record::seal(e, &self.redactor);
        self.finish(e, None).await;
        answered
    }

    /// A `POST` to another endpoint of a credential's authorization server, the client proved as at the token endpoint.
    pub(crate) async fn ask_endpoint(
        &self,
        e: &mut Exchange,
        parts: &TokenParts,
        endpoint: &str,
        parameters: Vec<(&'static str, SecretText)>,
    ) -> Result<Asked, Problem> {
        let file = &parts.file;
        let target = self.plain_target(endpoint)?;
        crate::send::draft::allowed(file, &target)?;
        let keys = self.client_keys(e, parts).await?;
        let assertion = self.client_assertion(parts, &keys)?;
        let client = Client {
            id: &file.client_id,
            secret: keys.secret.as_deref(),
            authentication: parts.authentication,
            assertion: assertion.as_ref(),
        };
        let prepared = endpoint_request(endpoint, &client, parameters, None).map_err(|e| e.problem())?;
        let asking = Asking { credential: &file.name, target: &target, identity: parts.identity.as_ref() };
        self.ask(e, &asking, &prepared).await.map_err(|not| not.problem)
    }

    /// What an error answer says, in one phrase and redacted.
    pub(crate) fn said(&self, asked: &Asked) -> String {
        let answer = serde_json::from_slice::<serde_json::Value>(asked.body()).unwrap_or_default();
        let member = |name: &str| answer.get(name).and_then(|value| value.as_str()).map(ToOwned::to_owned);
        let text = match (member("error"), member("error_description")) {
            (Some(error), Some(description)) => format!("error={error}: “{description}”"),
            (Some(error), None) => format!("error={error}"),
            (None, _) => "without an error code".to_owned(),
        };
        self.redactor.redact(&text)
    }
}

fn missing(credential: &str, name: &str) -> Problem {
    Problem::new(
        "credential.endpoint_missing",
        Fault::Caller,
        format!("`{credential}` has no {name}"),
        "nobody can be asked",
    )
    .with_citation("RFC 8414", "2")
    .with_hint(format!("Read it from the issuer: `countersign credential replace {credential} --issuer URL`."))
}

/// As a host shows it. `typed` may hold a template; endpoints below the issuer keep it.
fn shown(typed: &str, issuer: &str, metadata: Metadata) -> ServerView {
    let own = |endpoint: Option<String>| {
        let endpoint = endpoint.unwrap_or_default();
        match endpoint.strip_prefix(issuer).filter(|_| typed != issuer) {
            Some(rest) => format!("{typed}{rest}"),
            None => endpoint,
        }
    };
    let aliases = metadata.mtls_endpoint_aliases;
    ServerView {
        issuer: typed.to_owned(),
        token_endpoint: own(Some(metadata.token_endpoint)),
        mtls_token_endpoint: own(aliases.token_endpoint),
        jwks_uri: own(metadata.jwks_uri),
        token_endpoint_auth_methods_supported: metadata.token_endpoint_auth_methods_supported,
        grant_types_supported: metadata.grant_types_supported,
        scopes_supported: metadata.scopes_supported,
        grant: GrantFile {
            authorization_endpoint: own(metadata.authorization_endpoint),
            device_authorization_endpoint: own(metadata.device_authorization_endpoint),
            pushed_authorization_request_endpoint: own(metadata.pushed_authorization_request_endpoint),
            authorization_response_iss_parameter_supported: metadata.authorization_response_iss_parameter_supported,
            introspection_endpoint: own(metadata.introspection_endpoint),
            revocation_endpoint: own(metadata.revocation_endpoint),
            ..GrantFile::default()
        },
    }
}
