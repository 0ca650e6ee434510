//! The facet values of a document: the texts that filters and facets compare, and which variants have them.

use values::comparison_key;

use crate::schema::SEPARATOR;

/// The kinds of facet values. In the index each text begins with the letter of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FacetKind {
    Attribute,
    Brand,
    Category,
    Tag,
}

impl FacetKind {
    pub(crate) fn prefix(self) -> char {
        match self {
            Self::Attribute => 'a',
            Self::Brand => 'b',
            Self::Category => 'c',
            Self::Tag => 't',
        }
    }

    /// The text in the index for this value.
    pub(crate) fn text(self, value: &str) -> String {
        format!("{}{value}", self.prefix())
    }

    /// The text in the index for the value of an attribute.
    pub(crate) fn attribute(name: &str, value: &str) -> String {
        Self::Attribute.text(&format!("{name}{SEPARATOR}{value}"))
    }

    /// The key by which filters and facets compare values of this kind. An attribute is compared as `name:value`, so two
    /// attributes that a filter cannot tell apart are one value.
    pub(crate) fn key(self, value: &str) -> String {
        facet_key(&self.text(value))
    }
}

/// Returns the key of a facet text in the index.
pub(crate) fn facet_key(text: &str) -> String {
    let mut letters = text.chars();
    let kind: String = letters.next().into_iter().collect();
    let key = comparison_key(&letters.as_str().replace(SEPARATOR, ":"));
    if !text.starts_with(FacetKind::Attribute.prefix()) {
        return kind + &key;
    }
    // Spaces around a name and around a value do not count. Any colon of a filter may be the one between the two.
    kind + &key.replace(" :", ":").replace(": ", ":")
}

/// An option value, and the variants that have it: the bit of each is set, the lowest for the first variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OptionFacet {
    pub(crate) text: String,
    pub(crate) variants: u64,
}

/// The facet texts of a document, each value once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentFacets {
    /// Values of options that the product itself does not have.
    pub(crate) of_options: Vec<OptionFacet>,
    /// Values of the product, which hold for all variants.
    pub(crate) of_product: Vec<String>,
}

impl DocumentFacets {
    /// Takes the texts of the product, and those of each of its variants.
    pub(crate) fn new(
        product: impl IntoIterator<Item = String>,
        variants: impl IntoIterator<Item = Vec<String>>,
    ) -> Self {
        let (mut keys, mut of_product) = (Vec::new(), Vec::new());
        for text in product {
            let key = facet_key(&text);
            if !keys.contains(&key) {
                keys.push(key);
                of_product.push(text);
            }
        }
        let (mut option_keys, mut of_options) = (Vec::new(), Vec::<OptionFacet>::new());
        for (number, texts) in variants.into_iter().enumerate() {
            for text in texts {
                let (key, bit) = (facet_key(&text), 1 << number);
                match option_keys.iter().position(|known| *known == key) {
                    Some(at) => of_options[at].variants |= bit,
                    None if keys.contains(&key) => {}
                    None => {
                        option_keys.push(key);
                        of_options.push(OptionFacet { text, variants: bit });
                    }
                }
            }
        }
        Self { of_options, of_product }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(attributes: &[(&str, &str)]) -> Vec<String> {
        attributes.iter().map(|(name, value)| FacetKind::attribute(name, value)).collect()
    }

    #[test]
    fn each_value_of_a_product_is_written_once() {
        let mut product = vec![FacetKind::Tag.text("Tea"), FacetKind::Tag.text("tea"), FacetKind::Brand.text("Tea")];
        product.extend(texts(&[("colour", "Blue"), ("Colour", "blue"), ("a:b", "c"), ("a", "b:c")]));
        let facets = DocumentFacets::new(product, []);
        let keys: Vec<String> = facets.of_product.iter().map(|text| facet_key(text)).collect();
        assert_eq!(keys, ["ttea", "btea", "acolour:blue", "aa:b:c"]);
        assert_eq!(facets.of_product[0], "tTea", "as the product writes it first");
    }

    #[test]
    fn option_value_has_the_bits_of_its_variants() {
        let variants = [&[("size", "S"), ("colour", "red")][..], &[("size", "M"), ("colour", "Red")], &[("size", "s")]];
        let facets = DocumentFacets::new(texts(&[("sole", "flat")]), variants.map(texts)).of_options;
        let facets: Vec<_> = facets.iter().map(|option| (facet_key(&option.text), option.variants)).collect();
        assert_eq!(
            facets,
            [("asize:s".to_owned(), 0b101), ("acolour:red".to_owned(), 0b011), ("asize:m".to_owned(), 0b010)]
        );
        let same = DocumentFacets::new(texts(&[("Size", "S")]), [texts(&[("size", "S")])]);
        assert!(same.of_options.is_empty(), "the product itself has it");
    }

    #[test]
    fn filter_has_the_key_of_the_text_in_the_index() {
        for (name, value) in [("colour", "Blue"), ("a:b", "c"), ("größe", "４０"), ("volumeMl", "350"), ("a ", " b")]
        {
            assert_eq!(
                FacetKind::Attribute.key(&format!("{name}:{value}")),
                facet_key(&FacetKind::attribute(name, value))
            );
        }
        assert_eq!(FacetKind::Category.key("Tea"), facet_key(&FacetKind::Category.text("tea")));
    }

    #[test]
    fn spaces_around_a_name_and_a_value_do_not_count() {
        let key = |name: &str, value: &str| facet_key(&FacetKind::attribute(name, value));
        for (name, value) in
            [("colour ", "blue"), ("colour", " blue"), (" colour ", " blue "), ("Colour", "\u{a0}blue")]
        {
            assert_eq!(key(name, value), key("colour", "blue"), "{name:?} {value:?}");
        }
        assert_eq!(key("a", " : b"), FacetKind::Attribute.key("a::b"));
        assert_ne!(FacetKind::Tag.key("a :b"), FacetKind::Tag.key("a:b"), "a tag has no name");
    }
}
