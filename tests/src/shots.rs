//! Pictures of every view; written by `cargo xtask shots`.
