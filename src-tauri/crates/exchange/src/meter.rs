//! Watches the bytes of a connection go by: when a request was written, when its answer began, and what the
//! stream said when it broke.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use countersign_tls::{Alert, alert_in};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::Protocol;

/// What one request has seen of its connection.
#[derive(Debug)]
pub(crate) struct Mark {
    start: Instant,
    protocol: Protocol,
    left: AtomicBool,
    ended: AtomicBool,
    /// Microseconds since the start; 0: not yet.
    written: AtomicU64,
    first_read: AtomicU64,
}

impl Mark {
    fn new(protocol: Protocol) -> Self {
        Self {
            start: Instant::now(),
            protocol,
            left: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            written: AtomicU64::new(0),
            first_read: AtomicU64::new(0),
        }
    }

    /// Microseconds since the request was handed over.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// The last of the request's content was handed to the connection.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Whether bytes left since; on a shared connection they may be another request's.
    pub(crate) fn left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }

    /// When the request was written, as far as that can be seen.
    pub(crate) fn written(&self) -> Option<u64> {
        let at = self.written.load(Ordering::Acquire);
        (at > 0 && self.ended.load(Ordering::Acquire)).then_some(at)
    }

    /// When the answer began; only an exclusive connection can tell.
    pub(crate) fn first_read(&self) -> Option<u64> {
        let at = self.first_read.load(Ordering::Acquire);
        (at > 0).then_some(at)
    }

    fn wrote(&self) {
        self.left.store(true, Ordering::Release);
        let last = match self.protocol {
            // exclusive: whatever is written before the answer is the request
            Protocol::Http11 => self.first_read().is_none(),
            // shared: the first write after the end of the request; later ones are others'
            Protocol::Http2 => self.ended.load(Ordering::Acquire) && self.written.load(Ordering::Acquire) == 0,
        };
        if last {
            self.written.store(self.now(), Ordering::Release);
        }
    }

    fn read(&self) {
        if self.protocol == Protocol::Http11 && self.left() && self.first_read().is_none() {
            self.first_read.store(self.now(), Ordering::Release);
        }
    }
}

/// Shared by a connection and the requests on it.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    marks: Vec<Arc<Mark>>,
    alert: Option<Alert>,
    broke: Option<io::ErrorKind>,
}

impl Meter {
    /// Starts to watch for one request, until the guard is dropped.
    pub(crate) fn watch(self: &Arc<Self>, protocol: Protocol) -> Watched {
        let mark = Arc::new(Mark::new(protocol));
        self.seen().marks.push(Arc::clone(&mark));
        Watched { meter: Arc::clone(self), mark }
    }

    /// The alert the stream broke with. HTTP/2 keeps only an error's text, so it is caught here.
    pub(crate) fn alert(&self) -> Option<Alert> {
        self.seen().alert
    }

    /// How reading broke.
    pub(crate) fn broke(&self) -> Option<io::ErrorKind> {
        self.seen().broke
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn each(&self, what: impl Fn(&Mark)) {
        self.seen().marks.iter().for_each(|mark| what(mark));
    }

    fn failed(&self, error: &io::Error) {
        let mut seen = self.seen();
        seen.alert = seen.alert.or_else(|| alert_in(error));
        seen.broke = seen.broke.or(Some(error.kind()));
    }
}

/// A mark that is watched for as long as this lives.
#[derive(Debug)]
pub(crate) struct Watched {
    meter: Arc<Meter>,
    pub(crate) mark: Arc<Mark>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.meter.seen().marks.retain(|mark| !Arc::ptr_eq(mark, &self.mark));
    }
}

/// A stream whose bytes are watched.
///
/// When the other end takes nothing more, what is still to be written is let go in silence and the reading side
/// decides what happened: an alert about the client certificate, or an early answer, stands there and would be
/// lost behind a broken pipe.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    stream: S,
    meter: Arc<Meter>,
    unflushed: bool,
    mute: bool,
}

impl<S> Metered<S> {
    pub(crate) fn new(stream: S, meter: Arc<Meter>) -> Self {
        Self { stream, meter, unflushed: false, mute: false }
    }

    fn wrote(&mut self, result: Poll<io::Result<usize>>, wanted: usize) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(count)) => {
                if count > 0 {
                    self.unflushed = true;
                    self.meter.each(Mark::wrote);
                }
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) if is_gone(&error) => {
                self.mute = true;
                Poll::Ready(Ok(wanted))
            }
            Poll::Ready(Err(error)) => {
                self.meter.failed(&error);
                Poll::Ready(Err(error))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected
    )
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        match &result {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => self.meter.each(Mark::read),
            Poll::Ready(Err(error)) => self.meter.failed(error),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.mute {
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(result, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wanted = slices.iter().map(|slice| slice.len()).sum();
        if self.mute {
            return Poll::Ready(Ok(wanted));
        }
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(result, wanted)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.mute {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(Ok(())) => {
                if std::mem::take(&mut self.unflushed) {
                    self.meter.each(Mark::wrote);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) if is_gone(&error) => {
                self.mute = true;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.meter.failed(&error);
                Poll::Ready(Err(error))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.mute {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::{Meter, Metered};
    use crate::Protocol;

    #[tokio::test]
    async fn a_request_is_written_with_its_last_byte_and_answered_with_the_first() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let meter = Arc::new(Meter::default());
        let mut stream = Metered::new(ours, Arc::clone(&meter));
        let watched = meter.watch(Protocol::Http11);
        let mark = &watched.mark;
        assert!(!mark.left() && mark.written().is_none());
        stream.write_all(b"head").await.unwrap();
        assert!(mark.left() && mark.written().is_none(), "the request has not ended");
        mark.end();
        stream.write_all(b"content").await.unwrap();
        let written = mark.written().unwrap();
        theirs.write_all(b"answer").await.unwrap();
        stream.read_u8().await.unwrap();
        assert!(mark.first_read().unwrap() >= written);
        stream.write_all(b"late").await.unwrap();
        assert_eq!(mark.written(), Some(written), "what is written after the answer began is not the request");
    }

    #[tokio::test]
    async fn an_early_answer_is_read_although_writing_fails() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(b"early").await.unwrap();
        drop(theirs);
        let mut stream = Metered::new(ours, Arc::default());
        stream.write_all(&[0; 1000]).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "early");
    }
}
