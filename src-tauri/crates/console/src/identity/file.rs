//! A client certificate and its key out of the files people are given: PEM, PKCS#8, PKCS#12. No IO, no clock.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::{Secret, SecretBytes, SecretText};
use countersign_tls::{Certificate, ClientIdentity};
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Kdf;
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::problem::Error;

/// Larger files are none.
const LARGEST: usize = 1024 * 1024;
/// Certificates of one file that are looked at.
const MOST_CERTIFICATES: usize = 100;
/// Rounds of PBKDF2 that are done for a file: some seconds at most.
const MOST_ROUNDS: u32 = 5_000_000;
/// Memory of scrypt in units of 128 bytes: 1 GiB.
const MOST_SCRYPT: u64 = 8 * 1024 * 1024;
const ENCRYPTED_BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const ENCRYPTED_END: &str = "-----END ENCRYPTED PRIVATE KEY-----";

/// What a file held: the chain, end entity first, and the key as DER.
pub(crate) struct Identity {
    pub(crate) chain: Vec<Certificate>,
    pub(crate) key: SecretBytes,
}

/// Everything found so far.
#[derive(Default)]
struct Found {
    certificates: Vec<CertificateDer<'static>>,
    keys: Vec<SecretBytes>,
}

/// Reads certificate and key out of one file or of two; the passphrase counts for whichever is encrypted.
pub(crate) fn read(files: &[&SecretBytes], passphrase: Option<&SecretText>) -> Result<Identity, Error> {
    let mut found = Found::default();
    for file in files {
        let bytes = file.expose_secret().as_slice();
        if bytes.len() > LARGEST {
            return Err(Error::Unreadable { reason: format!("it has {} bytes, more than 1 MiB", bytes.len()) });
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN ") => found.pem(text, passphrase)?,
            _ => found.der(bytes, passphrase)?,
        }
    }
    found.identity()
}

