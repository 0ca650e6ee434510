//! The passwords that are guessed first, and so may not be chosen. `data/common_passwords.py` makes the list and says where from.

use aws_lc_rs::digest::{SHA256, digest};

const DIGEST_BYTES: usize = 5;
/// The beginnings of their digests, sorted.
const DIGESTS: &[u8] = include_bytes!("../data/common_passwords.bin");

/// Is it one of them, in whatever case? `normal` is in its normal form.
pub(crate) fn is_common(normal: &str) -> bool {
    let whole = digest(&SHA256, normal.to_lowercase().as_bytes());
    let (digests, _) = DIGESTS.as_chunks::<DIGEST_BYTES>();
    whole.as_ref().first_chunk().is_some_and(|wanted| digests.binary_search(wanted).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_sorted() {
        let (digests, rest) = DIGESTS.as_chunks::<DIGEST_BYTES>();
        assert!(rest.is_empty() && digests.len() > 8_000, "{}", digests.len());
        assert!(digests.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn hardly_a_good_password_is_taken_for_one_of_them() {
        assert!((0..100_000).all(|number| !is_common(&format!("a good password {number}"))));
    }
}
