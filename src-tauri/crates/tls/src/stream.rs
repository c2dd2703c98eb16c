//! The bytes of the application over an observed connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::recorder::{self, Recorder};
use crate::tap::Tap;

/// A connected stream; which kind it is stands in the connection's record.
#[derive(Debug)]
pub struct Stream {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Plain(TcpStream),
    Tls { stream: Box<TlsStream<Tap>>, recorder: Arc<Recorder> },
}

impl Stream {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Self { kind: Kind::Plain(stream) }
    }

    pub(crate) fn tls(stream: TlsStream<Tap>, recorder: Arc<Recorder>) -> Self {
        Self { kind: Kind::Tls { stream: Box::new(stream), recorder } }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Kind::Tls { stream, recorder } => recorder::scope(recorder, || Pin::new(stream).poll_read(context, buffer)),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Kind::Tls { stream, recorder } => recorder::scope(recorder, || Pin::new(stream).poll_write(context, bytes)),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Kind::Tls { stream, recorder } => {
                recorder::scope(recorder, || Pin::new(stream).poll_write_vectored(context, slices))
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Plain(stream) => stream.is_write_vectored(),
            Kind::Tls { stream, .. } => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_flush(context),
            Kind::Tls { stream, recorder } => recorder::scope(recorder, || Pin::new(stream).poll_flush(context)),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Kind::Tls { stream, recorder } => recorder::scope(recorder, || Pin::new(stream).poll_shutdown(context)),
        }
    }
}
