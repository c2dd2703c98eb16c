//! Client authentication (RFC 6749 §2.3.1, RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::{Secret, SecretText};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Error;

/// How the halves of Basic credentials are written before base64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BasicEncoding {
    /// RFC 6749 §2.3.1: each half form-encoded.
    #[default]
    Form,
    /// RFC 7617: as they are.
    Raw,
    /// The issued string, not encoded again.
    Verbatim,
}

impl BasicEncoding {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            BasicEncoding::Form => "form",
            BasicEncoding::Raw => "raw",
            BasicEncoding::Verbatim => "verbatim",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        [BasicEncoding::Form, BasicEncoding::Raw, BasicEncoding::Verbatim].into_iter().find(|e| e.name() == name)
    }

    /// In words: `form-encoded`.
    pub fn words(self) -> &'static str {
        match self {
            BasicEncoding::Form => "form-encoded",
            BasicEncoding::Raw => "raw",
            BasicEncoding::Verbatim => "verbatim",
        }
    }
}

/// How a client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAuthentication {
    /// RFC 6749 §2.3.1, in the Authorization field.
    ClientSecretBasic(BasicEncoding),
    /// RFC 6749 §2.3.1, in the content.
    ClientSecretPost,
    /// OpenID Connect Core §9: a JWT under the secret (RFC 7523 §2.2).
    ClientSecretJwt,
    /// A JWT under a private key of the client (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// RFC 8705 §2.1: a certificate of a CA the server knows.
    TlsClientAuth,
    /// RFC 8705 §2.2: a certificate the server has registered.
    SelfSignedTlsClientAuth,
    /// A public client: only its identifier.
    None,
}

/// The RFC 7591 names.
const METHODS: [&str; 7] = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "none",
];

impl ClientAuthentication {
    /// RFC 7591 name.
    pub fn name(self) -> &'static str {
        match self {
            ClientAuthentication::ClientSecretBasic(_) => "client_secret_basic",
            ClientAuthentication::ClientSecretPost => "client_secret_post",
            ClientAuthentication::ClientSecretJwt => "client_secret_jwt",
            ClientAuthentication::PrivateKeyJwt => "private_key_jwt",
            ClientAuthentication::TlsClientAuth => "tls_client_auth",
            ClientAuthentication::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            ClientAuthentication::None => "none",
        }
    }

    /// The names [`parse`](Self::parse) reads.
    pub fn names() -> &'static [&'static str] {
        &METHODS
    }

    /// Whether the client's secret is needed for it.
    pub fn needs_secret(self) -> bool {
        use ClientAuthentication::{ClientSecretBasic, ClientSecretJwt, ClientSecretPost};
        matches!(self, ClientSecretBasic(_) | ClientSecretPost | ClientSecretJwt)
    }

    /// Whether it is a JWT (RFC 7523 §2.2).
    pub fn is_assertion(self) -> bool {
        matches!(self, ClientAuthentication::ClientSecretJwt | ClientAuthentication::PrivateKeyJwt)
    }

    /// Whether the handshake says who the client is (RFC 8705 §2).
    pub fn is_certificate(self) -> bool {
        matches!(self, ClientAuthentication::TlsClientAuth | ClientAuthentication::SelfSignedTlsClientAuth)
    }

    /// Reads the RFC 7591 name.
    ///
    /// # Errors
    /// [`Error::UnknownMethod`].
    pub fn parse(name: &str, encoding: BasicEncoding) -> Result<Self, Error> {
        match name {
            "client_secret_basic" | "" => Ok(ClientAuthentication::ClientSecretBasic(encoding)),
            "client_secret_post" => Ok(ClientAuthentication::ClientSecretPost),
            "client_secret_jwt" => Ok(ClientAuthentication::ClientSecretJwt),
            "private_key_jwt" => Ok(ClientAuthentication::PrivateKeyJwt),
            "tls_client_auth" => Ok(ClientAuthentication::TlsClientAuth),
            "self_signed_tls_client_auth" => Ok(ClientAuthentication::SelfSignedTlsClientAuth),
            "none" => Ok(ClientAuthentication::None),
            other => Err(Error::UnknownMethod { method: other.to_owned() }),
        }
    }

    /// In words, for the row of the ladder: `client_secret_basic, form-encoded`.
    pub fn words(self) -> String {
        match self {
            ClientAuthentication::ClientSecretBasic(encoding) => format!("client_secret_basic, {}", encoding.words()),
            _ => self.name().to_owned(),
        }
    }
}

/// `application/x-www-form-urlencoded` (RFC 6749 appendix B): these stay, space becomes `+`.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// Form-encodes one value.
pub(crate) fn form_encoded(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string().replace("%20", "+")
}

/// The value of the Authorization field, scheme included.
pub(crate) fn basic(client_id: &str, secret: &SecretText, encoding: BasicEncoding) -> SecretText {
    let exposed = secret.expose_secret();
    let pair = match encoding {
        BasicEncoding::Form => Secret::new(format!("{}:{}", form_encoded(client_id), form_encoded(exposed))),
        BasicEncoding::Raw => Secret::new(format!("{client_id}:{exposed}")),
        BasicEncoding::Verbatim => return Secret::new(format!("Basic {exposed}")),
    };
    Secret::new(format!("Basic {}", STANDARD.encode(pair.expose_secret())))
}

/// Whether form and raw differ for this pair: they do not when both hold only `A-Z a-z 0-9 . _ -`.
pub fn encoding_matters(client_id: &str, secret: &SecretText) -> bool {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    !(plain(client_id) && plain(secret.expose_secret()))
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{BasicEncoding, ClientAuthentication, METHODS, basic, encoding_matters, form_encoded};

    #[test]
    fn every_method_is_read_by_its_name() {
        for name in METHODS {
            let method = ClientAuthentication::parse(name, BasicEncoding::Form).unwrap();
            assert_eq!(method.name(), name, "RFC 7591 §2");
        }
        assert!(ClientAuthentication::parse("password", BasicEncoding::Form).is_err(), "no method");
    }

    #[test]
    fn the_three_encodings_are_what_the_rfcs_say() {
        let secret = Secret::new("p@ss w+rd".to_owned());
        assert_eq!(form_encoded("p@ss w+rd"), "p%40ss+w%2Brd", "RFC 6749 appendix B");
        assert_eq!(basic("id", &secret, BasicEncoding::Form).expose_secret(), "Basic aWQ6cCU0MHNzK3clMkJyZA==");
        assert_eq!(basic("id", &secret, BasicEncoding::Raw).expose_secret(), "Basic aWQ6cEBzcyB3K3Jk");
        assert_eq!(basic("id", &secret, BasicEncoding::Verbatim).expose_secret(), "Basic p@ss w+rd");
        let rfc = basic("s6BhdRkqt3", &Secret::new("gX1fBat3bV".to_owned()), BasicEncoding::Form);
        assert_eq!(rfc.expose_secret(), "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", "RFC 6749 §4.4.2, the example's client");
    }

    #[test]
    fn the_mode_matters_only_for_special_characters() {
        assert!(!encoding_matters("demo-client", &Secret::new("abc.DEF_1-2".to_owned())), "nothing to encode");
        assert!(encoding_matters("svc:1", &Secret::new("abc".to_owned())), "a colon in the id");
    }
}
