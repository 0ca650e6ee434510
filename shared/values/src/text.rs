//! Short text that a person has typed.

use std::borrow::Cow;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::joiners::{has_misplaced_joiner, without_misplaced_joiners};
use crate::sourced::Sourced;
use crate::unicode::nfc;

/// One line of 1 to `MAX` characters in NFC (UAX #15), trimmed.
///
/// **Input is checked by [`check_line`]; stored rows are not**, because earlier releases had other rules. A row's text is in NFC, too,
/// once it is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Parses input. Fails with the message for its field.
    pub fn new(written: &str) -> Result<Self, String> {
        let written = nfc(written);
        // The spaces around it count, as `maxLength` of the API document says.
        if written.chars().count() > MAX {
            return Err(expected(MAX));
        }
        let text = written.trim();
        match check_line(text) {
            Ok(()) => Ok(Self(text.to_owned())),
            Err(LineError::Empty | LineError::Invisible) => Err(expected(MAX)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The text of a program that has other rules, cut to `MAX` characters and without the characters that input must not have; none if
    /// nothing visible is left.
    pub fn from_foreign(text: &str) -> Option<Self> {
        let visible: String = nfc(text.trim()).chars().filter(|c| !is_invisible(*c)).take(MAX).collect();
        Self::new(&without_misplaced_joiners(&visible)).ok()
    }

    /// A text that was valid when it was stored. It keeps its form if it would be too long in NFC, which happens to letters that NFC
    /// writes with two code points (UAX #15, 3, "Composition Exclusion Table").
    fn stored(written: &str) -> Result<Self, String> {
        let text = written.trim();
        if text.is_empty() || written.chars().count() > MAX || text.chars().any(char::is_control) {
            return Err(expected(MAX));
        }
        Ok(Self(nfc_up_to(text, MAX).into_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Converts into a string.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> TryFrom<Sourced<String>> for Text<MAX> {
    type Error = String;

    fn try_from(text: Sourced<String>) -> Result<Self, String> {
        match text {
            Sourced::Input(text) => Self::new(&text),
            Sourced::Stored(text) => Self::stored(&text),
        }
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Sourced::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn expected(max: usize) -> String {
    format!("must be one line of 1 to {max} visible characters")
}

/// The text in NFC, or as it is if it would have more than `max` characters then.
pub fn nfc_up_to(text: &str, max: usize) -> Cow<'_, str> {
    match nfc(text) {
        Cow::Owned(normal) if normal.chars().count() <= max => Cow::Owned(normal),
        _ => Cow::Borrowed(text),
    }
}

/// Why a text is not one visible line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("must have a visible character")]
    Empty,
    #[error("must be one line of visible characters")]
    Invisible,
    #[error("must not contain characters that change the direction of text, such as U+202E")]
    Direction,
    #[error("must not contain a joiner (U+200C, U+200D) or a tag character that has no effect there")]
    Joiner,
}

/// Checks that a text of input is one visible line, so that texts that look equal are equal.
///
/// It refuses control characters (a line break in a name would start a new line in a mail), characters of no width, and joiners where
/// they join nothing. It refuses all characters that set the direction of text (UAX #9, 2), also the three marks: they make a text look
/// like another one, and a name does not need them, because whoever shows it isolates it from its surroundings.
pub fn check_line(text: &str) -> Result<(), LineError> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    if text.chars().any(is_bidi_control) {
        return Err(LineError::Direction);
    }
    if text.chars().any(is_invisible) {
        return Err(LineError::Invisible);
    }
    if has_misplaced_joiner(text) {
        return Err(LineError::Joiner);
    }
    let has_visible = text.chars().any(|c| !c.is_whitespace() && !ignorable.contains(c));
    has_visible.then_some(()).ok_or(LineError::Empty)
}

/// Is the character invisible everywhere? True for control characters, line separators, characters that set the direction of text, and
/// characters of no width. Not for joiners, which have an effect in some places.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || is_bidi_control(c)
        || matches!(c, '\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Does the character set the direction of text? The property Bidi_Control (UAX #9, 2).
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}') || reorders_text(c)
}

/// Can the character show the text behind it in another order? The embeddings, overrides and isolates of UAX #9, 2.1 to 2.4. The marks
/// (2.6) are left out: they help long texts of two scripts, and change the place of their neighbours only.
pub fn reorders_text(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_json_value;

    fn read(text: &str) -> Result<Text<20>, &'static str> {
        read_json_value::<Text<20>>(text.into()).map_err(|error| error.fields[0].code)
    }

    fn stored(text: &str) -> Option<String> {
        serde_json::from_value::<Text<20>>(text.into()).ok().map(Text::into_string)
    }

    #[test]
    fn text_is_one_visible_line() {
        assert_eq!(read("  Åsa O'Neil ").unwrap().as_str(), "Åsa O'Neil");
        for bad in
            ["", "   ", "a\nb", "a\u{200b}b", "\u{ad}\u{fe0f}", "\u{3164}", "a\u{feff}b", "a\u{2060}b", "a\u{206e}b"]
        {
            assert_eq!(read(bad), Err("invalid_value"), "{bad:?}");
        }
        for long in ["x".repeat(21), format!("{} ", "x".repeat(20))] {
            assert!(read(&long).is_err(), "{long:?}");
        }
    }

    #[test]
    fn characters_that_set_the_direction_are_refused() {
        for c in ['\u{61c}', '\u{200e}', '\u{200f}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
        {
            assert!(read(&format!("a{c}b")).is_err(), "U+{:04X}", u32::from(c));
        }
        assert_eq!(Text::<9>::new("a\u{202e}b").unwrap_err(), LineError::Direction.to_string());
        assert_eq!(read("שלום abc").unwrap().as_str(), "שלום abc", "a text in two directions");
    }

    #[test]
    fn joiner_is_allowed_where_it_joins() {
        for good in ["می\u{200c}خواهم", "ශ්\u{200d}රී ලංකා", "क्\u{200d}ष", "👨\u{200d}👩\u{200d}👧"]
        {
            assert_eq!(read(good).unwrap().as_str(), good);
        }
        for bad in ["mug\u{200d}", "a\u{200c}b", "\u{200d}", "a \u{200d} b"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Text::<9>::new("a\u{200c}b").unwrap_err(), LineError::Joiner.to_string());
    }

    #[test]
    fn length_is_that_of_nfc() {
        assert_eq!(read(&"e\u{301}".repeat(20)).unwrap().as_str(), "é".repeat(20));
        assert!(read(&"e\u{301}".repeat(21)).is_err());
        assert!(read(&"\u{958}".repeat(20)).is_err(), "two characters each in NFC");
    }

    #[test]
    fn stored_text_is_read_in_nfc_whatever_the_rules_are_today() {
        assert_eq!(stored("Zoe\u{308}").as_deref(), Some("Zo\u{eb}"));
        for old in ["a\u{61c}b", "a\u{206e}b", "a\u{ad}", "\u{3164}", "\u{e0001}"] {
            assert_eq!(stored(old).as_deref(), Some(old), "{old:?}");
        }
        let long = "\u{958}".repeat(20);
        assert_eq!(stored(&long).as_deref(), Some(long.as_str()), "its NFC would be too long to be read again");
        assert!(stored("a\nb").is_none() && stored("").is_none());
    }

    #[test]
    fn foreign_text_loses_what_input_must_not_have() {
        let kept = |text: &str| Text::<5>::from_foreign(text).map(Text::into_string);
        assert_eq!(kept(" A\u{202e}d\u{200d}a\n ").as_deref(), Some("Ada"));
        assert_eq!(kept("Ada Lovelace").as_deref(), Some("Ada L"));
        assert_eq!(kept("می\u{200c}خو").as_deref(), Some("می\u{200c}خو"));
        assert_eq!(kept("\u{200b}\u{200d}"), None);
    }
}
