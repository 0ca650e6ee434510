//! SKUs in the index. A SKU is searched by its whole, by its beginning, and by the parts between its separators.
//!
//! The index has a term for the whole SKU and one for the rest after each separator: `NOR-0707-60` has `=nor.0707.60`, `0707.60`
//! and `60`. A dot stands for each separator. So every search for a part or for the beginning of a part is a range of terms.

/// Stands before the whole SKU.
const WHOLE: char = '=';
/// Stands between the whole SKU and its separators. It sorts before everything that a SKU contains.
const END: char = '\0';
/// A code of so many characters with a digit finds the SKUs that begin with it. A shorter one has to be a whole part.
const MIN_PREFIX_LENGTH: usize = 3;

/// Terms from the first one, inclusive, to the last one, exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TermRange {
    pub(crate) from: String,
    pub(crate) to: String,
}

/// Which SKUs a code finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeMatch {
    /// Those with a part that begins with the code. The next character must not continue the last word of the code: `tea`
    /// finds `TEA-MINT` and `TEA100`, but not `TEAM-1`.
    Part,
    /// Those with a part that begins with the code. A code of one or two characters has to be a whole word all the same.
    Prefix,
}

/// Returns the terms of a SKU.
pub(crate) fn sku_terms(sku: &str) -> Vec<String> {
    let sku = sku.to_lowercase();
    let parts = parts(&sku);
    let rests = (1..parts.len()).map(|from| parts[from..].join("."));
    whole_term(&sku).into_iter().chain(rests).collect()
}

/// Returns the term of exactly this SKU, in any case; `None` if the text cannot be a SKU.
pub(crate) fn whole_term(text: &str) -> Option<String> {
    let sku = text.to_lowercase();
    let is_sku = sku.chars().all(|c| c.is_ascii_alphanumeric() || is_separator(c));
    let separators: String = sku.chars().filter(|c| is_separator(*c)).collect();
    let parts = parts(&sku).join(".");
    (is_sku && !parts.is_empty()).then(|| format!("{WHOLE}{parts}{END}{separators}"))
}

/// Returns the terms of SKUs that consist of these words, with any separators between them.
pub(crate) fn whole_range(words: &[&str]) -> TermRange {
    let code = words.join(".");
    TermRange { from: format!("{WHOLE}{code}{END}"), to: format!("{WHOLE}{code}\u{1}") }
}

/// Returns the ranges of the terms that a code of one or more words finds.
pub(crate) fn code_ranges(words: &[&str], code_match: CodeMatch) -> [TermRange; 2] {
    let code = words.join(".");
    let (has_digit, is_long) = (code.bytes().any(|byte| byte.is_ascii_digit()), code.len() >= MIN_PREFIX_LENGTH);
    // The order of bytes: the end, a dot, digits, letters.
    let end = match (has_digit, is_long) {
        (false, true) if code_match == CodeMatch::Prefix => '\u{10ffff}',
        (false, _) => ':',
        (true, true) => '\u{10ffff}',
        (true, false) => '/',
    };
    [code.clone(), format!("{WHOLE}{code}")].map(|from| TermRange { to: format!("{from}{end}"), from })
}

fn parts(sku: &str) -> Vec<&str> {
    sku.split(is_separator).filter(|part| !part.is_empty()).collect()
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(words: &[&str], code_match: CodeMatch, sku: &str) -> bool {
        let ranges = code_ranges(words, code_match);
        sku_terms(sku).iter().any(|term| ranges.iter().any(|range| (&range.from..&range.to).contains(&term)))
    }

    #[test]
    fn sku_has_a_term_for_its_whole_and_for_each_rest() {
        assert_eq!(sku_terms("NOR12.0707-60"), ["=nor12.0707.60\0.-", "0707.60", "60"]);
        assert_eq!(sku_terms("MUG"), ["=mug\0"]);
        assert_eq!(sku_terms("_A--B_"), ["=a.b\0_--_", "b"]);
        assert!(sku_terms("---").is_empty());
    }

    #[test]
    fn part_is_found_at_its_beginning() {
        for code in [&["nor12"][..], &["0707"], &["070"], &["nor12", "0707"], &["0707", "60"], &["0707", "6"], &["60"]]
        {
            assert!(finds(code, CodeMatch::Part, "NOR12.0707-60"), "{code:?}");
        }
        for code in [&["707"][..], &["6"], &["0"], &["07"], &["12"], &["60", "0707"], &["nor12", "60"], &["n"]] {
            assert!(!finds(code, CodeMatch::Part, "NOR12.0707-60"), "{code:?}");
        }
    }

    #[test]
    fn letters_find_whole_words_of_a_sku_only() {
        for sku in ["TEA", "TEA-MINT", "TEA100", "BOX-TEA", "BOX_TEA.2"] {
            assert!(finds(&["tea"], CodeMatch::Part, sku), "{sku}");
        }
        for sku in ["TEAM-1", "STEAM", "BOX-TEAM"] {
            assert!(!finds(&["tea"], CodeMatch::Part, sku), "{sku}");
        }
        assert!(finds(&["tea"], CodeMatch::Prefix, "TEAM-1") && !finds(&["tea"], CodeMatch::Prefix, "STEAM"));
    }

    #[test]
    fn whole_sku_is_found_in_any_case_and_exactly_by_its_separators() {
        let (term, range) = (whole_term("nor12.0707-60").unwrap(), whole_range(&["nor12", "0707", "60"]));
        assert_eq!(sku_terms("NOR12.0707-60")[0], term);
        assert_ne!(sku_terms("NOR12-0707-60")[0], term);
        for (sku, is_whole) in [("NOR12-0707-60", true), ("Nor12.0707_60", true), ("NOR12-0707-601", false)] {
            assert_eq!((&range.from..&range.to).contains(&&sku_terms(sku)[0]), is_whole, "{sku}");
        }
        assert_eq!((whole_term("a b"), whole_term(""), whole_term("-")), (None, None, None));
    }
}
