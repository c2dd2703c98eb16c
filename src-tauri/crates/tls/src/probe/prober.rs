//! Sends hellos to one endpoint, a few at a time, and counts them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Answer, Hello, answer};
use crate::tcp;

/// A first flight that is longer is not waited for: a chain of a hundred certificates fits.
const LONGEST: usize = 256 * 1024;

/// What a probe waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// The ServerHello.
    Hello,
    /// The end of the first flight, where it is in clear.
    Done,
}

/// One endpoint, probed.
pub(crate) struct Prober<'a> {
    addresses: Vec<SocketAddr>,
    server_name: Option<&'a str>,
    limit: Duration,
    at_once: Semaphore,
    count: AtomicUsize,
    told: &'a (dyn Fn(usize) + Send + Sync),
}

impl<'a> Prober<'a> {
    /// At most `at_once` probes are under way together, each ends within `limit`; `told` hears how many ended.
    pub(crate) fn new(
        addresses: Vec<SocketAddr>,
        server_name: Option<&'a str>,
        limit: Duration,
        at_once: usize,
        told: &'a (dyn Fn(usize) + Send + Sync),
    ) -> Self {
        Self { addresses, server_name, limit, at_once: Semaphore::new(at_once), count: AtomicUsize::new(0), told }
    }

    /// The name asked for.
    pub(crate) fn server_name(&self) -> Option<&'a str> {
        self.server_name
    }

    /// Probes so far.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// One probe.
    pub(crate) async fn probe(&self, hello: &Hello, until: Until) -> Answer {
        let Ok(_permit) = self.at_once.acquire().await else { return Answer::Unreached };
        let answer = self.answer(hello, until).await;
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        (self.told)(count);
        answer
    }

    async fn answer(&self, hello: &Hello, until: Until) -> Answer {
        let mut random = [0; 64];
        if aws_lc_rs::rand::fill(&mut random).is_err() {
            return Answer::Unreached;
        }
        let record = hello.record(&random);
        let mut received = Vec::with_capacity(4096);
        let ended = timeout(self.limit, async {
            let Ok(mut stream) = tcp::connect(&self.addresses).await else { return Some(Answer::Unreached) };
            if let Err(error) = stream.write_all(&record).await {
                return Some(broken(&error));
            }
            loop {
                match stream.read_buf(&mut received).await {
                    Ok(0) => return answer::read(&received).or(Some(Answer::Closed)),
                    Ok(_) => {}
                    Err(error) => return answer::read(&received).or_else(|| Some(broken(&error))),
                }
                match answer::read(&received) {
                    Some(Answer::Hello(said)) if until == Until::Done && !said.done && said.version < 0x0304 => {}
                    // an alert may follow a ServerHello that is cut short; everything else is final
                    Some(answer) => return Some(answer),
                    None => {}
                }
                if received.len() > LONGEST {
                    return answer::read(&received);
                }
            }
        })
        .await;
        match ended {
            Ok(answer) => answer.unwrap_or(Answer::Silent),
            Err(_) => answer::read(&received).unwrap_or(Answer::Silent),
        }
    }
}

fn broken(error: &io::Error) -> Answer {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => Answer::Reset,
        _ => Answer::Closed,
    }
}
