//! From what is recorded of an exchange to the facts that the rules of diagnosis look at.

use std::sync::Arc;

use countersign_evidence::{Exchange, Fault, Outcome, Problem};
use countersign_oauth::Refusal;
use countersign_oauth::diagnosis::{Answer, Around, Call, Client, Diagnosis, Facts, Profile, Request, Token, diagnose};
use countersign_secret::{Secret, SecretText};
use serde_json::{Map, Value};

use crate::core::Core;
use crate::view::DiagnosisView;
use crate::workspace::CredentialFile;

/// What a call was made with; a secret is looked at here and goes no further.
#[derive(Clone, Copy, Default)]
pub(crate) struct With<'a> {
    pub(crate) credential: Option<&'a CredentialFile>,
    pub(crate) secret: Option<&'a SecretText>,
    /// Header and claims of the client assertion, in one map.
    pub(crate) assertion: Option<&'a Map<String, Value>>,
    pub(crate) issuer: &'a str,
    pub(crate) clock_ms: Option<i64>,
    pub(crate) environment: Option<&'a str>,
}

/// Facts of a token call.
pub(crate) fn of_token_call(e: &Exchange, refusal: &Refusal, grant: &str, scope: &str, with: &With<'_>) -> Facts {
    let mut facts = common(e, with);
    facts.request.call = Call::Token;
    facts.request.grant = grant.to_owned();
    facts.request.scope = scope.to_owned();
    let content = e.request.as_ref().and_then(|request| request.content.as_ref());
    facts.request.content = match (facts.request.content_type.as_str(), content) {
        (_, None) => "empty",
        (kind, _) if kind.contains("json") => "json",
        _ => "form",
    }
    .to_owned();
    if let Some(file) = with.credential {
        facts.request.recipe.clone_from(&file.recipe);
        facts.request.audience = std::iter::once(&file.grant.audience)
            .chain(&file.grant.resource)
            .filter(|a| !a.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(" ");
    }
    facts.client.secret = with.secret.map(|secret| Secret::new(secret.expose_secret().clone()));
    facts.client.assertion = with.assertion.cloned().unwrap_or_default();
    facts.answer.status = refusal.status;
    facts.answer.kind = refusal.not_json.unwrap_or_default().to_owned();
    facts.answer.error = refusal.error.clone().unwrap_or_default();
    facts.answer.description = refusal.error_description.clone().unwrap_or_default();
    facts.answer.no_token = refusal.no_token;
    facts
}

/// Facts of a request to a protected resource; `content` is the answer's, where it is small.
pub(crate) fn of_resource(e: &Exchange, status: u16, content: &[u8], with: &With<'_>) -> Facts {
    let mut facts = common(e, with);
    facts.request.call = Call::Resource;
    facts.answer.status = status;
    let media = facts.answer.fields.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    facts.answer.kind = match (serde_json::from_slice::<Value>(content), media) {
        (Ok(answer), _) => {
            (facts.answer.error, facts.answer.description) = words(&answer);
            ""
        }
        (Err(_), Some(media)) if media.starts_with("text/html") => "HTML",
        (Err(_), _) if content.is_empty() => "empty",
        (Err(_), _) => "text",
    }
    .to_owned();
    if facts.answer.kind == "HTML" {
        facts.answer.description = title_of(content);
    }
    facts.request.authorization_dropped = facts.request.scheme.is_empty()
        && e.previous_attempts.iter().any(|past| {
            past.exchange.request.as_ref().is_some_and(|request| {
                request.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
            })
        });
    facts
}

/// Code and message of an error document, as vendors write them.
fn words(answer: &Value) -> (String, String) {
    let text = |pointers: &[&str]| {
        let found = pointers.iter().find_map(|pointer| match answer.pointer(pointer)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        found.unwrap_or_default()
    };
    let code = text(&[
        "/error",
        "/error/code",
        "/error_code",
        "/errorCode",
        "/resultCode",
        "/code",
        "/fault/detail/errorcode",
        "/errors/0/errorCode",
    ]);
    let message = text(&[
        "/error_description",
        "/error/message",
        "/errorMessage",
        "/resultDescription",
        "/message",
        "/fault/faultstring",
        "/errors/0/message",
        "/detail",
        "/title",
    ]);
    (code, message)
}

/// The title of a page, and the first words of it.
fn title_of(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content.get(..content.len().min(2048)).unwrap_or_default()).into_owned();
    let mut plain = String::new();
    let mut within = false;
    for c in text.chars() {
        match c {
            '<' => within = true,
            '>' => within = false,
            c if !within => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().take(40).collect::<Vec<_>>().join(" ")
}

fn common(e: &Exchange, with: &With<'_>) -> Facts {
    let request = e.request.as_ref();
    let lower = |name: &str| name.to_ascii_lowercase();
    let field = |name: &str| {
        request
            .and_then(|r| r.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()))
    };
    let authorization = field("authorization").unwrap_or_default();
    let scheme = authorization.split('‹').next().unwrap_or_default().trim().to_owned();
    let token = e.token.as_ref();
    Facts {
        request: Request {
            method: request.map(|r| r.method.clone()).unwrap_or_default(),
            url: request.map(|r| r.target.clone()).unwrap_or_default(),
            content_type: field("content-type").unwrap_or_default(),
            fields: request.map(|r| r.fields.iter().map(|(name, _)| lower(name)).collect()).unwrap_or_default(),
            scheme,
            location: answer_field(e, "location").unwrap_or_default(),
            ..Request::default()
        },
        client: Client {
            id: with.credential.map(|file| file.client_id.clone()).unwrap_or_default(),
            method: with.credential.map(|file| file.token_endpoint_auth_method.clone()).unwrap_or_default(),
            encoding: with.credential.map(|file| file.basic_encoding.clone()).unwrap_or_default(),
            certificate_sent: e
                .handshake
                .as_ref()
                .map(|handshake| handshake.client_certificate.as_ref().is_some_and(|certificate| certificate.sent)),
            ..Client::default()
        },
        answer: Answer {
            fields: e
                .response
                .as_ref()
                .map(|r| r.fields.iter().map(|(name, value)| (lower(name), value.clone())).collect())
                .unwrap_or_default(),
            ..Answer::default()
        },
        token: Token {
            sent: token.is_some_and(|token| token.fingerprint.is_some()),
            header: token.and_then(|token| token.header.clone()).unwrap_or_default(),
            claims: token.and_then(|token| token.claims.clone()).unwrap_or_default(),
            scope: token.and_then(|token| token.scope.clone()).unwrap_or_default(),
            kind: token.and_then(|token| token.kind.clone()).unwrap_or_default(),
            issuer: with.issuer.to_owned(),
            audience: with.credential.map(|file| file.grant.audience.clone()).unwrap_or_default(),
            renewed: e
                .previous_attempts
                .iter()
                .any(|past| past.reason == countersign_evidence::AttemptReason::TokenRenewed),
            ..Token::default()
        },
        around: Around { now: e.started_at.unix_seconds(), clock_ms: with.clock_ms, ..Around::default() },
        profile: Profile {
            environment: with.environment.unwrap_or_default().to_owned(),
            environments: with.credential.map(|file| file.environments.clone()).unwrap_or_default(),
            ..Profile::default()
        },
        ..Facts::default()
    }
}

fn answer_field(e: &Exchange, name: &str) -> Option<String> {
    let fields = &e.response.as_ref()?.fields;
    fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}

/// Rules, and what the clock says beside them.
pub(crate) fn judge(facts: &Facts) -> Diagnosis {
    let mut diagnosis = diagnose(facts);
    if facts.around.clock_ms.is_some_and(|ms| ms.abs() < 5_000) {
        diagnosis.ruled_out.insert(0, "the clock".into());
    }
    diagnosis
}

impl Core {
    /// Why an exchange was refused, read again from what is recorded of it. Secrets are not looked at: a finding that
    /// was made with one when it was sent is among the evidence, and stands first.
    pub(crate) fn diagnosed(self: &Arc<Self>, e: &Exchange) -> Result<DiagnosisView, Problem> {
        let causes: Vec<_> = e.findings.iter().filter(|finding| finding.certainty.is_some()).cloned().collect();
        let answered = e.response.as_ref().map_or(0, |response| response.status);
        if causes.is_empty() && e.error.is_none() && e.outcome == Outcome::Answered && answered < 400 {
            return Ok(DiagnosisView {
                exchange: e.exchange.clone(),
                title: e.title.clone(),
                causes,
                ruled_out: Vec::new(),
            });
        }
        let mut view = DiagnosisView {
            exchange: e.exchange.clone(),
            title: e.title.clone(),
            causes,
            ruled_out: e.ruled_out.clone(),
        };
        if view.causes.is_empty() && answered >= 400 {
            let content = e.response.as_ref().and_then(|r| r.content.as_ref()).and_then(|c| c.reference.clone());
            let content = content.and_then(|reference| self.content.read(&reference, 0, READ).ok()).unwrap_or_default();
            let name = e.credential.as_ref().map(|credential| credential.name.clone());
            let file = name.and_then(|name| self.workspace.credential(&name).ok());
            let with = With { credential: file.as_ref(), ..With::default() };
            let found = judge(&of_resource(e, answered, &content, &with));
            view.causes = found.findings;
            view.ruled_out.extend(found.ruled_out);
        }
        if view.causes.is_empty()
            && let Some(cause) = e.findings.iter().find(|f| f.severity == countersign_evidence::FindingSeverity::Error)
        {
            view.causes.push(cause.clone());
        }
        if view.causes.is_empty() && e.error.is_none() {
            return Err(Problem::new(
                "usage.nothing_refused",
                Fault::Caller,
                "nothing was refused",
                format!("{} ended with {answered}", e.exchange),
            )
            .with_hint("Name an exchange that was refused: `countersign history list`."));
        }
        Ok(view)
    }
}

/// Bytes of an answer that are read for its words.
const READ: u64 = 64 * 1024;
