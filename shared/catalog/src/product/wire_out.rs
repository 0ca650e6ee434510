//! Parts of a product in responses: prices, a variant, the stock, the rating.

use std::collections::BTreeMap;

use serde::Serialize;
use values::{Money, Sku};

#[cfg(feature = "openapi")]
use crate::product::{list_price::MAX_LIST_PRICES, terms::MAX_WEIGHT_GRAMS};
#[cfg(feature = "openapi")]
use crate::reviews::review::MAX_STARS;
use crate::{ListPrice, OfferTerms, OptionValue, PriceList, Rating};

/// Prices, weight and most pieces of an order of one SKU.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TermsOut {
    /// The price of one piece. For a product with variants, the lowest price. Null only with `market`, if it is not for sale there.
    pub(crate) price: Option<Money>,
    /// The prices of price lists. Admins see all of them. Customers see those that they can have: of the list of their market and of the
    /// list `default`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_LIST_PRICES)))]
    pub(crate) prices: Vec<ListPrice>,
    /// The earlier price, or the price elsewhere. It is higher than `price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compare_at_price: Option<Money>,
    /// The weight of one piece in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_WEIGHT_GRAMS)))]
    pub(crate) weight: Option<u32>,
    /// The most pieces that one order may have. Without it, a guest's order may have 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = values::Quantity::MAX)))]
    pub(crate) max_per_order: Option<u32>,
}

impl TermsOut {
    /// The terms with the `price` that is shown. With a list, only the prices that its buyers can have. A compare-at price is shown beside the
    /// price that it belongs to.
    pub(crate) fn new(terms: OfferTerms, price: Option<Money>, list: Option<&PriceList>) -> Self {
        let OfferTerms { price: own, prices, compare_at_price, weight, max_per_order } = terms;
        let is_shown = |one: &ListPrice| list.is_none_or(|list| list.includes(one));
        Self {
            price,
            prices: prices.into_iter().filter(is_shown).collect(),
            compare_at_price: compare_at_price.filter(|_| price == Some(own)),
            weight,
            max_per_order,
        }
    }
}

/// A variant as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Variant", transform = crate::schema::describe_price_of_variant))]
pub(crate) struct VariantOut {
    /// The SKU to put into a cart.
    pub(crate) sku: Sku,
    /// The name in carts and orders.
    #[cfg_attr(feature = "openapi", schemars(example = "T-Shirt (M, red)"))]
    pub(crate) name: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::schema::OptionValues"))]
    pub(crate) options: BTreeMap<String, OptionValue>,
    #[serde(flatten)]
    pub(crate) terms: TermsOut,
    pub(crate) stock: StockOut,
}

/// The stock of a product or of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Stock"))]
pub(crate) struct StockOut {
    /// The number of pieces that can be sold now. Customers see a number up to a limit of the shop.
    pub(crate) available: u32,
}

/// A SKU with its stock in buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "FlashSale"))]
pub(crate) struct FlashOut {
    pub(crate) sku: Sku,
    /// The number of its buckets.
    pub(crate) buckets: u16,
}

/// The rating of a product.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Rating"))]
pub(crate) struct RatingOut {
    /// The average in stars, with two decimals. Null without reviews.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_STARS)))]
    average: Option<f64>,
    /// The number of visible reviews.
    count: u32,
}

impl From<Rating> for RatingOut {
    fn from(rating: Rating) -> Self {
        Self { average: rating.average(), count: rating.count }
    }
}
