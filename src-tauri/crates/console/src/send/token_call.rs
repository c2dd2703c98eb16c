//! A token call: an ordinary exchange with its own handshake evidence, made for the token engine.

use std::sync::{Arc, Weak};
use std::time::Duration;

use countersign_evidence::{Attempt, AttemptReason, Exchange, Fault, Outcome, Problem, Step};
use countersign_oauth::{
    Client, ClientAuthentication, Prepared, Recipe, Refusal, TokenRequest, may_hold_token, process, retry_after,
    token_request,
};
use countersign_secret::SecretText;
use countersign_tls::Target;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::ask::{Asked, Asking, refused_by_us};
use super::progress::micros;
use super::record;
use crate::core::{Core, lock};
use crate::diagnosis::{self, With, of_token_call};
use crate::identity::Choice;
use crate::proof::ClientKeys;
use crate::send::token_grant::{Basis, Given};
use crate::token::{Ask, Obtain, Obtained};
use crate::workspace::CredentialFile;

/// Everything a token call is made of but its secrets.
pub(crate) struct TokenParts {
    /// The credential as it was when the token's key was made.
    pub(crate) file: CredentialFile,
    /// Its issuer with templates resolved; may be empty.
    pub(crate) issuer: String,
    pub(crate) token_endpoint: String,
    pub(crate) target: Target,
    pub(crate) authentication: ClientAuthentication,
    pub(crate) recipe: Arc<Recipe>,
    pub(crate) scope: String,
    /// The client certificate that goes along.
    pub(crate) identity: Option<Choice>,
}

/// Makes token calls for the engine.
pub(crate) struct TokenCaller {
    pub(crate) core: Weak<Core>,
}

impl Obtain for TokenCaller {
    fn obtain(&self, ask: Ask) -> BoxFuture<'static, Obtained> {
        let core = self.core.clone();
        Box::pin(async move {
            let Some(core) = core.upgrade() else { return closing(&ask) };
            let brought = lock(&core.brought).remove(&ask.key.hash);
            let obtained = match brought {
                Some(obtained) => return *obtained,
                None => call(&core, &ask).await,
            };
            core.remember_call(&obtained);
            obtained
        })
    }
}

fn closing(ask: &Ask) -> Obtained {
    let problem = Problem::new(
        "exchange.cancelled",
        Fault::Caller,
        "Countersign is closing",
        format!("token of {}", ask.key.credential),
    );
    let exchange = Exchange::new("closing", countersign_evidence::Timestamp::from_unix_seconds(0));
    Obtained::Unreached { problem, may_have_been_sent: false, exchange: Box::new(exchange) }
}

async fn call(core: &Arc<Core>, ask: &Ask) -> Obtained {
    let mut e = Exchange::new(core.entropy.id(&core.clock), core.clock.now());
    let Some(parts) = core.token_parts(&ask.key.hash) else {
        let problem = Problem::new(
            "internal.token_parts",
            Fault::Us,
            "the token's credential is not known any more",
            ask.key.credential.clone(),
        );
        e.outcome = Outcome::RefusedByUs;
        e.error = Some(problem.clone());
        return Obtained::Unreached { problem, may_have_been_sent: false, exchange: Box::new(e) };
    };
    let basis = match &ask.refresh {
        Some(token) => Basis::Refresh(Arc::clone(token)),
        None => Basis::Credential,
    };
    core.token_call(parts, basis, e).await
}

impl Core {
    /// One token call, whatever it stands on; `e` becomes its evidence.
    pub(crate) async fn token_call(self: &Arc<Self>, parts: Arc<TokenParts>, basis: Basis, e: Exchange) -> Obtained {
        Call { core: self, parts, e, began: self.clock.boot(), assertion: None }.make(basis).await
    }
}

/// The state of one call while it is made.
struct Call<'a> {
    core: &'a Arc<Core>,
    parts: Arc<TokenParts>,
    e: Exchange,
    began: Duration,
    /// Header and claims of the client assertion that was sent last.
    assertion: Option<Map<String, Value>>,
}

