//! The cart: what somebody means to buy. Pure rules; the store keeps them.

use catalog::Offer;
use serde::{Deserialize, Serialize};
use values::{Currency, Error, ExpectedVersion, Money, Quantity, Result, Sku, Timestamp};

use crate::{Item, Line, Owner};

/// Days from the last touch until a cart is gone, in seconds.
const KEPT_SECONDS: i64 = 7 * 24 * 3600;

/// A cart as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    /// Whose.
    pub owner: Owner,
    /// What is in it, in the order it came; one line per SKU.
    pub lines: Vec<Line>,
    /// One more with every change; 0 before the first.
    pub version: u64,
    /// When it is gone unless it is touched, to the second.
    pub expires_at: Timestamp,
}

/// A cart as it is shown, with what changed since its owner last looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The cart.
    pub cart: Cart,
    /// Told once; empty when the cart is as the owner left it.
    pub changes: Vec<Change>,
}

/// What changed between two looks of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Change {
    /// At which line.
    pub sku: Sku,
    /// What.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What changed, from what to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartChangeKind"))]
pub enum Kind {
    /// The price of one piece.
    Price {
        /// When the owner last looked.
        was: Money,
        /// At this look.
        now: Money,
    },
    /// Fewer can be sold than the line wants.
    Stock {
        /// Pieces when the owner last looked.
        was: u32,
        /// Pieces at this look.
        now: u32,
    },
    /// Two carts were merged, and less of the line is in than they held together: no more can be sold, in one cart, or at all.
    Capped {
        /// Pieces in both.
        was: u32,
        /// Pieces that are in.
        now: u32,
    },
    /// It is not sold any more, and the line is taken out.
    Gone {
        /// Pieces that were in the line.
        was: u32,
        /// None.
        now: u32,
    },
}

impl View {
    /// Would an order be placed otherwise, or the owner be told again, if `before` were kept?
    pub(crate) fn differs_from(&self, before: &Cart) -> bool {
        let versions = |cart: &Cart| cart.lines.iter().map(|line| line.price_version).collect::<Vec<_>>();
        !self.changes.is_empty() || versions(&self.cart) != versions(before)
    }
}

impl Cart {
    /// The most SKUs in a cart: with 50, an order with all that goes with it fits into one transaction.
    pub const MOST_LINES: usize = 50;

    /// A cart with nothing in it, never stored yet.
    pub fn empty(owner: Owner, now: Timestamp) -> Self {
        Self { owner, lines: Vec::new(), version: 0, expires_at: now }.touched(now)
    }

    /// The same, kept for 7 days from now.
    #[must_use]
    pub fn touched(self, now: Timestamp) -> Self {
        Self { expires_at: Timestamp::from_millis(now.plus_seconds(KEPT_SECONDS).seconds() * 1000), ..self }
    }

    /// Refuses when the owner insists on another version than this.
    pub(crate) fn check_version(&self, version: Option<&ExpectedVersion>) -> Result<()> {
        if version.is_some_and(|version| !version.matches(self.version)) {
            return Err(Error::version_mismatch("cart"));
        }
        Ok(())
    }

    /// Its line of a SKU.
    pub fn line(&self, sku: &Sku) -> Option<&Line> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    /// Adds pieces of an offer to those of it that are in. Refused when it is not sold or has fewer than the sum.
    pub fn add(self, offer: &Offer, more: Quantity) -> Result<View> {
        let sum = self.line(&offer.sku).map_or(Ok(more), |held| held.quantity.plus(more));
        let sum = sum.map_err(|error| Error { code: "quantity_out_of_range", ..error })?;
        self.set(offer, sum)
    }

    /// So many pieces of an offer, whatever of it is in. Refused when it is not sold or has fewer.
    pub fn set(self, offer: &Offer, quantity: Quantity) -> Result<View> {
        let line = Line::of(offer, quantity)?;
        let changes = self.line(&offer.sku).map_or(Vec::new(), |held| held.clone().refreshed(Some(offer)).1);
        Ok(View { cart: self.put(line)?, changes })
    }

    /// Without the line of an item; refused when there is none, or when a product is named of which several variants are in.
    pub fn without(mut self, item: &Item) -> Result<View> {
        let held = self.lines.len();
        self.lines.retain(|line| !item.names(line));
        match held - self.lines.len() {
            0 => Err(Error::not_found("item in this cart")),
            1 => Ok(View { cart: self, changes: Vec::new() }),
            _ => Err(catalog::variant_required(item.field())),
        }
    }

