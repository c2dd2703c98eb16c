//! The grant of a credential, from the arguments and from what its issuer says about itself.

use countersign_console::Console;
use countersign_console::view::{GrantFile, ServerView};
use countersign_evidence::Problem;

use crate::args::CredentialArgs;

/// The issuer's metadata, where one was named and something is left to be read.
pub(super) async fn discover(
    console: &Console,
    args: &CredentialArgs,
    token_endpoint: &str,
) -> Result<Option<ServerView>, Problem> {
    let Some(issuer) = args.issuer.as_deref().filter(|issuer| !issuer.is_empty()) else { return Ok(None) };
    match console.credential_discover(issuer).await {
        Ok(found) => Ok(Some(found)),
        // the endpoint is known: the issuer is only a name then
        Err(_) if args.token_endpoint.is_some() || !token_endpoint.is_empty() => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Where tokens are asked for: what was given, else what was found, its own one for certificates (RFC 8705 §5).
pub(super) fn token_endpoint(args: &CredentialArgs, found: Option<&ServerView>) -> Option<String> {
    let certificate = args.auth_method.as_deref().is_some_and(|method| method.ends_with("tls_client_auth"));
    let of = |server: &ServerView| {
        let own = Some(server.mtls_token_endpoint.clone()).filter(|own| certificate && !own.is_empty());
        own.unwrap_or_else(|| server.token_endpoint.clone())
    };
    args.token_endpoint.clone().or_else(|| found.map(of))
}

/// The rest of the grant; `None` where nothing of it was named.
pub(super) fn of(args: &CredentialArgs, before: &GrantFile, found: Option<&ServerView>) -> Option<GrantFile> {
    let mut grant = before.clone();
    if let Some(server) = found {
        let pairs = [
            (&mut grant.authorization_endpoint, &server.grant.authorization_endpoint),
            (&mut grant.device_authorization_endpoint, &server.grant.device_authorization_endpoint),
            (&mut grant.pushed_authorization_request_endpoint, &server.grant.pushed_authorization_request_endpoint),
            (&mut grant.introspection_endpoint, &server.grant.introspection_endpoint),
            (&mut grant.revocation_endpoint, &server.grant.revocation_endpoint),
        ];
        for (place, endpoint) in pairs {
            if !endpoint.is_empty() {
                place.clone_from(endpoint);
            }
        }
    }
    if let Some(server) = found {
        let promised = server.grant.authorization_response_iss_parameter_supported;
        grant.authorization_response_iss_parameter_supported = promised;
    }
    let given = [
        (&mut grant.audience, &args.audience),
        (&mut grant.authorization_details, &args.authorization_details),
        (&mut grant.subject, &args.subject),
        (&mut grant.subject_credential, &args.subject_credential),
        (&mut grant.assertion_audience, &args.assertion_audience),
    ];
    for (place, value) in given {
        if let Some(value) = value {
            place.clone_from(value);
        }
    }
    if !args.resource.is_empty() {
        grant.resource.clone_from(&args.resource);
    }
    grant.dpop |= args.dpop;
    (grant != *before).then_some(grant)
}
