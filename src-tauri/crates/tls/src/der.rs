//! Just enough DER to cut the raw slices out of certificates, CRLs and OCSP responses, and to say where they stand.

use std::ops::Range;

/// Tag, whole element, its contents, what follows it.
type Element<'a> = (u8, &'a [u8], &'a [u8], &'a [u8]);

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const SEQUENCE: u8 = 0x30;

/// How deep [`first_fault`] looks.
const DEEPEST: usize = 32;

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

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` begins in the whole.
    offset: usize,
}

/// One element and its place in the whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) tag: u8,
    pub(crate) whole: &'a [u8],
    pub(crate) contents: &'a [u8],
    /// Of `whole`.
    pub(crate) offset: usize,
}

impl<'a> Placed<'a> {
    pub(crate) fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.whole.len()
    }

    /// The place of its contents.
    pub(crate) fn inner(&self) -> Range<usize> {
        self.offset + self.whole.len() - self.contents.len()..self.offset + self.whole.len()
    }

    /// A reader of its contents.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader { rest: self.contents, offset: self.inner().start }
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { rest: input, offset: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag that comes next.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Option<Placed<'a>> {
        let (tag, whole, contents, rest) = element(self.rest)?;
        let placed = Placed { tag, whole, contents, offset: self.offset };
        self.offset += whole.len();
        self.rest = rest;
        Some(placed)
    }

    /// The next element, where it has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<Placed<'a>> {
        self.any().filter(|element| element.tag == tag)
    }

    /// The next element, where it has this tag; else nothing is read.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Placed<'a>> {
        (self.peek() == Some(tag)).then(|| self.any()).flatten()
    }
}

/// Where the parts of a certificate stand (RFC 5280 §4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) version: Option<Range<usize>>,
    pub(crate) serial: Range<usize>,
    /// Contents of `serialNumber`.
    pub(crate) serial_value: Range<usize>,
    /// `signature` in the signed part.
    pub(crate) signature: Range<usize>,
    pub(crate) validity: Range<usize>,
    pub(crate) subject: Range<usize>,
    pub(crate) spki: Range<usize>,
    pub(crate) extensions: Vec<Range<usize>>,
    /// `signatureAlgorithm` outside.
    pub(crate) signature_algorithm: Range<usize>,
}

impl Layout {
    /// `None` where the bytes are no certificate.
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(certificate).expect(SEQUENCE)?.reader();
        let mut tbs = outer.expect(SEQUENCE)?.reader();
        let version = tbs.optional(0xa0).map(|element| element.range());
        let serial = tbs.expect(INTEGER)?;
        let signature = tbs.expect(SEQUENCE)?.range();
        let _issuer = tbs.expect(SEQUENCE)?;
        let validity = tbs.expect(SEQUENCE)?.range();
        let subject = tbs.expect(SEQUENCE)?.range();
        let spki = tbs.expect(SEQUENCE)?.range();
        let mut extensions = Vec::new();
        while let Some(element) = tbs.any() {
            if element.tag == 0xa3 {
                let mut list = element.reader().expect(SEQUENCE)?.reader();
                while let Some(extension) = list.any() {
                    extensions.push(extension.range());
                }
            }
        }
        Some(Self {
            version,
            serial: serial.range(),
            serial_value: serial.inner(),
            signature,
            validity,
            subject,
            spki,
            extensions,
            signature_algorithm: outer.expect(SEQUENCE)?.range(),
        })
    }
}

/// Where the nesting of elements first breaks; the beginning where it does not.
pub(crate) fn first_fault(input: &[u8]) -> usize {
    fn walk(mut reader: Reader<'_>, depth: usize) -> Option<usize> {
        while !reader.is_empty() {
            let at = reader.offset;
            let Some(element) = reader.any() else { return Some(at) };
            if element.tag & 0x20 != 0 && depth < DEEPEST {
                let fault = walk(element.reader(), depth + 1);
                if fault.is_some() {
                    return fault;
                }
            }
        }
        None
    }
    walk(Reader::new(input), 0).unwrap_or(0)
}

/// What a signature over a certificate, CRL or OCSP response consists of (RFC 5280 §4.1.1).
pub(crate) struct SignedParts<'a> {
    /// What was signed.
    pub(crate) message: &'a [u8],
    /// Contents of the `signatureAlgorithm` sequence.
    pub(crate) algorithm: &'a [u8],
    /// The signature bits.
    pub(crate) signature: &'a [u8],
}

/// Cuts a signed structure into what was signed and the signature.
pub(crate) fn signed_parts(signed: &[u8]) -> Option<SignedParts<'_>> {
    let mut outer = Reader::new(signed).expect(SEQUENCE)?.reader();
    let message = outer.expect(SEQUENCE)?.whole;
    let algorithm = outer.expect(SEQUENCE)?.contents;
    let signature = bits(outer.expect(BIT_STRING)?.contents)?;
    Some(SignedParts { message, algorithm, signature })
}

/// Cuts a SubjectPublicKeyInfo into the contents of its algorithm and the key bits (RFC 5280 §4.1.2.7).
pub(crate) fn public_key_parts(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Reader::new(spki).expect(SEQUENCE)?.reader();
    let algorithm = outer.expect(SEQUENCE)?.contents;
    let key = bits(outer.expect(BIT_STRING)?.contents)?;
    Some((algorithm, key))
}

/// A bit string of whole bytes.
fn bits(contents: &[u8]) -> Option<&[u8]> {
    contents.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bits)| bits)
}

#[cfg(test)]
mod tests {
    use super::{Layout, Reader, element, first_fault};

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

    #[test]
    fn an_element_knows_its_place() {
        let mut reader = Reader::new(&[5, 0, 0x30, 2, 4, 0]);
        reader.any().unwrap();
        let outer = reader.any().unwrap();
        assert_eq!((outer.range(), outer.inner()), (2..6, 4..6), "after the null");
        assert_eq!(outer.reader().any().unwrap().range(), 4..6, "counted from the beginning of the whole");
    }

    #[test]
    fn the_first_broken_element_is_found() {
        assert_eq!(first_fault(&[0x30, 4, 5, 0, 4, 9]), 4, "nine bytes announced, none there");
        assert_eq!(first_fault(&[0x30, 2, 5, 0]), 0, "nothing is broken");
        assert!(Layout::of(&[0x30, 2, 5, 0]).is_none(), "and it is no certificate");
    }
}
