//! Just enough DER to cut the raw slices out of a certificate that a signature check needs.

/// Tag, whole element, its contents, what follows it.
type Element<'a> = (u8, &'a [u8], &'a [u8], &'a [u8]);

/// Splits one TLV off the front. Definite lengths only.
pub(crate) fn element(input: &[u8]) -> Option<Element<'_>> {
    let (&tag, after_tag) = input.split_first()?;
    let (&first, after_length) = after_tag.split_first()?;
    let (length, body) = if first < 0x80 {
        (usize::from(first), after_length)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 || after_length.len() < count {
            return None;
        }
        let (digits, body) = after_length.split_at(count);
        (digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit)), body)
    };
    if body.len() < length {
        return None;
    }
    let (contents, rest) = body.split_at(length);
    let whole = &input[..input.len() - rest.len()];
    Some((tag, whole, contents, rest))
}

/// What a signature over a certificate consists of (RFC 5280 §4.1.1).
pub(crate) struct SignedParts<'a> {
    /// The `tbsCertificate` as signed.
    pub(crate) message: &'a [u8],
    /// Contents of the `signatureAlgorithm` sequence.
    pub(crate) algorithm: &'a [u8],
    /// The signature bits.
    pub(crate) signature: &'a [u8],
}

/// Cuts a certificate into what its issuer signed and the signature.
pub(crate) fn signed_parts(certificate: &[u8]) -> Option<SignedParts<'_>> {
    let (0x30, _, outer, _) = element(certificate)? else { return None };
    let (0x30, message, _, rest) = element(outer)? else { return None };
    let (0x30, _, algorithm, rest) = element(rest)? else { return None };
    let (0x03, _, bits, _) = element(rest)? else { return None };
    let (0, signature) = bits.split_first().map(|(unused, rest)| (*unused, rest))? else { return None };
    Some(SignedParts { message, algorithm, signature })
}

/// Cuts a SubjectPublicKeyInfo into the contents of its algorithm and the key bits (RFC 5280 §4.1.2.7).
pub(crate) fn public_key_parts(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let (0x30, _, outer, _) = element(spki)? else { return None };
    let (0x30, _, algorithm, rest) = element(outer)? else { return None };
    let (0x03, _, bits, _) = element(rest)? else { return None };
    let (0, key) = bits.split_first().map(|(unused, rest)| (*unused, rest))? else { return None };
    Some((algorithm, key))
}

#[cfg(test)]
mod tests {
    use super::element;

    #[test]
    fn a_length_beyond_the_input_is_refused() {
        assert!(element(&[0x30, 0x05, 1, 2]).is_none(), "five bytes announced, two present");
        assert!(element(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none(), "four gigabytes announced");
        assert!(element(&[0x30, 0x80, 0, 0]).is_none(), "indefinite length is not DER");
        assert!(element(&[]).is_none(), "nothing is no element");
    }

    #[test]
    fn an_element_leaves_the_rest() {
        let (tag, whole, contents, rest) = element(&[4, 2, 7, 8, 9]).unwrap();
        assert_eq!((tag, whole, contents, rest), (4, &[4u8, 2, 7, 8][..], &[7u8, 8][..], &[9u8][..]));
    }
}
