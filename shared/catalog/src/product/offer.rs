//! An offer: price, stock and status of one SKU. The row is small: a sale rewrites 200 bytes, and one condition covers
//! stock, price and status.

use aws_kit::ConditionFailure;
use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Result, Sku};

use crate::{OfferTerms, Status, TaxClass};

/// The offer of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub sku: Sku,
    pub product_id: ProductId,
    /// The name in carts and orders.
    pub name: String,
    /// The pieces that can be sold now. Pieces in orders are already subtracted.
    pub available: u32,
    /// The price of one piece.
    pub price: Money,
    /// Goes up with each change of the price. An order is placed at the price that its customer saw, or not at all.
    pub price_version: u64,
    pub status: Status,
    pub tax_class: TaxClass,
    /// Goes up with each change of the stock: a sale, a release, an adjustment.
    pub stock_version: u64,
    /// The price before, or elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
    /// Grams of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// The version of the product. Only the offer of the product's own SKU has it: a reader of offers can then tell
    /// whether its cached product is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u64>,
    /// The import line that last set the stock. When that line is read again after a crash, it must not undo the sales
    /// since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<String>,
}

impl Offer {
    /// Can it be put into a cart?
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Rejects the SKU of a product that is sold by its variants only. `field` names the SKU in the request.
    pub fn check_single(&self, field: &str) -> Result<()> {
        match self.status {
            Status::Grouped => Err(variant_required(field)),
            Status::Active | Status::Archived => Ok(()),
        }
    }

    /// Price, compare-at price and weight.
    pub fn terms(&self) -> OfferTerms {
        OfferTerms { price: self.price, compare_at_price: self.compare_at_price, weight: self.weight }
    }

    /// Why `quantity` pieces cannot be sold at the price of `price_version`; `None` if they can. An unavailable offer
    /// is reported first, then a changed price, then insufficient stock.
    pub fn check_sale(&self, quantity: u32, price_version: u64) -> Option<SaleRefusal> {
        if !self.is_active() {
            return Some(SaleRefusal::Unavailable);
        }
        if self.price_version != price_version {
            return Some(SaleRefusal::PriceChanged { now: self.price, price_version: self.price_version });
        }
        (self.available < quantity).then_some(SaleRefusal::InsufficientStock { available: self.available })
    }
}

/// Why a SKU cannot be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleRefusal {
    /// It is archived, or never existed.
    Unavailable,
    /// Fewer pieces are left.
    InsufficientStock { available: u32 },
    /// The customer saw another price.
    PriceChanged {
        /// The price of one piece.
        now: Money,
        price_version: u64,
    },
}

/// The error for a product's SKU where the SKU of a variant is needed.
pub fn variant_required(field: &str) -> Error {
    let message = "is sold by its variants; send the SKU of a variant";
    Error { code: "variant_required", ..Error::invalid(field, "variant_required", message) }
}

/// Reads from the failed condition of [`crate::Catalog::reserve_stock`] why the sale was refused. `quantity` and
/// `price_version` are those of that write.
pub fn read_sale_refusal(failure: &ConditionFailure, quantity: u32, price_version: u64) -> Result<SaleRefusal> {
    match failure.row::<Offer>()? {
        None => Ok(SaleRefusal::Unavailable),
        Some(offer) => offer.check_sale(quantity, price_version).ok_or_else(|| {
            Error::internal(format!("the sale of {} failed its condition, but its offer allows it", offer.sku))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        Offer {
            sku: "MUG".parse().unwrap(),
            product_id: values::Clock::System.mint(),
            name: "Mug".into(),
            available: 3,
            price: Money::new(900, "EUR".parse().unwrap()),
            price_version: 2,
            status: Status::Active,
            tax_class: TaxClass::default(),
            stock_version: 1,
            compare_at_price: None,
            weight: None,
            product_version: Some(1),
            counted_by: None,
        }
    }

    #[test]
    fn offer_sells_its_stock_at_its_price() {
        assert_eq!(offer().check_sale(3, 2), None);
        assert_eq!(offer().check_sale(4, 2), Some(SaleRefusal::InsufficientStock { available: 3 }));
        assert_eq!(offer().check_sale(1, 1), Some(SaleRefusal::PriceChanged { now: offer().price, price_version: 2 }));
    }

    #[test]
    fn status_is_reported_before_price_and_price_before_stock() {
        let archived = Offer { status: Status::Archived, ..offer() };
        assert_eq!(archived.check_sale(9, 1), Some(SaleRefusal::Unavailable));
        let grouped = Offer { status: Status::Grouped, ..offer() };
        assert_eq!(
            grouped.check_sale(1, 2),
            Some(SaleRefusal::Unavailable),
            "a product with variants is not sold itself"
        );
        assert_eq!(grouped.check_single("sku").unwrap_err().code, "variant_required");
        assert!(offer().check_single("sku").is_ok() && archived.check_single("sku").is_ok());
        assert!(matches!(offer().check_sale(9, 1), Some(SaleRefusal::PriceChanged { .. })));
    }

    #[test]
    fn row_of_an_offer_is_small() {
        let row = serde_json::to_string(&offer()).unwrap();
        assert!(row.len() < 300, "{} bytes: {row}", row.len());
    }
}
