//! Whom to trust now: the stores the workspace names, its CA files, the running gateway's root, CA files of this process.

use std::path::Path;
use std::sync::{OnceLock, PoisonError};

use countersign_evidence::{Problem, Profile};
use countersign_tls::danger::AcceptUnverified;
use countersign_tls::{Alpn, HostPattern, Pin, Policy, Store, StoreLabel, Target, Trust};

use crate::core::{Core, lock};
use crate::view::{Change, PinView, TrustStore, TrustView, TrustedCa};
use crate::workspace::{PROFILES, STORES, TrustFile};

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
        // with a file that does not read nothing is sent: see `check_trust`
        let file = self.workspace.trust().unwrap_or_else(|_| TrustFile { stores: Vec::new(), ..TrustFile::default() });
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
        for pin in &file.pins {
            // the reader refused what is no pin
            let host = HostPattern::parse(&pin.host);
            if let Some(pin) = host.and_then(|host| Pin::new(host, &pin.spki_sha256)) {
                builder = builder.pin(pin);
            }
        }
        for host in lock(&self.unverified).iter().map(String::as_str).chain(accept) {
            builder = builder.accept_unverified(AcceptUnverified::for_host(host));
        }
        builder.build()
    }

    /// A trust file that does not read stops what would connect: a pin in it would else be passed over in silence.
    pub(crate) fn check_trust(&self) -> Result<(), Problem> {
        self.workspace.trust().map(drop)
    }

    /// Pins a key for a host: then only chains with a pinned key on their path count for it.
    pub(crate) fn add_pin(&self, host: &str, spki_sha256: &str) -> Result<TrustFile, Problem> {
        let caller = countersign_evidence::Fault::Caller;
        let pattern = HostPattern::parse(host).filter(|pattern| !pattern.is_any());
        let pin = pattern.and_then(|pattern| Pin::new(pattern, spki_sha256)).ok_or_else(|| {
            Problem::new("usage.bad_pin", caller, "this is no pin", format!("host `{host}`, SHA-256 `{spki_sha256}`"))
                .with_hint("Give `host` or `host:port`, and the SHA-256 of the public key in base64 or hexadecimal.")
        })?;
        let wanted = crate::workspace::Pin { host: pin.host().to_string(), spki_sha256: pin.spki_sha256().to_owned() };
        self.workspace.change_trust(|trust| {
            if !trust.pins.contains(&wanted) {
                trust.pins.push(wanted);
            }
        })
    }

    /// Removes a pin.
    pub(crate) fn remove_pin(&self, host: &str, spki_sha256: &str) -> Result<TrustFile, Problem> {
        let is = |pin: &crate::workspace::Pin| pin.host == host && pin.spki_sha256 == spki_sha256;
        if !self.workspace.trust()?.pins.iter().any(is) {
            return Err(Problem::new(
                "workspace.no_pin",
                countersign_evidence::Fault::Caller,
                "there is no such pin",
                format!("host `{host}`, SHA-256 `{spki_sha256}`"),
            )
            .with_hint("`countersign trust list` shows those there are."));
        }
        self.workspace.change_trust(|trust| trust.pins.retain(|pin| !is(pin)))
    }

    /// Switches a store on or off.
    pub(crate) fn use_store(&self, store: &str, used: bool) -> Result<TrustFile, Problem> {
        one_of("store", store, &STORES)?;
        self.workspace.change_trust(|trust| {
            trust.stores.retain(|name| name != store);
            if used {
                trust.stores.push(store.to_owned());
                trust.stores.sort_by_key(|name| STORES.iter().position(|known| known == name));
            }
        })
    }

    /// Which rules apply to notes on certificates.
    pub(crate) fn use_profile(&self, profile: &str) -> Result<TrustFile, Problem> {
        one_of("profile", profile, &PROFILES)?;
        self.workspace.change_trust(|trust| profile.clone_into(&mut trust.profile))
    }

    /// Accepts a host unverified until this process ends, or verifies it again.
    pub(crate) fn accept_host(&self, host: &str, accept: bool) -> Result<(), Problem> {
        let host = host.trim().trim_matches(['[', ']']).to_ascii_lowercase();
        if host.contains('*') || HostPattern::parse(&host).is_none() {
            return Err(Problem::new(
                "usage.bad_host",
                countersign_evidence::Fault::Caller,
                format!("`{host}` is not a host"),
                "one host is accepted at a time",
            )
            .with_hint("Give the host's name without scheme, port and path."));
        }
        if accept {
            lock(&self.unverified).insert(host);
        } else {
            lock(&self.unverified).remove(&host);
        }
        Ok(())
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
        let store = |id: Option<&str>, name: &str, roots, used| TrustStore {
            id: id.map(ToOwned::to_owned),
            name: name.to_owned(),
            roots,
            used,
        };
        let used = |name: &str| file.stores.iter().any(|one| one == name);
        let mut stores = vec![
            store(Some("os"), "Operating system", count(&os_store()), used("os")),
            store(Some("mozilla"), "Mozilla", count(&mozilla_store()), used("mozilla")),
        ];
        if let Some(facts) = self.gateway_facts.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            stores.push(store(None, "Local gateway, for its own ports", count(&facts.store()), true));
        }
        let ca = file.ca.iter().map(|ca| self.trusted_ca(&ca.file, &ca.hosts)).collect();
        let pin =
            |pin: &crate::workspace::Pin| PinView { host: pin.host.clone(), spki_sha256: pin.spki_sha256.clone() };
        TrustView {
            stores,
            profile: file.profile.clone(),
            ca,
            pins: file.pins.iter().map(pin).collect(),
            unverified: lock(&self.unverified).iter().cloned().collect(),
        }
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

fn one_of(what: &str, text: &str, known: &[&str]) -> Result<(), Problem> {
    if known.contains(&text) {
        return Ok(());
    }
    Err(Problem::new(
        "usage.unknown_choice",
        countersign_evidence::Fault::Caller,
        format!("`{text}` is no {what}"),
        format!("one of {} is wanted", known.join(", ")),
    ))
}

fn read_store(label: StoreLabel, path: &Path) -> Result<Store, Problem> {
    let contents = std::fs::read(path).map_err(|e| crate::file::storage_problem(&path.display().to_string(), &e))?;
    Store::from_file_contents(label, &contents).map_err(|e| e.problem())
}
