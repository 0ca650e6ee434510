//! Parts of a product in responses: a variant, the stock, the rating.

use std::collections::BTreeMap;

use serde::Serialize;
use values::Sku;

#[cfg(feature = "openapi")]
use crate::reviews::review::MAX_STARS;
use crate::{OfferTerms, OptionValue, Rating};

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
    pub(crate) terms: OfferTerms,
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
