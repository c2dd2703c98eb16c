//! Values as people read them: durations, sizes, countdowns, long text.

/// `143 ms`, `0 ms`, `12 s`; microseconds below a millisecond read `0 ms` or `1 ms`, rounded.
pub fn duration(us: u64) -> String {
    match us {
        0..10_000_000 => format!("{} ms", (us + 500) / 1000),
        _ => format!("{} s", (us + 500_000) / 1_000_000),
    }
}

/// `69 B`, `12.3 kB`, `64.0 MB`; decimal multiples.
pub fn bytes(n: u64) -> String {
    match n {
        0..1000 => format!("{n} B"),
        1000..1_000_000 => tenths(n, 1000, "kB"),
        1_000_000..1_000_000_000 => tenths(n, 1_000_000, "MB"),
        _ => tenths(n, 1_000_000_000, "GB"),
    }
}

fn tenths(n: u64, unit: u64, name: &str) -> String {
    let scaled = n.saturating_mul(10) / unit;
    format!("{}.{} {name}", scaled / 10, scaled % 10)
}

/// `4:58` from milliseconds; an hour and more reads `2 h 5 min`; past: `0:00`.
pub fn countdown(ms: i64) -> String {
    let s = (ms.max(0) + 500) / 1000;
    if s >= 3600 { format!("{} h {} min", s / 3600, s % 3600 / 60) } else { format!("{}:{:02}", s / 60, s % 60) }
}

/// Days, hours or minutes of a span: `89 d`, `5 h`, `12 min`, `40 s`.
pub(crate) fn span(ms: i64) -> String {
    let s = ms.unsigned_abs() / 1000;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min", s / 60),
        3600..172_800 => format!("{} h", s / 3600),
        _ => format!("{} d", s / 86_400),
    }
}

/// The same in words: `3 days`, `5 hours`, `1 minute`.
pub(crate) fn long_span(ms: i64) -> String {
    let s = usize::try_from(ms.unsigned_abs() / 1000).unwrap_or(usize::MAX);
    match s {
        0..60 => count(s, "second"),
        60..3600 => count(s / 60, "minute"),
        3600..172_800 => count(s / 3600, "hour"),
        _ => count(s / 86_400, "day"),
    }
}

/// At most `max` characters; the middle goes, both ends stay.
pub fn elide(text: &str, max: usize) -> String {
    let count = text.chars().count();
    if count <= max {
        return text.to_owned();
    }
    let keep = max.saturating_sub(1);
    let head: String = text.chars().take(keep.div_ceil(2)).collect();
    let tail: String = text.chars().skip(count - keep / 2).collect();
    format!("{head}…{tail}")
}

/// The common name of a distinguished name (RFC 4514 §2), else the whole of it.
pub(crate) fn short_name(dn: &str) -> &str {
    parts(dn).find_map(|part| part.trim_start().strip_prefix("CN=")).unwrap_or(dn)
}

/// The relative names of a distinguished name; a comma behind a backslash belongs to its value.
fn parts(dn: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(dn);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let end = text.char_indices().find(|(_, c)| {
            let ends = *c == ',' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        rest = end.and_then(|(at, _)| text.get(at + 1..));
        Some(end.map_or(text, |(at, _)| &text[..at]))
    })
}

/// `1 certificate`, `3 certificates`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `TLS 1.3` from `TLSv1.3`.
pub(crate) fn version(name: &str) -> String {
    name.replace("TLSv", "TLS ")
}

#[cfg(test)]
mod tests {
    use super::{bytes, countdown, duration, elide, short_name};

    #[test]
    fn the_common_name_stands_anywhere_in_a_distinguished_name() {
        for (dn, name) in [
            ("CN=localhost", "localhost"),
            ("C=AE,O=Acme\\, Ltd,CN=pay.example,OU=x", "pay.example"),
            ("O=no common name", "O=no common name"),
        ] {
            assert_eq!(short_name(dn), name, "{dn}");
        }
    }

    #[test]
    fn values_read_as_a_person_writes_them() {
        assert_eq!(duration(142_700), "143 ms", "rounded to milliseconds");
        assert_eq!(duration(12_300_000), "12 s", "from ten seconds on, seconds");
        assert_eq!(bytes(107), "107 B", "small sizes exactly");
        assert_eq!(bytes(64_000_000), "64.0 MB", "decimal megabytes");
        assert_eq!(countdown(298_000), "4:58", "minutes and seconds");
        assert_eq!(countdown(-3), "0:00", "never negative");
        assert_eq!(elide("abcdefghij", 5), "ab…ij", "both ends stay");
    }
}
