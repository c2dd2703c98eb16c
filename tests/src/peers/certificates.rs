//! `openssl verify -x509_strict` and our model of it say the same of chains good and bad.

use std::path::Path;
use std::process::Command;

use countersign_console::certificate::{ChainFiles, explain_files};
use countersign_evidence::{Profile, Timestamp};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use time::{Duration, OffsetDateTime};

use crate::need;
use crate::support::has;

const HOST: &str = "api.example.test";
const AT: &str = "2026-09-01T00:00:00Z";

/// What is made otherwise than well.
#[derive(Default)]
struct Plan {
    leaf: Option<fn(&mut CertificateParams)>,
    issuing: Option<fn(&mut CertificateParams)>,
    root: Option<fn(&mut CertificateParams)>,
    /// What is done to the PEM of the intermediate and to the roots, at the end.
    files: Option<fn(&mut Files)>,
}

struct Files {
    leaf: String,
    intermediates: String,
    roots: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    let at = OffsetDateTime::from(Timestamp::parse(AT).unwrap().to_system());
    params.not_before = at - Duration::days(10);
    params.not_after = at + Duration::days(80);
    params.use_authority_key_identifier_extension = true;
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn issued(params: CertificateParams, by: &Issuer<'static, KeyPair>) -> (Certificate, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    (certificate, Issuer::new(params, key))
}

fn made(plan: &Plan) -> Files {
    let change = |params: &mut CertificateParams, by: Option<fn(&mut CertificateParams)>| {
        if let Some(by) = by {
            by(params);
        }
    };
    let mut root = ca("Model root");
    change(&mut root, plan.root);
    let key = KeyPair::generate().unwrap();
    let root_certificate = root.self_signed(&key).unwrap();
    let root = Issuer::new(root, key);
    let mut issuing = ca("Model issuing");
    change(&mut issuing, plan.issuing);
    let (issuing_certificate, issuing) = issued(issuing, &root);
    let mut leaf = params(HOST);
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.subject_alt_names = vec![SanType::DnsName(HOST.try_into().unwrap())];
    change(&mut leaf, plan.leaf);
    let (leaf, _) = issued(leaf, &issuing);
    let mut files = Files { leaf: leaf.pem(), intermediates: issuing_certificate.pem(), roots: root_certificate.pem() };
    if let Some(change) = plan.files {
        change(&mut files);
    }
    files
}

/// Whether OpenSSL accepts it, and its words.
fn openssl(files: &Files, folder: &Path) -> (bool, String) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (leaf, roots) = (write("leaf.pem", &files.leaf), write("roots.pem", &files.roots));
    let intermediates = write("intermediates.pem", &files.intermediates);
    let at = Timestamp::parse(AT).unwrap().unix_seconds().to_string();
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-no-CAfile", "-no-CApath", "-no-CAstore", "-purpose", "sslserver"]);
    command.args(["-verify_hostname", HOST, "-attime", &at, "-trusted", &roots]);
    if !files.intermediates.is_empty() {
        command.args(["-untrusted", &intermediates]);
    }
    let output = command.arg(&leaf).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Whether our model of it accepts it, and its words.
fn model(files: &Files) -> (bool, String) {
    let explained = explain_files(
        &ChainFiles {
            chain: format!("{}{}", files.leaf, files.intermediates).into_bytes(),
            roots: Some(files.roots.clone().into_bytes()),
            name: Some(HOST.to_owned()),
            profile: Profile::Private,
            ..ChainFiles::default()
        },
        Timestamp::parse(AT).unwrap(),
    );
    let explained = explained.unwrap();
    let own = explained.acceptance.iter().find(|own| own.verifier == "openssl_strict").unwrap();
    (own.accepts, own.sentence.clone())
}

fn expired(params: &mut CertificateParams) {
    params.not_after = params.not_before + Duration::days(5);
}

fn limited(params: &mut CertificateParams) {
    let permitted_subtrees = vec![GeneralSubtree::DnsName("corp.test".to_owned())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
}

fn unknown_critical(params: &mut CertificateParams) {
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55_555, 1], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
}

#[test]
fn our_model_of_openssl_agrees_with_openssl() {
    need!(has("openssl"), "openssl");
    let leaf = |change| Plan { leaf: Some(change), ..Plan::default() };
    let issuing = |change| Plan { issuing: Some(change), ..Plan::default() };
    let root = |change| Plan { root: Some(change), ..Plan::default() };
    let files = |change| Plan { files: Some(change), ..Plan::default() };
    let plans: Vec<(&str, Plan)> = vec![
        ("good", Plan::default()),
        ("expired leaf", leaf(expired)),
        ("expired intermediate", issuing(expired)),
        ("expired root", root(expired)),
        ("not yet valid", leaf(|params| params.not_before = params.not_after - Duration::days(1))),
        ("other name", leaf(|params| params.subject_alt_names = vec![SanType::DnsName("x.test".try_into().unwrap())])),
        ("common name only", leaf(|params| params.subject_alt_names.clear())),
        (
            "no name",
            leaf(|params| {
                params.subject_alt_names.clear();
                params.distinguished_name.push(DnType::CommonName, "Model");
            }),
        ),
        (
            "wildcard",
            leaf(|params| params.subject_alt_names = vec![SanType::DnsName("*.example.test".try_into().unwrap())]),
        ),
        ("for clients", leaf(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth])),
        ("for anything", leaf(|params| params.extended_key_usages.clear())),
        (
            "intermediate for clients",
            issuing(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
        ),
        ("no authority key", leaf(|params| params.use_authority_key_identifier_extension = false)),
        ("intermediate is no CA", issuing(|params| params.is_ca = IsCa::ExplicitNoCa)),
        ("no keyCertSign", issuing(|params| params.key_usages = vec![KeyUsagePurpose::CrlSign])),
        ("no key usage", issuing(|params| params.key_usages.clear())),
        ("keyCertSign on the leaf", leaf(|params| params.key_usages.push(KeyUsagePurpose::KeyCertSign))),
        ("path length", root(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)))),
        ("name constraint", issuing(limited)),
        ("critical unknown", leaf(unknown_critical)),
        ("critical unknown in the root", root(unknown_critical)),
        (
            "leaf is a CA",
            leaf(|params| {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            }),
        ),
        ("missing intermediate", files(|files| files.intermediates.clear())),
        ("untrusted root", files(|files| files.roots = made(&Plan::default()).roots)),
        ("impostor", files(|files| files.intermediates = made(&Plan::default()).intermediates)),
        ("intermediate in the store", files(|files| std::mem::swap(&mut files.intermediates, &mut files.roots))),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut differ = Vec::new();
    for (name, plan) in &plans {
        let made = made(plan);
        let (theirs, ours) = (openssl(&made, folder.path()), model(&made));
        if theirs.0 != ours.0 {
            differ.push(format!("{name}: OpenSSL {theirs:?}, the model {ours:?}"));
        }
    }
    assert!(differ.is_empty(), "the model is wrong here: {differ:#?}");
}
