//! One request on one connection.

use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use countersign_tls::ConnectionRecord;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, Response, Version, response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::classify::{Progress, classify, is_unprocessed};
use crate::connection::{Link, Sender};
use crate::intake::Intake;
use crate::meter::{Mark, Watched};
use crate::outgoing::{Fault, RequestBody, prepare};
use crate::pool::{Key, Pool};
use crate::received::fields;
use crate::{Error, Failure, HttpTiming, Outgoing, Phase, Protocol, Received, Sink};

/// How long a connection may take to be ready again before the answer is handed out all the same.
const READY: Duration = Duration::from_millis(50);

/// How long it may take then, for example to write the rest of a request that was answered early.
const READY_LATER: Duration = Duration::from_secs(5);

/// A connection of one's own, or a share in one, for one request. Dropped unused, it returns to the pool.
pub struct Lease {
    pool: Arc<Pool>,
    key: Key,
    epoch: u64,
    link: Arc<Link>,
    sender: Option<Sender>,
    reused: bool,
}

impl Lease {
    /// Takes over a link that was entered.
    pub(crate) fn new(pool: Arc<Pool>, key: Key, epoch: u64, link: Arc<Link>, sender: Sender, reused: bool) -> Self {
        Self { pool, key, epoch, link, sender: Some(sender), reused }
    }

    /// What was observed when the connection was made.
    pub fn record(&self) -> &Arc<ConnectionRecord> {
        &self.link.record
    }

    /// Whether it was opened for an earlier lease: then no name, TCP or TLS phase belongs to this one.
    pub fn reused(&self) -> bool {
        self.reused
    }

    /// What it speaks.
    pub fn protocol(&self) -> Protocol {
        self.link.protocol
    }

    /// Whether its end is known already.
    pub fn is_closed(&self) -> bool {
        self.sender.as_ref().is_none_or(Sender::is_closed)
    }

    /// Sends exactly these fields (plus `host` and `content-length` where HTTP demands them; HTTP/2 forbids those of
    /// the connection) and receives into the sink. Nothing is sent twice, followed or decompressed. The connection
    /// returns to the pool when the content ended well. Dropping the future is as good as cancelling, but leaves no
    /// partial content.
    ///
    /// # Errors
    /// No whole answer by the deadline; [`Failure::partial`] holds what came.
    pub async fn send(
        mut self,
        outgoing: Outgoing,
        sink: Sink,
        deadline: Instant,
        cancel: &CancellationToken,
    ) -> Result<Received, Box<Failure>> {
        let result = self.exchange(outgoing, sink, &Limits { deadline, cancel }).await;
        if result.as_ref().is_err_and(|failure| matches!(failure.error, Error::TimedOut { .. })) {
            // a shared connection that may be dead serves nobody else
            self.pool.forget(self.link.id);
        }
        result
    }

    async fn exchange(
        &mut self,
        outgoing: Outgoing,
        sink: Sink,
        limits: &Limits<'_>,
    ) -> Result<Received, Box<Failure>> {
        let watched = self.link.meter.watch(self.protocol());
        let attempt = Attempt { link: Arc::clone(&self.link), reused: self.reused, watched };
        let head_only = outgoing.method == Method::HEAD;
        // still ours when preparing fails or is stopped: the lease goes back unused
        let (request, fault) =
            match limits.keep(prepare(outgoing, &self.key.target, self.protocol(), attempt.mark())).await {
                Ok(Ok(prepared)) => prepared,
                Ok(Err(error)) => return Err(attempt.unsent(error)),
                Err(stopped) => return Err(attempt.unsent(attempt.stopped(stopped, Phase::Request))),
            };
        let Some(sender) = self.sender.take() else {
            return Err(attempt.unsent(Error::ClosedBeforeAnswer { endpoint: self.link.record.endpoint.clone() }));
        };
        let mut used = Used { sender: Some(sender), link: Arc::clone(&self.link), ended_well: false };
        let response = match limits.keep(used.answer(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(refused)) => return Err(attempt.no_answer(*refused, &fault)),
            Err(stopped) => return Err(attempt.failed(attempt.stopped(stopped, attempt.phase()), None)),
        };
        let (head, mut content) = response.into_parts();
        let mut answer = Answer::new(head, head_only, attempt.mark(), sink);
        let ended = answer.receive(&mut content, limits, &attempt, &fault).await;
        drop(content);
        let keep_open = answer.head.version != Version::HTTP_10;
        let received = answer.finish(attempt.mark()).await;
        match (ended, received) {
            (Ok(()), Ok(received)) => {
                used.ended_well = true;
                if keep_open {
                    self.give_back(&mut used).await;
                }
                Ok(received)
            }
            (Err(error), Ok(partial) | Err((_, partial))) => Err(attempt.failed(error, Some(partial))),
            (Ok(()), Err((error, head))) => Err(attempt.failed(error, Some(head))),
        }
    }

