//! An offer: what one SKU costs, how many there are, and whether it is sold at all. One small row, so that a sale
//! rewrites 200 bytes and one condition covers stock, price and status at once.

use aws_kit::ConditionFailure;
use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Result, Sku};

use crate::{OfferTerms, Status, TaxClass};

/// What is sold under one SKU, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Names it.
    pub sku: Sku,
    /// The product that it is of.
    pub product_id: ProductId,
    /// As carts and orders call it.
    pub name: String,
    /// Pieces that can be sold now; what orders hold is taken off already.
    pub available: u32,
    /// Of one piece.
    pub price: Money,
    /// One more with every change of the price: an order is placed at the price its customer saw, or not at all.
    pub price_version: u64,
    /// Is it sold?
    pub status: Status,
    /// How it is taxed.
    pub tax_class: TaxClass,
    /// One more with every change of the stock: a sale, pieces given back, a count.
    pub stock_version: u64,
    /// What it cost before, or costs elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
    /// Grams of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Of the product, in the offer of the product's own SKU alone: who has read the offers knows whether the product that they
    /// remember is of today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u64>,
    /// The line of an import that counted it last: read again after a crash, that line must not bring back what was sold since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<String>,
}

impl Offer {
    /// Can it be put into a cart?
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Refuses the SKU of a product that is sold by its variants alone. `field` is where the request names it.
    pub fn check_single(&self, field: &str) -> Result<()> {
        match self.status {
            Status::Grouped => Err(variant_required(field)),
            Status::Active | Status::Archived => Ok(()),
        }
    }

    /// At what it is sold.
    pub fn terms(&self) -> OfferTerms {
        OfferTerms { price: self.price, compare_at_price: self.compare_at_price, weight: self.weight }
    }

    /// Why this offer cannot be sold so; none when it can. Gone comes first, for neither price nor stock of it matter; the
    /// price next, for a customer who does not want it at the new one does not care how many there are.
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

/// Why a SKU could not be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleRefusal {
    /// Archived, or never there.
    Unavailable,
    /// Fewer are left.
    InsufficientStock {
        /// So many.
        available: u32,
    },
    /// It is not at the price the customer saw.
    PriceChanged {
        /// The price of one piece.
        now: Money,
        /// And its version.
        price_version: u64,
    },
}

/// A product was named where one of its variants is needed.
pub fn variant_required(field: &str) -> Error {
    let message = "is sold in variants: choose a variant, and name its SKU";
    Error { code: "variant_required", ..Error::invalid(field, "variant_required", message) }
}

/// Reads from a refused [`crate::Catalog::reserve_stock`] of the same `quantity` and `price_version` why it was refused.
pub fn read_sale_refusal(failure: &ConditionFailure, quantity: u32, price_version: u64) -> Result<SaleRefusal> {
    match failure.row::<Offer>()? {
        None => Ok(SaleRefusal::Unavailable),
        Some(offer) => offer
            .check_sale(quantity, price_version)
            .ok_or_else(|| Error::internal(format!("the sale of {} was refused without a reason", offer.sku))),
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
    fn an_offer_sells_what_it_has_at_its_price() {
        assert_eq!(offer().check_sale(3, 2), None);
        assert_eq!(offer().check_sale(4, 2), Some(SaleRefusal::InsufficientStock { available: 3 }));
        assert_eq!(offer().check_sale(1, 1), Some(SaleRefusal::PriceChanged { now: offer().price, price_version: 2 }));
    }

    #[test]
    fn gone_is_told_before_price_and_price_before_stock() {
        let archived = Offer { status: Status::Archived, ..offer() };
        assert_eq!(archived.check_sale(9, 1), Some(SaleRefusal::Unavailable));
        let grouped = Offer { status: Status::Grouped, ..offer() };
        assert_eq!(
            grouped.check_sale(1, 2),
            Some(SaleRefusal::Unavailable),
            "what stands for its variants is not sold"
        );
        assert_eq!(grouped.check_single("sku").unwrap_err().code, "variant_required");
        assert!(offer().check_single("sku").is_ok() && archived.check_single("sku").is_ok());
        assert!(matches!(offer().check_sale(9, 1), Some(SaleRefusal::PriceChanged { .. })));
    }

    #[test]
    fn the_row_of_an_offer_stays_small() {
        let row = serde_json::to_string(&offer()).unwrap();
        assert!(row.len() < 300, "{} bytes: {row}", row.len());
    }
}
