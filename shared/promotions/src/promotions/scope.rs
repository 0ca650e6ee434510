//! Which lines a promotion is about, as admins write it.

use std::collections::BTreeSet;

use pricing::{Scope, Selector};
use serde::{Deserialize, Serialize};
use values::{Error, ProductId, Result, Sku, Text, comparison_key};

/// Everything, or the lines that at least one of the names fits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionScope"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScopeContent {
    /// All goods. Then nothing else is named.
    #[serde(default, rename = "everything", skip_serializing_if = "std::ops::Not::not")]
    pub is_everything: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<Sku>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<values::schema::ProductId>"))]
    pub products: Vec<ProductId>,
    /// The keys of categories. Those below them are in scope, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Text<64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Text<50>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brands: Vec<Text<100>>,
}

/// What the scopes of a promotion name. Categories, tags and brands are in the form of [`scope_key`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeNames {
    pub skus: BTreeSet<Sku>,
    pub products: BTreeSet<ProductId>,
    pub categories: BTreeSet<String>,
    pub tags: BTreeSet<String>,
    pub brands: BTreeSet<String>,
}

/// The form in which names of categories, tags and brands are compared. The lines of a price have them in this form.
pub fn scope_key(name: &str) -> String {
    comparison_key(name)
}

impl ScopeContent {
    /// All goods.
    pub fn everything() -> Self {
        Self { is_everything: true, ..Self::default() }
    }

    /// The number of names.
    pub(crate) fn name_count(&self) -> usize {
        self.skus.len() + self.products.len() + self.categories.len() + self.tags.len() + self.brands.len()
    }

    /// The scope as a value. Without any name it is empty, which `pricing` refuses. `field` is its place in the request.
    pub(crate) fn read(&self, field: &str) -> Result<Scope> {
        match (self.is_everything, self.name_count()) {
            (false, _) => Ok(Scope::AnyOf(self.selectors())),
            (true, 0) => Ok(Scope::Everything),
            (true, _) => {
                let message = "names something beside everything; leave out one of the two";
                Err(Error::invalid(field, "scope_ambiguous", message))
            }
        }
    }

    fn selectors(&self) -> Vec<Selector> {
        let mut selectors: Vec<Selector> = self.skus.iter().cloned().map(Selector::Sku).collect();
        selectors.extend(self.products.iter().copied().map(Selector::Product));
        selectors.extend(self.categories.iter().map(|name| Selector::Category(scope_key(name.as_str()))));
        selectors.extend(self.tags.iter().map(|name| Selector::Tag(scope_key(name.as_str()))));
        selectors.extend(self.brands.iter().map(|name| Selector::Brand(scope_key(name.as_str()))));
        selectors
    }
}

impl ScopeNames {
    /// Adds the names of a scope.
    pub(crate) fn add(&mut self, scope: &ScopeContent) {
        self.skus.extend(scope.skus.iter().cloned());
        self.products.extend(scope.products.iter().copied());
        self.categories.extend(scope.categories.iter().map(|name| scope_key(name.as_str())));
        self.tags.extend(scope.tags.iter().map(|name| scope_key(name.as_str())));
        self.brands.extend(scope.brands.iter().map(|name| scope_key(name.as_str())));
    }

    /// Fails with 422 `scope_unknown` for the first name that is not in `known`, which has what the catalog has of these names.
    pub fn check(&self, known: &Self) -> Result<()> {
        let missing = first_missing(&self.skus, &known.skus, "SKU")
            .or_else(|| first_missing(&self.products, &known.products, "product"))
            .or_else(|| first_missing(&self.categories, &known.categories, "category"))
            .or_else(|| first_missing(&self.tags, &known.tags, "tag"))
            .or_else(|| first_missing(&self.brands, &known.brands, "brand"));
        match missing {
            None => Ok(()),
            Some(missing) => {
                let message = format!("names {missing}, which the catalog does not have");
                Err(Error::invalid("scope", "scope_unknown", message))
            }
        }
    }
}

fn first_missing<T: Ord + std::fmt::Display>(named: &BTreeSet<T>, known: &BTreeSet<T>, kind: &str) -> Option<String> {
    named.difference(known).next().map(|name| format!("the {kind} {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::read_json_value;

    fn scope(body: serde_json::Value) -> ScopeContent {
        read_json_value(body).unwrap()
    }

    fn code(body: serde_json::Value) -> Option<&'static str> {
        scope(body).read("scope").err().map(|error| error.fields[0].code)
    }

    #[test]
    fn scope_is_everything_or_some_names() {
        assert_eq!(ScopeContent::everything().read("scope").unwrap(), Scope::Everything);
        assert_eq!(code(json!({ "everything": true, "tags": ["tea"] })), Some("scope_ambiguous"));
        assert_eq!(scope(json!({})).read("scope").unwrap(), Scope::AnyOf(Vec::new()), "pricing refuses it");
        let names = scope(json!({ "skus": ["MUG"], "categories": ["Tea "], "tags": ["ＴＥＡ"], "brands": ["Kiln"] }));
        let text = |text: &str| text.to_owned();
        let expected = [
            Selector::Sku("MUG".parse().unwrap()),
            Selector::Category(text("tea")),
            Selector::Tag(text("tea")),
            Selector::Brand(text("kiln")),
        ];
        assert_eq!(names.read("scope").unwrap(), Scope::AnyOf(expected.to_vec()));
        assert_eq!((names.name_count(), scope(serde_json::to_value(&names).unwrap())), (4, names));
    }

    #[test]
    fn name_that_the_catalog_does_not_have_is_refused() {
        let mut names = ScopeNames::default();
        names.add(&scope(json!({ "skus": ["MUG", "TEA"], "tags": ["Gift"] })));
        let mut known = names.clone();
        assert!(names.check(&known).is_ok());
        known.tags.clear();
        let error = names.check(&known).unwrap_err();
        assert_eq!(error.fields[0].code, "scope_unknown");
        assert!(error.detail.contains("the tag gift"), "{}", error.detail);
        known.skus.clear();
        assert!(names.check(&known).unwrap_err().detail.contains("the SKU MUG"));
    }
}
