//! Hash contexts that keep what they were fed. One of them is the transcript of the handshake.

use std::sync::Arc;

use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};

use crate::recorder::{self, Recorder};

pub(super) struct RecordingHash(pub(super) &'static dyn Hash);

impl Hash for RecordingHash {
    fn start(&self) -> Box<dyn Context> {
        let to = recorder::current().map(|recorder| {
            let mut library = recorder.library();
            library.transcripts.push(Vec::new());
            let index = library.transcripts.len() - 1;
            drop(library);
            (recorder, index)
        });
        Box::new(RecordingContext { original: self.0.start(), to })
    }

    fn hash(&self, data: &[u8]) -> Output {
        self.0.hash(data)
    }

    fn output_len(&self) -> usize {
        self.0.output_len()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

struct RecordingContext {
    original: Box<dyn Context>,
    /// Where to write, and to which transcript of it.
    to: Option<(Arc<Recorder>, usize)>,
}

impl Context for RecordingContext {
    fn fork_finish(&self) -> Output {
        self.original.fork_finish()
    }

    fn fork(&self) -> Box<dyn Context> {
        // a fork repeats what is already recorded
        Box::new(RecordingContext { original: self.original.fork(), to: None })
    }

    fn finish(self: Box<Self>) -> Output {
        self.original.finish()
    }

    fn update(&mut self, data: &[u8]) {
        if let Some((recorder, index)) = &self.to
            && let Some(transcript) = recorder.library().transcripts.get_mut(*index)
        {
            transcript.extend_from_slice(data);
        }
        self.original.update(data);
    }
}
