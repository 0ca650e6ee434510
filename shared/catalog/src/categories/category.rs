//! The key of a category, and what an admin sets about a category. A key never changes; name and parent may.

use std::fmt;

use serde::{Deserialize, Serialize};
use values::{Text, is_invisible};

/// In characters.
pub(crate) const MAX_KEY_LENGTH: usize = 64;

/// The key of a category: 1 to 64 characters that are safe in table keys, and in URL paths even if they are decoded
/// twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Category(String);

impl Category {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Category {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_forbidden = |c: char| is_invisible(c) || matches!(c, '#' | '/' | '?' | '\\' | '%');
        let is_path_step = matches!(text.as_str(), "." | "..");
        let has_length = (1..=MAX_KEY_LENGTH).contains(&text.chars().count());
        match has_length && !is_path_step && !text.chars().any(is_forbidden) && text.trim() == text {
            true => Ok(Self(text)),
            false => {
                Err("must be 1 to 64 visible characters, without `#/?%\\` and surrounding spaces, and not `.` or `..`"
                    .to_owned())
            }
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an admin sets about a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryContent {
    pub name: Text<100>,
    /// The category above it. `None`: it is a root.
    pub parent: Option<Category>,
    /// Its position among its siblings.
    pub position: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_safe_in_table_keys_and_paths() {
        assert!(Category::try_from("Garden & Home".to_owned()).is_ok());
        for bad in ["", " mugs", "a#b", "a/b", "a?", "a\\b", "5%20", ".", "..", "mugs\u{200b}", &"x".repeat(65)] {
            assert!(Category::try_from(bad.to_owned()).is_err(), "{bad:?} must be refused");
        }
    }
}
