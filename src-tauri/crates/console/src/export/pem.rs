//! The chain as a PEM file: text before a certificate is a comment (RFC 7468 §2).

use std::fmt::Write as _;

use countersign_evidence::{CertificateSource, Exchange};

/// All certificates of the document in its order, each under what it says of itself; empty where there is none.
pub fn pem(e: &Exchange) -> String {
    let mut text = String::new();
    for (n, certificate) in e.certificates.iter().enumerate() {
        let source = match (&certificate.source, &certificate.store) {
            (CertificateSource::Fetched, _) => "fetched".to_owned(),
            (CertificateSource::Sent, _) => "sent by the server".to_owned(),
            (CertificateSource::Store, None) => "from a trust store".to_owned(),
            (CertificateSource::Store, Some(store)) => format!("from the store {store}"),
        };
        if n > 0 {
            text.push('\n');
        }
        let _infallible = write!(
            text,
            "# {} of {}, {}\n# subject {}\n# issuer {}\n# notBefore {}, notAfter {}\n# SHA-256 {}\n{}\n",
            n + 1,
            e.certificates.len(),
            one_line(&source),
            one_line(&certificate.subject),
            one_line(&certificate.issuer),
            certificate.not_before,
            certificate.not_after,
            certificate.fingerprints.sha256,
            certificate.pem.trim(),
        );
    }
    text
}

/// A name from a certificate must not end the comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use countersign_evidence::Exchange;

    use super::pem;
    use crate::history::sample;

    #[test]
    fn the_chain_is_written_in_order_under_its_names() {
        let e = sample::success("01a");
        let text = pem(&e);
        let sha256 = &e.certificates[2].fingerprints.sha256;
        let last = format!(
            "\n# 3 of 3, from the store gateway\n# subject CN=Countersign lab root\n# issuer CN=Countersign lab root\n\
             # notBefore 2027-03-16T00:00:00Z, notAfter 2027-06-14T00:00:00Z\n# SHA-256 {sha256}\n{}",
            e.certificates[2].pem
        );
        assert!(
            text.starts_with("# 1 of 3, sent by the server\n# subject CN=localhost\n") && text.ends_with(&last),
            "{text}"
        );
        assert_eq!(text.matches("-----BEGIN CERTIFICATE-----\n").count(), 3);
        assert_eq!(pem(&Exchange::new("01b", e.started_at)), "", "nothing was observed");
    }

    #[test]
    fn a_name_cannot_leave_its_comment() {
        let mut e = sample::success("01a");
        e.certificates[0].subject = "CN=a\n-----BEGIN CERTIFICATE-----\r\nAAAA".into();
        let text = pem(&e);
        assert_eq!(text.lines().filter(|line| line.starts_with("-----BEGIN")).count(), 3, "{text}");
    }
}
