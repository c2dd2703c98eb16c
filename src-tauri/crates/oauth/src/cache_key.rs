//! Which token is whose: two environments never share, an edited credential starts anew.

use aws_lc_rs::digest;

/// Everything a cached token depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheKey<'a> {
    /// Credential name: two of one client may have other secrets and other allowed hosts, and a token keeps to those.
    pub credential: &'a str,
    /// Environment name; empty: none chosen.
    pub environment: &'a str,
    /// Token endpoint.
    pub token_endpoint: &'a str,
    /// RFC 6749 §2.2.
    pub client_id: &'a str,
    /// RFC 7591 name, and the Basic encoding.
    pub authentication: &'a str,
    /// Bumped by every edit of the credential or its secret.
    pub credential_generation: u64,
    /// Grant.
    pub grant: &'a str,
    /// Scope, in any order.
    pub scope: &'a str,
    /// Audience, resources, authorization details, subject: what else was asked for, each in its place.
    pub asked: &'a [&'a str],
    /// Recipe id and version.
    pub recipe: (&'a str, u32),
}

impl CacheKey<'_> {
    /// SHA-256 over all parts, hex.
    pub fn hash(&self) -> String {
        let mut scope: Vec<&str> = self.scope.split(' ').filter(|s| !s.is_empty()).collect();
        scope.sort_unstable();
        scope.dedup();
        let scope = scope.join(" ");
        let generation = self.credential_generation.to_string();
        let version = self.recipe.1.to_string();
        let count = self.asked.len().to_string();
        let mut parts = vec![
            self.credential,
            self.environment,
            self.token_endpoint,
            self.client_id,
            self.authentication,
            &generation,
            self.grant,
            &scope,
            self.recipe.0,
            &version,
            &count,
        ];
        parts.extend(self.asked);
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            // the length in front: no two lists of parts run together
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        hex::encode(context.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::CacheKey;

    #[test]
    fn the_order_of_scopes_does_not_matter_and_everything_else_does() {
        let key = CacheKey {
            credential: "demo",
            environment: "local",
            token_endpoint: "https://a/t",
            client_id: "c",
            authentication: "client_secret_basic form",
            credential_generation: 1,
            grant: "client_credentials",
            scope: "a b",
            asked: &[""],
            recipe: ("rfc6749", 1),
        };
        assert_eq!(key.hash(), CacheKey { scope: "b a a", ..key.clone() }.hash(), "a set");
        assert_ne!(key.hash(), CacheKey { credential: "twin", ..key.clone() }.hash(), "of the same client");
        assert_ne!(key.hash(), CacheKey { environment: "live", ..key.clone() }.hash(), "environments never share");
        assert_ne!(key.hash(), CacheKey { asked: &["https://api"], ..key.clone() }.hash(), "an audience");
        assert_ne!(key.hash(), CacheKey { credential_generation: 2, ..key.clone() }.hash(), "an edit");
    }
}
