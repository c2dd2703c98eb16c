//! The ready document: where everything is, so that any client can be pointed at the gateway.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, ZooCase};

/// The demo client, without its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoClient {
    /// RFC 6749 §2.2.
    pub client_id: String,
    /// RFC 7591 name.
    pub token_endpoint_auth_method: String,
    /// Scopes it may ask for.
    pub scope: String,
    /// Identifier of its signing key.
    pub keyid: String,
}

/// `countersign.gateway/1`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ready {
    /// The schema's name.
    pub schema: String,
    /// `rfc`, `ngenius`, `ni-platform`, `keycloak`, `sloppy`.
    pub dialect: String,
    /// The API's origin.
    pub base_url: String,
    /// The API.
    pub api: String,
    /// RFC 8414 issuer.
    pub issuer: String,
    /// Token endpoint.
    pub token_endpoint: String,
    /// The origin where a client certificate is asked for, with the same routes (RFC 8705 §5).
    #[serde(default)]
    pub mutual_base_url: String,
    /// JWKS.
    pub jwks_uri: String,
    /// RFC 7662, in the dialects that have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// RFC 7009, in the dialects that have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// The CA's certificate, absolute, where one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Seconds.
    pub token_lifetime: u64,
    /// The demo client.
    pub demo_client: DemoClient,
    /// The zoo of broken TLS; empty unless asked for.
    pub zoo: Vec<ZooCase>,
}

impl Ready {
    /// Writes the CA's certificate beside the ready file, then the ready file, each by rename, readable by the owner only.
    ///
    /// # Errors
    /// [`Error::Write`] with the file and the system's reason.
    pub fn write(&mut self, file: &Path, ca_pem: &str) -> Result<Written, Error> {
        let name = file.file_stem().map_or_else(|| "gateway".into(), |s| s.to_string_lossy().into_owned());
        let ca_file =
            std::path::absolute(file.with_file_name(format!("{name}-lab-root.pem"))).map_err(|e| failed(file, &e))?;
        put(&ca_file, ca_pem.as_bytes())?;
        self.ca_file = Some(ca_file.clone());
        let text = serde_json::to_vec_pretty(self).map_err(|e| failed(file, &std::io::Error::other(e)))?;
        put(file, &text)?;
        Ok(Written { files: vec![file.to_owned(), ca_file] })
    }
}

/// Written files; removed when dropped.
#[derive(Debug)]
pub struct Written {
    files: Vec<PathBuf>,
}

impl Drop for Written {
    fn drop(&mut self) {
        for file in &self.files {
            let _gone = fs::remove_file(file);
        }
    }
}

fn failed(file: &Path, e: &std::io::Error) -> Error {
    Error::Write { file: file.display().to_string(), reason: e.to_string() }
}

fn put(file: &Path, content: &[u8]) -> Result<(), Error> {
    let part = file.with_extension("part");
    let write = || -> std::io::Result<()> {
        let _old = fs::remove_file(&part);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&part)?;
        out.write_all(content)?;
        out.sync_all()?;
        fs::rename(&part, file)
    };
    write().map_err(|e| failed(file, &e))
}
