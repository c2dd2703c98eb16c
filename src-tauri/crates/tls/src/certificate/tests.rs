use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::CertificateDer;

use super::{Certificate, certificates_from_pem};

#[test]
fn bytes_that_are_no_certificate_are_named_so() {
    let error = Certificate::from_der(&CertificateDer::from(vec![0x30, 0x03, 1, 2, 3])).unwrap_err();
    assert!(error.to_string().starts_with("not an X.509 certificate"), "{error}");
    assert_eq!(error.offset, 2, "the boolean there announces more than there is");
}

#[test]
fn pem_reads_back_what_the_view_writes() {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec!["a.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    let parsed = Certificate::from_der(made.der()).unwrap();
    assert_eq!(certificates_from_pem(parsed.view().pem.as_bytes()).unwrap(), vec![made.der().clone()]);
    assert_eq!(parsed.view().names, ["DNS:a.test"]);
    assert_eq!(parsed.view().key.curve.as_deref(), Some("P-256"));
    assert_eq!(parsed.view().fingerprints.sha256.len(), 64);
}

#[test]
fn every_extension_is_listed_with_its_place() {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec!["a.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    let parsed = Certificate::from_der(made.der()).unwrap();
    let details = parsed.view().details.clone().unwrap();
    assert_eq!((details.version, details.length as usize), (3, made.der().len()));
    let extension = &details.extensions[0];
    assert_eq!((extension.name.as_deref(), extension.critical), (Some("subjectAltName"), false));
    let start = extension.range.offset as usize;
    let bytes = &made.der()[start..start + extension.range.length as usize];
    assert!(bytes.starts_with(&[0x30]) && bytes.ends_with(b"a.test"), "the range is that of the extension");
}
