//! What the system must have, by Debian's package names, and how it is installed when it is missing.

use std::io::IsTerminal;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{has, run, say, succeeds};

/// To build the desktop program.
pub(crate) const BUILD: &[&str] = &["libwebkit2gtk-4.1-dev", "build-essential", "pkg-config", "cmake"];
/// To build the command line alone.
pub(crate) const COMPILE: &[&str] = &["build-essential", "pkg-config", "cmake"];
/// To test: the real window, a real keychain, real peers.
pub(crate) const TEST: &[&str] = &[
    "xvfb",
    "xauth",
    "webkit2gtk-driver",
    "gnome-keyring",
    "libsecret-tools",
    "dbus",
    "dbus-x11",
    "libglib2.0-bin",
    "openssl",
    "gnutls-bin",
    "nginx-light",
    "tshark",
    "iproute2",
    "curl",
    "procps",
];

/// To compare with in benches.
pub(crate) const BENCH: &[&str] = &["sslscan", "python3-venv"];

/// Installs what is missing of `wanted`; says what. Never prompts when there is no terminal.
pub(crate) fn ensure(wanted: &[&str]) -> Result<()> {
    let missing: Vec<&str> = wanted.iter().copied().filter(|name| !installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !has("apt-get") {
        if cfg!(target_os = "linux") {
            say(&format!("not installed, and this is no Debian or Ubuntu: {}; going on without", missing.join(" ")));
        }
        return Ok(());
    }
    say(&format!("installing {}", missing.join(" ")));
    run(apt()?.args(["update", "-q"]))?;
    run(apt()?.args(["install", "-q", "-y", "--no-install-recommends"]).args(&missing))
}

fn installed(package: &str) -> bool {
    succeeds("dpkg-query", &["--show", package]) && succeeds("dpkg", &["--status", package])
}

fn apt() -> Result<Command> {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else if has("sudo") {
        let mut sudo = Command::new("sudo");
        if !std::io::stdin().is_terminal() {
            sudo.arg("--non-interactive");
        }
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    } else {
        bail!("not root, and there is no sudo: install the packages above by hand, then run this again");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn is_root() -> bool {
    crate::shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
