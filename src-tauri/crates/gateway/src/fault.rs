//! Faults one can switch on while the gateway runs; one active in each group.

mod token;

use std::fmt;
use std::time::Duration;

use crate::Error;

/// A group of which one fault may be active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultGroup {
    /// What the API's listener presents.
    Certificate,
    /// What the gateway believes the time is.
    Clock,
    /// What the API answers.
    Response,
    /// How signatures are judged.
    Signature,
    /// How tokens are issued and judged.
    Token,
}

/// Id, label, effect; the id with its default argument.
type Choice = (&'static str, &'static str, &'static str);

impl FaultGroup {
    /// In the order of the gateway's page.
    pub const ALL: [FaultGroup; 5] =
        [FaultGroup::Certificate, FaultGroup::Token, FaultGroup::Signature, FaultGroup::Response, FaultGroup::Clock];

    /// `certificate`, …
    pub fn name(self) -> &'static str {
        match self {
            FaultGroup::Certificate => "certificate",
            FaultGroup::Clock => "clock",
            FaultGroup::Response => "response",
            FaultGroup::Signature => "signature",
            FaultGroup::Token => "token",
        }
    }

    /// `Certificate`, …
    pub fn label(self) -> &'static str {
        match self {
            FaultGroup::Certificate => "Certificate",
            FaultGroup::Clock => "Clock",
            FaultGroup::Response => "Response",
            FaultGroup::Signature => "Signature",
            FaultGroup::Token => "Token",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.name() == name)
    }

    /// The choices: id with default argument, label, one sentence of effect.
    pub fn choices(self) -> &'static [Choice] {
        match self {
            FaultGroup::Certificate => &[
                ("certificate-expired", "Expired", "The API presents a certificate that expired three days ago."),
                ("certificate-wrong-host", "Wrong host", "The API presents a certificate for another name."),
                (
                    "certificate-untrusted-root",
                    "Untrusted root",
                    "The API presents a chain that ends at an unknown root.",
                ),
                ("certificate-case=expired", "Zoo case", "The API presents the chain of that case of the zoo."),
            ],
            FaultGroup::Token => token::CHOICES,
            FaultGroup::Signature => &[
                (
                    "content-changed",
                    "Changed content",
                    "A proxy between changes the content: its digest no longer fits.",
                ),
                ("key-other", "Other key", "The gateway holds another key under this identifier."),
                ("replay", "Replay", "The gateway has seen every signature before."),
                ("host-rewritten", "Rewritten host", "A proxy between rewrites the authority."),
                ("content-reserialised", "Re-serialised", "A proxy between writes the JSON anew."),
                ("key-rotated", "Rotated key", "The gateway knows no key of this identifier any more."),
            ],
            FaultGroup::Response => &[
                ("status=503", "503", "The API answers 503."),
                ("delay=2s", "Delay 2 s", "The API waits two seconds."),
                ("size=64MiB", "64 MiB", "The API answers 64 MiB."),
                ("truncated", "Truncated", "The content ends before its length."),
                ("html", "HTML", "The API answers a web page."),
                ("dropped", "Dropped", "The connection is closed instead of an answer."),
            ],
            FaultGroup::Clock => &[
                ("clock=+600s", "10 min ahead", "The gateway's clock is ten minutes ahead."),
                ("clock=-600s", "10 min behind", "The gateway's clock is ten minutes behind."),
                ("date-missing", "No Date", "Answers carry no Date."),
            ],
        }
    }

    pub(crate) fn all_ids() -> Vec<&'static str> {
        Self::ALL.iter().flat_map(|g| g.choices()).map(|(id, _, _)| *id).collect()
    }
}

/// A fault with its argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    name: String,
    argument: Option<String>,
    group: FaultGroup,
}