impl Call<'_> {
    async fn make(mut self, basis: Basis) -> Obtained {
        let keys = match self.core.client_keys(&mut self.e, &self.parts).await {
            Ok(keys) => keys,
            Err(problem) => return self.not_made(problem),
        };
        let given = match self.core.settle(&mut self.e, &self.parts, &keys, basis).await {
            Ok(given) => given,
            Err(problem) => return self.not_made(problem),
        };
        let mut nonce_asked = false;
        loop {
            let prepared = match self.prepare(&keys, &given) {
                Ok(prepared) => prepared,
                Err(problem) => return self.not_made(problem),
            };
            let parts = Arc::clone(&self.parts);
            let asking =
                Asking { credential: &parts.file.name, target: &parts.target, identity: parts.identity.as_ref() };
            let asked = match self.core.ask(&mut self.e, &asking, &prepared).await {
                Ok(asked) => asked,
                Err(not) => return self.ended(not.problem, not.may_have_been_sent),
            };
            if self.core.dpop_nonce_asked(&parts.target, &asked) && keys.dpop.is_some() && !nonce_asked {
                nonce_asked = true;
                self.again(&asked);
                continue;
            }
            return self.judge(&asked, &keys, &given);
        }
    }

    /// The server wants its nonce in the proof (RFC 9449 §8): the same request once more.
    fn again(&mut self, asked: &Asked) {
        self.core.keep_answer(&mut self.e, asked);
        let next = Exchange::new(self.e.exchange.clone(), self.core.clock.now());
        let past = std::mem::replace(&mut self.e, next);
        self.e.credential.clone_from(&past.credential);
        let exchange = record::seal(past, &self.core.redactor);
        self.e.previous_attempts.push(Attempt { reason: AttemptReason::DpopNonce, exchange });
    }

    fn prepare(&mut self, keys: &ClientKeys, given: &Given) -> Result<Prepared, Problem> {
        let parts = Arc::clone(&self.parts);
        let file = &parts.file;
        let assertion = self.core.client_assertion(&parts, keys)?;
        let shown = assertion.as_ref().or(match given {
            Given::JwtBearer(assertion) => Some(&**assertion),
            _ => None,
        });
        self.assertion = shown.and_then(|jwt| countersign_oauth::view(jwt.expose_secret()).ok()).map(|read| {
            let mut all = read.header;
            all.extend(read.claims);
            all
        });
        let proof =
            self.core.dpop_proof(keys, &parts.recipe.request.method, &parts.token_endpoint, &parts.target, None)?;
        token_request(&TokenRequest {
            recipe: &parts.recipe,
            token_endpoint: &parts.token_endpoint,
            client: Client {
                id: &file.client_id,
                secret: keys.secret.as_deref(),
                authentication: parts.authentication,
                assertion: assertion.as_ref(),
            },
            grant: given.grant(),
            scope: &parts.scope,
            audience: &file.grant.audience,
            resource: &file.grant.resource,
            authorization_details: &file.grant.authorization_details,
            proof: proof.as_ref(),
        })
        .map_err(|e| e.problem())
    }

    fn judge(mut self, asked: &Asked, keys: &ClientKeys, given: &Given) -> Obtained {
        let fields = asked.fields();
        let now = self.core.clock.now();
        match process(&self.parts.recipe, asked.status(), &fields, asked.body(), now) {
            Ok(issued) => {
                self.core.redactor.register_token(&issued.access_token);
                if let Some(refresh) = &issued.refresh_token {
                    self.core.redactor.register_token(refresh);
                }
                self.e.response = Some(record::response(&self.core.redactor, &asked.received));
                self.e.findings.extend(issued.notes.iter().cloned());
                let (t0, sent_at, date_ms) = (asked.t0, asked.sent_at, asked.date_ms());
                Obtained::Issued { issued, t0, sent_at, date_ms, exchange: Box::new(self.finish()) }
            }
            Err(refusal) => {
                // a success in which the recipe found none may hold a token somewhere else
                let held = refusal.no_token && serde_json::from_slice(asked.body()).is_ok_and(|a| may_hold_token(&a));
                if held {
                    self.e.response = Some(record::response(&self.core.redactor, &asked.received));
                } else {
                    self.core.keep_answer(&mut self.e, asked);
                }
                let wait = asked.field("retry-after").and_then(|v| retry_after(v, self.core.clock.wall()));
                self.diagnose(&refusal, keys.secret.as_deref(), given.grant().name());
                let mut problem = refused(&refusal, self.parts.authentication);
                problem.hints.extend(
                    self.e
                        .findings
                        .iter()
                        .filter(|f| f.certainty.is_some() && !f.fix.is_empty())
                        .map(|f| f.fix.clone())
                        .take(1),
                );
                if let Some(wait) = wait {
                    problem.hints.insert(0, format!("Wait {} s: the server said so.", wait.as_secs()));
                }
                let exchange = Box::new(self.finish());
                Obtained::Refused { refusal, retry_after: wait, problem, exchange }
            }
        }
    }

    fn diagnose(&mut self, refusal: &Refusal, secret: Option<&SecretText>, grant: &str) {
        let environment = self.core.environment_name();
        let with = With {
            credential: Some(&self.parts.file),
            secret,
            assertion: self.assertion.as_ref(),
            issuer: &self.parts.issuer,
            clock_ms: self.core.clock_difference(&self.parts.target.endpoint()).map(|(difference, _)| difference),
            environment: environment.as_deref(),
        };
        let facts = of_token_call(&self.e, refusal, grant, &self.parts.scope, &with);
        let diagnosis = diagnosis::judge(&facts);
        self.e.findings.splice(0..0, diagnosis.findings);
        self.e.ruled_out = diagnosis.ruled_out;
    }

    fn not_made(mut self, problem: Problem) -> Obtained {
        let not = refused_by_us(&mut self.e, Step::Credential, problem);
        self.ended(not.problem, false)
    }

    fn ended(self, mut problem: Problem, may_have_been_sent: bool) -> Obtained {
        problem.exchange = Some(self.e.exchange.clone());
        let exchange = Box::new(self.finish());
        Obtained::Unreached { problem, may_have_been_sent, exchange }
    }

    fn finish(self) -> Exchange {
        let mut e = self.e;
        e.timing.total = micros(self.core.clock.boot().saturating_sub(self.began));
        let waited =
            e.timing.name + e.timing.tcp + e.timing.tls + e.timing.request + e.timing.first_byte + e.timing.content;
        e.timing.overhead = e.timing.total.saturating_sub(waited);
        record::seal(e, &self.core.redactor)
    }
}

