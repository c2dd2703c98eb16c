//! A small DER reader and writer (X.690): enough to write what no library writes for us, and to damage certificates on purpose.

/// `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;
/// `INTEGER`.
pub(super) const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub(super) const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`.
pub(super) const OCTET_STRING: u8 = 0x04;
/// `ENUMERATED`.
pub(super) const ENUMERATED: u8 = 0x0a;
/// `UTF8String`, …: identifier octets of a context-specific, constructed element.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element: identifier, content, and both with the length between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// The first element of the bytes, and what follows it. Low tag numbers and definite lengths only, as DER has them here.
pub(super) fn first(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    let (length, header) = if length < 0x80 {
        (usize::from(length), 2)
    } else {
        let octets = usize::from(length & 0x7f);
        if octets == 0 || octets > 4 {
            return None;
        }
        let length = bytes.get(2..2 + octets)?.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
        (length, 2 + octets)
    };
    let end = header.checked_add(length)?;
    let whole = bytes.get(..end)?;
    Some((Element { tag, content: whole.get(header..)?, whole }, bytes.get(end..)?))
}

/// The elements that stand one after the other in the bytes.
pub(super) fn all(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (element, rest) = first(bytes)?;
        elements.push(element);
        bytes = rest;
    }
    Some(elements)
}

/// The elements within the one element that the bytes are.
pub(super) fn within(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    all(first(bytes)?.0.content)
}

/// An element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let significant =
        length.iter().position(|octet| *octet != 0).map_or(&length[length.len() - 1..], |at| &length[at..]);
    if content.len() < 0x80 {
        out.extend_from_slice(significant);
    } else {
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(content);
    out
}

/// A constructed element of these parts.
pub(super) fn constructed(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// A `SEQUENCE` of these parts.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    constructed(SEQUENCE, parts)
}

/// An `OBJECT IDENTIFIER` (X.690 §8.19).
pub(super) fn oid(arcs: &[u64]) -> Vec<u8> {
    let mut content = Vec::new();
    let (head, tail) = arcs.split_at(arcs.len().min(2));
    let together = head.iter().fold(0, |sum, arc| sum * 40 + arc);
    for arc in std::iter::once(&together).chain(tail) {
        let mut octets = vec![u8::try_from(arc & 0x7f).unwrap_or(0)];
        let mut rest = arc >> 7;
        while rest > 0 {
            octets.push(0x80 | u8::try_from(rest & 0x7f).unwrap_or(0));
            rest >>= 7;
        }
        content.extend(octets.iter().rev());
    }
    element(0x06, &content)
}

/// A `BIT STRING` of whole octets.
pub(super) fn bit_string(octets: &[u8]) -> Vec<u8> {
    constructed(BIT_STRING, &[&[0], octets])
}

/// A `GeneralizedTime` (RFC 5280 §4.1.2.5.2).
pub(super) fn generalized_time(time: time::OffsetDateTime) -> Vec<u8> {
    let (date, clock) = (time.date(), time.time());
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    );
    element(0x18, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (length, header) in [(0, &[4, 0][..]), (127, &[4, 127]), (128, &[4, 0x81, 128]), (300, &[4, 0x82, 1, 44])] {
            let written = element(OCTET_STRING, &vec![7; length]);
            assert_eq!(&written[..header.len()], header, "{length} octets");
            let (read, rest) = first(&written).unwrap();
            assert_eq!((read.content.len(), rest.len()), (length, 0), "it reads back");
        }
    }

    #[test]
    fn an_object_identifier_is_written_as_x690_says() {
        assert_eq!(oid(&[1, 2, 840, 113_549]), [6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d], "RSA's arc");
        assert_eq!(oid(&[2, 5, 29, 17]), [6, 3, 0x55, 0x1d, 0x11], "subjectAltName");
    }

    #[test]
    fn cut_bytes_are_no_element() {
        let whole = sequence(&[&element(INTEGER, &[1]), &element(INTEGER, &[2])]);
        for end in 0..whole.len() {
            assert_eq!(first(&whole[..end]), None, "{end} bytes of {}", whole.len());
        }
        assert_eq!(within(&whole).unwrap().len(), 2, "the whole holds two");
    }
}
