//! The fields of the index: what is matched and weighed, what is filtered and counted, what is stored.

use tantivy::schema::{BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};

use crate::words::{STEMS, WORDS};

/// Between the parts of a facet's text. No name and no value has a control character in it.
pub(crate) const BETWEEN: char = '\u{1f}';

/// Fields by what they are for. The order in which they are made is the schema's, and the index on S3 has it: a change here
/// needs a rebuilt index, so [`Fields::of`] refuses any other.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// The product's id, 16 bytes: what is deleted by.
    pub(crate) id: Field,
    /// The id's first and last 8 bytes: ids sort by time, so these sort by age and break every tie.
    pub(crate) id_high: Field,
    pub(crate) id_low: Field,
    /// Minor units.
    pub(crate) price: Field,
    /// See [`crate::document::Rated::key`].
    pub(crate) rating: Field,
    /// 1 when something of it can be sold.
    pub(crate) stock: Field,
    /// Category, tags, brand and attributes as they are written, each after the letter of its kind: to filter and to count.
    pub(crate) facets: Field,
    /// Stems, by where they stand, with what a hit there weighs.
    pub(crate) texts: [(Field, f32); 6],
    /// The words that are shown when a word is begun: of everything but the description.
    pub(crate) labels: Field,
    /// The words of the description.
    pub(crate) prose: Field,
    /// The name as it is written, to suggest.
    pub(crate) name: Field,
    /// The product as JSON, as it was when it was indexed.
    pub(crate) shown: Field,
}

/// The texts of a document, in the order of [`Fields::texts`].
pub(crate) const TEXTS: [(&str, f32); 6] =
    [("name", 3.0), ("brand", 2.0), ("tags", 2.0), ("category", 1.5), ("attributes", 1.0), ("description", 0.5)];

/// The schema of every index of ours.
pub(crate) fn schema() -> Schema {
    let mut schema = Schema::builder();
    schema.add_bytes_field("id", BytesOptions::default().set_indexed());
    for number in ["id_high", "id_low", "price", "rating", "stock"] {
        schema.add_u64_field(number, NumericOptions::default().set_fast());
    }
    let exactly = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(IndexRecordOption::Basic);
    let exactly = exactly.set_fieldnorms(false);
    schema.add_text_field("facets", TextOptions::default().set_indexing_options(exactly).set_fast("raw"));
    // No positions: there are no phrases to look for, and they would be half of the index.
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
    /// The fields of a schema, if it is the one that this program writes.
    pub(crate) fn of(found: &Schema) -> tantivy::Result<Self> {
        if *found != schema() {
            return Err(tantivy::TantivyError::SchemaError("the index was written by another version".to_owned()));
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
            shown: field("shown")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_another_schema_is_refused() {
        assert!(Fields::of(&schema()).is_ok());
        assert!(Fields::of(&Schema::builder().build()).is_err());
    }
}
