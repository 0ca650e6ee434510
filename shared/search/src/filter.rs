//! Filters by exact values: category, tag, brand and attributes.

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, Query as TantivyQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::IndexRecordOption;

use crate::document_facets::FacetKind;
use crate::facet_table::FacetTable;
use crate::query::Query;
use crate::schema::Fields;

/// Restricts `words`, or all products, to the categories, tags, brand and attributes of the query. A product with variants
/// may have its attributes in different variants; the collector excludes it then.
pub(crate) fn filter_by(
    query: &Query,
    fields: &Fields,
    table: &FacetTable,
    words: Option<Box<dyn TantivyQuery>>,
) -> Box<dyn TantivyQuery> {
    let spellings = |kind: FacetKind, value: &String| {
        table.spellings(kind, value).iter().map(|spelling| Term::from_field_text(fields.facets, spelling)).collect()
    };
    let mut filters: Vec<Vec<Term>> = Vec::new();
    if !query.categories.is_empty() {
        let categories = query.categories.iter();
        filters
            .push(categories.flat_map(|category| -> Vec<Term> { spellings(FacetKind::Category, category) }).collect());
    }
    filters.extend(query.tags.iter().map(|tag| spellings(FacetKind::Tag, tag)));
    filters.extend(query.brand.iter().map(|brand| spellings(FacetKind::Brand, brand)));
    filters.extend(query.attributes.iter().map(|attribute| spellings(FacetKind::Attribute, attribute)));
    if filters.is_empty() {
        return words.unwrap_or_else(|| Box::new(AllQuery));
    }
    // A filter does not change the score of a document.
    let silent =
        filters.into_iter().map(|terms| Box::new(ConstScoreQuery::new(any_of(terms), 0.0)) as Box<dyn TantivyQuery>);
    Box::new(BooleanQuery::intersection(words.into_iter().chain(silent).collect()))
}

fn any_of(mut terms: Vec<Term>) -> Box<dyn TantivyQuery> {
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => Box::new(TermQuery::new(terms.remove(0), IndexRecordOption::Basic)),
        _ => Box::new(TermSetQuery::new(terms)),
    }
}
