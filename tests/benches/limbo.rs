//! What the worst chain of the x509-limbo corpus costs, beside its median chain.

use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use countersign_console::limbo::Corpus;
use countersign_evidence::Timestamp;

use super::stage::{Row, median, ms, ratio};

/// The time of cases that say none.
const NOW: &str = "2026-09-01T00:00:00Z";
const ROUNDS: usize = 5;

pub fn rows() -> Vec<Row> {
    let folder = std::env::var_os("COUNTERSIGN_VECTORS")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors").into(), PathBuf::from);
    let Ok(packed) = std::fs::File::open(folder.join("x509-limbo/limbo.json.zst")) else {
        println!("skipped: no x509-limbo/limbo.json.zst (COUNTERSIGN_VECTORS)");
        return Vec::new();
    };
    let mut text = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(packed).unwrap().read_to_end(&mut text).unwrap();
    let corpus = Corpus::read(&text).unwrap();
    let now = Timestamp::parse(NOW).unwrap();
    let all: Vec<(Duration, &str)> = corpus
        .testcases
        .iter()
        .map(|case| {
            (
                median(
                    (0..ROUNDS)
                        .map(|_| {
                            let begin = Instant::now();
                            std::hint::black_box(case.judge(now));
                            begin.elapsed()
                        })
                        .collect(),
                ),
                case.id.as_str(),
            )
        })
        .collect();
    let (worst, id) = all.iter().max().unwrap();
    let middle = median(all.iter().map(|(took, _)| *took).collect());
    vec![Row {
        what: format!("explaining the worst chain of {} ({id}), against the median one", all.len()),
        ours: ms(*worst),
        beside: ms(middle),
        ratio: Some(ratio(*worst, middle)),
    }]
}
