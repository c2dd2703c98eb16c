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
    /// A public client: only its identifier.
    None,
}

impl ClientAuthentication {
    /// RFC 7591 name.
    pub fn name(self) -> &'static str {
        match self {
            ClientAuthentication::ClientSecretBasic(_) => "client_secret_basic",
            ClientAuthentication::ClientSecretPost => "client_secret_post",
            ClientAuthentication::None => "none",
        }
    }

    /// Reads the RFC 7591 name.
    ///
    /// # Errors
    /// [`Error::UnknownMethod`].
    pub fn parse(name: &str, encoding: BasicEncoding) -> Result<Self, Error> {
        match name {
            "client_secret_basic" | "" => Ok(ClientAuthentication::ClientSecretBasic(encoding)),
            "client_secret_post" => Ok(ClientAuthentication::ClientSecretPost),
            "none" => Ok(ClientAuthentication::None),
            other => Err(Error::UnknownMethod { method: other.to_owned() }),
        }
    }

    /// In words, for the row of the ladder: `client_secret_basic, form-encoded`.
    pub fn words(self) -> String {
        match self {
            ClientAuthentication::ClientSecretBasic(encoding) => format!("client_secret_basic, {}", encoding.words()),
            ClientAuthentication::ClientSecretPost | ClientAuthentication::None => self.name().to_owned(),
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

    use super::{BasicEncoding, basic, encoding_matters, form_encoded};

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