    async fn give_back(&mut self, used: &mut Used) {
        let Some(Sender::Http11(mut sender)) = used.sender.take() else { return };
        match timeout(READY, sender.ready()).await {
            Ok(Ok(())) => self.sender = Some(Sender::Http11(sender)),
            Ok(Err(_closed)) => {}
            Err(_late) => {
                let (pool, key, epoch, link) =
                    (Arc::clone(&self.pool), self.key.clone(), self.epoch, Arc::clone(&self.link));
                tokio::spawn(async move {
                    match timeout(READY_LATER, sender.ready()).await {
                        Ok(Ok(())) => pool.put(&key, epoch, link, Sender::Http11(sender)),
                        Ok(Err(_closed)) => {}
                        Err(_late) => link.abort(),
                    }
                });
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(sender @ Sender::Http11(_)) = self.sender.take() {
            self.pool.put(&self.key, self.epoch, Arc::clone(&self.link), sender);
        }
        self.link.leave();
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("connection", &self.link.record.id)
            .field("protocol", &self.link.protocol)
            .field("reused", &self.reused)
            .finish_non_exhaustive()
    }
}

/// The connection while a request is on it: an exclusive one that did not end well is closed at once.
struct Used {
    sender: Option<Sender>,
    link: Arc<Link>,
    ended_well: bool,
}

/// Why hyper gave no answer, and whether it never began to send.
struct Refused {
    error: hyper::Error,
    never_begun: bool,
}

impl Used {
    async fn answer(&mut self, request: Request<RequestBody>) -> Result<Response<Incoming>, Box<Refused>> {
        let answer = match &mut self.sender {
            Some(Sender::Http11(sender)) => sender.try_send_request(request).await,
            Some(Sender::Http2(sender)) => sender.try_send_request(request).await,
            // taken only after the answer
            None => return std::future::pending().await,
        };
        answer.map_err(|mut refused| {
            let never_begun = refused.take_message().is_some();
            Box::new(Refused { error: refused.into_error(), never_begun })
        })
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        if !self.ended_well && self.link.protocol == Protocol::Http11 {
            self.link.abort();
        }
    }
}

/// What may stop an exchange at any moment.
struct Limits<'a> {
    deadline: Instant,
    cancel: &'a CancellationToken,
}

#[derive(Clone, Copy)]
enum Stopped {
    Cancelled,
    TimedOut,
}

impl Limits<'_> {
    async fn keep<F: Future>(&self, work: F) -> Result<F::Output, Stopped> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Stopped::Cancelled),
            () = sleep_until(self.deadline) => Err(Stopped::TimedOut),
            done = work => Ok(done),
        }
    }
}

/// One request under way: knows how to tell its failures.
struct Attempt {
    link: Arc<Link>,
    reused: bool,
    watched: Watched,
}

impl Attempt {
    fn mark(&self) -> &Arc<Mark> {
        &self.watched.mark
    }

    fn phase(&self) -> Phase {
        if self.mark().written().is_some() { Phase::FirstByte } else { Phase::Request }
    }

    fn stopped(&self, stopped: Stopped, phase: Phase) -> Error {
        match stopped {
            Stopped::Cancelled => Error::Cancelled,
            Stopped::TimedOut => Error::TimedOut {
                endpoint: self.link.record.endpoint.clone(),
                phase,
                after: self.mark().start().elapsed(),
            },
        }
    }

