//! What measurements stand on: a gateway in a process of its own, medians, rows.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The demo client's secret in benches.
pub const SECRET: &str = "bench-secret-of-demo-client";

/// One measured line.
pub struct Row {
    pub what: String,
    pub ours: String,
    pub beside: String,
    pub ratio: Option<f64>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = self.ratio.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"));
        write!(f, "| {} | {} | {} | {ratio} |", self.what, self.ours, self.beside)
    }
}

/// The middle of some durations.
pub fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// `1.23 ms`.
pub fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// Ours over theirs.
pub fn ratio(ours: Duration, beside: Duration) -> f64 {
    ours.as_secs_f64() / beside.as_secs_f64().max(f64::EPSILON)
}

/// A program of the release build.
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().unwrap().parent().unwrap().join(name);
    assert!(program.is_file(), "{} is not built: run `cargo xtask bench`", program.display());
    program
}

/// A child that ends with its handle.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// A gateway in a process of its own.
pub struct Gateway {
    _running: Running,
    ready: Value,
    pub folder: tempfile::TempDir,
}

impl Gateway {
    /// `jwk`: a public key it accepts signatures of, as `bench-key`.
    pub fn start(jwk: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ready.json");
        let mut command = Command::new(program("countersign"));
        command
            .args(["gateway", "--quiet", "--demo-secret-env", "DEMO_SECRET", "--ready-file"])
            .arg(&file)
            .env("DEMO_SECRET", SECRET);
        if let Some(jwk) = jwk {
            let key = folder.path().join("key.json");
            std::fs::write(&key, jwk).unwrap();
            command.arg("--trust-key").arg(format!("bench-key={}", key.display()));
        }
        let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wait_for(&file, Duration::from_secs(20));
        let ready = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        Self { _running: running, ready, folder }
    }

    pub fn text(&self, member: &str) -> String {
        self.ready[member].as_str().unwrap().to_owned()
    }
}

/// Waits until a file is there.
pub fn wait_for(file: &Path, limit: Duration) {
    let start = Instant::now();
    while !file.exists() {
        assert!(start.elapsed() < limit, "{} does not appear", file.display());
        std::thread::sleep(Duration::from_millis(1));
    }
}
