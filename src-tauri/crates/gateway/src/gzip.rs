//! The gzip format (RFC 1952) with stored blocks (RFC 1951 §3.2.4): for a server that compresses and does not say so.

/// The largest stored block.
const BLOCK: usize = 0xffff;

/// Wraps bytes; nothing gets smaller.
pub(crate) fn stored(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = content.chunks(BLOCK).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(checksum(content).to_le_bytes());
    out.extend(u32::try_from(content.len() & 0xffff_ffff).unwrap_or_default().to_le_bytes());
    out
}

/// CRC-32 (RFC 1952 §8).
fn checksum(content: &[u8]) -> u32 {
    !content.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::{checksum, stored};

    #[test]
    fn the_checksum_is_that_of_the_catalogue() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926, "the check value of CRC-32/ISO-HDLC");
    }

    #[test]
    fn what_is_stored_stands_there_with_its_length() {
        let wrapped = stored(b"{}");
        assert_eq!(wrapped[..3], [0x1f, 0x8b, 8], "the magic number and the method");
        assert_eq!(wrapped[10..17], [1, 2, 0, 0xfd, 0xff, b'{', b'}'], "one stored block, the last one");
        assert_eq!(wrapped[wrapped.len() - 4..], [2, 0, 0, 0], "the length");
        assert_eq!(stored(b"").len(), 23, "nothing is a block of no bytes");
    }
}
