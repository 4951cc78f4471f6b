//! As much of DER (X.690) as certificates and keys need: definite lengths, no recursion, nothing copied.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// The context tag `[0]`, constructed: the version of a certificate.
const VERSION: u8 = 0xA0;

/// Reads one value after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    /// The next value: its tag, its content, and all of it.
    fn next(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, after) = self.rest.split_first()?;
        let (&first, mut after) = after.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let count = usize::from(first & 0x7F);
            if !(1..=4).contains(&count) {
                return None;
            }
            let (digits, rest) = after.split_at_checked(count)?;
            after = rest;
            digits.iter().try_fold(0_usize, |sum, &digit| sum.checked_mul(256)?.checked_add(usize::from(digit)))?
        };
        let (content, rest) = after.split_at_checked(length)?;
        let whole = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        Some((tag, content, whole))
    }

    /// The content of the next value, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, ..)| *found == tag).map(|(_, content, _)| content)
    }

    /// A sequence, to be read in turn.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.expect(SEQUENCE).map(Self::new)
    }

    /// A whole sequence, its tag and length included.
    fn whole_sequence(&mut self) -> Option<&'a [u8]> {
        self.next().filter(|(found, ..)| *found == SEQUENCE).map(|(.., whole)| whole)
    }

    /// A positive integer, without leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let content = self.expect(INTEGER)?;
        let negative = content.first().is_none_or(|&first| first >= 0x80);
        (!negative).then(|| without_zeros(content))
    }

    /// A bit string of whole bytes.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        self.expect(BIT_STRING)?.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bits)| bits)
    }
}

/// The SubjectPublicKeyInfo of an X.509 certificate (RFC 5280 §4.1).
pub(super) fn certificate_key(certificate: &[u8]) -> Option<&[u8]> {
    let mut outer = Reader::new(certificate);
    let mut whole = outer.sequence()?;
    let mut body = whole.sequence()?;
    let (tag, ..) = body.clone().next()?;
    if tag == VERSION {
        body.next()?;
    }
    body.expect(INTEGER)?;
    // Its algorithm, its issuer, its validity, its subject.
    for _ in 0..4 {
        body.sequence()?;
    }
    let key = body.whole_sequence()?;
    // The signature's algorithm and the signature. Whether it verifies is not asked: a pin is a key, not an issuer.
    whole.sequence()?;
    whole.bits()?;
    outer.is_empty().then_some(key)
}

/// A value with its tag and length.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        Ok(_) | Err(_) => {
            let digits = content.len().to_be_bytes();
            let digits = without_zeros(&digits);
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(content);
    out
}

/// A positive integer.
pub(super) fn unsigned(number: &[u8]) -> Vec<u8> {
    let number = without_zeros(number);
    if number.first().is_none_or(|&first| first >= 0x80) {
        value(INTEGER, &[&[0], number].concat())
    } else {
        value(INTEGER, number)
    }
}

/// A bit string of whole bytes.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    value(BIT_STRING, &[&[0], bytes].concat())
}

/// A number without its leading zeros.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_were_written() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let written = value(SEQUENCE, &content);
            let mut reader = Reader::new(&written);
            assert_eq!(reader.expect(SEQUENCE), Some(&content[..]), "{length}");
            assert!(reader.is_empty());
        }
        let high = unsigned(&[0, 0, 0x80]);
        assert_eq!(high, [INTEGER, 2, 0, 0x80]);
        assert_eq!(Reader::new(&high).unsigned(), Some(&[0x80][..]));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for bytes in [&[0x30, 5, 1][..], &[0x30, 0x80], &[0x30, 0x85, 1, 1, 1, 1, 1], &[0x30, 0x84, 255, 255, 255, 255]]
        {
            assert!(Reader::new(bytes).expect(SEQUENCE).is_none(), "{bytes:?}");
        }
        assert!(Reader::new(&[INTEGER, 1, 0x80]).unsigned().is_none(), "a negative number");
        assert!(certificate_key(&value(SEQUENCE, &[0; 40])).is_none());
    }
}
