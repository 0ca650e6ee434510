//! The fields of the index: searchable text, filters and facets, and stored values.

use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};

/// The number of the index format. It changes with the schema and with what the tokenizers make of a text. Each format has
/// a manifest of its own in the bucket, so releases with different formats do not touch each other's index.
pub(crate) const FORMAT: u32 = 2;

/// The tokenizers of texts: stems and pairs of characters; words; words of texts with spaces. Their names have the number of
/// the format, because a schema with other tokenizers is another schema.
pub(crate) const STEMS: &str = "stems2";
pub(crate) const WORDS: &str = "words2";
pub(crate) const SPACED_WORDS: &str = "spaced2";

/// Separates the name and the value in a facet text. Names and values contain no control characters.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// The fields by purpose. Their order is part of the schema of the index in S3. [`Fields::of`] refuses any schema but those of
/// this format and of the one before.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// The product's id, 16 bytes. Documents are deleted by it.
    pub(crate) id: Field,
    /// The first and last 8 bytes of the id. Ids sort by time, so these sort by age and break ties.
    pub(crate) id_high: Field,
    pub(crate) id_low: Field,
    /// In minor units.
    pub(crate) price: Field,
    /// The number of `Rating::key`.
    pub(crate) rating: Field,
    /// 1 if at least one piece is for sale, otherwise 0.
    pub(crate) stock: Field,
    /// Exact category, tags, brand and attributes, each after the letter of its kind. For filters and facets. Values of
    /// variants' options come first.
    pub(crate) facets: Field,
    /// Stems of each text, with the weight of a match. The last field has the stems of joined words.
    pub(crate) texts: Vec<(Field, f32)>,
    /// The words of all texts but the description. Suggestions complete words from here.
    pub(crate) labels: Field,
    /// The words of the description.
    pub(crate) prose: Field,
    /// The name, stored for suggestions.
    pub(crate) name: Field,
    /// The product as JSON, as of its indexing.
    pub(crate) product_json: Field,
    /// Joined words; in an index of the format before, missing.
    pub(crate) joined: Option<Field>,
    /// The terms of all SKUs; in an index of the format before, missing.
    pub(crate) skus: Option<Field>,
    /// Of each variant, `VariantOffer::packed`; in an index of the format before, missing.
    pub(crate) offers: Option<Field>,
    /// Of each option value in `facets`, the bits of the variants that have it; in an index of the format before, missing.
    pub(crate) option_bits: Option<Field>,
}

/// The texts of a document and their weights, in the order of [`Fields::texts`].
pub(crate) const TEXTS: [(&str, f32); 6] =
    [("name", 3.0), ("brand", 2.0), ("tags", 2.0), ("category", 1.5), ("attributes", 1.0), ("description", 0.5)];
const JOINED: (&str, f32) = ("joined", 1.5);

/// The schema of the indexes that this release writes.
pub(crate) fn schema() -> Schema {
    let mut schema = common_fields(STEMS, WORDS, SPACED_WORDS);
    for terms in [JOINED.0, "skus"] {
        schema.add_text_field(terms, TextOptions::default().set_indexing_options(exact_terms()));
    }
    for numbers in ["offers", "option_bits"] {
        schema.add_u64_field(numbers, NumericOptions::default().set_fast());
    }
    schema.build()
}

/// The schema of the format before. Searches read such an index until this release has built one of its own.
pub(crate) fn schema_before() -> Schema {
    common_fields("stems", "words", "words").build()
}

fn common_fields(stems: &str, labels: &str, prose: &str) -> SchemaBuilder {
    let mut schema = Schema::builder();
    schema.add_bytes_field("id", BytesOptions::default().set_indexed());
    for number in ["id_high", "id_low", "price", "rating", "stock"] {
        schema.add_u64_field(number, NumericOptions::default().set_fast());
    }
    schema.add_text_field("facets", TextOptions::default().set_indexing_options(exact_terms()).set_fast("raw"));
    // Without positions: phrases are not searched, and positions would be half of the index.
    let stems = TextFieldIndexing::default().set_tokenizer(stems).set_index_option(IndexRecordOption::WithFreqs);
    for (text, _) in TEXTS {
        schema.add_text_field(text, TextOptions::default().set_indexing_options(stems.clone()));
    }
    for (dictionary, tokenizer) in [("labels", labels), ("prose", prose)] {
        let words = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(IndexRecordOption::Basic);
        schema.add_text_field(dictionary, TextOptions::default().set_indexing_options(words.set_fieldnorms(false)));
    }
    schema.add_text_field("title", TextOptions::default().set_stored());
    schema.add_text_field("shown", TextOptions::default().set_stored());
    schema
}

/// Terms as they are.
fn exact_terms() -> TextFieldIndexing {
    let exact = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(IndexRecordOption::Basic);
    exact.set_fieldnorms(false)
}

impl Fields {
    /// Returns the fields of a schema. Fails if the schema is neither the one of this release nor the one before.
    pub(crate) fn of(found: &Schema) -> tantivy::Result<Self> {
        if *found != schema() && *found != schema_before() {
            return Err(tantivy::TantivyError::SchemaError("another version of souk wrote this index".to_owned()));
        }
        let field = |name| found.get_field(name);
        let texts = TEXTS.iter().map(|(name, weight)| Ok((field(name)?, *weight)));
        let joined = field(JOINED.0).ok();
        Ok(Self {
            id: field("id")?,
            id_high: field("id_high")?,
            id_low: field("id_low")?,
            price: field("price")?,
            rating: field("rating")?,
            stock: field("stock")?,
            facets: field("facets")?,
            texts: texts.chain(joined.map(|joined| Ok((joined, JOINED.1)))).collect::<tantivy::Result<_>>()?,
            labels: field("labels")?,
            prose: field("prose")?,
            name: field("title")?,
            product_json: field("shown")?,
            joined,
            skus: field("skus").ok(),
            offers: field("offers").ok(),
            option_bits: field("option_bits").ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_of_this_format_and_of_the_one_before_is_accepted() {
        let (now, before) = (Fields::of(&schema()).unwrap(), Fields::of(&schema_before()).unwrap());
        assert_eq!((now.texts.len(), before.texts.len()), (7, 6));
        assert!(now.skus.is_some() && before.skus.is_none());
        assert!(Fields::of(&Schema::builder().build()).is_err());
    }

    #[test]
    fn tokenizers_have_the_number_of_the_format() {
        for tokenizer in [STEMS, WORDS, SPACED_WORDS] {
            assert!(tokenizer.ends_with(&FORMAT.to_string()), "{tokenizer}");
        }
    }
}
