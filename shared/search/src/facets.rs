//! Facets: how search results are distributed over categories, brands, tags, attributes, prices and ratings.

use serde::Serialize;

/// The maximum number of values per facet, and of attributes.
pub(crate) const MAX_VALUES: usize = 20;

/// A value, and how many products the search finds with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FacetCount {
    /// The value as a product has it, and as the filter accepts it. Values that differ only in letter case or Unicode form are
    /// one value.
    pub value: String,
    /// The number of products that the search finds if this value is added to the filters.
    pub count: u32,
}

/// The values of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AttributeFacet {
    /// The name of the attribute.
    pub name: String,
    /// The values, the most frequent first.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub values: Vec<FacetCount>,
}

/// A price band. The filters `minPrice` and `maxPrice` accept its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceBand {
    /// The lower bound in minor units, inclusive.
    pub min_price: u64,
    /// The upper bound in minor units, inclusive. The last band has none.
    pub max_price: Option<u64>,
    pub count: u32,
}

/// The number of products with at least this average rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RatingCount {
    /// 4, 3, 2 or 1 stars.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 4)))]
    pub min_rating: u8,
    pub count: u32,
}

/// Counts over all found products. At most twenty values for each facet, the most frequent first. The count of a value is the
/// number of products that the search finds if this value is added to the filters. If a product has variants, one of them must
/// match all filters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Facets {
    /// Categories with their subcategories, up to the category of the filter.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub category: Vec<FacetCount>,
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub tag: Vec<FacetCount>,
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub brand: Vec<FacetCount>,
    /// Price bands within the price filter, for `minPrice` and `maxPrice`. The last band may have no upper bound. A product
    /// with variants counts in the band of each variant.
    pub price: Vec<PriceBand>,
    /// Products with this average rating or a better one, from the rating of the filter on.
    pub rating: Vec<RatingCount>,
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_VALUES)))]
    pub attributes: Vec<AttributeFacet>,
}
