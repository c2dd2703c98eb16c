//! Durations, assignments and addresses as people write them.

use std::time::Duration;

use countersign_evidence::{Fault, Problem};

/// `300s`, `2min`, `500ms`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, Problem> {
    let parse = |number: &str| number.trim().parse::<u64>().ok();
    let found = if let Some(ms) = text.strip_suffix("ms") {
        parse(ms).map(Duration::from_millis)
    } else if let Some(minutes) = text.strip_suffix("min") {
        parse(minutes).map(|m| Duration::from_secs(m.saturating_mul(60)))
    } else if let Some(hours) = text.strip_suffix('h') {
        parse(hours).map(|h| Duration::from_secs(h.saturating_mul(3600)))
    } else {
        parse(text.strip_suffix('s').unwrap_or(text)).map(Duration::from_secs)
    };
    found.filter(|d| !d.is_zero()).ok_or_else(|| {
        Problem::new(
            "usage.not_a_duration",
            Fault::Caller,
            format!("`{text}` is not a duration"),
            "a whole number with ms, s, min or h is wanted",
        )
        .with_hint("Write it as 30s or 2min.")
    })
}

/// `NAME=VALUE`.
pub(crate) fn assignment(text: &str) -> Result<(String, String), Problem> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| {
            Problem::new(
                "usage.not_an_assignment",
                Fault::Caller,
                format!("`{text}` is not NAME=VALUE"),
                "the part before `=` is the name",
            )
            .with_hint("Write it as name=value.")
        })
}

/// `HOST:PORT`, IPv6 in brackets.
pub(crate) fn address(text: &str) -> Result<(String, u16), Problem> {
    text.rsplit_once(':')
        .and_then(|(host, port)| Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?)))
        .filter(|(host, _)| !host.is_empty())
        .ok_or_else(|| {
            Problem::new(
                "usage.not_an_address",
                Fault::Caller,
                format!("`{text}` is not HOST:PORT"),
                "a name or address and a port are wanted",
            )
            .with_hint("Write it as localhost:8443 or [::1]:8443.")
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{address, duration};

    #[test]
    fn durations_and_addresses_read_as_written() {
        for (text, expected) in [("300s", 300_000), ("2min", 120_000), ("500ms", 500), ("7", 7_000), ("1h", 3_600_000)]
        {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(expected), "{text}");
        }
        for text in ["", "0s", "soon", "-1s", "1.5s"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(address("[::1]:443").unwrap(), ("::1".to_owned(), 443));
        assert!(address("host").is_err() && address(":1").is_err(), "both parts are wanted");
    }
}
