//! The corpus of refusals: what is true in each case, and what was observed.

use std::path::PathBuf;

use countersign_evidence::Certainty;
use countersign_oauth::diagnosis::{Facts, diagnose_without};
use serde::Deserialize;

/// One refusal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// Where it was met.
    pub source: String,
    /// The cause.
    pub first: String,
    pub certainty: Certainty,
    pub facts: Facts,
}

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
}

/// Every group with its cases, by name.
pub fn corpus() -> Vec<(String, Vec<Case>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus/refusals");
    let mut groups: Vec<(String, Vec<Case>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let file: File = toml_edit::de::from_str(&std::fs::read_to_string(&path).unwrap())
                .map_err(|error| format!("{}: {error}", path.display()))
                .unwrap();
            (name, file.case)
        })
        .collect();
    groups.sort_by(|a, b| a.0.cmp(&b.0));
    groups
}

impl Case {
    /// What is said first, when these rules are left out.
    pub fn said(&self, without: &[u8]) -> Option<(String, Certainty)> {
        let first = diagnose_without(&self.facts, without).findings.into_iter().next()?;
        Some((first.id, first.certainty?))
    }

    /// Whether the true cause comes first, and as sure as it may be.
    pub fn is_hit(&self, without: &[u8]) -> bool {
        self.said(without).is_some_and(|(id, certainty)| id == self.first && certainty == self.certainty)
    }
}