    /// Our own content comes first: when it broke, nothing else is to blame.
    fn broke(&self, error: &hyper::Error, progress: Progress, fault: &Fault) -> Error {
        match fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(reason) => Error::ContentUnusable { reason },
            None => classify(error, progress, &self.link.meter, &self.link.record),
        }
    }

    fn no_answer(&self, refused: Refused, fault: &Fault) -> Box<Failure> {
        let error = self.broke(&refused.error, Progress::NoHead, fault);
        if refused.never_begun || !self.mark().left() {
            return self.unsent(error);
        }
        let mut failure = self.failed(error, None);
        failure.unsent_on_pooled = self.reused && is_unprocessed(&failure.error);
        failure
    }

    fn unsent(&self, error: Error) -> Box<Failure> {
        let unsent_on_pooled = self.reused && is_about_connection(&error);
        Box::new(Failure { error, sent: false, unsent_on_pooled, timing: HttpTiming::default(), partial: None })
    }

    fn failed(&self, error: Error, partial: Option<Received>) -> Box<Failure> {
        let timing = match &partial {
            Some(received) => received.timing,
            None => {
                let mark = self.mark();
                let now = mark.now();
                let request = mark.written().unwrap_or(now);
                HttpTiming { request, first_byte: now.saturating_sub(request), content: 0 }
            }
        };
        Box::new(Failure { error, sent: self.mark().left(), unsent_on_pooled: false, timing, partial })
    }
}

/// Whether another connection would help.
fn is_about_connection(error: &Error) -> bool {
    matches!(
        error,
        Error::ClosedBeforeAnswer { .. }
            | Error::Reset { .. }
            | Error::StreamReset { .. }
            | Error::MalformedAnswer { .. }
            | Error::AlertReceived { .. }
            | Error::ClientCertificate(_)
    )
}

/// An answer whose content is coming.
struct Answer {
    head: response::Parts,
    announced: Option<u64>,
    received: u64,
    trailers: Vec<(String, Vec<u8>)>,
    intake: Intake,
    first_byte: u64,
}

impl Answer {
    fn new(head: response::Parts, head_only: bool, mark: &Mark, sink: Sink) -> Self {
        let bare = head_only || matches!(head.status.as_u16(), 204 | 304);
        let length = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let first_byte = mark.first_read().unwrap_or_else(|| mark.now());
        let announced = length.filter(|_| !bare);
        Self { head, announced, received: 0, trailers: Vec::new(), intake: Intake::new(sink), first_byte }
    }

    async fn receive(
        &mut self,
        content: &mut Incoming,
        limits: &Limits<'_>,
        attempt: &Attempt,
        fault: &Fault,
    ) -> Result<(), Error> {
        loop {
            let frame = match limits.keep(content.frame()).await {
                Ok(None) => return Ok(()),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => {
                    let progress = Progress::Content { received: self.received, announced: self.announced };
                    return Err(attempt.broke(&error, progress, fault));
                }
                Err(stopped) => return Err(attempt.stopped(stopped, Phase::Content)),
            };
            match frame.into_data() {
                Ok(piece) => {
                    self.received += piece.len() as u64;
                    self.intake.take(piece).await?;
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        self.trailers.extend(fields(&trailers));
                    }
                }
            }
        }
    }

    /// What came; where it could not be stored, the rest of it with the error.
    async fn finish(self, mark: &Mark) -> Result<Received, (Error, Received)> {
        let end = mark.now();
        let request = mark.written().unwrap_or(self.first_byte).min(self.first_byte);
        let timing = HttpTiming {
            request,
            first_byte: self.first_byte.saturating_sub(request),
            content: end.saturating_sub(self.first_byte),
        };
        let (body, error) = match self.intake.finish().await {
            Ok(body) => (body, None),
            Err(error) => (crate::Body::Memory(countersign_secret::Secret::new(Vec::new())), Some(error)),
        };
        let received = Received {
            status: self.head.status,
            fields: fields(&self.head.headers),
            body,
            timing,
            trailers: self.trailers,
        };
        match error {
            None => Ok(received),
            Some(error) => Err((error, received)),
        }
    }
}
