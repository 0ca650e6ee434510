//! Entity tags and lists of them (RFC 9110, 8.8.3, 13.1.1 and 13.1.2).

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

/// One entity tag. The opaque part is without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityTag {
    pub(crate) is_weak: bool,
    pub(crate) opaque: Vec<u8>,
}

impl EntityTag {
    /// The opaque part, if it is ASCII like every tag of this shop.
    pub(crate) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.opaque).ok()
    }
}

/// The value of `If-Match` or `If-None-Match`: `"*" / #entity-tag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagList {
    /// `*`: any current representation.
    Any,
    /// The listed tags. The list may be empty.
    Tags(Vec<EntityTag>),
    /// The header does not follow the grammar.
    Malformed,
}

impl TagList {
    /// Reads all lines of a header as one list (RFC 9110, 5.3); none if the header is missing.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        (!lines.is_empty()).then(|| Self::parse(&lines.join(&b',')))
    }

    fn parse(text: &[u8]) -> Self {
        if text.trim_ascii() == b"*" {
            return Self::Any;
        }
        tags(text).map_or(Self::Malformed, Self::Tags)
    }
}

/// Reads `#entity-tag`. Empty elements are skipped, as RFC 9110, 5.6.1.2, asks of a recipient.
fn tags(text: &[u8]) -> Option<Vec<EntityTag>> {
    let mut tags = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        if rest[0] != b',' {
            let (tag, after) = tag(rest)?;
            tags.push(tag);
            rest = after.trim_ascii_start();
        }
        match rest.split_first() {
            None => break,
            Some((b',', after)) => rest = after.trim_ascii_start(),
            Some(_) => return None,
        }
    }
    Some(tags)
}

/// Reads one tag: `[ W/ ] DQUOTE *etagc DQUOTE`. `W` is case-sensitive.
fn tag(text: &[u8]) -> Option<(EntityTag, &[u8])> {
    let (is_weak, quoted) = text.strip_prefix(b"W/").map_or((false, text), |quoted| (true, quoted));
    let quoted = quoted.strip_prefix(b"\"")?;
    let end = quoted.iter().position(|byte| *byte == b'"')?;
    let (opaque, rest) = (&quoted[..end], &quoted[end + 1..]);
    // etagc: visible ASCII but the quote, and obs-text. A comma is one of them.
    let is_valid = opaque.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7E | 0x80..=0xFF));
    is_valid.then(|| (EntityTag { is_weak, opaque: opaque.to_vec() }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::IF_MATCH;

    fn list(lines: &[&str]) -> Option<TagList> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        TagList::of(&headers, &IF_MATCH)
    }

    fn strong(opaque: &str) -> EntityTag {
        EntityTag { is_weak: false, opaque: opaque.as_bytes().to_vec() }
    }

    fn weak(opaque: &str) -> EntityTag {
        EntityTag { is_weak: true, ..strong(opaque) }
    }

    #[test]
    fn list_has_every_tag_of_every_line() {
        for (lines, tags) in [
            (&["\"4\""][..], vec![strong("4")]),
            (&["\"3\",W/\"4\" , \"\""][..], vec![strong("3"), weak("4"), strong("")]),
            (&["\"3\"", "\"4\", \"5\""][..], vec![strong("3"), strong("4"), strong("5")]),
            (&["\"a,b\", \"c\\\""][..], vec![strong("a,b"), strong("c\\")]),
            (&[" , \"4\" ,, "][..], vec![strong("4")]),
            (&["\"\u{e9}\""][..], vec![strong("\u{e9}")]),
            (&["", " , "][..], vec![]),
        ] {
            assert_eq!(list(lines), Some(TagList::Tags(tags)), "{lines:?}");
        }
    }

    #[test]
    fn star_stands_alone() {
        assert_eq!(list(&[" * "]), Some(TagList::Any));
        for lines in [&["*, \"4\""][..], &["*", "\"4\""][..], &["*", "*"][..], &["\"4\", *"][..]] {
            assert_eq!(list(lines), Some(TagList::Malformed), "{lines:?}");
        }
    }

    #[test]
    fn header_outside_the_grammar_is_malformed() {
        for line in
            ["4", "\"4", "4\"", "\"3\" \"4\"", "\"3\"; \"4\"", "w/\"4\"", "W/4", "W/ \"4\"", "\"a b\"", "\"3\", 4"]
        {
            assert_eq!(list(&[line]), Some(TagList::Malformed), "{line}");
        }
    }

    #[test]
    fn missing_header_is_no_list() {
        assert_eq!(list(&[]), None);
    }
}
