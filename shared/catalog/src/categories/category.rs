//! The key of a category, and what an admin sets about a category. A key never changes; name and parent may.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use values::{Sourced, Text, check_line, comparison_key, into_nfc, nfc};

/// In characters.
pub(crate) const MAX_KEY_LENGTH: usize = 64;

/// Characters that have a meaning in table keys, or in URL paths even if they are decoded twice.
const SEPARATORS: [char; 5] = ['#', '/', '?', '\\', '%'];

/// The key of a category: the comparison form of 1 to 64 characters, so that `Café`, `CAFÉ` and `cafe` with a combining accent are one
/// category. It is safe in table keys and in URL paths.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Sourced<String>", into = "String")]
pub struct Category {
    key: String,
    /// The spelling that was read. It makes no difference.
    written: String,
}

impl Category {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// The spelling that was read, for example the name of a category that a product creates.
    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    /// Is it written as its key?
    pub(crate) fn is_in_form(&self) -> bool {
        self.key == self.written
    }

    /// The category that a path or a filter names, also by a key of an earlier release; none if no key was ever like it.
    pub fn from_path(written: &str) -> Option<Self> {
        let is_path_step = matches!(written, "." | "..");
        let is_possible = !is_path_step && !written.contains(SEPARATORS) && !written.contains(char::is_control);
        let is_short = has_length(written) || has_length(&nfc(written));
        (is_possible && is_short).then(|| Self::stored(written.to_owned()))
    }

    /// The key of a category that was valid when it was stored. It stays as it was written if its comparison form is too long, because a
    /// table key has a limit.
    fn stored(written: String) -> Self {
        let key = match comparison_form(&written) {
            key if has_length(&key) => key,
            _ => written.clone(),
        };
        Self { key, written }
    }
}

fn has_length(key: &str) -> bool {
    (1..=MAX_KEY_LENGTH).contains(&key.chars().count())
}

/// The comparison key, safe in paths: a compatibility form can contain a separator (`℅` is `c/o`), which becomes a dash.
fn comparison_form(written: &str) -> String {
    let key: String = comparison_key(written).chars().map(|c| if SEPARATORS.contains(&c) { '-' } else { c }).collect();
    match key.as_str() {
        "." | ".." => key.replace('.', "-"),
        _ => key,
    }
}

impl TryFrom<String> for Category {
    type Error = String;

    /// Parses input.
    fn try_from(written: String) -> Result<Self, String> {
        let written = into_nfc(written);
        let is_path_step = matches!(written.as_str(), "." | "..");
        let is_safe = !is_path_step && !written.contains(SEPARATORS) && written.trim() == written;
        if !has_length(&written) || !is_safe || check_line(&written).is_err() {
            return Err(expected());
        }
        let key = comparison_form(&written);
        if has_length(&key) { Ok(Self { key, written }) } else { Err(expected()) }
    }
}

fn expected() -> String {
    "must be 1 to 64 visible characters, without `#/?%\\` and surrounding spaces, and not `.` or `..`".to_owned()
}

impl TryFrom<Sourced<String>> for Category {
    type Error = String;

    fn try_from(written: Sourced<String>) -> Result<Self, String> {
        match written {
            Sourced::Input(written) => written.try_into(),
            Sourced::Stored(written) => Ok(Self::stored(written)),
        }
    }
}

impl From<Category> for String {
    fn from(category: Category) -> Self {
        category.key
    }
}

impl PartialEq for Category {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Category {}

impl PartialOrd for Category {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Category {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for Category {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Debug for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Category").field(&self.key).finish()
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
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
    use proptest::prelude::*;
    use serde_json::json;

    fn input(text: &str) -> Result<String, String> {
        Category::try_from(text.to_owned()).map(String::from)
    }

    fn row(text: &str) -> Category {
        serde_json::from_value(json!(text)).unwrap()
    }

    #[test]
    fn key_is_safe_in_table_keys_and_paths() {
        assert_eq!(input("Garden & Home").as_deref(), Ok("garden & home"));
        for bad in [
            "",
            " mugs",
            "a#b",
            "a/b",
            "a?",
            "a\\b",
            "5%20",
            ".",
            "..",
            "mugs\u{200b}",
            "a\u{200d}b",
            "\u{ad}",
            &"x".repeat(65),
        ] {
            assert!(input(bad).is_err(), "{bad:?} must be refused");
        }
        // What appears only in the comparison form, and what is too long there.
        assert_eq!((input("℅ Ada").as_deref(), input("\u{2025}").as_deref()), (Ok("c-o ada"), Ok("--")));
        assert!(input(&"ﷺ".repeat(4)).is_err());
    }

    #[test]
    fn spellings_are_one_key() {
        for (one, other) in
            [("Café", "CAFE\u{301}"), ("Tea", "ｔｅａ"), ("Straße", "STRASSE"), ("می\u{200c}نا", "مینا")]
        {
            assert_eq!(input(one), input(other), "{one:?} and {other:?}");
        }
        assert_ne!(input("Café"), input("Cafe"));
        let tea = Category::try_from("Tea".to_owned()).unwrap();
        assert_eq!((tea.as_str(), tea.written(), tea.is_in_form()), ("tea", "Tea", false));
        assert_eq!(format!("{tea:?}"), "Category(\"tea\")", "it names the list of a cursor");
    }

    #[test]
    fn path_names_a_category_by_its_key_of_any_release() {
        let key = |path: &str| Category::from_path(path).map(String::from);
        for (path, expected) in [("tea", "tea"), ("Té", "té"), ("te\u{301}", "té"), ("a\u{61c}", "a"), (" tea", "tea")]
        {
            assert_eq!(key(path).as_deref(), Some(expected), "{path:?}");
        }
        for none in ["", "..", "a/b", "a#b", "a\n", &"x".repeat(65)] {
            assert_eq!(key(none), None, "{none:?}");
        }
        assert_eq!(key(&"e\u{301}".repeat(64)), Some("é".repeat(64)), "its length is counted in NFC");
    }

    #[test]
    fn every_stored_key_has_a_form() {
        for (stored, key) in [("Tea", "tea"), ("\u{3164}", "\u{3164}"), ("a\u{61c}", "a"), ("‥", "--")] {
            assert_eq!(row(stored).as_str(), key, "{stored:?}");
        }
        assert_eq!(serde_json::to_value(row("Tea")).unwrap(), json!("tea"));
        let long = "ﷺ".repeat(64);
        assert_eq!((row(&long).as_str(), row(&long).is_in_form()), (long.as_str(), true), "its form has 2112 bytes");
    }

    proptest! {
        #[test]
        fn form_is_stable_and_the_same_for_rows(text in "[\\PC]{1,24}") {
            if let Ok(key) = input(&text) {
                prop_assert_eq!(String::from(row(&text)), key.clone());
                prop_assert_eq!(input(&key), Ok(key.clone()), "a key is valid input");
                prop_assert!(!key.contains(SEPARATORS) && row(&key).is_in_form());
            }
            let stored = row(&text);
            prop_assert_eq!(&row(stored.as_str()), &stored);
        }
    }
}
