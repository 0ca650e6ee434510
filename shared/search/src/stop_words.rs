//! Stop words: English words that almost every text has. A query drops them, unless it has no other words.

const STOP_WORDS: [&str; 30] = [
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "for", "from", "i", "in", "is", "it", "its", "me", "my",
    "of", "on", "or", "our", "some", "that", "the", "this", "to", "under", "with", "your",
];

pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(&word)
}
