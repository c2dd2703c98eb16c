//! From a draft to what will be sent: templates resolved, the target parsed, the credential allowed to go there.

use bytes::Bytes;
use countersign_evidence::{Fact, Fault, Problem, Step};
use countersign_signing::Profile;
use countersign_tls::{HostPattern, Target};
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Uri};

use super::record::shown_text;
use crate::core::Core;
use crate::identity::Choice;
use crate::template::{Resolved, Scope, resolve};
use crate::view::{DraftField, RequestDraft};
use crate::workspace::CredentialFile;

/// Who a request says it is from, unless it says otherwise itself.
const AGENT: &str = concat!("Countersign/", env!("CARGO_PKG_VERSION"));

/// A draft that can be sent.
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) target: Target,
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) content: Bytes,
    pub(crate) media_type: Option<String>,
    pub(crate) credential: Option<CredentialFile>,
    /// A subset of the credential's scope; empty: the credential's own.
    pub(crate) scope: Option<String>,
    pub(crate) profile: Option<Profile>,
    /// The client certificate that is offered.
    pub(crate) identity: Option<Choice>,
    pub(crate) http: Option<String>,
    pub(crate) timeout_s: u64,
    pub(crate) redirects: u32,
    /// Templates and where their values came from.
    pub(crate) variables: Vec<Fact>,
}

/// Why a draft is not sent, and on which row of the ladder that stands.
pub(crate) struct NotSendable {
    pub(crate) problem: Problem,
    pub(crate) step: Step,
    /// The credential, when it was known by then.
    pub(crate) credential: Option<CredentialFile>,
    /// The target, when it was known by then.
    pub(crate) target: String,
}

/// `target` as it is shown.
fn not(step: Step, target: &str, problem: Problem) -> NotSendable {
    NotSendable { problem, step, credential: None, target: target.to_owned() }
}

/// Values of a draft under resolution, and what was used on the way.
struct Values<'a> {
    scope: &'a Scope,
    used: Vec<Fact>,
    unresolved: Vec<String>,
}

impl Values<'_> {
    fn of(&mut self, text: &str) -> Result<String, Problem> {
        let Resolved { text, used, unresolved, secrets } = resolve(text, self.scope)?;
        if let Some(reference) = secrets.first() {
            return Err(Problem::new(
                "usage.secret_template",
                Fault::Caller,
                "a secret cannot be templated into a request",
                format!("{{{{secret:{}/{}}}}}", reference.credential, reference.slot),
            )
            .with_hint("Choose the credential under Authorization: Countersign adds its token by itself."));
        }
        for fact in used {
            if !self.used.iter().any(|known| known.name == fact.name) {
                self.used.push(fact);
            }
        }
        for name in unresolved {
            if !self.unresolved.contains(&name) {
                self.unresolved.push(name);
            }
        }
        Ok(text)
    }
}

/// Everything about a draft that can be known without sending.
pub(crate) fn prepare(core: &Core, draft: &RequestDraft) -> Result<Prepared, Box<NotSendable>> {
    let draft = &inherited(core, draft);
    let scope = core.scope(draft.path.as_deref());
    let mut values = Values { scope: &scope, used: Vec::new(), unresolved: Vec::new() };
    let typed = shown_text(&core.redactor, &draft.url);
    let url = values.of(draft.url.trim()).map_err(|p| Box::new(not(Step::Name, &typed, p)))?;
    let url = with_query(&url, &draft.query, &mut values).map_err(|p| Box::new(not(Step::Name, &typed, p)))?;
    let shown = shown_text(&core.redactor, &url);
    let at = |step: Step| move |problem: Problem| Box::new(not(step, &shown, problem));
    let fields = fields(draft, &mut values).map_err(at(Step::Response))?;
    let shown = shown_text(&core.redactor, &url);
    let at = |step: Step| move |problem: Problem| Box::new(not(step, &shown, problem));
    let content = content(core, draft, &mut values).map_err(at(Step::Response))?;
    let shown = shown_text(&core.redactor, &url);
    let fail = |step: Step, problem: Problem| Box::new(not(step, &shown, problem));
    if let Some(name) = values.unresolved.first() {
        return Err(fail(Step::Name, unresolved(name, &values.unresolved)));
    }
    let method: Method = draft.method.trim().parse().map_err(|_| fail(Step::Response, bad_method(&draft.method)))?;
    core.may_call(&method).map_err(|p| fail(Step::Credential, p))?;
    let target = core.target(&url).map_err(|p| fail(Step::Name, p))?;
    let uri = uri_of(&url).map_err(|p| fail(Step::Name, p))?;
    core.check_trust().map_err(|p| fail(Step::Tls, p))?;
    let (credential, asked_scope) = credential(core, draft, &target).map_err(|refused| {
        let (problem, credential) = *refused;
        Box::new(NotSendable { problem, step: Step::Credential, credential, target: shown.clone() })
    })?;
    let profile = match draft.signing.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => Some(core.workspace.signing_profile(name).map_err(|p| fail(Step::Signature, p))?),
        None => None,
    };
    key_allowed(core, profile.as_ref(), &target).map_err(|p| fail(Step::Credential, p))?;
    let identity = core.identity_choice(draft, credential.as_ref(), &target).map_err(|p| fail(Step::Credential, p))?;
    // what is only a certificate obtains no token
    let credential = credential.filter(CredentialFile::has_tokens);
    let media_type = draft.content_type.clone().filter(|kind| !kind.is_empty());
    Ok(Prepared {
        fields: completed(fields, media_type.as_deref(), !content.is_empty()),
        method,
        uri,
        target,
        content,
        media_type,
        credential,
        scope: asked_scope,
        profile,
        identity,
        http: draft.http.clone(),
        timeout_s: draft.timeout_s.unwrap_or_else(|| core.preferences().timeout_s).max(1),
        redirects: draft.redirects.unwrap_or(5),
        variables: values.used,
    })
}

