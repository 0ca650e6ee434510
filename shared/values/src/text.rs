//! Short text that a person has typed.

use serde::{Deserialize, Deserializer, Serialize, de};

/// One line of 1 to `MAX` characters, trimmed. Invisible characters are refused: control characters (a line break in a name would
/// start a new line in a mail), direction marks, and zero-width characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Converts into a string.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let text = written.trim();
        // The spaces around it count, as `maxLength` of the API document says.
        if text.is_empty() || written.chars().count() > MAX || text.chars().any(is_invisible) {
            return Err(de::Error::custom(format!("must be one line of 1 to {MAX} visible characters")));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Is the character invisible? True for control characters, zero-width characters and direction marks.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_visible_line() {
        let read = |text: &str| serde_json::from_value::<Text<20>>(text.into());
        assert_eq!(read("  Åsa O'Neil ").unwrap().as_str(), "Åsa O'Neil");
        for bad in ["", "   ", "a\nb", "a\u{202E}b", "\u{200B}", &"x".repeat(21), &format!("{} ", "x".repeat(20))] {
            assert!(read(bad).is_err(), "{bad:?} must be refused");
        }
    }
}
