//! The window's start to its first frame, and its memory, against an empty window built from the same tree.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::stage::{Row, Running, median, ms, program, ratio, wait_for};

const RUNS: usize = 7;

/// Start to first frame, and PSS of all its processes in MiB a moment after.
fn measure(binary: &Path) -> (Duration, f64) {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let start = Instant::now();
    let child = Command::new(binary)
        .env("COUNTERSIGN_READY_FILE", &ready)
        .env("COUNTERSIGN_DATA_DIR", folder.path().join("data"))
        .env("COUNTERSIGN_WORKSPACE", folder.path().join("workspace"))
        .env("COUNTERSIGN_VAULT", "memory")
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    wait_for(&ready, Duration::from_secs(30));
    let took = start.elapsed();
    std::thread::sleep(Duration::from_millis(500));
    let memory = tree(running.0.id()).into_iter().map(pss).sum::<u64>();
    (took, memory as f64 / 1024.0)
}

/// A process and everything below it.
fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    while let Some(&parent) = found.get(next) {
        found.extend(
            parents
                .iter()
                .filter(|(pid, p)| *p == parent && !found.contains(pid))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        next += 1;
    }
    found
}

/// Proportional set size in KiB.
fn pss(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
        .unwrap_or(0)
}

pub fn rows() -> Vec<Row> {
    if std::env::var_os("DISPLAY").is_none() {
        return vec![Row {
            what: "the window: no display here".into(),
            ours: "–".into(),
            beside: "–".into(),
            ratio: None,
        }];
    }
    let (ours, empty) = (program("countersign-desktop"), program("examples/empty_window"));
    let (mut started, mut started_empty, mut memory, mut memory_empty) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (took, used) = measure(&ours);
        started.push(took);
        memory.push(used);
        let (took, used) = measure(&empty);
        started_empty.push(took);
        memory_empty.push(used);
    }
    let middle = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let (start, start_empty) = (median(started), median(started_empty));
    let (memory, memory_empty) = (middle(memory), middle(memory_empty));
    vec![
        Row {
            what: "window: start to first frame, against an empty window".into(),
            ours: ms(start),
            beside: ms(start_empty),
            ratio: Some(ratio(start, start_empty)),
        },
        Row {
            what: "window: memory (PSS of all processes), against an empty window".into(),
            ours: format!("{memory:.0} MiB"),
            beside: format!("{memory_empty:.0} MiB"),
            ratio: Some(memory / memory_empty),
        },
    ]
}