impl Found {
    fn pem(&mut self, text: &str, passphrase: Option<&SecretText>) -> Result<(), Error> {
        if text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(Error::Unsupported {
                what: "the key is in OpenSSL's old encrypted form (Proc-Type: 4,ENCRYPTED)",
                hint: "Convert it: `openssl pkcs8 -topk8 -in key.pem -out key.p8.pem`.",
            });
        }
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
            let (kind, der) = section.map_err(|_| unreadable("a block of it is not base64 between its lines"))?;
            match kind {
                SectionKind::Certificate => self.certificates.push(CertificateDer::from(der)),
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                    self.keys.push(Secret::new(der));
                }
                // a public key, a request, a revocation list beside them says nothing about who we are
                _ => {}
            }
        }
        let mut rest = text;
        while let Some(begin) = rest.find(ENCRYPTED_BEGIN) {
            let after = rest.get(begin + ENCRYPTED_BEGIN.len()..).unwrap_or_default();
            let end = after.find(ENCRYPTED_END).ok_or_else(|| unreadable("a key block of it has no end"))?;
            let (block, behind) = after.split_at(end);
            let base64: String = block.chars().filter(|c| !c.is_whitespace()).collect();
            let der = STANDARD.decode(base64).map_err(|_| unreadable("a key block of it is not base64"))?;
            self.keys.push(decrypted(&der, passphrase)?);
            rest = behind;
        }
        Ok(())
    }

    fn der(&mut self, bytes: &[u8], passphrase: Option<&SecretText>) -> Result<(), Error> {
        if bytes.first() != Some(&0x30) {
            return Err(unreadable("it is neither PEM nor DER"));
        }
        if is_pkcs12(bytes) {
            return self.pkcs12(bytes, passphrase);
        }
        if EncryptedPrivateKeyInfoRef::try_from(bytes).is_ok() {
            self.keys.push(decrypted(bytes, passphrase)?);
        } else if Certificate::from_der(&CertificateDer::from(bytes)).is_ok() {
            self.certificates.push(CertificateDer::from(bytes.to_vec()));
        } else if PrivateKeyDer::try_from(bytes).is_ok() {
            self.keys.push(Secret::new(bytes.to_vec()));
        } else {
            return Err(unreadable("it is DER of another kind"));
        }
        Ok(())
    }

    /// RFC 7292. Without a passphrase the empty one is tried, which some programs write.
    fn pkcs12(&mut self, bytes: &[u8], passphrase: Option<&SecretText>) -> Result<(), Error> {
        let text = passphrase.map_or("", |secret| secret.expose_secret().as_str());
        let store = KeyStore::from_pkcs12(bytes, text, Pkcs12ImportPolicy::Relaxed)
            .map_err(|error| pkcs12_error(&error, passphrase.is_some()))?;
        for (_, entry) in store.entries() {
            match entry {
                KeyStoreEntry::PrivateKeyChain(chain) => {
                    self.keys.push(Secret::new(chain.key().as_der().to_vec()));
                    self.certificates
                        .extend(chain.certs().iter().map(|one| CertificateDer::from(one.as_der().to_vec())));
                }
                KeyStoreEntry::Certificate(one) => {
                    self.certificates.push(CertificateDer::from(one.as_der().to_vec()));
                }
                KeyStoreEntry::Secret(_) => {}
            }
        }
        Ok(())
    }

    /// The key with the certificate it belongs to, and the issuers of that as far as they are here.
    fn identity(self) -> Result<Identity, Error> {
        let Self { certificates, keys } = self;
        if certificates.len() > MOST_CERTIFICATES {
            return Err(Error::Unreadable { reason: format!("it holds {} certificates", certificates.len()) });
        }
        let certificates: Vec<Certificate> =
            certificates
                .iter()
                .map(Certificate::from_der)
                .collect::<Result<_, _>>()
                .map_err(|malformed| Error::Unreadable { reason: format!("a certificate in it is {malformed}") })?;
        let Some(first) = certificates.first() else {
            return Err(if keys.is_empty() {
                unreadable("it holds neither certificate nor key")
            } else {
                Error::NoCertificate
            });
        };
        if keys.is_empty() {
            return Err(Error::NoKey);
        }
        for key in keys {
            if !is_supported(&key) {
                return Err(Error::Unsupported {
                    what: "the private key is neither RSA, P-256, P-384, P-521 nor Ed25519",
                    hint: "Ask for a certificate with an RSA, P-256, P-384, P-521 or Ed25519 key.",
                });
            }
            let usable = |certificate: &&Certificate| pair(certificate.der(), &key).is_some();
            if let Some(leaf) = certificates.iter().find(usable) {
                return Ok(Identity { chain: chain(leaf, &certificates), key });
            }
        }
        Err(Error::KeyMismatch { subject: first.view().subject.clone() })
    }
}

/// The certificate with the key, where they belong together.
fn pair(certificate: &CertificateDer<'static>, key: &SecretBytes) -> Option<ClientIdentity> {
    ClientIdentity::new(vec![certificate.clone()], key_der(key)?).ok()
}

fn is_supported(key: &SecretBytes) -> bool {
    key_der(key).is_some_and(|der| countersign_tls::provider().key_provider.load_private_key(der).is_ok())
}

/// The key as the provider takes it: PKCS#8, PKCS#1 or SEC1 by its structure, or by its label in PEM.
pub(crate) fn key_der(key: &SecretBytes) -> Option<PrivateKeyDer<'static>> {
    if let Ok(der) = PrivateKeyDer::from_pem_slice(key.expose_secret()) {
        return Some(der);
    }
    PrivateKeyDer::try_from(key.expose_secret().as_slice()).ok().map(|der| der.clone_key())
}

