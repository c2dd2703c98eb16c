//! `certificates/*.pem`: public certificates of the workspace, a CA's or a client's.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::Problem;
use rustls::pki_types::CertificateDer;

use super::{Workspace, name};

/// Where certificates lie.
pub(super) const FOLDER: &str = "certificates";

impl Workspace {
    /// Writes a client's certificate and its intermediates, named by what is in it; the file.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save_chain(&self, chain: &[CertificateDer<'_>]) -> Result<String, Problem> {
        let mut context = digest::Context::new(&digest::SHA256);
        for certificate in chain {
            context.update(certificate);
        }
        let file = format!("{FOLDER}/client-{}.pem", hex::encode(&context.finish().as_ref()[..6]));
        self.write_bytes(&file, armoured(chain).as_bytes())?;
        Ok(file)
    }

    /// A client's certificate file; nothing where it is gone.
    ///
    /// # Errors
    /// A file that lies elsewhere or cannot be read.
    pub fn chain_file(&self, file: &str) -> Result<Option<Vec<u8>>, Problem> {
        name::relative_checked(file)?;
        Ok(self.read_bytes(file)?)
    }

    /// Removes a client's certificate file, where it is one of ours and no other credential names it.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn remove_chain(&self, file: &str) -> Result<(), Problem> {
        let named = self.credentials().value.iter().any(|one| one.certificate_file.as_deref() == Some(file));
        let ours = file.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with("/client-"));
        if ours && !named && name::relative_checked(file).is_ok() {
            self.remove(file)?;
        }
        Ok(())
    }
}

/// Only the certificates: what stood between them stays out.
pub(super) fn armoured(certificates: &[CertificateDer<'_>]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = STANDARD.encode(certificate);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            text.push_str(line);
            text.push('\n');
            rest = after;
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}
