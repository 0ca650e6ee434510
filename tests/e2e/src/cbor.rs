//! CBOR (RFC 8949) for the software authenticator, written by hand: souk reads it by a library that the tests must not share.

/// An unsigned or a negative integer.
pub(crate) fn integer(value: i64) -> Vec<u8> {
    match u64::try_from(value) {
        Ok(value) => head(0, value),
        Err(_) => head(1, value.unsigned_abs() - 1),
    }
}

/// A string of bytes.
pub(crate) fn bytes(value: &[u8]) -> Vec<u8> {
    [head(2, value.len() as u64), value.to_vec()].concat()
}

/// A text.
pub(crate) fn text(value: &str) -> Vec<u8> {
    [head(3, value.len() as u64), value.as_bytes().to_vec()].concat()
}

/// A map of encoded keys and values, in that order.
pub(crate) fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let items = entries.iter().flat_map(|(key, value)| [key.as_slice(), value].concat());
    head(5, entries.len() as u64).into_iter().chain(items).collect()
}

fn head(major: u8, value: u64) -> Vec<u8> {
    let major = major << 5;
    match value {
        0..=23 => vec![major | value as u8],
        24..=0xff => vec![major | 24, value as u8],
        0x100..=0xffff => [&[major | 25][..], &(value as u16).to_be_bytes()].concat(),
        _ => [&[major | 26][..], &(value as u32).to_be_bytes()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_those_of_the_standard() {
        // RFC 8949, appendix A.
        assert_eq!(integer(10), [0x0a]);
        assert_eq!(integer(100), [0x18, 0x64]);
        assert_eq!(integer(-1), [0x20]);
        assert_eq!(integer(-1000), [0x39, 0x03, 0xe7]);
        assert_eq!(bytes(&[1, 2, 3, 4]), [0x44, 1, 2, 3, 4]);
        assert_eq!(text("IETF"), [0x64, 0x49, 0x45, 0x54, 0x46]);
        assert_eq!(map(&[(integer(1), integer(2)), (integer(3), integer(4))]), [0xa2, 1, 2, 3, 4]);
        assert_eq!(map(&[]), [0xa0]);
    }
}
