//! A refusal that comes as an HTTP answer: some servers let the handshake end well and say 400 to the request.

use countersign_evidence::{Certainty, Citation, Exchange, Finding, FindingSeverity, Step};

/// nginx: `SSL certificate error`, `SSL certificate required`; not in a registry.
const NGINX: [u16; 2] = [495, 496];

/// Adds why, where the server asked for a client certificate and refused the request. The answer's own words
/// decide whether a certificate that was sent is the reason.
pub(crate) fn judge(e: &mut Exchange, status: u16, content: &[u8]) {
    let Some(handshake) = e.handshake.as_ref().filter(|handshake| handshake.client_certificate_requested) else {
        return;
    };
    let words = String::from_utf8_lossy(content).to_ascii_lowercase();
    let named = words.contains("certificate");
    let about_it = NGINX.contains(&status) || (named && matches!(status, 400 | 401 | 403));
    if !about_it {
        return;
    }
    let used = handshake.client_certificate.as_ref();
    let accepted = handshake.acceptable_issuers.join("; ");
    let (id, sentence, fix) = match used.filter(|used| used.sent) {
        None => (
            "client_certificate.required",
            format!("The server asked for a client certificate, none was sent, and it answered {status}."),
            "Choose a credential of kind client-certificate for this request.",
        ),
        Some(used) => {
            let issuer = used.issuer.clone().unwrap_or_default();
            let listed = accepted.is_empty() || handshake.acceptable_issuers.contains(&issuer);
            let sentence = if listed {
                let subject = used.subject.clone().unwrap_or_default();
                format!("The server answered {status} about the client certificate {subject}, issued by {issuer}.")
            } else {
                format!("The server accepts certificates issued by: {accepted}; the one sent is issued by {issuer}.")
            };
            ("client_certificate.refused", sentence, "Choose another client certificate.")
        }
    };
    e.failed_step = Some(Step::Tls);
    let finding = Finding {
        id: id.to_owned(),
        severity: FindingSeverity::Error,
        subject: "client certificate".to_owned(),
        sentence,
        fix: fix.to_owned(),
        citation: Citation::new("RFC 9846", "4.5.1.4"),
        certainty: Some(Certainty::Proven),
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    };
    e.findings.insert(0, finding);
}
