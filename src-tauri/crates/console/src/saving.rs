//! Exchanges as files: JSON evidence, HAR, the chain, the content as received.

use countersign_evidence::{Exchange, Fault, Problem};
use countersign_tls::Scope;

use crate::core::Core;
use crate::export;

/// Contents up to this size are put into a HAR or a curl line.
const INLINE: u64 = 1024 * 1024;

impl Core {
    /// The content that was sent, as it is kept, when it is small enough for a command line.
    pub(crate) fn sent_bytes(&self, e: &Exchange) -> Option<Vec<u8>> {
        let reference = e.request.as_ref()?.content.as_ref()?.reference.as_ref()?;
        self.whole(reference)
    }

    fn whole(&self, reference: &str) -> Option<Vec<u8>> {
        let length = self.content.length(reference).filter(|length| *length <= INLINE)?;
        let mut bytes = Vec::new();
        while u64::try_from(bytes.len()).unwrap_or(u64::MAX) < length {
            let part = self.content.read(reference, u64::try_from(bytes.len()).unwrap_or(u64::MAX), length).ok()?;
            if part.is_empty() {
                break;
            }
            bytes.extend(part);
        }
        Some(bytes)
    }

    /// An exchange in another form, as text.
    pub(crate) fn export(&self, e: &Exchange, kind: &str) -> Result<String, Problem> {
        let text = match kind {
            "json" => export::json(e),
            "har" => {
                serde_json::to_string_pretty(&export::har(e, &|reference| self.whole(reference))).unwrap_or_default()
            }
            "curl" => export::curl(e, self.sent_bytes(e).as_deref()),
            "pem" => export::pem(e),
            other => {
                return Err(Problem::new(
                    "usage.unknown_kind",
                    Fault::Caller,
                    format!("`{other}` is not one of json, har, curl, pem"),
                    "nothing was written",
                ));
            }
        };
        Ok(self.redactor.redact(&text))
    }

    /// Writes an exchange into the exports folder; the file's path.
    pub(crate) fn save_exchange(&self, e: &Exchange, kind: &str) -> Result<String, Problem> {
        let stem = format!("exchange-{}", e.exchange);
        let (name, bytes) = match kind {
            "json" => (format!("{stem}.json"), export::json(e).into_bytes()),
            "har" => {
                let har = export::har(e, &|reference| self.whole(reference));
                (format!("{stem}.har"), serde_json::to_vec_pretty(&har).unwrap_or_default())
            }
            "pem" => (format!("{stem}.pem"), export::pem(e).into_bytes()),
            "content" => return self.save_content(e, &stem),
            "pcapng" => {
                let capture = self.handshake_capture(e, Scope::HandshakeOnly)?;
                return self.save_secret(&format!("{stem}-handshake.pcapng"), &capture);
            }
            "pcapng-full" => {
                return self.save_secret(&format!("{stem}.pcapng"), &self.handshake_capture(e, Scope::Full)?);
            }
            "keylog" => return self.save_secret(&format!("{stem}.keylog"), self.handshake_key_log(e)?.as_bytes()),
            other => {
                return Err(Problem::new(
                    "usage.unknown_kind",
                    Fault::Caller,
                    format!("`{other}` is not one of json, har, pem, content, pcapng, pcapng-full, keylog"),
                    "nothing was written",
                ));
            }
        };
        let path = self.data.exports().join(name);
        crate::file::write_atomic(&path, &self.redactor.redact_bytes(&bytes), true)?;
        Ok(path.display().to_string())
    }

    /// As it is: a capture and a key log are asked for because of what is in them.
    fn save_secret(&self, name: &str, bytes: &[u8]) -> Result<String, Problem> {
        let path = self.data.exports().join(name);
        crate::file::write_atomic(&path, bytes, true)?;
        Ok(path.display().to_string())
    }

    fn save_content(&self, e: &Exchange, stem: &str) -> Result<String, Problem> {
        let none = || {
            Problem::new("storage.content_gone", Fault::Environment, "there is no content to save", e.exchange.clone())
                .with_hint("Send again to get one.")
        };
        let content = e.response.as_ref().and_then(|r| r.content.as_ref()).ok_or_else(none)?;
        let source =
            content.reference.as_deref().and_then(|reference| self.content.path(reference)).ok_or_else(none)?;
        let ending = match content.media_type.as_deref().map(|kind| kind.split(';').next().unwrap_or(kind)) {
            Some("application/json") => "json",
            Some("text/html") => "html",
            Some(kind) if kind.starts_with("text/") => "txt",
            Some(_) | None => "bin",
        };
        let path = self.data.exports().join(format!("{stem}-content.{ending}"));
        crate::file::make_folder(&self.data.exports(), true)
            .map_err(|error| crate::file::storage_problem("the exports folder", &error))?;
        std::fs::copy(&source, &path)
            .map_err(|error| crate::file::storage_problem(&path.display().to_string(), &error))?;
        Ok(path.display().to_string())
    }
}