/// What a draft leaves open its folders may say: authorization and signing.
fn inherited(core: &Core, draft: &RequestDraft) -> RequestDraft {
    let mut draft = draft.clone();
    if let Some(path) = draft.path.as_deref()
        && (draft.authorization.is_none() || draft.signing.is_none())
    {
        let defaults = core.workspace.folder_defaults(path);
        draft.authorization = draft.authorization.or(defaults.authorization);
        draft.signing = draft.signing.or(defaults.signing);
    }
    draft
}

fn unresolved(name: &str, all: &[String]) -> Problem {
    let detail = all.iter().map(|n| format!("{{{{{n}}}}}")).collect::<Vec<_>>().join(", ");
    let hint = if name.starts_with("gateway.") {
        "Start the local gateway: its addresses have values only while it runs.".to_owned()
    } else {
        "Give it a value in the environment, the folder, or with --var NAME=VALUE.".to_owned()
    };
    Problem::new("usage.unresolved_variable", Fault::Caller, format!("`{{{{{name}}}}}` has no value"), detail)
        .with_hint(hint)
}

fn bad_method(method: &str) -> Problem {
    Problem::new(
        "usage.bad_method",
        Fault::Caller,
        format!("`{method}` is not a method"),
        "RFC 9110 allows letters, digits and a few signs",
    )
    .with_citation("RFC 9110", "9.1")
    .with_hint("Write a method such as GET or POST.")
}

fn uri_of(url: &str) -> Result<Uri, Problem> {
    // the parser of the connection has taken it already; it also brings the host to its A-label form
    let malformed = |reason: String| {
        Problem::new("url.malformed", Fault::Caller, "the URL cannot be used as a target", reason)
            .with_hint("Write it as https://host/path.")
    };
    let parsed = url::Url::parse(url).map_err(|e| malformed(e.to_string()))?;
    let mut text = parsed.as_str().to_owned();
    if let Some(fragment) = text.find('#') {
        text.truncate(fragment);
    }
    text.parse().map_err(|e: http::uri::InvalidUri| malformed(e.to_string()))
}

/// Query parameters behind what the URL has already.
fn with_query(url: &str, query: &[DraftField], values: &mut Values<'_>) -> Result<String, Problem> {
    let mut pairs = Vec::new();
    for field in query.iter().filter(|f| !f.off && !f.name.is_empty()) {
        let (name, value) = (values.of(&field.name)?, values.of(&field.value)?);
        pairs.push(format!("{}={}", encoded(&name), encoded(&value)));
    }
    if pairs.is_empty() {
        return Ok(url.to_owned());
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{joint}{}", pairs.join("&")))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%2E", ".")
        .replace("%5F", "_")
        .replace("%7E", "~")
}

fn fields(draft: &RequestDraft, values: &mut Values<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Problem> {
    let mut fields = Vec::new();
    for field in draft.fields.iter().filter(|f| !f.off && !f.name.trim().is_empty()) {
        let (name, value) = (values.of(field.name.trim())?, values.of(&field.value)?);
        let bad = |what: &str| {
            Problem::new(
                "usage.bad_field",
                Fault::Caller,
                format!("the field `{name}` cannot be sent"),
                what.to_owned(),
            )
            .with_citation("RFC 9110", "5.5")
            .with_hint("Remove the character, or switch the field off.")
        };
        let header =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("its name has a character that is not allowed"))?;
        let value =
            HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| bad("its value has a control character"))?;
        fields.push((header, value));
    }
    Ok(fields)
}

