//! Which values count: the chosen environment, the layers of template variables, where a name leads.

use countersign_evidence::{Fault, Problem};
use countersign_tls::Target;
use http::Method;

use crate::core::{Core, lock};
use crate::template::{Layer, Scope};
use crate::workspace::Environment;

impl Core {
    /// The environment in use: of this process, as chosen before, else the workspace's default.
    pub(crate) fn environment_name(&self) -> Option<String> {
        let known = |name: &String| self.workspace.environments().value.iter().any(|e| e.name == *name);
        let chosen = self.options.environment.clone();
        chosen
            .or_else(|| lock(&self.state).environment.clone().filter(known))
            .or_else(|| self.workspace.manifest().default_environment.filter(known))
    }

    /// The environment in use, read from its file.
    pub(crate) fn environment(&self) -> Option<Environment> {
        let name = self.environment_name()?;
        self.workspace.environments().value.into_iter().find(|e| e.name == name)
    }

    /// A person said that calls may change something in the environment in use.
    pub(crate) fn allow_live(&self) {
        if let Some(name) = self.environment_name() {
            lock(&self.live_allowed).insert(name);
        }
    }

    /// A live environment asks before the first call that may change something there (RFC 9110 §9.2.1: the method is
    /// not safe).
    ///
    /// # Errors
    /// `usage.live_environment`.
    pub(crate) fn may_call(&self, method: &Method) -> Result<(), Problem> {
        let Some(environment) = self.environment().filter(|e| e.live && !method.is_safe()) else { return Ok(()) };
        if self.options.allow_live || lock(&self.live_allowed).contains(&environment.name) {
            return Ok(());
        }
        Err(Problem::new(
            "usage.live_environment",
            Fault::Caller,
            format!("{} is a live environment", environment.title),
            format!("{method} may change something there"),
        )
        .with_citation("RFC 9110", "9.2.1")
        .with_hint("Allow it once for this window, or pass --allow-live on the command line."))
    }

    /// Template variables of a draft, nearest first: `--var`, request, folders, environment, workspace, the running gateway.
    pub(crate) fn scope(&self, path: Option<&str>) -> Scope {
        let mut layers = vec![Layer { provenance: "given with --var".into(), values: self.options.variables.clone() }];
        layers.extend(self.workspace.layers(path, self.environment().as_ref()));
        let facts = self.gateway_facts.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(facts) = facts.as_ref() {
            layers.push(Layer { provenance: "the local gateway".into(), values: facts.variables() });
        }
        let (entropy, clock) = (self.entropy.clone(), self.clock.clone());
        Scope::new(layers, move || entropy.uuid(), move || clock.now().unix_seconds().to_string())
    }

    /// The target of a request: where its name leads by the workspace's table, and what this process was told.
    pub(crate) fn target(&self, url: &str) -> Result<Target, Problem> {
        let mut target = self.plain_target(url)?;
        let connection = &self.options.connection;
        if connection.connect_to.is_some() {
            target.connect_to.clone_from(&connection.connect_to);
        }
        if connection.server_name.is_some() {
            target.server_name.clone_from(&connection.server_name);
        }
        Ok(target)
    }

    /// A target by the workspace's table alone, for token calls and redirects.
    pub(crate) fn plain_target(&self, url: &str) -> Result<Target, Problem> {
        let mut target = Target::parse(url).map_err(|e| e.problem())?;
        self.resolved(&mut target);
        Ok(target)
    }

    /// Applies the workspace's `resolve` table: `host` or `host:port` to an address or address:port.
    pub(crate) fn resolved(&self, target: &mut Target) {
        let table = self.workspace.manifest().resolve;
        let found = table.get(&target.endpoint()).or_else(|| table.get(&target.host));
        if let Some(address) = found {
            let (host, port) = match address.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                    (host, port.parse().unwrap_or(target.port))
                }
                _ => (address.as_str(), target.port),
            };
            target.connect_to = Some((host.trim_matches(['[', ']']).to_owned(), port));
        }
    }

    /// Content from a file beside the request.
    pub(crate) fn content_file(&self, request: Option<&str>, file: &str) -> Result<Vec<u8>, Problem> {
        let path = self.workspace.content_path(request, file)?;
        std::fs::read(&path).map_err(|e| crate::file::Error::reading(path.display().to_string(), &e).problem())
    }
}
