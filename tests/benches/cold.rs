//! One cold command against one cold curl: process start, trust, handshake, request, answer, end.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::stage::{Gateway, Row, median, ms, program, ratio};

const RUNS: usize = 15;

fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
    start.elapsed()
}

pub fn rows() -> Vec<Row> {
    let gateway = Gateway::start(None);
    let (ca, url) = (gateway.text("ca_file"), gateway.text("jwks_uri"));
    let (mut ours, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut send = Command::new(program("countersign"));
        send.args(["send", "GET", &url, "--ca", &ca, "--vault", "memory", "--fail"]);
        send.env("COUNTERSIGN_DATA_DIR", gateway.folder.path().join("cold"))
            .env("COUNTERSIGN_WORKSPACE", gateway.folder.path().join("none"));
        ours.push(timed(&mut send));
        beside.push(timed(Command::new("curl").args(["--silent", "--fail", "--cacert", &ca, &url])));
    }
    let (ours, beside) = (median(ours), median(beside));
    let send = Row {
        what: "one cold `countersign send`, against one cold curl".into(),
        ours: ms(ours),
        beside: ms(beside),
        ratio: Some(ratio(ours, beside)),
    };
    let mut tours = Vec::new();
    for _ in 0..5 {
        let mut tour = Command::new(program("countersign"));
        tour.args(["tour", "--vault", "memory"]);
        tours.push(timed(&mut tour));
    }
    let tour = Row {
        what: "`countersign tour`, from nothing to removed".into(),
        ours: ms(median(tours)),
        beside: "–".into(),
        ratio: None,
    };
    vec![send, tour]
}
