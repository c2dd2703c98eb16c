//! Options that make a connection prove less. They have to be named to be used, and evidence names them.

/// The host whose chain is accepted whatever the verifier says. The verdict is then `not_checked`
/// (`verification_off`), the findings are recorded all the same, and the option ends with the process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AcceptUnverified {
    host: String,
}

impl AcceptUnverified {
    /// For this host only: exact, without a port.
    pub fn for_host(host: &str) -> Self {
        Self { host: host.trim_matches(['[', ']']).to_ascii_lowercase() }
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }
}
