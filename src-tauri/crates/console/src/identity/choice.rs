//! Which client certificate is offered, and why: the request's own, else that of its authorization.

use std::sync::Arc;

use countersign_evidence::{Fault, Handshake, Problem};
use countersign_tls::{ClientIdentity, HostPattern, Target};

use super::SLOT;
use super::file::key_der;
use crate::core::{Core, lock};
use crate::send::draft::allowed;
use crate::view::RequestDraft;
use crate::workspace::{CLIENT_CERTIFICATE, CredentialFile};

/// A credential whose certificate is offered, and the sentence that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) credential: CredentialFile,
    pub(crate) reason: String,
}

impl Core {
    /// The choice for a draft: the certificate it names, else that of the credential that authorises it.
    ///
    /// # Errors
    /// A credential that is not there, has no certificate, or may not go to the target.
    pub(crate) fn identity_choice(
        &self,
        draft: &RequestDraft,
        authorization: Option<&CredentialFile>,
        target: &Target,
    ) -> Result<Option<Choice>, Problem> {
        let named = draft.client_certificate.as_deref().filter(|name| !name.is_empty());
        if let Some(name) = named {
            return self.identity_named(name, target).map(Some);
        }
        let has_certificate = |one: &&CredentialFile| one.certificate_file.is_some();
        let Some(credential) = authorization.filter(has_certificate).filter(|_| target.scheme_tls) else {
            return Ok(None);
        };
        let reason = format!("The credential `{}` of the request has it.", credential.name);
        Ok(Some(Choice { credential: credential.clone(), reason }))
    }

    /// A certificate chosen by the credential's name.
    ///
    /// # Errors
    /// As for [`Core::identity_choice`].
    pub(crate) fn identity_named(&self, name: &str, target: &Target) -> Result<Choice, Problem> {
        let credential = self.workspace.credential(name)?;
        if credential.certificate_file.is_none() {
            return Err(without(name));
        }
        allowed(&credential, target)?;
        Ok(Choice { reason: format!("The request names the credential `{name}`."), credential })
    }

    /// The certificate with a handle on its key, from the vault or as it was made before; and whether the vault was asked.
    ///
    /// # Errors
    /// A file that is gone, a slot that is empty, a key that does not belong to the certificate.
    pub(crate) async fn identity(&self, credential: &CredentialFile) -> Result<(Arc<ClientIdentity>, bool), Problem> {
        let name = &credential.name;
        let Some(file) = &credential.certificate_file else { return Err(without(name)) };
        let slot = self.slot(name, SLOT)?;
        let key = (slot.id, file.clone());
        let known = lock(&self.identities).get(&key).cloned();
        if let Some((generation, identity)) = known
            && generation == slot.generation
        {
            return Ok((identity, false));
        }
        let chain = self.chain_of(credential)?;
        let der = chain.iter().map(|certificate| certificate.der().clone()).collect();
        let secret = self.read_slot(name, SLOT).await?;
        let private = key_der(&secret).ok_or_else(|| unusable("the slot holds no private key"))?;
        let identity = Arc::new(ClientIdentity::new(der, private).map_err(|error| error.problem())?);
        lock(&self.identities).insert(key, (slot.generation, Arc::clone(&identity)));
        Ok((identity, true))
    }

    /// What a CertificateRequest was answered with, and why: which credential, or which ones there would have been.
    pub(crate) fn explain_identity(&self, handshake: Option<&mut Handshake>, target: &Target, choice: Option<&Choice>) {
        let Some(handshake) = handshake else { return };
        let accepted = &handshake.acceptable_issuers;
        let Some(used) = handshake.client_certificate.as_mut() else { return };
        let mut reason = match choice {
            Some(choice) if used.sent => {
                used.credential = Some(choice.credential.name.clone());
                choice.reason.clone()
            }
            Some(choice) => {
                format!(
                    "The key of `{}` fits none of the signature schemes the server asks for.",
                    choice.credential.name
                )
            }
            None => self.none_chosen(target, accepted),
        };
        if let Some(choice) = choice {
            let findings = self.certificate_view(&choice.credential).map(|view| view.findings).unwrap_or_default();
            findings.iter().for_each(|finding| reason.push_str(&format!(" {}", finding.sentence)));
            let other = self.others_accepted(target, accepted, &choice.credential);
            if !other.is_empty() {
                reason.push_str(&format!(" The server does not name its issuer, but one of {}.", names(&other)));
            }
        }
        used.reason = Some(reason);
    }

    /// Credentials whose certificate the server's list of issuers names, where it does not name the chosen one's.
    fn others_accepted(&self, target: &Target, accepted: &[String], chosen: &CredentialFile) -> Vec<CredentialFile> {
        if accepted.is_empty() || self.is_accepted(chosen, accepted) {
            return Vec::new();
        }
        let fits = |one: &CredentialFile| goes_to(one, target) && self.is_accepted(one, accepted);
        self.with_certificate().into_iter().filter(fits).collect()
    }

    fn none_chosen(&self, target: &Target, accepted: &[String]) -> String {
        let (fit, other): (Vec<_>, Vec<_>) = self.with_certificate().into_iter().partition(|one| goes_to(one, target));
        let host = &target.host;
        if fit.is_empty() && other.is_empty() {
            return "No credential has a client certificate.".to_owned();
        }
        if fit.is_empty() {
            return format!("The request names none; {} may not go to {host}.", names(&other));
        }
        let (known, unknown): (Vec<_>, Vec<_>) = fit.into_iter().partition(|one| self.is_accepted(one, accepted));
        match (accepted, known.as_slice()) {
            ([], known) => format!("The request names none; {} may go to {host}.", names(known)),
            (_, []) => format!(
                "The request names none; {} may go to {host}, but the server names no issuer of it.",
                names(&unknown)
            ),
            (_, known) => {
                format!("The request names none; {} may go to {host}, and the server accepts its issuer.", names(known))
            }
        }
    }

    fn with_certificate(&self) -> Vec<CredentialFile> {
        self.workspace.credentials().value.into_iter().filter(|one| one.certificate_file.is_some()).collect()
    }

    /// Whether an issuer of its chain is among those the server named; it need name none (RFC 9846 §4.3.4).
    fn is_accepted(&self, credential: &CredentialFile, accepted: &[String]) -> bool {
        accepted.is_empty()
            || self
                .chain_of(credential)
                .is_ok_and(|chain| chain.iter().any(|one| accepted.contains(&one.view().issuer)))
    }
}

fn names(list: &[CredentialFile]) -> String {
    list.iter().map(|one| format!("`{}`", one.name)).collect::<Vec<_>>().join(", ")
}

fn goes_to(credential: &CredentialFile, target: &Target) -> bool {
    let fits = |text: &String| {
        HostPattern::parse(text).is_some_and(|pattern| !pattern.is_any() && pattern.matches(&target.host, target.port))
    };
    credential.allowed_hosts.iter().any(fits)
}

fn without(name: &str) -> Problem {
    Problem::new(
        "credential.no_certificate",
        Fault::Caller,
        format!("`{name}` has no client certificate"),
        format!("a credential of kind {CLIENT_CERTIFICATE} is wanted, or one with a certificate beside its secret"),
    )
    .with_hint(format!("Import one: `countersign credential replace {name} --client-cert-file FILE`."))
}

fn unusable(reason: &str) -> Problem {
    Problem::new("client_certificate.unusable", Fault::Caller, "the client certificate cannot be used", reason)
        .with_hint("Import the certificate chain and its key again.")
}
