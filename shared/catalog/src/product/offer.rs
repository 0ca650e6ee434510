//! An offer: price, stock and status of one SKU. The row is small: a sale rewrites 200 bytes, and one condition covers
//! stock, price and status. An offer can have its stock in buckets (`flash`).

use aws_kit::fault::mutant;
use serde::{Deserialize, Serialize};
use values::{Error, Kind, Money, ProductId, Quantity, Result, Sku};

use crate::{FlashSale, OfferTerms, Status, TaxClass};

/// The offer of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub sku: Sku,
    pub product_id: ProductId,
    /// The name in carts and orders.
    #[serde(deserialize_with = "values::read_in_nfc")]
    pub name: String,
    /// The pieces that can be sold now and are in no bucket. Pieces in orders are already subtracted.
    pub available: u32,
    /// The price of one piece.
    pub price: Money,
    /// Goes up with each change of the price. An order is placed at the price that its customer saw, or not at all.
    pub price_version: u64,
    pub status: Status,
    pub tax_class: TaxClass,
    /// Goes up with each change of `available`: a sale, a release, an adjustment, a rebalance.
    pub stock_version: u64,
    /// The price before, or elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
    /// Grams of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// The most pieces that one order may have. Without it, a guest's order may have [`GUEST_MAX_PER_ORDER`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<u32>,
    /// The version of the product. Only the offer of the product's own SKU has it: a reader of offers can then tell
    /// whether its cached product is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u64>,
    /// The import line that last set the stock. When that line is read again after a crash, it must not undo the sales
    /// since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<String>,
    /// The buckets with the other pieces, while the offer has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flash: Option<FlashSale>,
    /// How often pieces were moved between `available` and buckets. It counts on when the offer has no buckets any more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rebalances: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Offer {
    /// The most pieces that are free: never fewer than can be sold at the moment of the read. May refuse a sale.
    /// A bucket never has more than the bound of its group.
    pub fn at_most(&self) -> u32 {
        self.available + self.flash.as_ref().map_or(0, FlashSale::bound)
    }

    /// The pieces to show, as they were counted. They refuse no sale: pieces that moved between two reads may be missing.
    pub fn pieces(&self) -> u32 {
        let counted = self.flash.as_ref().and_then(|flash| flash.counted);
        counted.map_or(self.at_most(), |counted| self.available + counted.pieces)
    }

    /// The number of its buckets.
    pub fn buckets(&self) -> Option<u16> {
        self.flash.as_ref().map(|flash| flash.buckets)
    }

    /// The numbers of its buckets.
    pub(crate) fn all_buckets(&self) -> std::ops::Range<u16> {
        0..self.buckets().unwrap_or(0)
    }

    /// How often the price or the pieces of a row changed, as far as the buckets are counted. A rebalance counts, too: a reader may have
    /// seen its pieces in none of the rows, or twice.
    pub(crate) fn changes(&self) -> u64 {
        let counted = self.flash.as_ref().and_then(|flash| flash.counted);
        self.price_version + self.stock_version + counted.map_or(0, |counted| counted.sales)
    }

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

    /// Price, compare-at price, weight and most pieces of an order.
    pub fn terms(&self) -> OfferTerms {
        let Self { price, compare_at_price, weight, max_per_order, .. } = *self;
        OfferTerms { price, compare_at_price, weight, max_per_order }
    }

    /// Does a sale depend on the same values as in `other`, apart from the stock? Buckets have a copy of them.
    pub(crate) fn sells_as(&self, other: &Self) -> bool {
        let terms = |offer: &Self| (offer.price, offer.price_version, offer.status, offer.max_per_order);
        terms(self) == terms(other)
    }

    /// The most pieces that an order of this buyer may have.
    pub fn max_per_order(&self, buyer: BuyerKind) -> u32 {
        self.max_per_order.unwrap_or(buyer.default_max_per_order())
    }

    /// Refuses more pieces than an order of this buyer may have; 422 `max_per_order`. `field` names the quantity in the request.
    pub fn check_quantity(&self, field: &str, quantity: u32, buyer: BuyerKind) -> Result<()> {
        let max = self.max_per_order(buyer);
        if quantity <= max { Ok(()) } else { Err(too_many_per_order(field, &self.sku, max)) }
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
        let available = self.at_most();
        let is_short = available < quantity || (mutant("last_piece_refused") && available == quantity);
        is_short.then_some(SaleRefusal::InsufficientStock { available })
    }
}

