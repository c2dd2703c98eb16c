//! Exchanges with servers on loopback: hyper, h2, and raw sockets that misbehave on purpose.

mod broken;
mod contents;
mod http11;
mod http2;
mod lab;
mod limits;
mod pooling;
