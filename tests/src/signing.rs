//! Messages in files, signed and verified on the command line; openssl judges the signatures.

use std::io::{Read, Write};
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

/// What curl sends, as text, with its own signature of AWS.
fn of_curl(arguments: &[&str], target: &str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}{target}", listener.local_addr().unwrap());
    let mut curl = Command::new("curl");
    let always =
        ["-s", "-m", "10", "--aws-sigv4", "aws:amz:eu-west-1:execute-api", "-u", "AKIDEXAMPLE:wJalrXUtnFEMI/K7"];
    let mut curl = curl.args(always).args(arguments).arg(&url).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let length = loop {
        let read = stream.read(&mut piece).unwrap();
        bytes.extend(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, content)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.to_lowercase().split("content-length: ").nth(1).map(|rest| rest.lines().next().unwrap().to_owned());
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        if content.len() >= length {
            break length;
        }
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    assert!(curl.wait().unwrap().success(), "curl, {length} bytes of content");
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_signature_of_aws_is_the_one_curl_makes() {
    need!(has("curl") && keyring(), "curl and a throw-away keychain");
    let desk = Desk::new();
    let words =
        ["credential", "add", "aws", "--client-id", "AKIDEXAMPLE", "--token-endpoint", "https://unused.example/t"];
    let mut add = crate::support::cli::command(&desk.sandbox, &[&words[..], &["--secret-env", "AWS"]].concat());
    add.env("AWS", "wJalrXUtnFEMI/K7");
    crate::support::cli::run_with(add, None).expect(0);
    for (arguments, target) in [
        // sorted already, for not every version of curl does it
        (&[][..], "/v1/payments?a=0&a=1&b=2"),
        (&["-d", "{\"amount\": 1250}", "-H", "Content-Type: application/json"][..], "/v1/payments"),
        (&["-X", "DELETE"][..], "/v1/payments/7"),
    ] {
        let sent = of_curl(arguments, target);
        let (head, content) = sent.split_once("\r\n\r\n").unwrap();
        let field = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: "))).unwrap();
            line.split_once(": ").unwrap().1.to_owned()
        };
        let (authorization, date) = (field("authorization"), field("x-amz-date"));
        let signed_headers = authorization.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
        // the message without what signing adds, and only with what curl covers
        let covered = |line: &&str| {
            let name = line.split(':').next().unwrap().to_lowercase();
            signed_headers.split(';').any(|one| one == name) && name != "x-amz-date"
        };
        let start = head.lines().next().unwrap();
        let fields: Vec<&str> = head.lines().skip(1).filter(covered).collect();
        let request = desk.file("aws.http", format!("{start}\r\n{}\r\n\r\n{content}", fields.join("\r\n")).as_bytes());
        let at = format!(
            "{}-{}-{}T{}:{}:{}Z",
            &date[..4],
            &date[4..6],
            &date[6..8],
            &date[9..11],
            &date[11..13],
            &date[13..15]
        );
        let words = [
            "sign",
            "--scheme",
            "sigv4",
            "--key",
            "aws/client_secret",
            "--keyid",
            "AKIDEXAMPLE",
            "--region",
            "eu-west-1",
        ];
        let more = ["--service", "execute-api", "--request", &request, "--at", &at, "--json"];
        let document = desk.run(&[&words[..], &more].concat()).expect(0).json();
        let ours =
            document["added_fields"].as_array().unwrap().iter().find(|field| field[0] == "Authorization").unwrap();
        assert_eq!(ours[1], authorization, "{target}:\n{}", document["base"].as_str().unwrap());
    }
    let address =
        ["sign", "--scheme", "sigv4", "--key", "aws/client_secret", "--keyid", "AKIDEXAMPLE", "--region", "eu-west-1"];
    let more = ["--service", "s3", "--expires", "60", "--request", &desk.path("request.http"), "-o", "-"];
    let said = desk.run(&[&address[..], &more].concat()).expect(0);
    assert!(said.out.starts_with("POST /v1/payments?b=2&a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&"), "{}", said.out);
    assert!(said.out.contains("&X-Amz-Expires=60&") && !said.out.contains("Authorization"), "{}", said.out);
    assert!(!said.out.contains("wJalrXUtnFEMI"), "the secret is in none of it");
}
