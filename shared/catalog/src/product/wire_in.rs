//! Parts of a product in requests: a variant, and its stock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::{Error, Money, Result, Sku};

#[cfg(feature = "openapi")]
use crate::MAX_PIECES;
use crate::product::terms::read_list_prices;
#[cfg(feature = "openapi")]
use crate::product::{list_price::MAX_LIST_PRICES, terms::MAX_WEIGHT_GRAMS};
use crate::{ListPrice, OfferTerms, OptionValue, StockLevels, Variant};

/// A variant to create or to change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewVariant"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VariantIn {
    /// A SKU that no other product has or had, in upper or lower case.
    pub sku: Sku,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::schema::OptionValues"))]
    pub options: BTreeMap<String, OptionValue>,
    /// The price of one piece. The default is the price of the product. In a patch it is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Price>"))]
    pub price: Option<Money>,
    /// The prices of price lists, at most one for each list, currency and quantity. The default is those of the product, if the variant has
    /// no price of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_LIST_PRICES)))]
    pub prices: Option<Vec<ListPrice>>,
    /// The earlier price, or the price elsewhere. It is higher than `price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Price>"))]
    pub compare_at_price: Option<Money>,
    /// The weight of one piece in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_WEIGHT_GRAMS)))]
    pub weight: Option<u32>,
    /// The most pieces that one order may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = values::Quantity::MAX)))]
    pub max_per_order: Option<u32>,
    /// The initial stock of a new variant. The stock of an existing variant does not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockIn>,
}

/// The stock of a new SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "StockInput"))]
#[serde(deny_unknown_fields)]
pub struct StockIn {
    /// The number of pieces that can be sold.
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_PIECES)))]
    pub available: u32,
}

/// Variants with their terms, and the pieces that the request states.
pub(crate) fn read_variants(
    requested: impl Iterator<Item = VariantIn>,
) -> Result<(Vec<(Variant, OfferTerms)>, StockLevels)> {
    let (mut variants, mut pieces) = (Vec::new(), StockLevels::new());
    for (at, variant) in requested.enumerate() {
        let VariantIn { sku, options, price, prices, compare_at_price, weight, max_per_order, stock } = variant;
        let price = price.ok_or_else(|| Error::invalid(&format!("variants[{at}].price"), "required", "is missing"))?;
        let prices = read_list_prices(&format!("variants[{at}]."), prices.unwrap_or_default(), price)?;
        pieces.extend(stock.map(|stock| (sku.clone(), stock.available)));
        variants
            .push((Variant { sku, options }, OfferTerms { price, prices, compare_at_price, weight, max_per_order }));
    }
    Ok((variants, pieces))
}
