//! Metadata (RFC 8414): exactly what the dialect offers, nothing that it does not.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::asked::DETAIL_TYPES;
use super::client::METHODS;
use super::grants::offered;
use crate::DEMO_SCOPES;
use crate::client_key::ALGORITHM_NAMES;
use crate::dialect::Dialect;
use crate::fault::FaultGroup;
use crate::lab::Lab;

/// `GET /.well-known/oauth-authorization-server`, and where OpenID Connect looks for it.
pub(crate) async fn metadata(State(lab): State<Arc<Lab>>) -> Response {
    let endpoint = |name: &str| format!("{}{}", lab.origin, lab.dialect.endpoint_path(name));
    let mut body = json!({
        "issuer": lab.issuer,
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": lab.token_endpoint(),
        "jwks_uri": format!("{}{}", lab.origin, lab.dialect.jwks_path()),
        "introspection_endpoint": endpoint("introspect"),
        "revocation_endpoint": endpoint("revoke"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": offered(lab.dialect),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "authorization_details_types_supported": DETAIL_TYPES,
        "dpop_signing_alg_values_supported": ALGORITHM_NAMES,
        "tls_client_certificate_bound_access_tokens": true,
        "scopes_supported": DEMO_SCOPES,
    });
    let algorithms: Vec<&str> = ["HS256"].into_iter().chain(ALGORITHM_NAMES).collect();
    for endpoint in ["token_endpoint", "introspection_endpoint", "revocation_endpoint"] {
        // introspection is for confidential clients
        let methods = METHODS.iter().filter(|method| endpoint != "introspection_endpoint" || **method != "none");
        body[format!("{endpoint}_auth_methods_supported")] = methods.copied().collect::<Vec<_>>().into();
        body[format!("{endpoint}_auth_signing_alg_values_supported")] = algorithms.clone().into();
    }
    let mut aliases = vec!["token_endpoint", "introspection_endpoint", "revocation_endpoint"];
    if lab.dialect == Dialect::Rfc {
        body["device_authorization_endpoint"] = endpoint("device_authorization").into();
        body["pushed_authorization_request_endpoint"] = endpoint("par").into();
        aliases.extend(["device_authorization_endpoint", "pushed_authorization_request_endpoint"]);
    }
    // RFC 8705 §5
    let mut there = serde_json::Map::new();
    for name in aliases {
        let here = body[name].as_str().unwrap_or_default();
        there.insert(name.to_owned(), here.replacen(&lab.origin, &lab.mutual_origin, 1).into());
    }
    body["mtls_endpoint_aliases"] = Value::Object(there);
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// `GET /jwks` (RFC 7517 §5)
pub(crate) async fn jwks(State(lab): State<Arc<Lab>>) -> Response {
    let jwks = lab.tokens.keys.jwks(lab.has(FaultGroup::Token, "keys-rotated"));
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/jwk-set+json")], jwks.to_string()).into_response()
}
