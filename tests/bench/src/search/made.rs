//! A large catalog made from a small one: variations of its products such as a shop of that size has, so that words stay as
//! common or rare as they were, while brands, model numbers and prices differ.

use std::collections::HashMap;

use fastrand::Rng;

use crate::search::product::Product;

/// The same catalog every time.
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

/// `count` products: those of `base` as they are, then variations of each in turn. Nothing of nothing.
pub(crate) fn made(base: &[Product], count: usize) -> Vec<Product> {
    let mut maker = Maker::of(base);
    let variations = (base.len()..count).map(|number| maker.variation(number));
    if base.is_empty() { Vec::new() } else { base.iter().take(count).cloned().chain(variations).collect() }
}

struct Maker<'a> {
    base: &'a [Product],
    /// First words of the names, each as often as it comes: what shops call their things.
    openers: Vec<&'a str>,
    /// Colours and materials as often as the catalog has them.
    colours: Vec<&'static str>,
    materials: Vec<&'static str>,
    brands: Vec<String>,
    /// Which products have a style.
    alike: HashMap<&'a str, Vec<usize>>,
    rng: Rng,
}

impl<'a> Maker<'a> {
    fn of(base: &'a [Product]) -> Self {
        let mut rng = Rng::with_seed(SEED);
        let mut alike: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, product) in base.iter().enumerate() {
            alike.entry(style(product)).or_default().push(number);
        }
        let seen = |words: &'static [&str]| -> Vec<&'static str> {
            let texts = base.iter().flat_map(|product| [&product.name, &product.description]);
            let told = texts.flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()));
            let known = told.filter_map(|word| words.iter().find(|known| known.eq_ignore_ascii_case(word)));
            known.copied().chain(words.iter().copied()).collect()
        };
        Self {
            base,
            openers: base.iter().filter_map(|product| product.name.split_whitespace().next()).collect(),
            colours: seen(&COLOURS),
            materials: seen(&MATERIALS),
            brands: (0..BRANDS).map(|_| brand(&mut rng)).collect(),
            alike,
            rng,
        }
    }

    /// Other words at the front, other colours and materials, a sentence of another of its style, a brand, perhaps a model number;
    /// another price, stock and opinion.
    fn variation(&mut self, number: usize) -> Product {
        let product = &self.base[number % self.base.len()];
        let exchanged = self.exchanged(product);
        let mut name = exchange(&product.name, &exchanged);
        if self.rng.u8(..100) < 30 {
            name = format!("{name} {}", self.model());
        }
        let mut attributes = product.attributes.clone();
        for (kind, words) in [("colour", &COLOURS[..]), ("material", &MATERIALS[..])] {
            let told = name.to_lowercase();
            if let Some(word) = told.split(' ').find(|word| words.contains(word)) {
                attributes.push((kind.to_owned(), word.to_owned()));
            }
        }
        let reviews = if self.rng.u8(..100) < 60 { (1.0 / (0.001 + self.rng.f64())) as u32 } else { 0 };
        Product {
            sku: format!("made-{number:06}"),
            name,
            description: exchange(&self.description(product), &exchanged),
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

    /// What stands for which word in this variation: one word stays one word throughout.
    fn exchanged(&mut self, product: &Product) -> HashMap<String, &'a str> {
        let mut exchanged = HashMap::new();
        for word in format!("{} {}", product.name, product.description).split(|letter: char| !letter.is_alphanumeric())
        {
            let word = word.to_lowercase();
            if COLOURS.contains(&word.as_str()) {
                exchanged.entry(word).or_insert(self.colours[self.rng.usize(..self.colours.len())]);
            } else if MATERIALS.contains(&word.as_str()) && self.rng.bool() {
                exchanged.entry(word).or_insert(self.materials[self.rng.usize(..self.materials.len())]);
            }
        }
        if let Some(opener) =
            product.name.split_whitespace().next().filter(|word| word.chars().all(char::is_alphabetic))
        {
            let other = self.openers[self.rng.usize(..self.openers.len())];
            exchanged.entry(opener.to_lowercase()).or_insert(other);
        }
        exchanged
    }

    fn description(&mut self, product: &Product) -> String {
        let others = &self.alike[style(product)];
        let other = &self.base[others[self.rng.usize(..others.len())]];
        let mut sentences: Vec<&str> = product.description.split_inclusive(". ").collect();
        let foreign: Vec<&str> = other.description.split_inclusive(". ").collect();
        if self.rng.bool() && sentences.len() > 1 && foreign.len() > 1 {
            let place = self.rng.usize(1..sentences.len());
            sentences[place] = foreign[self.rng.usize(1..foreign.len())];
        }
        sentences.concat()
    }

    /// A few brands are everywhere, most are rare.
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

/// The text with each word exchanged that has another standing for it, capital where it was.
fn exchange(text: &str, exchanged: &HashMap<String, &str>) -> String {
    let mut new = String::with_capacity(text.len() + 16);
    for piece in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = piece.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        match exchanged.get(&word.to_lowercase()) {
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
    fn the_same_catalog_is_made_every_time() {
        let base = base();
        let (once, again) = (made(&base, 500), made(&base, 500));
        assert_eq!(once, again);
        assert_eq!((once.len(), &once[..base.len()]), (500, &base[..]));
        let skus: HashSet<&str> = once.iter().map(|product| product.sku.as_str()).collect();
        assert_eq!(skus.len(), 500);
        assert!(made(&[], 500).is_empty());
    }

    #[test]
    fn variations_differ_as_those_of_a_shop_do() {
        let base = base();
        let made = made(&base, 5_000);
        let names: HashSet<&str> = made.iter().map(|product| product.name.as_str()).collect();
        let brands: HashSet<&str> = made.iter().filter_map(|product| product.brand.as_deref()).collect();
        assert!(names.len() > 3_500, "{} names", names.len());
        assert!((100..=BRANDS).contains(&brands.len()), "{} brands", brands.len());
        assert!(made.iter().all(|product| product.price % 100 == 99 || base.contains(product)));
        assert!(made.iter().any(|product| product.available == 0) && made.iter().any(|product| product.reviews > 0));
    }

    #[test]
    fn words_are_exchanged_whole_and_keep_their_capitals() {
        let exchanged = HashMap::from([("red".to_owned(), "blue"), ("sleek".to_owned(), "Urban")]);
        let new = exchange("Sleek Red Bike: a sleek, red-framed redwood bike. Red", &exchanged);
        assert_eq!(new, "Urban Blue Bike: a urban, blue-framed redwood bike. Blue");
    }
}
