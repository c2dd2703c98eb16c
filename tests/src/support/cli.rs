//! The command line as a person runs it.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{program, sandbox::Sandbox};

/// What one run said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("not one JSON document ({e}):\n{}\n{}", self.out, self.err))
    }

    /// JSON documents, one a line.
    pub fn json_lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// Asserts the exit code, with everything that was said when it differs.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }
}

/// `countersign` with arguments, in the sandbox.
pub fn command(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("countersign"));
    sandbox.enter(&mut command).args(arguments);
    command
}

/// Runs to the end.
pub fn run(sandbox: &Sandbox, arguments: &[&str]) -> Said {
    run_with(command(sandbox, arguments), None)
}

/// Runs to the end with standard input.
pub fn run_with(mut command: Command, input: Option<&str>) -> Said {
    let mut child = command
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
        pipe.write_all(text.as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
