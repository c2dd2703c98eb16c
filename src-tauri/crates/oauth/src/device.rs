//! The device authorization grant (RFC 8628): a code for a person, polled for.

use std::time::Duration;

use countersign_secret::{Secret, SecretText};
use serde::Deserialize;

/// Where an answer names no interval (RFC 8628 §3.2).
const INTERVAL: Duration = Duration::from_secs(5);

/// The answer of the device authorization endpoint (RFC 8628 §3.2).
pub struct DeviceAuthorization {
    /// Polled with.
    pub device_code: SecretText,
    /// Typed by a person.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// How long both codes live.
    pub expires_in: Duration,
    /// Time between two polls.
    pub interval: Duration,
}

#[derive(Deserialize)]
struct Answer {
    device_code: String,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: Option<u64>,
    interval: Option<u64>,
}

impl DeviceAuthorization {
    /// Reads the content of a 200.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let answer: Answer = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        Ok(Self {
            device_code: Secret::new(answer.device_code),
            user_code: answer.user_code,
            verification_uri: answer.verification_uri,
            verification_uri_complete: answer.verification_uri_complete,
            expires_in: Duration::from_secs(answer.expires_in.unwrap_or(600)),
            interval: answer.interval.map_or(INTERVAL, Duration::from_secs),
        })
    }
}

/// What the answer to a poll means (RFC 8628 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// `authorization_pending`: again after the interval.
    Again,
    /// `slow_down`: the interval grows by five seconds.
    Slower,
    /// Any other error ends it.
    Over,
}

/// Reads the error of a poll.
pub fn poll(error: Option<&str>) -> Poll {
    match error {
        Some("authorization_pending") => Poll::Again,
        Some("slow_down") => Poll::Slower,
        _ => Poll::Over,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{DeviceAuthorization, Poll, poll};

    #[test]
    fn the_answer_of_rfc_8628_reads() {
        let body = br#"{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS","user_code":"WDJB-MJHT",
            "verification_uri":"https://example.com/device",
            "verification_uri_complete":"https://example.com/device?user_code=WDJB-MJHT","expires_in":1800}"#;
        let read = DeviceAuthorization::read(body).unwrap();
        assert_eq!((read.user_code.as_str(), read.interval), ("WDJB-MJHT", Duration::from_secs(5)), "RFC 8628 §3.2");
        assert!(DeviceAuthorization::read(b"{}").is_err(), "nothing in it");
        assert_eq!(
            (poll(Some("slow_down")), poll(Some("access_denied")), poll(None)),
            (Poll::Slower, Poll::Over, Poll::Over)
        );
    }
}
