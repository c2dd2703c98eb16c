//! Whom to trust now: the stores the workspace names, its CA files, the running gateway's root, CA files of this process.

use std::path::Path;
use std::sync::{OnceLock, PoisonError};

use countersign_evidence::{Problem, Profile};
use countersign_tls::danger::AcceptUnverified;
use countersign_tls::{Alpn, HostPattern, Policy, Store, StoreLabel, Target, Trust};

use crate::core::{Core, lock};
use crate::view::{Change, TrustView, TrustedCa};
use crate::workspace::TrustFile;

/// The OS store: hundreds of certificates, read once.
fn os_store() -> Store {
    static OS: OnceLock<Store> = OnceLock::new();
    OS.get_or_init(Store::os).clone()
}

/// The Mozilla set, read once.
fn mozilla_store() -> Store {
    static MOZILLA: OnceLock<Store> = OnceLock::new();
    MOZILLA.get_or_init(Store::mozilla).clone()
}

/// Reads the OS store now, so that the first connection does not wait for it.
pub(crate) fn warm_up() {
    let _read = os_store();
}

impl Core {
    /// The trust of every connection; made anew when something of it changed.
    pub(crate) fn trust(&self) -> Trust {
        if let Some(trust) = self.trust.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return trust.clone();
        }
        let made = self.make_trust(None);
        *self.trust.write().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
        made
    }

    /// Something of the trust changed: configurations, tickets and idle connections go with it.
    pub(crate) fn trust_changed(&self) {
        *self.trust.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.client.connector().forget();
        self.client.close_idle();
        self.changed(Change::Trust);
    }

    fn make_trust(&self, accept: Option<&str>) -> Trust {
        // a trust file that does not read counts as the default; the trust page names the problem
        let file = self.workspace.trust().unwrap_or_default();
        let mut builder = Trust::builder().profile(match file.profile.as_str() {
            "public" => Profile::Public,
            "private" => Profile::Private,
            _ => Profile::Auto,
        });
        for store in self.command_stores() {
            builder = builder.store(store);
        }
        if let Some(facts) = self.gateway_facts.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            builder = builder.store(facts.store());
        }
        for ca in &file.ca {
            if let Ok(store) = self.workspace_store(&ca.file, &ca.hosts) {
                builder = builder.store(store);
            }
        }
        for name in &file.stores {
            match name.as_str() {
                "os" => builder = builder.store(os_store()),
                "mozilla" => builder = builder.store(mozilla_store()),
                _ => {}
            }
        }
        if let Some(host) = accept {
            builder = builder.accept_unverified(AcceptUnverified::for_host(host));
        }
        builder.build()
    }

    fn command_stores(&self) -> Vec<Store> {
        let read = |path: &std::path::PathBuf| read_store(StoreLabel::Command, path).ok();
        self.options.connection.ca.iter().filter_map(read).collect()
    }

    /// CA files of this process are read at the start, so that a bad one is said at once.
    pub(crate) fn check_command_stores(&self) -> Result<(), Problem> {
        for path in &self.options.connection.ca {
            read_store(StoreLabel::Command, path)?;
        }
        Ok(())
    }

    /// A CA is added for hosts that were named: text that holds one, at least one host.
    pub(crate) fn check_ca(&self, pem: &str, hosts: &[String]) -> Result<(), Problem> {
        let caller = countersign_evidence::Fault::Caller;
        if hosts.is_empty() {
            return Err(Problem::new(
                "usage.no_host",
                caller,
                "no host is named",
                "a CA counts for the hosts named beside it",
            )
            .with_hint("Name the hosts it is for, for example `api.acme.example` or `*.acme.example`."));
        }
        if let Some(bad) = hosts.iter().find(|host| HostPattern::parse(host).is_none()) {
            return Err(Problem::new(
                "usage.bad_host",
                caller,
                format!("`{bad}` is not a host"),
                "`host`, `host:port` or `*.suffix` is wanted",
            ));
        }
        Store::from_file_contents(StoreLabel::Workspace("pasted".to_owned()), pem.as_bytes())
            .map(drop)
            .map_err(|e| e.problem())
    }

    fn workspace_store(&self, file: &str, hosts: &[String]) -> Result<Store, Problem> {
        let name = Path::new(file).file_stem().map_or_else(|| file.to_owned(), |s| s.to_string_lossy().into_owned());
        let store = read_store(StoreLabel::Workspace(name), &self.workspace.folder().join(file))?;
        Ok(store.for_hosts(hosts.iter().filter_map(|h| HostPattern::parse(h)).collect()))
    }

    /// How the connection to a request's target is made.
    pub(crate) fn policy(&self, target: &Target, http: Option<&str>, first: bool) -> Policy {
        let connection = &self.options.connection;
        let accept = (first && connection.accept_unverified).then_some(target.host.as_str());
        let trust = if accept.is_some() { self.make_trust(accept) } else { self.trust() };
        let mut policy = Policy::new(trust);
        policy.alpn = match http {
            Some("1.1") => Alpn::Http11,
            Some("2") => Alpn::Http2,
            Some(_) | None => Alpn::Auto,
        };
        if first {
            policy.max_version = connection.max_version;
        }
        policy
    }

    /// How connections for token calls are made.
    pub(crate) fn policy_for_tokens(&self) -> Policy {
        Policy::new(self.trust())
    }

    /// The trust page.
    pub(crate) fn trust_view(&self, file: &TrustFile) -> TrustView {
        let count = |store: &Store| u64::try_from(store.anchors().len()).unwrap_or(u64::MAX);
        let mut stores = Vec::new();
        for name in &file.stores {
            match name.as_str() {
                "os" => stores.push(("Operating system".to_owned(), count(&os_store()))),
                "mozilla" => stores.push(("Mozilla".to_owned(), count(&mozilla_store()))),
                other => stores.push((other.to_owned(), 0)),
            }
        }
        if let Some(facts) = self.gateway_facts.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            stores.push(("Local gateway, for its own ports".to_owned(), count(&facts.store())));
        }
        let ca = file.ca.iter().map(|ca| self.trusted_ca(&ca.file, &ca.hosts)).collect();
        TrustView { stores, ca }
    }

    fn trusted_ca(&self, file: &str, hosts: &[String]) -> TrustedCa {
        let now = self.clock.now();
        let (subject, life) = match self.workspace_store(file, hosts) {
            Ok(store) => match store.anchors().first() {
                Some(anchor) => {
                    let view = anchor.view();
                    (view.subject.clone(), crate::identity::life(view, now))
                }
                None => ("no certificate in it".to_owned(), String::new()),
            },
            Err(problem) => (problem.title, String::new()),
        };
        TrustedCa { file: file.to_owned(), subject, hosts: hosts.to_vec(), life }
    }

    /// Which vault, state and trust the status bar shows: the clock of the last server that told its time.
    pub(crate) fn last_clock(&self) -> Option<(String, i64, i64)> {
        let endpoint = lock(&self.last_clock).clone()?;
        let (difference, error) = self.clock_difference(&endpoint)?;
        Some((endpoint, difference, error))
    }
}

fn read_store(label: StoreLabel, path: &Path) -> Result<Store, Problem> {
    let contents = std::fs::read(path).map_err(|e| crate::file::storage_problem(&path.display().to_string(), &e))?;
    Store::from_file_contents(label, &contents).map_err(|e| e.problem())
}
