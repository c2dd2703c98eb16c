//! Everything that crosses crates, in one binary: the command line, independent peers, canaries, the real
//! window. What a test needs and does not find (a keychain, a display, a peer) is a loud skip on a
//! person's machine and a failure under CI.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what went wrong by panicking")]
#![expect(unreachable_pub, reason = "one binary, no outside")]

mod bad_input;
mod boundary;
mod canary;
mod command_line;
mod demo;
mod diagnosis;
mod eight_virtual_hours;
mod errors;
mod explain;
mod gateway;
mod handshake;
mod keys;
mod limbo;
mod peers;
mod processes;
mod recipes;
mod redirect;
mod refusals;
mod scripted;
mod shots;
mod signing;
mod storage;
mod support;
mod tokens;
mod vectors;
mod window;
mod zoo;
