//! What tests stand on: throw-away folders, the programs, peers that end with the test.

pub mod child;
pub mod cli;
pub mod clients;
pub mod corpus;
pub mod pki;
pub mod sandbox;
pub mod window;

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;

/// The folder of the root `Cargo.toml`.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of published test vectors: below the folder in `COUNTERSIGN_VECTORS`, else in `shared/vectors` beside the
/// checkout. They are not part of the source; a test that wants one is skipped without.
pub fn vectors(file: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("COUNTERSIGN_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => root().parent()?.join("shared/vectors"),
    };
    let path = folder.join(file);
    path.is_file().then_some(path)
}

/// Into the output of the test.
pub fn say(line: &str) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}

/// A program of this workspace, built beside this test binary.
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let folder = here.parent().unwrap().parent().unwrap();
    let program = folder.join(name);
    assert!(program.is_file(), "{} is not built: run `cargo xtask test`", program.display());
    program
}

/// A port that is free now. A peer that takes a port by number gets this one.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Whether the throw-away keychain of `tests/scripts/with-keyring` is here.
pub fn keyring() -> bool {
    std::env::var_os("COUNTERSIGN_TEST_KEYRING").is_some()
}

/// Says what is missing; under CI that is a failure.
pub fn skip(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what} is missing, and CI skips nothing");
    say(&format!("SKIP {what} is missing"));
}

/// Says that published vectors are not beside the checkout. They are not part of the source: under CI too, that is no
/// failure.
pub fn without_vectors(file: &str) {
    say(&format!("SKIP {file} is not here (COUNTERSIGN_VECTORS)"));
}

/// Leaves the test with a loud skip unless the condition holds.
#[macro_export]
macro_rules! need {
    ($condition:expr, $what:expr) => {
        if !$condition {
            $crate::support::skip($what);
            return;
        }
    };
}

/// Whether a program is on the path.
pub fn has(name: &str) -> bool {
    ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/bin"].iter().any(|folder| PathBuf::from(folder).join(name).is_file())
}
