//! Takes content from the network into its sink. Disk work runs off the async threads, a piece at a time, and
//! nothing more is read from the network meanwhile.

use bytes::Bytes;
use countersign_secret::Secret;
use tokio::task::spawn_blocking;

use crate::{Body, ContentWriter, Error, Sink};

/// What is collected before one trip to the disk.
const PIECE: usize = 256 * 1024;

/// The first allocation for content of unknown length.
const FIRST: usize = 16 * 1024;

pub(crate) enum Intake {
    Memory { bytes: Vec<u8>, limit: usize },
    Store { writer: Option<ContentWriter>, waiting: Vec<Bytes>, size: usize },
}

impl Intake {
    pub(crate) fn new(sink: Sink) -> Self {
        match sink {
            Sink::Memory { limit } => Intake::Memory { bytes: Vec::new(), limit },
            Sink::Store(writer) => Intake::Store { writer: Some(writer), waiting: Vec::new(), size: 0 },
        }
    }

    pub(crate) async fn take(&mut self, piece: Bytes) -> Result<(), Error> {
        match self {
            Intake::Memory { bytes, limit } => {
                let fits = piece.len().min(limit.saturating_sub(bytes.len()));
                grow(bytes, fits);
                bytes.extend_from_slice(&piece[..fits]);
                if fits < piece.len() { Err(Error::TooLarge { limit: *limit }) } else { Ok(()) }
            }
            Intake::Store { writer, waiting, size } => {
                *size += piece.len();
                waiting.push(piece);
                if *size < PIECE {
                    return Ok(());
                }
                *size = 0;
                let pieces = std::mem::take(waiting);
                *writer = match writer.take() {
                    Some(open) => Some(off_thread(move || write(open, &pieces)).await?),
                    None => None,
                };
                Ok(())
            }
        }
    }

    /// What came, complete or not.
    pub(crate) async fn finish(self) -> Result<Body, Error> {
        match self {
            Intake::Memory { bytes, .. } => Ok(Body::Memory(Secret::new(bytes))),
            Intake::Store { writer: Some(writer), waiting, .. } => {
                let stored = off_thread(move || write(writer, &waiting)?.finish()).await?;
                Ok(Body::Stored(stored))
            }
            // the disk refused before: what came is lost, and the error has said so
            Intake::Store { writer: None, .. } => Ok(Body::Memory(Secret::new(Vec::new()))),
        }
    }
}

fn write(mut writer: ContentWriter, pieces: &[Bytes]) -> std::io::Result<ContentWriter> {
    for piece in pieces {
        writer.write(piece)?;
    }
    Ok(writer)
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, Error> {
    match spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Error::storage(&error)),
        Err(stopped) => Err(Error::Storage { full: false, reason: stopped.to_string() }),
    }
}

/// Makes room by moving to a larger block and wiping the old one: a growing `Vec` leaves copies behind.
fn grow(bytes: &mut Vec<u8>, by: usize) {
    let wanted = bytes.len() + by;
    if wanted <= bytes.capacity() {
        return;
    }
    let mut larger = Vec::with_capacity(wanted.max(bytes.capacity() * 2).max(FIRST));
    larger.extend_from_slice(bytes);
    drop(Secret::new(std::mem::replace(bytes, larger)));
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Intake;
    use crate::{Body, ContentStore, Error, Sink};

    #[tokio::test]
    async fn memory_takes_up_to_its_limit() {
        let mut intake = Intake::new(Sink::Memory { limit: 20_000 });
        intake.take(Bytes::from(vec![1; 20_000])).await.unwrap();
        assert_eq!(intake.take(Bytes::from_static(b"x")).await.unwrap_err(), Error::TooLarge { limit: 20_000 });
        let Body::Memory(bytes) = intake.finish().await.unwrap() else { panic!("memory stays memory") };
        assert_eq!(bytes.expose_secret(), &vec![1; 20_000], "what fitted is kept");
    }

    #[tokio::test]
    async fn pieces_reach_the_store_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let store = ContentStore::new(folder.path().to_owned());
        let mut intake = Intake::new(Sink::Store(store.writer(None).unwrap()));
        let pieces: Vec<Vec<u8>> = (0..40u8).map(|n| vec![n; 9_999]).collect();
        for piece in &pieces {
            intake.take(Bytes::from(piece.clone())).await.unwrap();
        }
        let Body::Stored(stored) = intake.finish().await.unwrap() else { panic!("the store was the sink") };
        assert_eq!(stored, store.put(&pieces.concat()).unwrap());
    }
}
