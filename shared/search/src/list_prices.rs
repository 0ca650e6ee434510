//! The prices of price lists of a document: those of one piece, by which a search in a market filters, counts and sorts. The prices that are
//! shown come from the catalog's table.

use catalog::{Offer, PriceList};

use crate::schema::SEPARATOR;

/// The low bits of a packed price. They have the position of its variant.
const VARIANT_BITS: u32 = 6;

/// The price of one piece in a price list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPrice {
    /// The position of its variant; 0 for a product with one SKU.
    pub variant: usize,
    pub list: PriceList,
    /// In minor units.
    pub price: u64,
}

impl DocumentPrice {
    /// The prices of offers: the one of a product, or those of its variants in their order.
    pub(crate) fn of_offers<'o>(offers: impl Iterator<Item = &'o Offer>) -> Vec<Self> {
        let of_offer = |(variant, offer): (usize, &'o Offer)| {
            let prices = offer.prices.iter().filter(|one| one.min_quantity == 1);
            prices.map(move |one| Self {
                variant,
                list: PriceList { list: one.list.clone(), currency: one.price.currency },
                price: u64::try_from(one.price.amount).unwrap_or(0),
            })
        };
        offers.enumerate().flat_map(of_offer).collect()
    }

    /// Price and variant in one number.
    pub(crate) fn packed(&self) -> u64 {
        self.price << VARIANT_BITS | self.variant as u64
    }
}

/// The variant and the price in a number.
pub(crate) fn unpacked(number: u64) -> (usize, u64) {
    ((number & ((1 << VARIANT_BITS) - 1)) as usize, number >> VARIANT_BITS)
}

/// The text in the index for a price list.
pub(crate) fn list_text(list: &PriceList) -> String {
    format!("{}{SEPARATOR}{}", list.list.as_str(), list.currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn document_has_the_prices_of_one_piece() {
        let offer = json!({
            "sku": "MUG", "productId": "prd_01h455vb4pex5vsknk084sn02q", "name": "Mug", "available": 1,
            "price": { "amount": 1_290, "currency": "EUR" }, "priceVersion": 1, "status": "active", "taxClass": "standard",
            "stockVersion": 1, "prices": [["uk", "GBP", 1, 999], ["uk", "GBP", 10, 899]],
        });
        let offer: Offer = serde_json::from_value(offer).unwrap();
        let prices = DocumentPrice::of_offers([&offer, &offer].into_iter());
        let found: Vec<_> = prices.iter().map(|one| (one.variant, list_text(&one.list), one.price)).collect();
        assert_eq!(found, [0, 1].map(|variant| (variant, "uk\u{1f}GBP".to_owned(), 999)));
    }

    #[test]
    fn price_survives_its_packing() {
        let list = PriceList { list: Default::default(), currency: "GBP".parse().unwrap() };
        for (variant, price) in [(0, 0), (63, 100_000_000), (7, 1)] {
            let packed = DocumentPrice { variant, list: list.clone(), price }.packed();
            assert_eq!(unpacked(packed), (variant, price));
        }
    }
}
