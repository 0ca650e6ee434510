//! The fields of the index: searchable text, filters and facets, and stored values.

use tantivy::schema::{BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};

use crate::words::{STEMS, WORDS};

/// Separates the name and the value in a facet text. Names and values contain no control characters.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// The fields by purpose. Their order is part of the schema of the index in S3. A change here needs a rebuilt index, so
/// [`Fields::of`] refuses any other schema.
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
    /// Exact category, tags, brand and attributes, each after the letter of its kind. For filters and facets.
    pub(crate) facets: Field,
    /// Stems of each text, with the weight of a match.
    pub(crate) texts: [(Field, f32); 6],
    /// The words of all texts but the description. Suggestions complete words from here.
    pub(crate) labels: Field,
    /// The words of the description.
    pub(crate) prose: Field,
    /// The name, stored for suggestions.
    pub(crate) name: Field,
    /// The product as JSON, as of its indexing.
    pub(crate) product_json: Field,
}

/// The texts of a document and their weights, in the order of [`Fields::texts`].
pub(crate) const TEXTS: [(&str, f32); 6] =
    [("name", 3.0), ("brand", 2.0), ("tags", 2.0), ("category", 1.5), ("attributes", 1.0), ("description", 0.5)];

/// The schema of every index of souk.
pub(crate) fn schema() -> Schema {
    let mut schema = Schema::builder();
    schema.add_bytes_field("id", BytesOptions::default().set_indexed());
    for number in ["id_high", "id_low", "price", "rating", "stock"] {
        schema.add_u64_field(number, NumericOptions::default().set_fast());
    }
    let exact = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(IndexRecordOption::Basic);
    let exact = exact.set_fieldnorms(false);
    schema.add_text_field("facets", TextOptions::default().set_indexing_options(exact).set_fast("raw"));
    // Without positions: phrases are not searched, and positions would be half of the index.
    let stems = TextFieldIndexing::default().set_tokenizer(STEMS).set_index_option(IndexRecordOption::WithFreqs);
    for (text, _) in TEXTS {
        schema.add_text_field(text, TextOptions::default().set_indexing_options(stems.clone()));
    }
    let words = TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(IndexRecordOption::Basic);
    for dictionary in ["labels", "prose"] {
        let words = words.clone().set_fieldnorms(false);
        schema.add_text_field(dictionary, TextOptions::default().set_indexing_options(words));
    }
    schema.add_text_field("title", TextOptions::default().set_stored());
    schema.add_text_field("shown", TextOptions::default().set_stored());
    schema.build()
}

impl Fields {
    /// Returns the fields of a schema. Fails if the schema is not the one of this program.
    pub(crate) fn of(found: &Schema) -> tantivy::Result<Self> {
        if *found != schema() {
            return Err(tantivy::TantivyError::SchemaError("another version of souk wrote this index".to_owned()));
        }
        let field = |name| found.get_field(name);
        let mut texts = [(field("name")?, 0.0); 6];
        for (text, (name, weight)) in texts.iter_mut().zip(TEXTS) {
            *text = (field(name)?, weight);
        }
        Ok(Self {
            id: field("id")?,
            id_high: field("id_high")?,
            id_low: field("id_low")?,
            price: field("price")?,
            rating: field("rating")?,
            stock: field("stock")?,
            facets: field("facets")?,
            texts,
            labels: field("labels")?,
            prose: field("prose")?,
            name: field("title")?,
            product_json: field("shown")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_of_another_schema_is_refused() {
        assert!(Fields::of(&schema()).is_ok());
        assert!(Fields::of(&Schema::builder().build()).is_err());
    }
}
