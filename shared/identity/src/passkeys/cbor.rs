//! CBOR (RFC 8949), as far as authenticators send it.

use coset::cbor::de::from_reader_with_recursion_limit;
use coset::cbor::value::Value;

use crate::passkeys::refusal::Refusal;

/// CTAP2 allows four levels; statements of attestation stay below this, too.
const MAX_DEPTH: usize = 8;

/// Reads the first item and moves to the byte after it. The input is bounded where it is parsed, and nothing is allocated by a length
/// that an item only claims.
pub(crate) fn read_item(bytes: &mut &[u8]) -> Result<Value, Refusal> {
    from_reader_with_recursion_limit(&mut *bytes, MAX_DEPTH).map_err(|_| Refusal::AuthenticatorData)
}

/// The value of a text key, which must be there once.
pub(crate) fn member<'a>(map: &'a [(Value, Value)], name: &str) -> Result<&'a Value, Refusal> {
    let mut found = map.iter().filter(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(Refusal::AuthenticatorData),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_ends_where_its_bytes_end() {
        let mut bytes = [0x01, 0x43, 1, 2, 3].as_slice();
        assert_eq!(read_item(&mut bytes), Ok(Value::from(1)));
        assert_eq!(read_item(&mut bytes), Ok(Value::from([1_u8, 2, 3].as_slice())));
        assert!(bytes.is_empty());
        assert_eq!(read_item(&mut bytes), Err(Refusal::AuthenticatorData));
    }

    #[test]
    fn deep_or_incomplete_item_is_refused() {
        let deep = [0x81; 64];
        // An array of 2^32 items and a string of 2^63 bytes, of which none follows.
        let claims = [&[0x9a, 0xff, 0xff, 0xff, 0xff][..], &[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]];
        for bad in [&deep[..], claims[0], claims[1], &[0xff], &[0x1c]] {
            assert_eq!(read_item(&mut &*bad), Err(Refusal::AuthenticatorData), "{bad:x?}");
        }
    }

    #[test]
    fn repeated_member_is_refused() {
        let map = [(Value::from("a"), Value::from(1)), (Value::from("a"), Value::from(2))];
        assert_eq!(member(&map[..1], "a"), Ok(&Value::from(1)));
        assert_eq!(member(&map, "a"), Err(Refusal::AuthenticatorData));
        assert_eq!(member(&map, "b"), Err(Refusal::AuthenticatorData));
    }
}
