//! Messages in files, signed and verified on the command line; openssl judges the signatures.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::need;
use crate::support::cli::{Said, run};
use crate::support::sandbox::Sandbox;
use crate::support::{has, keyring};

const REQUEST: &str = "POST /v1/payments?b=2&a=1 HTTP/1.1\r\nHost: api.bank.example\r\nDate: Tue, 20 Apr 2021 02:07:55 GMT\r\n\
     Content-Type: application/json\r\nContent-Length: 18\r\n\r\n{ \"amount\": 1250 }";

struct Desk {
    sandbox: Sandbox,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { sandbox: Sandbox::new() };
        desk.file("request.http", REQUEST.as_bytes());
        desk
    }

    fn path(&self, name: &str) -> String {
        self.sandbox.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path: PathBuf = self.sandbox.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// A key made by openssl, in the slot of a credential; its public half as PEM.
    fn key(&self, name: &str, arguments: &[&str]) -> String {
        let (private, public) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}-public.pem")));
        openssl(&[&["genpkey", "-out", &private][..], arguments].concat());
        openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
        let words = ["credential", "add", name, "--client-id", name, "--token-endpoint", "https://auth.bank.example/t"];
        self.run(&[&words[..], &["--no-secret", "--key-file", &private]].concat()).expect(0);
        public
    }

    fn run(&self, arguments: &[&str]) -> Said {
        run(&self.sandbox, arguments)
    }
}

fn openssl(arguments: &[&str]) {
    let done = Command::new("openssl").args(arguments).output().unwrap();
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

const EC256: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const EC384: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
const RSA: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

#[test]
fn every_algorithm_signs_and_openssl_and_we_verify_it() {
    need!(has("openssl") && keyring(), "openssl and a throw-away keychain");
    let desk = Desk::new();
    for (name, made, alg, judged_by) in [
        ("ed", &["-algorithm", "ed25519"][..], "ed25519", Some(&["pkeyutl", "-verify", "-rawin"][..])),
        (
            "rsa",
            &RSA[..],
            "rsa-pss-sha512",
            Some(&["dgst", "-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64"][..]),
        ),
        ("old", &RSA[..], "rsa-v1_5-sha256", Some(&["dgst", "-sha256"][..])),
        ("p256", &EC256[..], "ecdsa-p256-sha256", None),
        ("p384", &EC384[..], "ecdsa-p384-sha384", None),
    ] {
        let public = desk.key(name, made);
        let (key, request, signed) =
            (format!("{name}/signing_key"), desk.path("request.http"), desk.path("signed.http"));
        let words = [
            "sign",
            "--key",
            &key,
            "--alg",
            alg,
            "--keyid",
            name,
            "--cover",
            "@method,@target-uri,date,content-digest",
        ];
        let document: Value =
            desk.run(&[&words[..], &["--request", &request, "-o", &signed, "--json"]].concat()).expect(0).json();
        let base = desk.file("base.txt", document["base"].as_str().unwrap().as_bytes());
        let value = STANDARD.decode(document["signature"]["value"].as_str().unwrap()).unwrap();
        let value = desk.file("value.bin", &value);
        match judged_by {
            Some(["pkeyutl", more @ ..]) => {
                let words = ["pkeyutl", "-pubin", "-inkey", &public, "-sigfile", &value, "-in", &base];
                openssl(&[&words[..], more].concat());
            }
            Some([command, more @ ..]) => {
                openssl(&[&[*command][..], more, &["-verify", &public, "-signature", &value, &base]].concat());
            }
            // r‖s is not what openssl reads
            _ => assert_eq!(std::fs::read(&value).unwrap().len(), if name == "p256" { 64 } else { 96 }, "r‖s"),
        }
        for key in [&public, &key] {
            let said = desk.run(&["verify", "--key", key, "--request", &signed]).expect(0);
            assert!(
                said.out.contains("`sig1` is by the key, over @method, @target-uri, date, content-digest."),
                "{}",
                said.out
            );
        }
    }
}

#[test]
fn what_differs_is_named_with_its_line_its_character_and_its_cause() {
    need!(has("openssl") && keyring(), "openssl and a throw-away keychain");
    let desk = Desk::new();
    let public = desk.key("ed", &["-algorithm", "ed25519"]);
    let (request, signed) = (desk.path("request.http"), desk.path("signed.http"));
    let cover = "@method,@target-uri,content-digest";
    let words = ["sign", "--key", "ed/signing_key", "--cover", cover, "--request", &request, "-o", &signed, "--json"];
    let base = desk.run(&words).expect(0).json()["base"].as_str().unwrap().to_owned();
    let text = String::from_utf8(std::fs::read(&signed).unwrap()).unwrap();
    // the content changed on its way
    let changed = desk.file("changed.http", text.replace("1250 }", "9250 }").as_bytes());
    let said = desk.run(&["verify", "--key", &public, "--request", &changed]).expect(1);
    assert!(said.out.contains("`sig1`: content-digest differs."), "{}", said.out);
    // the other side made its base behind a proxy that sorts the query and writes JSON anew
    let theirs = desk.file("theirs.txt", base.replace("b=2&a=1", "a=1&b=2").as_bytes());
    let said = desk.run(&["verify", "--key", &public, "--request", &signed, "--base", &theirs]).expect(0);
    assert!(said.out.contains("Line 2, @target-uri, character"), "{}", said.out);
    assert!(said.out.contains("The parameters of the query stand in another order."), "{}", said.out);
    // another key, another label, no signature, no message
    let other = desk.key("other", &["-algorithm", "ed25519"]);
    let said = desk.run(&["verify", "--key", &other, "--request", &signed]).expect(1);
    assert!(said.out.contains("does not verify over what was received") && said.out.contains(&base), "{}", said.out);
    desk.run(&["verify", "--key", &public, "--request", &signed, "--label", "sig9"]).expect(1);
    let none = desk.run(&["verify", "--key", &public, "--request", &request]).expect(2);
    assert!(none.err.contains("the message has no signature"), "{}", none.err);
    let garbage = desk.file("garbage.http", b"hello\r\n\r\n");
    let none = desk.run(&["verify", "--key", &public, "--request", &garbage]).expect(2);
    assert!(none.err.contains("this is no HTTP/1.1 message"), "{}", none.err);
    let missing = ["sign", "--key", "ed/signing_key", "--cover", "x-request-id", "--request", &request];
    let none = desk.run(&missing).expect(2);
    assert!(none.err.contains("x-request-id"), "a covered field that is absent is refused: {}", none.err);
}