/// From the end entity upwards, each issuer once; a root is left out, because whoever trusts it has it.
fn chain(leaf: &Certificate, all: &[Certificate]) -> Vec<Certificate> {
    let mut chain = vec![leaf.clone()];
    while let Some(last) = chain.last() {
        let known = |one: &&Certificate| chain.iter().any(|seen| seen.der() == one.der());
        let issuer = all.iter().find(|one| {
            one.view().subject == last.view().issuer && one.view().issuer != one.view().subject && !known(one)
        });
        match issuer {
            Some(issuer) => chain.push(issuer.clone()),
            None => break,
        }
    }
    chain
}

/// RFC 5958 §3: PBES2 under the passphrase.
fn decrypted(der: &[u8], passphrase: Option<&SecretText>) -> Result<SecretBytes, Error> {
    let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| Error::Unsupported {
        what: "the private key is not encrypted by PBES2",
        hint: "Convert it: `openssl pkcs8 -in key.pem -topk8 -v2 aes-256-cbc -out key.p8.pem`.",
    })?;
    let Some(parameters) = info.encryption_algorithm.pbes2() else {
        return Err(Error::Unsupported {
            what: "the private key is encrypted by PBES1",
            hint: "Convert it: `openssl pkcs8 -in key.pem -topk8 -v2 aes-256-cbc -out key.p8.pem`.",
        });
    };
    match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count > MOST_ROUNDS => {
            return Err(Error::Unreadable {
                reason: format!("it asks for {} rounds of PBKDF2", pbkdf2.iteration_count),
            });
        }
        Kdf::Scrypt(scrypt) if scrypt.cost_parameter.saturating_mul(u64::from(scrypt.block_size)) > MOST_SCRYPT => {
            return Err(unreadable("it asks for more than 1 GiB of memory"));
        }
        _ => {}
    }
    let passphrase = passphrase.ok_or(Error::PassphraseNeeded)?;
    let opened = info.decrypt(passphrase.expose_secret()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }) => Error::Unsupported {
            what: "the private key is encrypted with a cipher that is not offered",
            hint: "Convert it: `openssl pkcs8 -in key.pem -topk8 -v2 aes-256-cbc -out key.p8.pem`.",
        },
        // a wrong passphrase shows as padding that does not fit, or as DER that is none
        _ => Error::PassphraseWrong,
    })?;
    Ok(Secret::new(opened.as_bytes().to_vec()))
}

/// `SEQUENCE { INTEGER 3, …` (RFC 7292 §4): neither a certificate nor a key begins so.
fn is_pkcs12(der: &[u8]) -> bool {
    let content = match der.get(1) {
        Some(0x80) => 2,
        Some(length) if *length < 0x80 => 2,
        Some(length) => 2 + usize::from(length & 0x7f),
        None => return false,
    };
    der.get(content..content + 3) == Some(&[2, 1, 3])
}

fn pkcs12_error(error: &p12_keystore::error::Error, given: bool) -> Error {
    use p12_keystore::error::Error as Pkcs12;
    match error {
        Pkcs12::MacError(_) | Pkcs12::UnpadError | Pkcs12::Pkcs5Error(_) if given => Error::PassphraseWrong,
        Pkcs12::MacError(_) | Pkcs12::UnpadError | Pkcs12::Pkcs5Error(_) => Error::PassphraseNeeded,
        Pkcs12::UnsupportedEncryptionScheme | Pkcs12::UnsupportedMacAlgorithm | Pkcs12::UnsupportedContentType => {
            Error::Unsupported {
                what: "PBES2, 3DES and 40-bit RC2 are read",
                hint: "Convert it: `openssl pkcs12 -legacy -in old.p12 -nodes | openssl pkcs12 -export -out new.p12`.",
            }
        }
        Pkcs12::InvalidParameters => unreadable("its key derivation asks for too much work"),
        other => Error::Unreadable { reason: format!("its PKCS#12 does not read: {other}") },
    }
}

fn unreadable(reason: &str) -> Error {
    Error::Unreadable { reason: reason.to_owned() }
}
