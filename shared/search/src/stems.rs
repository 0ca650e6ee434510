//! English stems, so that `mugs` finds `mug` and `mice` finds `mouse`.

use frostem::{Algorithm, Stemmer};

/// Irregular plurals, and their singular. A final `s` of the singular would otherwise count as a plural, too.
const IRREGULAR: [(&str, &str); 31] = [
    ("men", "man"),
    ("people", "person"),
    ("oxen", "ox"),
    ("lice", "louse"),
    ("pence", "penny"),
    ("lenses", "lens"),
    ("buses", "bus"),
    ("gases", "gas"),
    ("canvases", "canvas"),
    ("atlases", "atlas"),
    ("irises", "iris"),
    ("trellises", "trellis"),
    ("quizzes", "quiz"),
    ("cacti", "cactus"),
    ("fungi", "fungus"),
    ("foci", "focus"),
    ("radii", "radius"),
    ("nuclei", "nucleus"),
    ("octopi", "octopus"),
    ("stimuli", "stimulus"),
    ("syllabi", "syllabus"),
    ("terraria", "terrarium"),
    ("aquaria", "aquarium"),
    ("criteria", "criterion"),
    ("phenomena", "phenomenon"),
    ("indices", "index"),
    ("matrices", "matrix"),
    ("vertices", "vertex"),
    ("appendices", "appendix"),
    ("analyses", "analysis"),
    ("crises", "crisis"),
];

/// Endings of irregular plurals. The words themselves have them, and so do compounds such as `snowmen`, `grandchildren` and
/// `eyeteeth`.
const IRREGULAR_ENDINGS: [(&str, &str); 7] = [
    ("women", "woman"),
    ("children", "child"),
    ("feet", "foot"),
    ("teeth", "tooth"),
    ("geese", "goose"),
    ("mice", "mouse"),
    ("eaux", "eau"),
];

/// From this length on, `men` at the end is a plural (`snowmen`); shorter words are `omen`, `ramen`, `lumen`.
const MIN_MEN_LENGTH: usize = 6;

/// Returns the English stem of a word: the Porter 2 stem of its singular, so that irregular plurals meet their singular
/// whatever the stemmer does to either. A final `f` becomes `v`, so that `knife` and `knives`, `scarf` and `scarves` have one
/// stem. A word with letters of other languages is its own stem.
pub(crate) fn stem(word: &str) -> String {
    if !word.is_ascii() {
        return word.to_owned();
    }
    let stemmer = Stemmer::new(Algorithm::English);
    let once = stemmer.stem(&singular(word)).into_owned();
    // The stem of `womens` is `women`.
    let singular = singular(&once);
    let mut stem = if singular == once { once } else { stemmer.stem(&singular).into_owned() };
    if stem.ends_with("fe") || stem.ends_with("ve") {
        stem.pop();
    }
    if stem.len() > 2 && stem.ends_with('f') && !stem.ends_with("ff") {
        stem.pop();
        stem.push('v');
    }
    stem
}

/// Returns the singular of an irregular plural; any other word as it is.
fn singular(word: &str) -> String {
    if let Some((_, singular)) = IRREGULAR.iter().find(|(plural, _)| *plural == word) {
        return (*singular).to_owned();
    }
    let compound =
        IRREGULAR_ENDINGS.iter().find_map(|(plural, singular)| Some((word.strip_suffix(plural)?, *singular)));
    if let Some((begin, singular)) = compound {
        return format!("{begin}{singular}");
    }
    match word.strip_suffix("men") {
        Some(begin) if word.len() >= MIN_MEN_LENGTH => format!("{begin}man"),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plural_and_singular_have_one_stem() {
        for (singular, more) in [
            ("mug", "mugs"),
            ("candle", "candles"),
            ("dress", "dresses"),
            ("berry", "berries"),
            ("knife", "knives"),
            ("scarf", "scarves"),
            ("shelf", "shelves"),
            ("glove", "gloves"),
            ("olive", "olives"),
            ("roof", "roofs"),
            ("cuff", "cuffs"),
            ("leaf", "leaves"),
            ("loaf", "loaves"),
            ("wife", "wives"),
            ("potato", "potatoes"),
            ("shoe", "shoes"),
            ("battery", "batteries"),
        ] {
            assert_eq!(stem(singular), stem(more));
        }
        assert_ne!(stem("of"), stem("ov"), "two letters are not stemmed");
    }

    #[test]
    fn irregular_plural_and_its_singular_have_one_stem() {
        for (plural, singular) in IRREGULAR {
            assert_eq!(stem(plural), stem(singular));
        }
        for (plural, singular) in IRREGULAR_ENDINGS {
            assert_eq!(stem(plural), stem(singular));
        }
        for (plural, singular) in [
            ("snowmen", "snowman"),
            ("dormice", "dormouse"),
            ("grandchildren", "grandchild"),
            ("eyeteeth", "eyetooth"),
            ("forefeet", "forefoot"),
            ("gateaux", "gateau"),
            ("womens", "woman"),
            ("mens", "man"),
            ("childrens", "child"),
        ] {
            assert_eq!(stem(plural), stem(singular));
        }
    }

    #[test]
    fn words_that_only_look_irregular_keep_their_stem() {
        for (one, other) in [("omen", "oman"), ("ramen", "raman"), ("slice", "slouse"), ("police", "polouse")] {
            assert_ne!(stem(one), stem(other));
        }
        assert_eq!(stem("чашки"), "чашки");
    }
}
