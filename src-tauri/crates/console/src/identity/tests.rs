//! Files as people are given them, made here.

use countersign_secret::{Secret, SecretBytes, SecretText};
use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey, PrivateKeyChain};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::file::{Identity, read};
use super::problem::Error;

struct Made {
    root: rcgen::Certificate,
    issuing: rcgen::Certificate,
    leaf: rcgen::Certificate,
    key: KeyPair,
}

fn params(name: &str, ca: bool) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    if ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

fn made() -> Made {
    let (root_key, issuing_key, key) =
        (KeyPair::generate().unwrap(), KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let root = params("Root", true).self_signed(&root_key).unwrap();
    let root_issuer = Issuer::new(params("Root", true), root_key);
    let issuing = params("Issuing", true).signed_by(&issuing_key, &root_issuer).unwrap();
    let leaf = params("till-7", false).signed_by(&key, &Issuer::new(params("Issuing", true), issuing_key)).unwrap();
    Made { root, issuing, leaf, key }
}

fn bytes(text: impl Into<Vec<u8>>) -> SecretBytes {
    Secret::new(text.into())
}

fn text(passphrase: &str) -> SecretText {
    Secret::new(passphrase.to_owned())
}

fn subjects(identity: &Identity) -> Vec<String> {
    identity.chain.iter().map(|one| one.view().subject.clone()).collect()
}

fn pkcs12(made: &Made, encryption: EncryptionAlgorithm, mac: MacAlgorithm) -> SecretBytes {
    let certificate = |one: &rcgen::Certificate| p12_keystore::Certificate::from_der(one.der()).unwrap();
    let key = PrivateKey::from_der(&made.key.serialize_der()).unwrap();
    let chain =
        PrivateKeyChain::new("1", key, [certificate(&made.leaf), certificate(&made.issuing), certificate(&made.root)]);
    let mut store = KeyStore::new();
    store.add_entry("till", KeyStoreEntry::PrivateKeyChain(chain));
    let writer = store.writer("open sesame").encryption_algorithm(encryption).mac_algorithm(mac);
    bytes(writer.encryption_iterations(1000).mac_iterations(1000).write().unwrap())
}

#[test]
fn the_chain_is_put_in_order_from_the_certificate_of_the_key_and_the_root_is_left_out() {
    let made = made();
    let file = [made.root.pem(), made.issuing.pem(), made.key.serialize_pem(), made.leaf.pem()].concat();
    let identity = read(&[&bytes(file)], None).unwrap();
    assert_eq!(subjects(&identity), ["CN=till-7", "CN=Issuing"], "whoever trusts the root has it");
    assert_eq!(*identity.key.expose_secret(), made.key.serialize_der(), "the key as it was");
}

#[test]
fn certificate_and_key_come_from_two_files_too() {
    let made = made();
    let (certificate, key) = (bytes(made.leaf.der().to_vec()), bytes(made.key.serialize_der()));
    assert_eq!(subjects(&read(&[&certificate, &key], None).unwrap()), ["CN=till-7"], "DER and DER");
    let key = bytes(made.key.serialize_pem());
    assert_eq!(subjects(&read(&[&certificate, &key], None).unwrap()), ["CN=till-7"], "DER and PEM");
}

#[test]
fn what_is_missing_or_does_not_belong_together_is_said() {
    let (made, other) = (made(), made());
    let reason = |file: String| read(&[&bytes(file)], None).err();
    assert_eq!(reason(made.leaf.pem()), Some(Error::NoKey), "a certificate alone");
    assert_eq!(reason(made.key.serialize_pem()), Some(Error::NoCertificate), "a key alone");
    let both = made.leaf.pem() + &other.key.serialize_pem();
    let mismatch = Error::KeyMismatch { subject: "CN=till-7".to_owned() };
    assert_eq!(reason(both), Some(mismatch), "another certificate's key");
    assert_eq!(Error::NoKey.problem().code, "client_certificate.no_key");
}

#[test]
fn pkcs12_is_read_in_its_present_and_its_former_encryption() {
    let made = made();
    for (encryption, mac) in [
        (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256),
        (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1),
        (EncryptionAlgorithm::PbeWithShaAnd40BitRc4Cbc, MacAlgorithm::HmacSha1),
    ] {
        let file = pkcs12(&made, encryption, mac);
        let identity = read(&[&file], Some(&text("open sesame"))).unwrap();
        assert_eq!(subjects(&identity), ["CN=till-7", "CN=Issuing"], "{encryption:?}");
        assert_eq!(read(&[&file], Some(&text("sesame"))).err(), Some(Error::PassphraseWrong), "{encryption:?}");
        assert_eq!(read(&[&file], None).err(), Some(Error::PassphraseNeeded), "{encryption:?}");
    }
}

#[test]
fn a_cut_or_changed_file_is_an_error_and_no_crash() {
    let made = made();
    let whole = pkcs12(&made, EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256);
    let whole = whole.expose_secret();
    let passphrase = text("open sesame");
    for length in (0..whole.len()).step_by(7) {
        let cut = bytes(whole.get(..length).unwrap());
        assert!(read(&[&cut], Some(&passphrase)).is_err(), "cut after {length} bytes");
    }
    for at in (0..whole.len().min(400)).step_by(3) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        assert!(read(&[&bytes(changed)], Some(&passphrase)).is_err(), "the check value covers byte {at}");
    }
}

#[test]
fn what_is_neither_pem_nor_der_is_said_to_be_unreadable() {
    for file in ["", "hello", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        let error = read(&[&bytes(file)], None).err().unwrap();
        assert_eq!(error.problem().code, "client_certificate.unreadable", "{file:?}");
    }
    let large = bytes(vec![0x30; 1024 * 1024 + 1]);
    assert!(matches!(read(&[&large], None), Err(Error::Unreadable { .. })), "nobody's certificate has 1 MiB");
}

#[test]
fn the_old_encrypted_form_of_openssl_is_answered_with_the_command_that_converts_it() {
    let file = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let problem = read(&[&bytes(file)], None).err().unwrap().problem();
    assert_eq!(problem.code, "client_certificate.unsupported");
    assert!(problem.hints.iter().any(|hint| hint.contains("openssl pkcs8 -topk8")), "{problem:?}");
}
