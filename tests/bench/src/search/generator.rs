//! Generates a large catalog from a small one. It varies the products like a large shop: words stay as common or rare
//! as before, while brands, model numbers and prices differ.

use std::collections::HashMap;

use fastrand::Rng;

use crate::search::product::Product;

/// Every run generates the same catalog.
const SEED: u64 = 4711;
const BRANDS: usize = 400;

const COLOURS: [&str; 36] = [
    "amber",
    "beige",
    "black",
    "blue",
    "bronze",
    "brown",
    "burgundy",
    "charcoal",
    "copper",
    "coral",
    "cream",
    "crimson",
    "emerald",
    "fuchsia",
    "gold",
    "gray",
    "green",
    "indigo",
    "ivory",
    "lavender",
    "mint",
    "mustard",
    "navy",
    "olive",
    "orange",
    "pink",
    "purple",
    "red",
    "rose",
    "silver",
    "tan",
    "teal",
    "turquoise",
    "violet",
    "white",
    "yellow",
];
const MATERIALS: [&str; 24] = [
    "acrylic",
    "aluminum",
    "bamboo",
    "brass",
    "canvas",
    "cashmere",
    "ceramic",
    "cotton",
    "crystal",
    "denim",
    "glass",
    "leather",
    "linen",
    "mahogany",
    "marble",
    "oak",
    "porcelain",
    "rattan",
    "silk",
    "steel",
    "suede",
    "velvet",
    "walnut",
    "wool",
];
const SYLLABLES: [&str; 24] = [
    "al", "ber", "cor", "dan", "el", "fen", "gar", "hal", "is", "jor", "kel", "lun", "mar", "nor", "or", "pel", "quin",
    "ros", "sol", "tor", "ul", "ven", "wil", "zan",
];

/// Returns `count` products: first those of `base`, then variations of each in turn. Returns nothing if `base` is
/// empty.
pub(crate) fn generate(base: &[Product], count: usize) -> Vec<Product> {
    let mut generator = Generator::new(base);
    let variations = (base.len()..count).map(|number| generator.variation(number));
    if base.is_empty() { Vec::new() } else { base.iter().take(count).cloned().chain(variations).collect() }
}

struct Generator<'a> {
    base: &'a [Product],
    /// The first words of names, each as often as it occurs.
    first_words: Vec<&'a str>,
    /// Colours and materials, each as often as it occurs.
    colours: Vec<&'static str>,
    materials: Vec<&'static str>,
    brands: Vec<String>,
    /// The positions of products by style.
    by_style: HashMap<&'a str, Vec<usize>>,
    rng: Rng,
}

impl<'a> Generator<'a> {
    fn new(base: &'a [Product]) -> Self {
        let mut rng = Rng::with_seed(SEED);
        let mut by_style: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, product) in base.iter().enumerate() {
            by_style.entry(style(product)).or_default().push(number);
        }
        let occurrences = |words: &'static [&str]| -> Vec<&'static str> {
            let texts = base.iter().flat_map(|product| [&product.name, &product.description]);
            let all_words = texts.flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()));
            let known = all_words.filter_map(|word| words.iter().find(|known| known.eq_ignore_ascii_case(word)));
            known.copied().chain(words.iter().copied()).collect()
        };
        Self {
            base,
            first_words: base.iter().filter_map(|product| product.name.split_whitespace().next()).collect(),
            colours: occurrences(&COLOURS),
            materials: occurrences(&MATERIALS),
            brands: (0..BRANDS).map(|_| brand(&mut rng)).collect(),
            by_style,
            rng,
        }
    }

    /// A variation: another first word, other colours and materials, a sentence of another product of its style, a
    /// brand, perhaps a model number, and another price, stock and rating.
    fn variation(&mut self, number: usize) -> Product {
        let product = &self.base[number % self.base.len()];
        let replacements = self.replacements(product);
        let mut name = replace_words(&product.name, &replacements);
        if self.rng.u8(..100) < 30 {
            name = format!("{name} {}", self.model());
        }
        let mut attributes = product.attributes.clone();
        for (kind, words) in [("colour", &COLOURS[..]), ("material", &MATERIALS[..])] {
            let lowercase = name.to_lowercase();
            if let Some(word) = lowercase.split(' ').find(|word| words.contains(word)) {
                attributes.push((kind.to_owned(), word.to_owned()));
            }
        }
        let reviews = if self.rng.u8(..100) < 60 { (1.0 / (0.001 + self.rng.f64())) as u32 } else { 0 };
        Product {
            sku: format!("made-{number:06}"),
            name,
            description: replace_words(&self.description(product), &replacements),
            category: product.category.clone(),
            brand: (self.rng.u8(..100) < 80).then(|| self.brand()),
            tags: product.tags.clone(),
            attributes,
            price: (product.price * self.rng.u64(60..=160) / 100 / 100 * 100).max(100) - 1,
            available: if self.rng.u8(..100) < 8 { 0 } else { self.rng.u32(1..200) },
            stars: if reviews == 0 { 0 } else { 300 + self.rng.u32(0..=200) },
            reviews,
        }
    }

    /// The replacement of each word. One word has the same replacement in the whole product.
    fn replacements(&mut self, product: &Product) -> HashMap<String, &'a str> {
        let mut replacements = HashMap::new();
        for word in format!("{} {}", product.name, product.description).split(|letter: char| !letter.is_alphanumeric())
        {
            let word = word.to_lowercase();
            if COLOURS.contains(&word.as_str()) {
                replacements.entry(word).or_insert(self.colours[self.rng.usize(..self.colours.len())]);
            } else if MATERIALS.contains(&word.as_str()) && self.rng.bool() {
                replacements.entry(word).or_insert(self.materials[self.rng.usize(..self.materials.len())]);
            }
        }
        if let Some(first_word) =
            product.name.split_whitespace().next().filter(|word| word.chars().all(char::is_alphabetic))
        {
            let other = self.first_words[self.rng.usize(..self.first_words.len())];
            replacements.entry(first_word.to_lowercase()).or_insert(other);
        }
        replacements
    }

    fn description(&mut self, product: &Product) -> String {
        let others = &self.by_style[style(product)];
        let other = &self.base[others[self.rng.usize(..others.len())]];
        let mut sentences: Vec<&str> = product.description.split_inclusive(". ").collect();
        let other_sentences: Vec<&str> = other.description.split_inclusive(". ").collect();
        if self.rng.bool() && sentences.len() > 1 && other_sentences.len() > 1 {
            let place = self.rng.usize(1..sentences.len());
            sentences[place] = other_sentences[self.rng.usize(1..other_sentences.len())];
        }
        sentences.concat()
    }

    /// A few brands are common, most are rare.
    fn brand(&mut self) -> String {
        let rank = self.rng.f64().powi(3) * self.brands.len() as f64;
        self.brands[rank as usize % self.brands.len()].clone()
    }

    fn model(&mut self) -> String {
        let letter = |rng: &mut Rng| rng.uppercase();
        let (first, second) = (letter(&mut self.rng), letter(&mut self.rng));
        format!("{first}{second}-{}", self.rng.u32(10..10_000))
    }
}