    /// The cart as it looks by the offers that were asked for, and what changed since the owner last looked. A line that was
    /// not asked for stays as it is.
    pub fn refreshed(self, asked: &[Sku], offers: &[Offer]) -> View {
        let mut changes = Vec::new();
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in self.lines {
            if !asked.contains(&line.sku) {
                lines.push(line);
                continue;
            }
            let offer = offers.iter().find(|offer| offer.sku == line.sku);
            let (line, changed) = line.refreshed(offer);
            changes.extend(changed);
            lines.extend(line);
        }
        View { cart: Self { lines, ..self }, changes }
    }

    /// What it costs, in the shop's currency.
    pub fn price(&self, currency: Currency) -> Result<pricing::Breakdown> {
        let lines =
            self.lines.iter().map(|line| pricing::Line { unit_price: line.unit_price, quantity: line.quantity });
        pricing::price(&lines.collect::<Vec<_>>(), currency)
    }

    /// Puts a line in, in the place of the SKU's line if it has one.
    fn put(mut self, line: Line) -> Result<Self> {
        let room = self.lines.len() < Self::MOST_LINES;
        match self.lines.iter_mut().find(|held| held.sku == line.sku) {
            Some(held) => *held = line,
            None if room => self.lines.push(line),
            None => return Err(full()),
        }
        Ok(self)
    }
}

