//! Streams between the socket and the TLS library: one that was read from already, one that cuts records to single bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::hello::HANDSHAKE;

/// `change_cipher_spec` (RFC 5246 §7.1): what follows is encrypted and cannot be cut.
const CHANGE_CIPHER_SPEC: u8 = 20;

/// What a TLS library can speak over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A socket from which bytes were taken; they are given first.
pub(super) struct Prefixed {
    taken: Vec<u8>,
    given: usize,
    socket: TcpStream,
}

impl Prefixed {
    pub(super) fn new(taken: Vec<u8>, socket: TcpStream) -> Self {
        Self { taken, given: 0, socket }
    }
}

impl AsyncRead for Prefixed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let rest = self.taken.get(self.given..).unwrap_or_default();
        if rest.is_empty() {
            return Pin::new(&mut self.socket).poll_read(cx, buffer);
        }
        let length = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..length]);
        self.given += length;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Cuts the handshake records that are sent in clear into records of one byte each (RFC 5246 §6.2.1 allows it).
pub(super) struct SingleBytes {
    socket: TcpStream,
    cutter: Cutter,
    /// Cut and not written yet.
    pending: Vec<u8>,
    written: usize,
}

impl SingleBytes {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self { socket, cutter: Cutter::default(), pending: Vec::new(), written: 0 }
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.pending.len() {
            let rest = &self.pending[self.written..];
            let written = ready!(Pin::new(&mut self.socket).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.pending.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for SingleBytes {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SingleBytes {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_pending(cx))?;
        let this = &mut *self;
        this.cutter.cut(bytes, &mut this.pending);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx))?;
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Follows the records of a stream and cuts those that can be cut.
#[derive(Default)]
struct Cutter {
    header: Vec<u8>,
    /// Bytes of the record's content that are still to come.
    left: usize,
    encrypted: bool,
}

impl Cutter {
    fn cut(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            if self.left == 0 {
                self.header.push(*byte);
                let &[kind, _, _, high, low] = self.header.as_slice() else { continue };
                self.left = usize::from(u16::from_be_bytes([high, low]));
                self.encrypted |= kind == CHANGE_CIPHER_SPEC;
                if kind != HANDSHAKE || self.encrypted {
                    out.extend_from_slice(&self.header);
                }
                if self.left == 0 {
                    self.header.clear();
                }
                continue;
            }
            if let (false, &[HANDSHAKE, major, minor, ..]) = (self.encrypted, self.header.as_slice()) {
                out.extend_from_slice(&[HANDSHAKE, major, minor, 0, 1]);
            }
            out.push(*byte);
            self.left -= 1;
            if self.left == 0 {
                self.header.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hello::record;
    use super::{CHANGE_CIPHER_SPEC, Cutter, HANDSHAKE};

    #[test]
    fn handshake_records_in_clear_are_cut_and_encrypted_ones_are_not() {
        let clear = record(HANDSHAKE, 0x0303, &[2, 0, 0, 1, 9]);
        let rest = [record(CHANGE_CIPHER_SPEC, 0x0303, &[1]), record(HANDSHAKE, 0x0303, &[7; 40])].concat();
        for size in [1, 3, 1000] {
            let (mut cutter, mut out) = (Cutter::default(), Vec::new());
            for part in [clear.clone(), rest.clone()].concat().chunks(size) {
                cutter.cut(part, &mut out);
            }
            let single: Vec<u8> = [2, 0, 0, 1, 9].iter().flat_map(|byte| record(HANDSHAKE, 0x0303, &[*byte])).collect();
            assert_eq!(out, [single, rest.clone()].concat(), "written {size} bytes at a time");
        }
    }
}
