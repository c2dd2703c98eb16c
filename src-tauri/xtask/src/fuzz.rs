//! `cargo xtask fuzz`: bytes nobody vouches for, into what reads bytes off the wire. Stable Rust, no sanitizer.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;

use crate::shell::{cargo, run, say, succeeds};

/// The targets of `tests/fuzz`.
const TARGETS: [&str; 3] = ["wire", "certificate", "explain"];
/// What the targets are written for.
const VERSION: &str = "0.13.2";
/// Between the parts of an input of `explain`.
const SEPARATOR: &[u8] = b"\xff\xfe\xfd\xfc";

/// `fuzz [TARGET] [SECONDS]`; all targets, ten minutes each, where nothing is said.
pub(crate) fn fuzz(arguments: &[String]) -> Result<()> {
    let chosen = arguments.iter().find(|word| word.parse::<u64>().is_err());
    let seconds = arguments.iter().find_map(|word| word.parse().ok()).unwrap_or(600);
    if let Some(other) = chosen.filter(|name| !TARGETS.contains(&name.as_str())) {
        bail!("unknown target `{other}`; one of {}", TARGETS.join(", "));
    }
    for target in TARGETS.into_iter().filter(|target| chosen.is_none_or(|name| name == target)) {
        one(target, seconds)?;
    }
    Ok(())
}

/// Each target for so many seconds.
pub(crate) fn short(seconds: u64) -> Result<()> {
    TARGETS.into_iter().try_for_each(|target| one(target, seconds))
}

fn one(target: &str, seconds: u64) -> Result<()> {
    if !succeeds("cargo", &["fuzz", "--version"]) {
        say("installing cargo-fuzz");
        run(cargo().args(["install", "cargo-fuzz", "--locked", "--version", VERSION]))?;
    }
    let corpus = PathBuf::from("tests/fuzz/corpus").join(target);
    seed(target, &corpus)?;
    let mut command = cargo();
    command.args(["fuzz", "run", "--fuzz-dir", "tests/fuzz", "--sanitizer", "none", target, "--"]);
    // an input may take a second at most, and half a gigabyte
    let bounds = ["-timeout=5", "-rss_limit_mb=1024", "-max_len=65536", "-print_final_stats=1", "-verbosity=0"];
    run(command.args(bounds).arg(format!("-max_total_time={seconds}")))
}

/// Inputs to begin with, made from what the repository has: messages of recorded handshakes, and certificates.
fn seed(target: &str, corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus).with_context(|| format!("{}", corpus.display()))?;
    let inputs = match target {
        "wire" => messages()?,
        "certificate" => certificates()?,
        _ => chains(&certificates()?),
    };
    for (number, input) in inputs.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number:03}")), input)?;
    }
    Ok(())
}

/// Every message of the recorded handshakes, as one of TLS 1.3 and as one of TLS 1.2, and as a conversation in clear.
fn messages() -> Result<Vec<Vec<u8>>> {
    let mut inputs = Vec::new();
    for file in files("ui/src/lib/ipc/fixture/handshakes", "json")? {
        let text = fs::read_to_string(&file)?;
        let mut conversation = vec![0];
        for found in text.split("\"bytes\":\"").skip(1) {
            let digits = found.split('"').next().unwrap_or_default();
            let Some(bytes) = unhex(digits) else { continue };
            inputs.push([&[1][..], &bytes].concat());
            inputs.push([&[3][..], &bytes].concat());
            let sender = u8::from(bytes.first() != Some(&1));
            let record = [&[22, 3, 3][..], &length(bytes.len()), &bytes].concat();
            conversation.extend([&[sender][..], &length(record.len()), &record].concat());
        }
        inputs.push(conversation);
    }
    Ok(inputs)
}

fn length(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Certificates of the repository, DER.
fn certificates() -> Result<Vec<Vec<u8>>> {
    let mut inputs = Vec::new();
    for folder in ["certs/fixtures", "src-tauri/crates/tls/src/findings/fixtures"] {
        for file in files(folder, "pem")? {
            let text = fs::read_to_string(&file)?;
            for block in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
                let body = block.split("-----END").next().unwrap_or_default();
                let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
                inputs.push(base64::engine::general_purpose::STANDARD.decode(packed)?);
            }
        }
    }
    Ok(inputs)
}

/// Two and three of them one after the other, with nothing for a CRL.
fn chains(certificates: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let pairs = certificates.windows(2).map(|pair| [&[][..], &pair[0], &pair[1]].join(SEPARATOR));
    let triples = certificates.windows(3).map(|three| [&[][..], &three[0], &three[1], &three[2]].join(SEPARATOR));
    pairs.chain(triples).collect()
}

fn files(folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.to_owned())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