impl Fault {
    /// Reads `NAME` or `NAME=ARGUMENT`. A name that takes an argument has its default one.
    ///
    /// # Errors
    /// [`Error::UnknownFault`] with the list, [`Error::FaultArgument`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (name, argument) = text.split_once('=').map_or((text, None), |(name, argument)| (name, Some(argument)));
        for group in FaultGroup::ALL {
            for (id, _, _) in group.choices() {
                let (known, default) =
                    id.split_once('=').map_or((*id, None), |(known, default)| (known, Some(default)));
                if known != name {
                    continue;
                }
                if default.is_none() && argument.is_some() {
                    return Err(Error::FaultArgument { text: text.to_owned(), wanted: "it takes no argument" });
                }
                let fault =
                    Self { name: name.to_owned(), argument: argument.or(default).map(ToOwned::to_owned), group };
                return fault.check(text);
            }
        }
        Err(Error::UnknownFault { text: text.to_owned() })
    }

    fn check(self, text: &str) -> Result<Self, Error> {
        let wrong = |wanted| Err(Error::FaultArgument { text: text.to_owned(), wanted });
        match self.name.as_str() {
            "token-life" | "delay" | "token-delay" | "rate-limited" if self.duration().is_none() => {
                wrong("a duration such as `15s` is wanted")
            }
            "clock" if self.shift().is_none() => wrong("a signed duration such as `+600s` is wanted"),
            "status" | "token-status" if self.status().is_none() => wrong("a status code from 200 to 599 is wanted"),
            "size" if self.bytes().is_none() => wrong("a size such as `64MiB` is wanted"),
            "token-rate" if self.rate().is_none() => wrong("a share from 0 to 1 such as `0.1` is wanted"),
            "token-type-odd" if self.argument().is_none_or(str::is_empty) => wrong("a token type is wanted"),
            "certificate-case" if self.zoo_case().is_none() => wrong("a case of the zoo with a chain is wanted"),
            _ => Ok(self),
        }
    }

    /// The name without its argument.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its group.
    pub fn group(&self) -> FaultGroup {
        self.group
    }

    /// The label for a person.
    pub fn label(&self) -> String {
        let text = self.to_string();
        let exact = self.group.choices().iter().find(|(id, _, _)| *id == text);
        exact.map_or(text, |(_, label, _)| (*label).to_owned())
    }

    pub(crate) fn argument(&self) -> Option<&str> {
        self.argument.as_deref()
    }

    /// The share of calls that fail, 0 to 1.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.argument()?.parse().ok().filter(|rate| (0.0..=1.0).contains(rate))
    }

    /// The zoo's case whose chain is presented.
    pub(crate) fn zoo_case(&self) -> Option<&'static str> {
        crate::zoo::with_chain(self.argument()?)
    }

    pub(crate) fn duration(&self) -> Option<Duration> {
        seconds(self.argument.as_deref()?).map(Duration::from_secs)
    }

    /// Seconds added to the clock.
    pub(crate) fn shift(&self) -> Option<i64> {
        let text = self.argument.as_deref()?;
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        i64::try_from(seconds(rest)?).ok().map(|s| sign * s)
    }

    pub(crate) fn status(&self) -> Option<u16> {
        self.argument.as_deref()?.parse().ok().filter(|status| (200..600).contains(status))
    }

    pub(crate) fn bytes(&self) -> Option<u64> {
        let text = self.argument.as_deref()?;
        let (number, unit) = match text.strip_suffix("MiB") {
            Some(number) => (number, 1024 * 1024),
            None => (text.strip_suffix("KiB").unwrap_or(text), if text.ends_with("KiB") { 1024 } else { 1 }),
        };
        number.parse::<u64>().ok()?.checked_mul(unit).filter(|n| *n <= 1024 * 1024 * 1024)
    }
}

fn seconds(text: &str) -> Option<u64> {
    match text.strip_suffix("min") {
        Some(minutes) => minutes.parse::<u64>().ok()?.checked_mul(60),
        None => text.strip_suffix('s').unwrap_or(text).parse().ok(),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.argument {
            Some(argument) => write!(f, "{}={argument}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultGroup};

    #[test]
    fn every_listed_fault_reads_and_writes_itself() {
        for group in FaultGroup::ALL {
            for (id, _, _) in group.choices() {
                let fault = Fault::parse(id).unwrap();
                assert_eq!((fault.to_string().as_str(), fault.group()), (*id, group), "round trip");
            }
        }
    }

    #[test]
    fn every_fault_has_a_name_of_its_own_a_label_and_one_sentence() {
        let mut names = std::collections::HashSet::new();
        for (id, label, effect) in FaultGroup::ALL.into_iter().flat_map(|group| group.choices()) {
            assert!(names.insert(id), "{id} stands twice");
            assert!(!label.is_empty() && !label.ends_with('.'), "{id}: a label is no sentence");
            assert!(effect.ends_with('.') && effect.len() < 120, "{id}: {effect}");
        }
    }

    #[test]
    fn a_name_alone_takes_the_default_argument() {
        for (given, whole) in [
            ("token-delay", "token-delay=5s"),
            ("token-rate", "token-rate=0.1"),
            ("certificate-case", "certificate-case=expired"),
            ("certificate-case=self-signed", "certificate-case=self-signed"),
        ] {
            assert_eq!(Fault::parse(given).unwrap().to_string(), whole, "{given}");
        }
    }

    #[test]
    fn an_unknown_fault_names_the_known_ones() {
        let said = Fault::parse("nonsense").unwrap_err().to_string();
        assert!(said.contains("certificate-expired") && said.contains("dropped"), "{said}");
        assert!(Fault::parse("delay=soon").is_err(), "an argument that does not read");
        assert!(Fault::parse("truncated=1").is_err(), "an argument where none is taken");
        assert!(Fault::parse("token-rate=2").is_err(), "more than all calls");
        assert!(Fault::parse("certificate-case=nonsense").is_err(), "no case of the zoo");
    }
}
