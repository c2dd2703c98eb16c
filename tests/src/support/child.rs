//! A process that ends with its handle, with everything it started, also when the test panics.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};

/// A started peer or program. Its output goes to files, so that an orphan never holds a pipe open.
pub struct Child {
    process: Process,
    out: PathBuf,
    _folder: tempfile::TempDir,
}

impl Child {
    /// Starts in a process group of its own; `input` goes to its standard input.
    pub fn start(command: &mut Command, input: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let file = File::create(&out).unwrap();
        let mut process = command
            .process_group(0)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        if let (Some(text), Some(mut pipe)) = (input, process.stdin.take()) {
            pipe.write_all(text.as_bytes()).unwrap();
        }
        Self { process, out, _folder: folder }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Everything it has said so far.
    pub fn output(&self) -> String {
        let mut text = Vec::new();
        File::open(&self.out).unwrap().read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Waits until its output holds `word`.
    pub fn wait_for(&mut self, word: &str, limit: Duration) {
        self.wait_until(word, limit, |output| output.contains(word));
    }

    /// Waits until `ready` says so.
    pub fn wait_until(&mut self, what: &str, limit: Duration, ready: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let output = self.output();
            if ready(&output) {
                return;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("ended with {status} before `{what}`:\n{output}");
            }
            assert!(start.elapsed() < limit, "no `{what}` within {limit:?}:\n{output}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for its end; its exit code.
    pub fn end(mut self, limit: Duration) -> (Option<i32>, String) {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return (status.code(), self.output());
            }
            assert!(start.elapsed() < limit, "still running after {limit:?}:\n{}", self.output());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal to its whole group.
    pub fn signal(&self, signal: rustix::process::Signal) {
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _gone = rustix::process::kill_process_group(group, signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(rustix::process::Signal::KILL);
        let _reaped = self.process.wait();
    }
}
