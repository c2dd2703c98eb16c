//! The dialects as a table: where each answers and in which manner. One code path reads it; a fault changes one entry.

use crate::Error;

/// How the authorization server and the API speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A realm of Keycloak: its paths, its members, its words.
    Keycloak,
    /// N-Genius Online: verbatim Basic key, vendor media types, `errors[]`.
    Ngenius,
    /// The Network International platform: `tokenkc/generate`, text for numbers, envelopes.
    NiPlatform,
    /// RFC 6749 and its family, RFC 6750, RFC 8414, RFC 9068.
    Rfc,
    /// A server that keeps to no specification.
    Sloppy,
}

/// How a token answer says the life of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpiresIn {
    /// Seconds since the epoch.
    Absolute,
    Milliseconds,
    Missing,
    /// RFC 6749 §5.1.
    Seconds,
    Text,
}

/// What stands around the JSON of a token answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coat {
    ByteOrderMark,
    Gzip,
    None,
}

/// How refusals look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusals {
    /// `errors[]`.
    Ngenius,
    /// `errorCode` 9999xx; business refusals in an envelope with 200.
    Platform,
    /// Empty 403, HTML 500, 200 with `error`.
    Sloppy,
    /// RFC 6749 §5.2 and RFC 6750 §3.
    Standard,
}

/// How the halves of Basic are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basic {
    /// RFC 6749 §2.3.1.
    Form,
    /// RFC 7617.
    Raw,
}

/// How a dialect writes and reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) basic: Basic,
    pub(crate) coat: Coat,
    pub(crate) expires_in: ExpiresIn,
    pub(crate) opaque: bool,
    pub(crate) refusals: Refusals,
    pub(crate) scope: bool,
    pub(crate) token_type: &'static str,
}

impl Dialect {
    /// All of them, in the order of the documentation.
    pub const ALL: [Dialect; 5] =
        [Dialect::Rfc, Dialect::Ngenius, Dialect::NiPlatform, Dialect::Keycloak, Dialect::Sloppy];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Keycloak => "keycloak",
            Dialect::Ngenius => "ngenius",
            Dialect::NiPlatform => "ni-platform",
            Dialect::Rfc => "rfc",
            Dialect::Sloppy => "sloppy",
        }
    }

    /// The name for a person.
    pub fn label(self) -> &'static str {
        match self {
            Dialect::Keycloak => "Keycloak",
            Dialect::Ngenius => "N-Genius Online",
            Dialect::NiPlatform => "NI platform",
            Dialect::Rfc => "RFC 6749 and RFC 9068",
            Dialect::Sloppy => "Sloppy",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`Error::UnknownDialect`].
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|d| d.name() == name).ok_or_else(|| Error::UnknownDialect { name: name.to_owned() })
    }

    /// The path of the token endpoint.
    pub fn token_path(self) -> &'static str {
        match self {
            Dialect::Keycloak => "/realms/lab/protocol/openid-connect/token",
            Dialect::Ngenius => "/identity/auth/access-token",
            Dialect::NiPlatform => "/v1/tokenkc/generate",
            Dialect::Rfc | Dialect::Sloppy => "/oauth2/token",
        }
    }

    /// The path of an endpoint beside the token endpoint.
    pub(crate) fn endpoint_path(self, name: &str) -> String {
        match (self, name) {
            (Dialect::Keycloak, "authorize") => "/realms/lab/protocol/openid-connect/auth".to_owned(),
            (Dialect::Keycloak, "introspect") => "/realms/lab/protocol/openid-connect/token/introspect".to_owned(),
            (Dialect::Keycloak, name) => format!("/realms/lab/protocol/openid-connect/{name}"),
            (Dialect::Ngenius | Dialect::NiPlatform | Dialect::Rfc | Dialect::Sloppy, name) => {
                format!("/oauth2/{name}")
            }
        }
    }

    /// Whether tokens can be introspected and revoked.
    pub(crate) fn has_introspection(self) -> bool {
        match self {
            Dialect::Keycloak | Dialect::Rfc => true,
            Dialect::Ngenius | Dialect::NiPlatform | Dialect::Sloppy => false,
        }
    }

    /// The path below which the API answers.
    pub fn api_path(self) -> &'static str {
        match self {
            Dialect::Ngenius => "/transactions",
            Dialect::NiPlatform => "/SB",
            Dialect::Keycloak | Dialect::Rfc | Dialect::Sloppy => "/v1",
        }
    }

    /// The path of the issuer behind its origin.
    pub(crate) fn issuer_path(self) -> &'static str {
        match self {
            Dialect::Keycloak => "/realms/lab",
            Dialect::Ngenius | Dialect::NiPlatform | Dialect::Rfc | Dialect::Sloppy => "",
        }
    }

    /// The path of the JWKS.
    pub(crate) fn jwks_path(self) -> &'static str {
        match self {
            Dialect::Keycloak => "/realms/lab/protocol/openid-connect/certs",
            Dialect::Ngenius | Dialect::NiPlatform | Dialect::Rfc | Dialect::Sloppy => "/jwks",
        }
    }

    /// Whether token answers name the life of the refresh token, and it ends.
    pub(crate) fn has_refresh_life(self) -> bool {
        match self {
            Dialect::Keycloak | Dialect::Ngenius => true,
            Dialect::NiPlatform | Dialect::Rfc | Dialect::Sloppy => false,
        }
    }

    /// Its row of the table.
    pub(crate) fn manner(self) -> Manner {
        let standard = Manner {
            basic: Basic::Form,
            coat: Coat::None,
            expires_in: ExpiresIn::Seconds,
            opaque: false,
            refusals: Refusals::Standard,
            scope: true,
            token_type: "Bearer",
        };
        match self {
            Dialect::Rfc | Dialect::Keycloak => standard,
            Dialect::Ngenius => Manner { refusals: Refusals::Ngenius, scope: false, token_type: "bearer", ..standard },
            Dialect::NiPlatform => Manner {
                basic: Basic::Raw,
                expires_in: ExpiresIn::Text,
                opaque: true,
                refusals: Refusals::Platform,
                scope: false,
                ..standard
            },
            Dialect::Sloppy => Manner {
                basic: Basic::Raw,
                coat: Coat::ByteOrderMark,
                expires_in: ExpiresIn::Milliseconds,
                refusals: Refusals::Sloppy,
                scope: false,
                token_type: "BEARER",
                ..standard
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn every_dialect_reads_its_own_name() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::parse(dialect.name()).unwrap(), dialect, "round trip");
        }
        let said = Dialect::parse("rfc6749").unwrap_err().to_string();
        let known = "`rfc6749` is not one of rfc, ngenius, ni-platform, keycloak, sloppy";
        assert_eq!(said, known, "the known ones are named");
    }

    #[test]
    fn every_path_of_keycloak_is_below_its_realm() {
        let (dialect, realm) = (Dialect::Keycloak, Dialect::Keycloak.issuer_path());
        let endpoints = ["authorize", "introspect", "revoke"].map(|name| dialect.endpoint_path(name));
        for path in [dialect.token_path(), dialect.jwks_path()].into_iter().chain(endpoints.iter().map(String::as_str))
        {
            assert!(path.starts_with(realm), "{path} is below {realm}");
        }
    }
}