fn style(product: &Product) -> &str {
    product.tags.first().unwrap_or(&product.category)
}

fn brand(rng: &mut Rng) -> String {
    let syllables: String = (0..rng.usize(2..=3)).map(|_| SYLLABLES[rng.usize(..SYLLABLES.len())]).collect();
    syllables[..1].to_uppercase() + &syllables[1..]
}

/// Replaces words in a text and keeps their capital letters.
fn replace_words(text: &str, replacements: &HashMap<String, &str>) -> String {
    let mut new = String::with_capacity(text.len() + 16);
    for piece in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = piece.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        match replacements.get(&word.to_lowercase()) {
            Some(other) if word.starts_with(char::is_uppercase) => {
                let mut letters = other.chars();
                new.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                new.push_str(letters.as_str());
            }
            Some(other) => new.push_str(&other.to_lowercase()),
            None => new.push_str(word),
        }
        new.push_str(&piece[word.len()..]);
    }
    new
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn base() -> Vec<Product> {
        let bodies = samples::demo().unwrap();
        bodies.iter().map(|body| Product::of(body).unwrap()).collect()
    }

    #[test]
    fn every_run_generates_the_same_catalog() {
        let base = base();
        let (first, second) = (generate(&base, 500), generate(&base, 500));
        assert_eq!(first, second);
        assert_eq!((first.len(), &first[..base.len()]), (500, &base[..]));
        let skus: HashSet<&str> = first.iter().map(|product| product.sku.as_str()).collect();
        assert_eq!(skus.len(), 500);
        assert!(generate(&[], 500).is_empty());
    }

    #[test]
    fn variations_have_many_names_and_brands() {
        let base = base();
        let products = generate(&base, 5_000);
        let names: HashSet<&str> = products.iter().map(|product| product.name.as_str()).collect();
        let brands: HashSet<&str> = products.iter().filter_map(|product| product.brand.as_deref()).collect();
        assert!(names.len() > 3_500, "{} names", names.len());
        assert!((100..=BRANDS).contains(&brands.len()), "{} brands", brands.len());
        assert!(products.iter().all(|product| product.price % 100 == 99 || base.contains(product)));
        assert!(
            products.iter().any(|product| product.available == 0) && products.iter().any(|product| product.reviews > 0)
        );
    }

    #[test]
    fn whole_words_are_replaced_and_keep_their_capitals() {
        let replacements = HashMap::from([("red".to_owned(), "blue"), ("sleek".to_owned(), "Urban")]);
        let new = replace_words("Sleek Red Bike: a sleek, red-framed redwood bike. Red", &replacements);
        assert_eq!(new, "Urban Blue Bike: a urban, blue-framed redwood bike. Blue");
    }
}
