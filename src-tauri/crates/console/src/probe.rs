//! The same id and secret once in each other way of sending them: what decides whether the encoding is to blame. Only on a
//! person's word, for each try counts with the server.

use std::sync::Arc;

use countersign_evidence::{Exchange, Fault, Outcome, Problem, Step, StepState};
use countersign_oauth::{BasicEncoding, ClientAuthentication, encoding_matters};

use crate::core::Core;
use crate::send::ProgressSink;
use crate::send::progress::Progress;
use crate::send::token_grant::Basis;
use crate::token::Obtained;
use crate::view::{EncodingProbe, EncodingTry};

/// What the server said to one try, and whether another makes sense.
struct Tried {
    said: EncodingTry,
    goes_on: bool,
}

impl Core {
    /// Tries the encodings the credential does not have, until one is taken or the server wants no more.
    pub(crate) async fn probe_encodings(
        self: &Arc<Self>,
        credential: &str,
        sink: ProgressSink,
    ) -> Result<EncodingProbe, Problem> {
        let name = credential.to_owned();
        let file = self.blocking(move |core| core.workspace.credential(&name)).await??;
        let recipe = Arc::new(self.workspace.recipe(&file.recipe)?);
        let (parts, _) = self.token_parts_with(&file, None, Arc::clone(&recipe))?;
        let own = parts.authentication;
        let known = matches!(own, ClientAuthentication::ClientSecretBasic(_) | ClientAuthentication::ClientSecretPost);
        if !known || recipe.request.client_auth.is_some() {
            let detail = if known { "its recipe decides".to_owned() } else { own.words() };
            return Err(Problem::new(
                "credential.no_encodings",
                Fault::Caller,
                format!("`{credential}` sends its secret in one way only"),
                detail,
            )
            .with_hint("Choose another client authentication in the credential, if the server offers one."));
        }
        let slot = recipe.slots.first().map_or("client_secret", String::as_str);
        let secret = self.read_text_slot(&file.name, slot).await?;
        let id = self.entropy.id(&self.clock);
        let cancel = self.begin_sending(&id);
        let progress = Progress::start(&id, &self.clock, sink);
        progress.step(Step::Token, StepState::Running, Vec::new());
        let mut tried = Vec::new();
        for authentication in others(own, encoding_matters(&file.client_id, &secret)) {
            let (mut parts, _) = self.token_parts_with(&file, None, Arc::clone(&recipe))?;
            parts.authentication = authentication;
            let e = Exchange::new(self.entropy.id(&self.clock), self.clock.now());
            let called = tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                obtained = self.token_call(Arc::new(parts), Basis::Credential, e) => obtained,
            };
            let Tried { said, goes_on } = self.tried(authentication, called).await;
            tried.push(said);
            if !goes_on {
                break;
            }
        }
        self.end_sending(&id);
        let taken = tried.iter().find(|one| one.issued).cloned();
        let sentence = match &taken {
            Some(taken) => format!("The server takes it {}: the encoding was to blame.", taken.words),
            None if tried.is_empty() => {
                "There is no other way to send it: id and secret read the same in each.".to_owned()
            }
            None => "No encoding helps: it is not the reason.".to_owned(),
        };
        Ok(EncodingProbe { sentence, taken: taken.map(|taken| taken.way), tried })
    }

    async fn tried(self: &Arc<Self>, authentication: ClientAuthentication, called: Obtained) -> Tried {
        let (exchange, issued, said, goes_on) = match called {
            Obtained::Issued { mut exchange, .. } => {
                exchange.outcome = Outcome::Answered;
                (exchange, true, "a token".to_owned(), false)
            }
            Obtained::Refused { refusal, exchange, .. } => {
                let error = refusal.error.map_or(String::new(), |error| format!(" {error}"));
                // who limits how often it is asked, or fails, is not asked on
                let goes_on = refusal.status < 500 && refusal.status != 429;
                (exchange, false, format!("{}{error}", refusal.status), goes_on)
            }
            Obtained::Unreached { problem, exchange, .. } => (exchange, false, problem.title, false),
        };
        let view = self.finish(*exchange, None).await;
        let said = EncodingTry {
            way: way(authentication).to_owned(),
            words: words(authentication).to_owned(),
            issued,
            said: self.redactor.redact(&said),
            exchange: view.evidence.exchange,
        };
        Tried { said, goes_on }
    }
}

/// `form`, `raw`, `post`.
fn way(authentication: ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::ClientSecretBasic(encoding) => encoding.name(),
        _ => "post",
    }
}

fn words(authentication: ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::ClientSecretBasic(BasicEncoding::Form) => "form-encoded in Basic",
        ClientAuthentication::ClientSecretBasic(BasicEncoding::Raw) => "raw in Basic",
        ClientAuthentication::ClientSecretBasic(BasicEncoding::Verbatim) => "as it is, in Basic",
        _ => "in the content",
    }
}

/// The ways that differ from its own; form and raw are one where no character needs an encoding.
fn others(own: ClientAuthentication, matters: bool) -> Vec<ClientAuthentication> {
    use ClientAuthentication::{ClientSecretBasic, ClientSecretPost};
    let all = [
        ClientSecretBasic(BasicEncoding::Form),
        ClientSecretBasic(BasicEncoding::Raw),
        ClientSecretBasic(BasicEncoding::Verbatim),
        ClientSecretPost,
    ];
    let same = |one: &ClientAuthentication| {
        let plain =
            |one: &ClientAuthentication| matches!(one, ClientSecretBasic(BasicEncoding::Form | BasicEncoding::Raw));
        *one == own || (!matters && plain(one) && plain(&own))
    };
    let mut others: Vec<_> = all.into_iter().filter(|one| !same(one)).collect();
    if !matters && !matches!(own, ClientSecretBasic(BasicEncoding::Form | BasicEncoding::Raw)) {
        others.retain(|one| *one != ClientSecretBasic(BasicEncoding::Raw));
    }
    others
}

#[cfg(test)]
mod tests {
    use super::{others, way};
    use countersign_oauth::{BasicEncoding, ClientAuthentication};

    #[test]
    fn what_reads_the_same_is_not_tried_twice() {
        let ways = |own, matters| others(own, matters).into_iter().map(way).collect::<Vec<_>>();
        let form = ClientAuthentication::ClientSecretBasic(BasicEncoding::Form);
        assert_eq!(ways(form, true), ["raw", "verbatim", "post"]);
        assert_eq!(ways(form, false), ["verbatim", "post"]);
        assert_eq!(ways(ClientAuthentication::ClientSecretPost, false), ["form", "verbatim"]);
        assert_eq!(ways(ClientAuthentication::ClientSecretPost, true), ["form", "raw", "verbatim"]);
    }
}
