//! The most common passwords, which are refused because attackers guess them first. `data/common_passwords.py` creates the
//! list and names its source.

use aws_lc_rs::digest::{SHA256, digest};

const DIGEST_BYTES: usize = 5;
/// The first bytes of their SHA-256 digests, sorted.
const DIGESTS: &[u8] = include_bytes!("../../data/common_passwords.bin");

/// Whether the password is one of them, ignoring case. `normal` is in NFKC.
pub(crate) fn is_common(normal: &str) -> bool {
    let digest = digest(&SHA256, normal.to_lowercase().as_bytes());
    let (digests, _) = DIGESTS.as_chunks::<DIGEST_BYTES>();
    digest.as_ref().first_chunk().is_some_and(|start| digests.binary_search(start).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_complete_and_sorted() {
        let (digests, rest) = DIGESTS.as_chunks::<DIGEST_BYTES>();
        assert!(rest.is_empty() && digests.len() > 8_000, "{}", digests.len());
        assert!(digests.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn uncommon_password_does_not_match() {
        assert!((0..100_000).all(|number| !is_common(&format!("a good password {number}"))));
    }
}