/// The content: sent byte for byte, templates in text resolved.
fn content(core: &Core, draft: &RequestDraft, values: &mut Values<'_>) -> Result<Bytes, Problem> {
    if let Some(file) = draft.content_file.as_deref().filter(|f| !f.is_empty()) {
        return core.content_file(draft.path.as_deref(), file).map(Bytes::from);
    }
    match draft.content.as_deref() {
        Some(text) if !text.is_empty() => Ok(Bytes::from(values.of(text)?)),
        Some(_) | None => Ok(Bytes::new()),
    }
}

/// What every request has unless it says otherwise.
fn completed(
    mut fields: Vec<(HeaderName, HeaderValue)>,
    media_type: Option<&str>,
    has_content: bool,
) -> Vec<(HeaderName, HeaderValue)> {
    let has = |fields: &[(HeaderName, HeaderValue)], name: &HeaderName| fields.iter().any(|(n, _)| n == name);
    if has_content
        && !has(&fields, &CONTENT_TYPE)
        && let Some(value) = media_type.and_then(|kind| HeaderValue::from_str(kind).ok())
    {
        fields.push((CONTENT_TYPE, value));
    }
    if !has(&fields, &ACCEPT) {
        fields.push((ACCEPT, HeaderValue::from_static("*/*")));
    }
    if !has(&fields, &USER_AGENT) {
        fields.push((USER_AGENT, HeaderValue::from_static(AGENT)));
    }
    fields
}

type CredentialOr = Result<(Option<CredentialFile>, Option<String>), Box<(Problem, Option<CredentialFile>)>>;

/// The credential, if it may go to this target (vault.md: allowed hosts; checked on the final URI).
fn credential(core: &Core, draft: &RequestDraft, target: &Target) -> CredentialOr {
    let Some(authorization) =
        draft.authorization.as_ref().filter(|a| a.credential != "none" && !a.credential.is_empty())
    else {
        return Ok((None, None));
    };
    let credential = core.workspace.credential(&authorization.credential).map_err(|p| Box::new((p, None)))?;
    if let Err(problem) = allowed(&credential, target) {
        return Err(Box::new((problem, Some(credential))));
    }
    if let Some(environment) = core.environment_name()
        && !credential.environments.is_empty()
        && !credential.environments.contains(&environment)
    {
        let problem = Problem::new(
            "credential.other_environment",
            Fault::Caller,
            format!("`{}` does not belong to the environment `{environment}`", credential.name),
            format!("it belongs to {}", credential.environments.join(", ")),
        )
        .with_hint("Choose its environment, or another credential.");
        return Err(Box::new((problem, Some(credential))));
    }
    Ok((Some(credential), authorization.scope.clone().filter(|s| !s.is_empty())))
}

/// The credential whose key signs is bound to its hosts too, whether its token goes along or not.
pub(crate) fn key_allowed(core: &Core, profile: Option<&Profile>, target: &Target) -> Result<(), Problem> {
    let owner = profile.and_then(|profile| profile.key.split_once('/'));
    // one that is not there is told where its key is read
    match owner.and_then(|(name, _)| core.workspace.credential(name).ok()) {
        Some(credential) => allowed(&credential, target),
        None => Ok(()),
    }
}

/// A credential travels only to its allowed hosts, over https (http on loopback only).
pub(crate) fn allowed(credential: &CredentialFile, target: &Target) -> Result<(), Problem> {
    super::plain_http_refused(&credential.name, target)?;
    let matches =
        |text: &String| HostPattern::parse(text).is_some_and(|p| !p.is_any() && p.matches(&target.host, target.port));
    if credential.allowed_hosts.iter().any(matches) {
        return Ok(());
    }
    let list =
        if credential.allowed_hosts.is_empty() { "none".to_owned() } else { credential.allowed_hosts.join(", ") };
    Err(Problem::new(
        "credential.host_not_allowed",
        Fault::Caller,
        format!("`{}` is not sent to {}", credential.name, target.host),
        format!("host {}, allowed hosts: {list}", target.endpoint()),
    )
    .with_hint(format!("If {} is right, add it to the credential's allowed hosts.", target.host)))
}
