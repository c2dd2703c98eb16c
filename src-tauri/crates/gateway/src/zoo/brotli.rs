//! Two compressors for certificates (RFC 8879): one that stores, one that lies.

use rustls::CertificateCompressionAlgorithm;
use rustls::compress::{CertCompressor, CompressionFailed, CompressionLevel};

/// Brotli without compression: meta-blocks that hold the bytes as they are (RFC 7932 §9.2).
#[derive(Debug)]
pub(super) struct Stored;

impl CertCompressor for Stored {
    fn compress(&self, input: Vec<u8>, _level: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        Ok(stored(&input))
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Brotli
    }
}

/// 64 MiB of zeros in 53 bytes, whatever the certificate is.
#[derive(Debug)]
pub(super) struct Bomb;

impl CertCompressor for Bomb {
    fn compress(&self, _input: Vec<u8>, _level: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        Ok(ZEROS.to_vec())
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Brotli
    }
}

/// 64 MiB of zeros.
const ZEROS: [u8; 53] = [
    0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x9f, 0xff, 0xff, 0xff, 0xf0, 0x4f,
    0x00, 0xc4, 0x61, 0x01, 0x80, 0xee, 0xfd, 0x3f, 0xff, 0xff, 0xff, 0xe1, 0x9f, 0x00, 0x88, 0xc3, 0x22, 0x00, 0xdd,
    0xfb, 0xff, 0xfc, 0xff, 0xff, 0xc7, 0x3f, 0x01, 0x10, 0x87, 0x05, 0x00, 0xba, 0xf7, 0xff,
];

fn stored(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len() + 8);
    for (number, block) in input.chunks(1 << 16).enumerate() {
        let length = u32::try_from(block.len() - 1).unwrap_or(0);
        // from the lowest bit: a window of 2^16 (once), not the last, four nibbles of length, the length, not compressed
        let bits = (length << 3) | (1 << 19);
        let bits = if number == 0 { bits << 1 } else { bits };
        out.extend_from_slice(&bits.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    // the last one, and empty
    out.push(if out.is_empty() { 0b110 } else { 0b11 });
    out
}

#[cfg(test)]
mod tests {
    use super::stored;

    #[test]
    fn stored_blocks_have_the_headers_of_rfc7932() {
        // `node -e 'zlib.brotliDecompressSync(Buffer.from("084000616263..", "hex"))'` reads them
        assert_eq!(stored(b"abc"), [0x20, 0x00, 0x10, b'a', b'b', b'c', 0x03]);
        assert_eq!(stored(&[]), [0b110]);
        assert_eq!(stored(&vec![7; 70_000]).len(), 70_000 + 3 + 3 + 1, "two blocks");
    }
}
