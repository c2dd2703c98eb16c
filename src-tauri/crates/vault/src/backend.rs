//! What a person can choose to keep secrets in.

use countersign_evidence::SecretStore;

/// The chosen store. Recorded for each workspace; changed by a migration only, never by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// The system's keychain, with a sealed file for what is too large for it.
    Os,
    /// A file sealed under a passphrase.
    Passphrase,
    /// Memory of this process: gone when it ends.
    Memory,
}

impl Backend {
    /// `os`, `passphrase`, `memory`.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Os => "os",
            Backend::Passphrase => "passphrase",
            Backend::Memory => "memory",
        }
    }

    /// The backend of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Backend::Os, Backend::Passphrase, Backend::Memory].into_iter().find(|backend| backend.name() == name)
    }

    /// What it is called in the evidence, on this system.
    pub fn store(self) -> SecretStore {
        match self {
            Backend::Os if cfg!(target_os = "macos") => SecretStore::MacosKeychain,
            Backend::Os if cfg!(windows) => SecretStore::WindowsCredentialManager,
            Backend::Os => SecretStore::SecretService,
            Backend::Passphrase => SecretStore::Passphrase,
            Backend::Memory => SecretStore::Memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backend;

    #[test]
    fn a_backend_is_found_by_its_own_name_and_no_other() {
        for backend in [Backend::Os, Backend::Passphrase, Backend::Memory] {
            assert_eq!(Backend::parse(backend.name()), Some(backend), "{}", backend.name());
        }
        assert_eq!(Backend::parse("OS"), None, "names are exact");
    }
}
