//! The rule for names in requests. Pure.

use serde::{Deserialize, Deserializer, de};
use values::{Error, Result, Text};

use crate::accounts::person::Name;

const EXPECTED: &str =
    "must be a name: one line of 1 to 100 visible characters without a URL (write a space after a dot)";

/// A name by the stricter rule for requests: it contains no URL. Mails greet people by their names, and mail programs make links of
/// URLs. Stored names of earlier releases are read as [`Name`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewName(Name);

impl NewName {
    /// Checks a name that was parsed as text. `field` is its field in the request. Fails with 422 `invalid_value`.
    pub(crate) fn check(field: &str, name: &Name) -> Result<()> {
        match has_url(name) {
            true => Err(Error::invalid(field, "invalid_value", EXPECTED)),
            false => Ok(()),
        }
    }
}

impl From<NewName> for Name {
    fn from(NewName(name): NewName) -> Self {
        name
    }
}

impl<'de> Deserialize<'de> for NewName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Text::deserialize(deserializer)?;
        if has_url(&name) { Err(de::Error::custom(EXPECTED)) } else { Ok(Self(name)) }
    }
}

/// Does a mail program make a link of a part of the name?
fn has_url(name: &Name) -> bool {
    let name = name.as_str().to_lowercase();
    name.contains("://") || name.contains("www.") || name.split_whitespace().any(has_domain)
}

/// Does the word contain a domain, such as `shop.example`? A dot between two words of two letters or more is one; the dots of `J.R.
/// Tolkien` and `Ph.D.` are not. A domain of one letter is only found with a path (`t.co/x`).
fn has_domain(word: &str) -> bool {
    let is_part = |c: &char| c.is_alphanumeric() || *c == '-';
    let characters: Vec<char> = word.chars().collect();
    let dots = characters.iter().enumerate().filter(|(_, c)| is_dot(**c));
    dots.map(|(dot, _)| characters.split_at(dot)).any(|(before, rest)| {
        let before = before.iter().rev().take_while(|c| is_part(c)).count();
        let after: Vec<&char> = rest.iter().skip(1).take_while(|c| is_part(c)).collect();
        let has_path = rest.get(1 + after.len()) == Some(&'/');
        let is_number = after.iter().all(|c| c.is_numeric());
        after.len() >= 2 && !is_number && (before >= 2 || (before == 1 && has_path))
    })
}

/// The dots of domains (UTS #46).
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::read_json_value;

    fn is_accepted(name: &str) -> bool {
        read_json_value::<NewName>(name.into()).is_ok()
    }

    #[test]
    fn names_of_people_and_companies_are_accepted() {
        for good in [
            "Ada",
            "J. R. R. Tolkien",
            "J.R.R. Tolkien",
            "Dr. Åsa O'Neil-Smith, Jr.",
            "Grace Hopper, Ph.D.",
            "Ada c/o Babbage & Co. KG",
            "Verein e.V.",
            "Müller/Schmidt",
            "Countess trace-6423a-7",
            "Hall 12.34",
            "سارا علی\u{200C}پور",
            "ශ්\u{200D}රීමා",
            "שרה",
        ] {
            assert!(is_accepted(good), "{good:?}");
        }
    }

    #[test]
    fn urls_domains_and_control_characters_are_refused() {
        for bad in [
            "https://evil.example/claim",
            "HTTP://1.2.3.4",
            "You won a prize, claim it at evil.example now",
            "Your account is locked. Go to www.evil.example",
            "claim at EVIL.COM.",
            "(evil.com)",
            "t.co/x",
            "evil.com:8080",
            "me@evil.com",
            "evil\u{3002}com",
            "bücher.example",
            "Ada\r\nBcc: eve",
            "Ada\u{202E}",
            "Ada\u{200F}",
            "Ad\u{200D}a",
            "",
        ] {
            assert!(!is_accepted(bad), "{bad:?}");
        }
    }

    #[test]
    fn stored_name_with_a_url_is_still_readable() {
        let stored: Name = serde_json::from_value("evil.example".into()).unwrap();
        assert_eq!(NewName::check("name", &stored).unwrap_err().fields[0].code, "invalid_value");
    }
}
