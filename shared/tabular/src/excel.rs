//! What Excel does to a text that looks like a number, a date or a truth value: it converts the text when it opens a file, and writes
//! another text when it saves. `007` becomes 7, `4006381333931` becomes 4,00638E+12, and `1-2` becomes a date.

/// Characters of numbers, amounts, dates and times, beside digits and words.
const SIGNS: [char; 18] =
    [' ', '.', ',', ':', '/', '-', '+', '%', '(', ')', '\'', '’', '$', '€', '£', '¥', '\u{a0}', '\u{202f}'];

/// Truth values in the languages of Excel, folded.
const FLAGS: [&str; 11] =
    ["true", "false", "wahr", "falsch", "vrai", "faux", "verdadero", "vero", "falso", "waar", "onwaar"];

/// The first letters of the months' names in languages of Excel, folded.
const MONTHS: [&str; 45] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mär", "mrz", "mai", "okt",
    "dez", "fév", "avr", "jui", "aoû", "aou", "déc", "ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set",
    "ott", "mrt", "mei", "fev", "out", "sty", "lut", "kwi", "maj", "cze", "lip", "sie", "wrz",
];

/// Would Excel convert the cell into something else than its text? It says yes too often rather than too seldom.
pub(crate) fn is_converted(cell: &str) -> bool {
    let text = cell.trim().to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let is_month = |word: &str| MONTHS.iter().any(|month| word.starts_with(month));
    // The exponent of a number, and the halves of a day.
    let is_part = |word: &str| matches!(word, "e" | "d" | "a" | "p" | "am" | "pm") || is_month(word);
    let begins_with_word = text.starts_with(char::is_alphabetic);
    let begins_like_a_value = !begins_with_word || words.clone().next().is_some_and(is_month);
    FLAGS.contains(&text.as_str())
        || text.chars().any(char::is_numeric)
            && text.chars().all(|c| c.is_alphanumeric() || SIGNS.contains(&c))
            && begins_like_a_value
            && words.all(is_part)
}

/// Is the cell a number that Excel has shortened, such as `4,00638E+12`? Its last digits are lost.
pub fn is_shortened_number(cell: &str) -> bool {
    let Some((digits, exponent)) = cell.trim().split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    is_number(digits)
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        && exponent.strip_prefix('+').is_some_and(|exponent| is_number(exponent) && exponent.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_date_and_truth_value_are_converted() {
        for converted in [
            "007",
            "4006381333931",
            "1.5",
            "1,5",
            " 7 ",
            "1-2",
            "10/12",
            "3.4.2026",
            "12:30",
            "5 %",
            "€ 5",
            "12E3",
            "1e5",
            "5 am",
            "MAR-1",
            "Sept 11",
            "1. Dez",
            "2 MAI 2026",
            "TRUE",
            "Falsch",
            "1/2",
            "(5)",
        ] {
            assert!(is_converted(converted), "{converted}");
        }
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in
            ["", "Mug", "MUG-350", "A1", "E5", "4 cups", "7up", "mug|2026", "{\"a\":1}", "a@1", "trueblue", "Oak 12"]
        {
            assert!(!is_converted(text), "{text}");
        }
    }

    #[test]
    fn shortened_number_is_recognised() {
        for shortened in ["4,00638E+12", "4.00638E+12", "1E+15", "1,23457E+11"] {
            assert!(is_shortened_number(shortened), "{shortened}");
        }
        for other in ["4006381333931", "E+12", "1E5", "MUGE+1", "1E+", "4,00638E+12X", "1-E+5"] {
            assert!(!is_shortened_number(other), "{other}");
        }
    }
}
