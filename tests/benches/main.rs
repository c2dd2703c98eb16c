//! Measurements, side by side in one run: ours and the tool one would use otherwise, on the same machine, in the
//! same minutes. `cargo xtask bench` prints them; docs/performance.md says how they are made.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench says what went wrong by panicking, and prints")]
#![expect(unreachable_pub, reason = "one binary, no outside")]

mod cold;
mod diagnosis;
mod handshake;
mod limbo;
mod lookup;
mod scan;
mod sequential;
mod stage;
mod window;

use stage::Row;

/// A measurement: its name, and what makes its rows.
type Bench = (&'static str, fn() -> Vec<Row>);

const BENCHES: [Bench; 8] = [
    ("diagnosis", diagnosis::rows),
    ("lookup", lookup::rows),
    ("handshake", handshake::rows),
    ("limbo", limbo::rows),
    ("scan", scan::rows),
    ("sequential", sequential::rows),
    ("cold", cold::rows),
    ("window", window::rows),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!("| what | ours | beside it | ratio |\n|---|---|---|---|");
    for (name, rows) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            for row in rows() {
                println!("{row}");
            }
        }
    }
}