fn full() -> Error {
    let message = format!("a cart holds {} SKUs at most", Cart::MOST_LINES);
    Error { code: "cart_full", ..Error::invalid("sku", "cart_full", message) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use catalog::Status;
    use proptest::prelude::*;
    use values::Clock;

    fn clock() -> Clock {
        Clock::fixed(Timestamp::from_millis(1_764_000_000_500))
    }

    fn cart() -> Cart {
        Cart::empty(Owner::User(clock().mint()), clock().now())
    }

    pub(crate) fn offer(sku: &str, available: u32) -> Offer {
        Offer {
            sku: sku.parse().unwrap(),
            product_id: clock().mint(),
            name: sku.to_owned(),
            available,
            price: Money::new(250, "EUR".parse().unwrap()),
            price_version: 1,
            status: Status::Active,
            tax_class: Default::default(),
            stock_version: 1,
            compare_at_price: None,
            weight: None,
            product_version: Some(1),
            counted_by: None,
        }
    }

    fn pieces(n: u32) -> Quantity {
        Quantity::new(n).unwrap()
    }

    fn holding(sku: &str, n: u32) -> Cart {
        cart().add(&offer(sku, 999), pieces(n)).unwrap().cart
    }

    proptest! {
        #[test]
        fn no_add_is_lost_and_no_sku_has_two_lines(adds in prop::collection::vec((0usize..6, 1u32..20), 0..40)) {
            let mut cart = cart();
            for (n, more) in &adds {
                cart = cart.add(&offer(&format!("SKU-{n}"), 10_000), pieces(*more)).unwrap().cart;
            }
            for n in 0..6 {
                let due: u32 = adds.iter().filter(|(of, _)| *of == n).map(|(_, more)| more).sum();
                let lines: Vec<_> = cart.lines.iter().filter(|line| line.sku.as_str() == format!("SKU-{n}")).collect();
                prop_assert!(lines.len() <= 1);
                prop_assert_eq!(lines.iter().map(|line| line.quantity.get()).sum::<u32>(), due);
            }
            let total: i64 = adds.iter().map(|(_, more)| i64::from(*more) * 250).sum();
            prop_assert_eq!(cart.price("EUR".parse().unwrap()).unwrap().total.amount, total);
        }

        #[test]
        fn a_second_look_is_quiet(now in 0u32..20, price in 1i64..3, wanted in 1u32..20, active: bool) {
            let seen = holding("MUG", wanted);
            let status = if active { Status::Active } else { Status::Archived };
            let price_version = price as u64;
            let price = Money::new(250 * price, "EUR".parse().unwrap());
            let offers = [Offer { price, price_version, status, ..offer("MUG", now) }];
            let asked = [offers[0].sku.clone()];
            let first = seen.refreshed(&asked, &offers);
            let second = first.cart.clone().refreshed(&asked, &offers);
            prop_assert!(!second.differs_from(&first.cart));
            prop_assert_eq!(second.cart, first.cart);
        }
    }

    #[test]
    fn a_cart_holds_50_skus() {
        let full = (0..50).fold(cart(), |cart, n| cart.add(&offer(&format!("S{n}"), 9), pieces(1)).unwrap().cart);
        assert_eq!(full.clone().add(&offer("S50", 9), pieces(1)).unwrap_err().code, "cart_full");
        assert!(full.add(&offer("S7", 9), pieces(1)).is_ok(), "one more of what is in needs no line");
    }

    #[test]
    fn a_line_holds_999_pieces() {
        let error = holding("MUG", 999).add(&offer("MUG", 5000), pieces(1)).unwrap_err();
        assert_eq!((error.code, error.fields[0].code), ("quantity_out_of_range", "quantity_out_of_range"));
    }

    #[test]
    fn a_cart_takes_no_more_than_there_is() {
        let error = holding("MUG", 2).add(&offer("MUG", 3), pieces(2)).unwrap_err();
        assert_eq!((error.code, error.fields[0].field.as_str()), ("insufficient_stock", "MUG"));
        assert_eq!(error.fields[0].facts["available"], 3);
        let gone = Offer { status: Status::Archived, ..offer("MUG", 3) };
        assert_eq!(cart().add(&gone, pieces(1)).unwrap_err().code, "product_unknown");
    }

    #[test]
    fn the_owner_is_told_of_another_price_too_little_stock_and_what_is_gone() {
        let seen = ["A", "B", "C"].iter().fold(cart(), |cart, sku| cart.add(&offer(sku, 9), pieces(5)).unwrap().cart);
        let dearer = Offer { price: Money::new(300, "EUR".parse().unwrap()), price_version: 2, ..offer("A", 9) };
        let asked: Vec<Sku> = seen.lines.iter().map(|line| line.sku.clone()).collect();
        let view = seen.refreshed(&asked, &[dearer, offer("B", 2)]);
        let told = serde_json::to_value(&view.changes).unwrap();
        assert_eq!(
            told,
            serde_json::json!([
                { "sku": "A", "kind": "price", "was": { "amount": 250, "currency": "EUR" }, "now": { "amount": 300, "currency": "EUR" } },
                { "sku": "B", "kind": "stock", "was": 9, "now": 2 },
                { "sku": "C", "kind": "gone", "was": 5, "now": 0 },
            ])
        );
        assert_eq!((view.cart.lines.len(), view.cart.lines[0].price_version), (2, 2));
    }

    #[test]
    fn a_price_that_went_and_came_back_is_remembered_without_a_word() {
        let seen = holding("MUG", 1);
        let back = Offer { price_version: 3, ..offer("MUG", 9) };
        let view = seen.clone().refreshed(std::slice::from_ref(&back.sku), std::slice::from_ref(&back));
        assert!(view.changes.is_empty() && view.differs_from(&seen));
    }

    #[test]
    fn a_line_that_nobody_asked_for_stays() {
        let seen = holding("MUG", 1);
        assert_eq!(seen.clone().refreshed(&[], &[]).cart, seen);
    }

    #[test]
    fn what_is_taken_out_is_out() {
        let item = Item::Sku("MUG".parse().unwrap());
        let left = holding("MUG", 1).without(&item).unwrap().cart;
        assert!(left.lines.is_empty());
        assert_eq!(left.without(&item).unwrap_err().kind, values::Kind::NotFound);
    }

    #[test]
    fn a_product_names_its_line_unless_there_are_two_of_it() {
        let red = offer("TEE-RED", 9);
        let (blue, item) = (Offer { sku: "TEE-BLUE".parse().unwrap(), ..red.clone() }, Item::Product(red.product_id));
        let one = cart().add(&red, pieces(1)).unwrap().cart;
        assert!(one.clone().without(&item).unwrap().cart.lines.is_empty());
        let two = one.add(&blue, pieces(1)).unwrap().cart;
        assert_eq!(two.without(&item).unwrap_err().code, "variant_required");
    }

    #[test]
    fn a_cart_is_kept_for_a_week_to_the_second() {
        assert_eq!(cart().expires_at.millis(), 1_764_000_000_000 + 7 * 24 * 3600 * 1000);
    }
}
