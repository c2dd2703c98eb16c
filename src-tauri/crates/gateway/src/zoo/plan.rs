//! The plan: `certs/zoo.toml`, embedded. It says what each case is, what a console is to say, and the lesson.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// The embedded text.
const TEXT: &str = include_str!("../../../../../certs/zoo.toml");

/// How a case is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Served {
    /// A chain to explain; no port.
    File,
    /// A whole TLS server.
    Live,
    /// Bytes by hand; never a whole handshake.
    Scripted,
}

/// What a console is to say under the public profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// `trusted`, `trusted_with_findings`, `not_trusted`, `not_checked`.
    pub verdict: String,
    /// The first finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// All that must be there, when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Which certificate of the chain the first finding is about; 0 is the server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<usize>,
    /// The code of the error, where the handshake or what follows it fails for another reason than the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// `expired`.
    pub(super) id: String,
    /// `dates`.
    pub(super) group: String,
    /// The name to ask for; absent in the file: `<id>.zoo.test`.
    #[serde(default)]
    pub(super) host: String,
    /// How it is served.
    pub(super) served: Served,
    /// What is to be said.
    pub(super) expect: Expect,
    /// The lesson's title.
    pub(super) title: String,
    /// What is broken, in one sentence.
    pub(super) broken: String,
    /// What a client should say and why it matters, in one sentence.
    pub(super) say: String,
}

/// A group of cases.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    /// `dates`.
    pub(super) id: String,
    /// `Dates`.
    pub(super) title: String,
}

/// The whole plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// Groups, in order.
    #[serde(rename = "group")]
    pub(super) groups: Vec<Group>,
    /// Cases, in order.
    #[serde(rename = "case")]
    pub(super) cases: Vec<Case>,
}

impl Plan {
    /// The embedded plan. A test reads it; should it not read, it is empty.
    pub(super) fn embedded() -> &'static Self {
        static PLAN: OnceLock<Plan> = OnceLock::new();
        PLAN.get_or_init(|| Self::parse(TEXT).unwrap_or_else(|_| Self { groups: Vec::new(), cases: Vec::new() }))
    }

    fn parse(text: &str) -> Result<Self, toml_edit::de::Error> {
        let mut plan: Self = toml_edit::de::from_str(text)?;
        for case in &mut plan.cases {
            if case.host.is_empty() {
                case.host = format!("{}.zoo.test", case.id);
            }
        }
        Ok(plan)
    }

    /// A group's title.
    pub(super) fn title(&self, group: &str) -> &str {
        self.groups.iter().find(|known| known.id == group).map_or("", |known| known.title.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Plan, Served, TEXT};

    #[test]
    fn the_embedded_plan_reads_and_its_ids_are_unique() {
        let plan = Plan::parse(TEXT).unwrap();
        let mut seen = HashSet::new();
        for case in &plan.cases {
            assert!(seen.insert(case.id.as_str()), "`{}` stands twice", case.id);
            assert!(!plan.title(&case.group).is_empty(), "`{}` is in a group without a title", case.id);
        }
        assert_eq!(&plan, Plan::embedded(), "what is embedded is what was read");
    }

    #[test]
    fn every_expectation_is_whole() {
        let verdicts = ["trusted", "trusted_with_findings", "not_trusted", "not_checked"];
        for case in &Plan::embedded().cases {
            let expect = &case.expect;
            assert!(verdicts.contains(&expect.verdict.as_str()), "{}: {}", case.id, expect.verdict);
            let needs_finding = matches!(expect.verdict.as_str(), "not_trusted" | "trusted_with_findings");
            assert!(expect.finding.is_some() || !needs_finding, "{}: a verdict without its finding", case.id);
            assert!(expect.error.is_some() || expect.verdict != "not_checked", "{}: no error", case.id);
            assert!(expect.findings.is_empty() || expect.findings.first() == expect.finding.as_ref(), "{}", case.id);
            assert!(case.served != Served::Scripted || expect.verdict.starts_with("not_"), "{}: never whole", case.id);
        }
    }

    #[test]
    fn every_lesson_is_three_sentences() {
        for case in &Plan::embedded().cases {
            assert!(!case.title.is_empty() && !case.title.ends_with('.'), "{}: a title is no sentence", case.id);
            for sentence in [&case.broken, &case.say] {
                assert!(sentence.ends_with('.') && sentence.len() < 180, "{}: {sentence}", case.id);
            }
        }
    }

    #[test]
    fn an_unknown_member_is_refused() {
        assert!(Plan::parse(&TEXT.replace("broken =", "brocken =")).is_err(), "a typing error in the plan is found");
    }
}