/// Who buys. A guest has fewer pieces, because nothing is known about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuyerKind {
    Account,
    Guest,
}

/// The pieces of one SKU in a guest's order, where the offer does not say.
pub(crate) const GUEST_MAX_PER_ORDER: u32 = 20;

impl BuyerKind {
    /// The most pieces in an order where the offer does not say.
    pub(crate) fn default_max_per_order(self) -> u32 {
        match self {
            Self::Account => Quantity::MAX,
            Self::Guest => GUEST_MAX_PER_ORDER,
        }
    }
}

/// The 422 for more pieces than one order may have.
pub(crate) fn too_many_per_order(field: &str, sku: &Sku, max: u32) -> Error {
    let message = format!("an order may have {max} pieces of {sku} at most");
    let facts = [("sku".to_owned(), sku.as_str().into()), ("maxPerOrder".to_owned(), max.into())];
    Error::new(Kind::Invalid, "max_per_order", format!("An order may have {max} pieces of {sku} at most.")).with_facts(
        field,
        "max_per_order",
        message,
        facts.into_iter().collect(),
    )
}

/// Why a SKU cannot be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleRefusal {
    /// It is archived, or never existed.
    Unavailable,
    /// One order may have fewer pieces.
    TooManyPerOrder { max: u32 },
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
            max_per_order: None,
            product_version: Some(1),
            counted_by: None,
            flash: None,
            rebalances: 0,
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
    fn order_of_a_guest_has_20_pieces_unless_the_offer_says() {
        let limited = Offer { max_per_order: Some(30), ..offer() };
        let max = |offer: &Offer| [BuyerKind::Guest, BuyerKind::Account].map(|buyer| offer.max_per_order(buyer));
        assert_eq!((max(&offer()), max(&limited)), ([20, Quantity::MAX], [30, 30]));
        assert!(limited.check_quantity("quantity", 30, BuyerKind::Account).is_ok());
        let error = limited.check_quantity("quantity", 31, BuyerKind::Account).unwrap_err();
        assert_eq!((error.code, &error.fields[0].facts["maxPerOrder"]), ("max_per_order", &30.into()));
    }

    #[test]
    fn name_of_an_earlier_release_is_read_in_nfc() {
        let row = serde_json::to_value(Offer { name: "Cafe\u{301}".into(), ..offer() }).unwrap();
        assert_eq!(serde_json::from_value::<Offer>(row).unwrap().name, "Caf\u{e9}");
    }

    #[test]
    fn bucketed_offer_has_at_most_its_tail_and_its_bounds() {
        let flash = FlashSale { bounds: vec![5, 2], ..FlashSale::new(64, 1) };
        let bucketed = Offer { flash: Some(flash), stock_version: 9, rebalances: 3, ..offer() };
        assert_eq!((bucketed.at_most(), bucketed.pieces(), bucketed.buckets()), (10, 10, Some(64)));
        assert_eq!(bucketed.check_sale(10, 2), None);
        assert_eq!(bucketed.check_sale(11, 2), Some(SaleRefusal::InsufficientStock { available: 10 }));
        let mut counted = bucketed.clone();
        if let Some(flash) = &mut counted.flash {
            flash.counted = Some(crate::flash::buckets::BucketCount { pieces: 4, sales: 20 });
        }
        assert_eq!((counted.at_most(), counted.pieces()), (10, 7), "a count refuses nothing");
        assert_eq!((bucketed.changes(), counted.changes()), (11, 31));
        assert_eq!(serde_json::to_value(offer()).unwrap().get("rebalances"), None);
    }

    #[test]
    fn row_of_an_offer_is_small() {
        let row = serde_json::to_string(&offer()).unwrap();
        assert!(row.len() < 300, "{} bytes: {row}", row.len());
    }
}
