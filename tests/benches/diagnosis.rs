//! The score of the diagnosis over its corpus, group by group: no time is measured.

#[path = "../src/support/corpus.rs"]
mod corpus;

use super::stage::Row;

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut hits, mut all) = (0, 0);
    for (name, cases) in corpus::corpus() {
        let hit = cases.iter().filter(|case| case.is_hit(&[])).count();
        for case in cases.iter().filter(|case| !case.is_hit(&[])) {
            println!("missed: {} ({}): {} is true, said is {:?}", case.name, case.source, case.first, case.said(&[]));
        }
        rows.push(row(&format!("diagnosis, {name}"), hit, cases.len()));
        hits += hit;
        all += cases.len();
    }
    rows.push(row("diagnosis: the true cause first, as sure as it may be", hits, all));
    rows
}

fn row(what: &str, hits: usize, all: usize) -> Row {
    let percent = hits * 1000 / all.max(1);
    Row {
        what: what.to_owned(),
        ours: format!("{hits} of {all}"),
        beside: format!("{}.{} %", percent / 10, percent % 10),
        ratio: None,
    }
}