/// The refusal as a problem: its code is the server's, where it is one of RFC 6749 §5.2.
fn refused(refusal: &Refusal, authentication: ClientAuthentication) -> Problem {
    let (code, title) = match (refusal.error.as_deref(), refusal.not_json) {
        (_, Some(_)) => ("token.not_json", "the token endpoint answered something else than JSON"),
        (Some("invalid_client" | "invalidCredentials"), _) => ("token.invalid_client", "the client was refused"),
        (Some("invalid_scope"), _) => ("token.invalid_scope", "the scope was refused"),
        (Some("invalid_grant"), _) => ("token.invalid_grant", "the grant was refused"),
        (Some("unauthorized_client"), _) => ("token.unauthorized_client", "the client may not use this grant"),
        (Some("unsupported_grant_type"), _) => ("token.unsupported_grant_type", "the server does not offer this grant"),
        (Some("invalid_request"), _) => ("token.invalid_request", "the token request was refused"),
        (_, None) if refusal.status == 429 => {
            ("token.rate_limited", "the token endpoint limits how often it may be asked")
        }
        (_, None) if refusal.status >= 500 => ("token.server_error", "the authorization server failed"),
        (_, None) if refusal.no_token => ("token.missing", "the answer holds no token"),
        (None, None) if refusal.status == 401 => ("token.invalid_client", "the client was refused"),
        (_, None) => ("token.refused", "the token was refused"),
    };
    let fault = if refusal.not_json.is_some() || refusal.status >= 500 || refusal.status == 429 {
        Fault::Peer
    } else {
        Fault::Caller
    };
    let error = refusal.error.as_deref().map_or(String::new(), |e| format!(", error={e}"));
    let kind = refusal.not_json.map_or(String::new(), |kind| format!(", {kind} content"));
    // the recipe looked in one place, and there may be another
    let members = match refusal.members.as_slice() {
        [] => String::new(),
        members => format!("; the answer has {}", members[..members.len().min(8)].join(", ")),
    };
    let detail = format!("{}{error}{kind}, sent as {}{members}", refusal.status, authentication.words());
    Problem::new(code, fault, title, detail).with_citation("RFC 6749", "5.2")
}
