//! Text of a person within bounds.

use serde::{Deserialize, Deserializer, Serialize, de};

/// One line of 1 to `MAX` characters, trimmed. What steers a display instead of being seen is refused: control characters
/// (a line break in a name would write its own line into a mail), marks of direction, and characters of no width.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the text out.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX || text.chars().any(is_invisible) {
            return Err(de::Error::custom(format!("must be one line of 1 to {MAX} characters that can be seen")));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Does nobody see this character? Controls, and those of no width or of another direction.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_that_can_be_seen() {
        let read = |text: &str| serde_json::from_value::<Text<20>>(text.into());
        assert_eq!(read("  Åsa O'Neil ").unwrap().as_str(), "Åsa O'Neil");
        for bad in ["", "   ", "a\nb", "a\u{202E}b", "\u{200B}", &"x".repeat(21)] {
            assert!(read(bad).is_err(), "{bad:?} must be refused");
        }
    }
}
