//! What would be sent, computed while a draft is edited: nothing leaves, no secret is read that was not read before.

use countersign_evidence::{Problem, Signature};
use countersign_signing::{MessageView, Profile, preview};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use crate::core::Core;
use crate::send::draft::{NotSendable, Prepared, prepare};
use crate::view::{RequestDraft, RequestPreview};

impl Core {
    /// The preview of a draft.
    pub(crate) fn preview(&self, draft: &RequestDraft) -> RequestPreview {
        match prepare(self, draft) {
            Ok(prepared) => self.previewed(prepared),
            Err(not) => {
                let NotSendable { problem, target, .. } = *not;
                let unresolved = if problem.code == "usage.unresolved_variable" {
                    problem.detail.split(", ").map(|name| name.trim_matches(['{', '}']).to_owned()).collect()
                } else {
                    Vec::new()
                };
                RequestPreview {
                    target,
                    content_length: draft.content.as_ref().map_or(0, |c| u64::try_from(c.len()).unwrap_or(u64::MAX)),
                    unresolved,
                    variables: Vec::new(),
                    signature: None,
                    problem: Some(problem),
                }
            }
        }
    }

    fn previewed(&self, prepared: Prepared) -> RequestPreview {
        let mut fields = prepared.fields.clone();
        if let Some(credential) = &prepared.credential {
            fields.insert(0, (AUTHORIZATION, self.present_token(credential, prepared.scope.as_deref())));
        }
        let signature = prepared.profile.as_ref().map(|profile| self.unsigned(profile, &prepared, &fields));
        let (signature, problem) = match signature {
            Some(Ok(signature)) => (Some(signature), None),
            Some(Err(problem)) => (None, Some(problem)),
            None => (None, None),
        };
        RequestPreview {
            target: crate::send::record::shown_target(&self.redactor, &prepared.uri),
            content_length: u64::try_from(prepared.content.len()).unwrap_or(u64::MAX),
            unresolved: Vec::new(),
            variables: prepared.variables,
            signature,
            problem,
        }
    }

    /// The authorization line as it is shown: the present token by its fingerprint, or that one is obtained first.
    fn present_token(&self, credential: &crate::workspace::CredentialFile, scope: Option<&str>) -> HeaderValue {
        let held = self.token_key(credential, scope).ok().and_then(|key| self.engine().peek(&key.hash));
        let text = match held {
            Some(held) => format!("Bearer ‹token {}›", held.fingerprint),
            None => "Bearer ‹token, obtained first›".to_owned(),
        };
        HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }

    /// The signature that would be made; its value is made when it is sent.
    fn unsigned(
        &self,
        profile: &Profile,
        prepared: &Prepared,
        fields: &[(HeaderName, HeaderValue)],
    ) -> Result<Signature, Problem> {
        let lines: Vec<(String, Vec<u8>)> =
            fields.iter().map(|(n, v)| (n.as_str().to_owned(), v.as_bytes().to_vec())).collect();
        let message = MessageView::request(prepared.method.as_str(), &prepared.uri, &lines, &prepared.content);
        let created = self.clock.now().unix_seconds();
        preview(profile, &message, created, Some("made-when-sent"), &|text| self.redactor.redact(text))
            .map_err(|e| e.problem())
    }
}
