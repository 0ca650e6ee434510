//! The cart: what a customer or a guest wants to buy. Pure rules; the store stores them.

use catalog::Offer;
use serde::{Deserialize, Serialize};
use values::{Currency, Error, ExpectedVersion, Quantity, Result, Sku, Timestamp};

use crate::change::Change;
use crate::item_ref::ItemRef;
use crate::line::Line;
use crate::owner::Owner;

/// How long a cart is kept after its last change or view.
const LIFETIME_SECONDS: i64 = 7 * 24 * 3600;

/// A cart as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    pub owner: Owner,
    /// The lines in the order in which they were added, one per SKU.
    pub lines: Vec<Line>,
    /// Counts the changes; 0 before the first.
    pub version: u64,
    /// When the cart expires unless it is used again, to the second.
    pub expires_at: Timestamp,
}

/// A cart, with what changed since its owner last viewed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    pub cart: Cart,
    /// Reported once.
    pub changes: Vec<Change>,
}

impl CartView {
    /// Does the view differ from `before` in prices or buckets, on which an order depends, or have changes that the owner must see?
    pub(crate) fn differs_from(&self, before: &Cart) -> bool {
        let versions =
            |cart: &Cart| cart.lines.iter().map(|line| (line.price_version, line.buckets)).collect::<Vec<_>>();
        !self.changes.is_empty() || versions(&self.cart) != versions(before)
    }
}

impl Cart {
    /// The most SKUs in a cart: an order with 50 of them fits into one transaction.
    pub const MAX_LINES: usize = 50;

    /// An empty cart that was never stored.
    pub fn empty(owner: Owner, now: Timestamp) -> Self {
        Self { owner, lines: Vec::new(), version: 0, expires_at: now }.extend_expiry(now)
    }

    /// The same cart, which expires 7 days from now.
    #[must_use]
    pub fn extend_expiry(self, now: Timestamp) -> Self {
        Self { expires_at: Timestamp::from_millis(now.plus_seconds(LIFETIME_SECONDS).seconds() * 1000), ..self }
    }

    /// Refuses when the caller named another version than that of the cart.
    pub(crate) fn check_version(&self, version: Option<&ExpectedVersion>) -> Result<()> {
        if version.is_some_and(|version| !version.matches(self.version)) {
            return Err(Error::version_mismatch("cart"));
        }
        Ok(())
    }

    /// The line of a SKU.
    pub fn line(&self, sku: &Sku) -> Option<&Line> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    /// Adds pieces of an offer to its line. Refused when it is not sold, or when fewer pieces than the sum are
    /// available.
    pub fn add(self, offer: &Offer, more: Quantity) -> Result<CartView> {
        let Some(in_cart) = self.line(&offer.sku).map(|line| line.quantity) else { return self.set(offer, more) };
        let sum = in_cart.plus(more).map_err(|error| Error { code: "quantity_out_of_range", ..error });
        sum.and_then(|sum| self.set(offer, sum)).map_err(|error| with_pieces_in_cart(error, in_cart))
    }

    /// Sets the pieces of an offer, whatever its line has. Refused when it is not sold, when fewer pieces are available, or when an
    /// order of the owner may not have so many.
    pub fn set(self, offer: &Offer, quantity: Quantity) -> Result<CartView> {
        offer.check_quantity("quantity", quantity.get(), self.owner.kind())?;
        let line = Line::new(offer, quantity)?;
        let changes = self.line(&offer.sku).map_or(Vec::new(), |line| line.clone().refresh(Some(offer)).1);
        Ok(CartView { cart: self.put(line)?, changes })
    }

    /// Removes the line of an item. Refused when there is none, or when it is named by a product with several variants
    /// in the cart.
    pub fn remove(mut self, item: &ItemRef) -> Result<CartView> {
        let count = self.lines.len();
        self.lines.retain(|line| !line.is_named_by(item));
        match count - self.lines.len() {
            0 => Err(Error::not_found("item in this cart")),
            1 => Ok(CartView { cart: self, changes: Vec::new() }),
            _ => Err(catalog::variant_required(item.field())),
        }
    }

    /// The cart by the present offers of `skus`, and what changed since the owner last viewed it. Lines of other SKUs
    /// stay as they are.
    pub fn refresh(self, skus: &[Sku], offers: &[Offer]) -> CartView {
        let mut changes = Vec::new();
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in self.lines {
            if !skus.contains(&line.sku) {
                lines.push(line);
                continue;
            }
            let offer = offers.iter().find(|offer| offer.sku == line.sku);
            let (line, more) = line.refresh(offer);
            changes.extend(more);
            lines.extend(line);
        }
        CartView { cart: Self { lines, ..self }, changes }
    }

    /// The price of the cart, in the currency of the shop.
    pub fn price(&self, currency: Currency) -> Result<pricing::Breakdown> {
        let lines =
            self.lines.iter().map(|line| pricing::Line { unit_price: line.unit_price, quantity: line.quantity });
        pricing::price(&lines.collect::<Vec<_>>(), currency)
    }

    /// Puts a line into the cart, in the place of the line with the same SKU.
    fn put(mut self, line: Line) -> Result<Self> {
        let room = self.lines.len() < Self::MAX_LINES;
        match self.lines.iter_mut().find(|old| old.sku == line.sku) {
            Some(old) => *old = line,
            None if room => self.lines.push(line),
            None => return Err(cart_full()),
        }
        Ok(self)
    }
}

/// Adds to a refusal that the cart has pieces already: the refused sum is not what the owner has sent.
fn with_pieces_in_cart(mut error: Error, in_cart: Quantity) -> Error {
    if !matches!(error.code, "insufficient_stock" | "max_per_order" | "quantity_out_of_range") {
        return error;
    }
    let sentence = catalog::pieces_in_cart(in_cart.get());
    error.detail = format!("{}. {sentence}", error.detail.trim_end_matches('.'));
    for field in &mut error.fields {
        field.message = format!("{}; {sentence}", field.message.trim_end_matches('.'));
        field.facts.insert("inCart".to_owned(), in_cart.get().into());
    }
    error
}

fn cart_full() -> Error {
    let message = format!("a cart has at most {} SKUs", Cart::MAX_LINES);
    Error { code: "cart_full", ..Error::invalid("sku", "cart_full", message) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use catalog::Status;
    use proptest::prelude::*;
    use values::{Clock, Money};

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
            max_per_order: None,
            product_version: Some(1),
            counted_by: None,
            flash: None,
            rebalances: 0,
        }
    }

    fn pieces(n: u32) -> Quantity {
        Quantity::new(n).unwrap()
    }

    fn cart_with(sku: &str, n: u32) -> Cart {
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
        fn second_view_reports_no_changes(now in 0u32..20, price in 1i64..3, wanted in 1u32..20, active: bool) {
            let seen = cart_with("MUG", wanted);
            let status = if active { Status::Active } else { Status::Archived };
            let price_version = price as u64;
            let price = Money::new(250 * price, "EUR".parse().unwrap());
            let offers = [Offer { price, price_version, status, ..offer("MUG", now) }];
            let requested = [offers[0].sku.clone()];
            let first = seen.refresh(&requested, &offers);
            let second = first.cart.clone().refresh(&requested, &offers);
            prop_assert!(!second.differs_from(&first.cart));
            prop_assert_eq!(second.cart, first.cart);
        }
    }

    #[test]
    fn a_cart_holds_50_skus() {
        let full = (0..50).fold(cart(), |cart, n| cart.add(&offer(&format!("S{n}"), 9), pieces(1)).unwrap().cart);
        assert_eq!(full.clone().add(&offer("S50", 9), pieces(1)).unwrap_err().code, "cart_full");
        assert!(full.add(&offer("S7", 9), pieces(1)).is_ok(), "more pieces of a SKU in the cart need no new line");
    }

    #[test]
    fn a_line_holds_999_pieces() {
        let error = cart_with("MUG", 999).add(&offer("MUG", 5000), pieces(1)).unwrap_err();
        assert_eq!((error.code, error.fields[0].code), ("quantity_out_of_range", "quantity_out_of_range"));
    }

    #[test]
    fn cart_takes_no_more_than_one_order_may_have() {
        let limited = Offer { max_per_order: Some(2), ..offer("MUG", 999) };
        assert!(cart().add(&limited, pieces(2)).is_ok());
        assert_eq!(cart_with("MUG", 2).add(&limited, pieces(1)).unwrap_err().code, "max_per_order");
        let guest = || Cart::empty(Owner::Guest(clock().mint()), clock().now());
        assert!(guest().add(&offer("MUG", 999), pieces(20)).is_ok());
        assert_eq!(guest().add(&offer("MUG", 999), pieces(21)).unwrap_err().code, "max_per_order");
    }

    #[test]
    fn cart_takes_no_more_than_the_stock() {
        let error = cart_with("MUG", 2).add(&offer("MUG", 3), pieces(2)).unwrap_err();
        assert_eq!((error.code, error.fields[0].field.as_str()), ("insufficient_stock", "MUG"));
        assert_eq!(error.fields[0].facts["available"], 3);
        let first = cart().add(&offer("MUG", 3), pieces(5)).unwrap_err();
        assert_eq!(first.detail, "Only 3 of MUG (MUG) are available.");
        assert!(!first.fields[0].facts.contains_key("inCart"));
        let gone = Offer { status: Status::Archived, ..offer("MUG", 3) };
        assert_eq!(cart().add(&gone, pieces(1)).unwrap_err().code, "product_unknown");
    }

    #[test]
    fn refusal_of_more_pieces_says_what_the_cart_has() {
        let limited = |max| Offer { max_per_order: Some(max), ..offer("MUG", 999) };
        for (in_cart, offer, more, code) in [
            (1, offer("MUG", 5), 5, "insufficient_stock"),
            (5, offer("MUG", 5), 1, "insufficient_stock"),
            (2, limited(2), 1, "max_per_order"),
            (999, offer("MUG", 5_000), 1, "quantity_out_of_range"),
        ] {
            let error = cart_with("MUG", in_cart).add(&offer, pieces(more)).unwrap_err();
            let field = &error.fields[0];
            assert_eq!((error.code, &field.facts["inCart"]), (code, &in_cart.into()));
            let sentence = format!("{in_cart} {} in the cart already.", if in_cart == 1 { "is" } else { "are" });
            assert!(error.detail.ends_with(&sentence) && field.message.ends_with(&sentence), "{error:?}");
        }
        let stock = cart_with("MUG", 1).add(&offer("MUG", 5), pieces(5)).unwrap_err();
        assert_eq!(stock.detail, "Only 5 of MUG (MUG) are available. 1 is in the cart already.");
        let sum = cart_with("MUG", 600).add(&offer("MUG", 5_000), pieces(600)).unwrap_err();
        assert!(sum.detail.ends_with("to 999. 600 are in the cart already."), "{}", sum.detail);
        let set = cart_with("MUG", 1).set(&offer("MUG", 5), pieces(6)).unwrap_err();
        assert_eq!(set.detail, "Only 5 of MUG (MUG) are available.", "the request alone decides");
    }

    #[test]
    fn owner_sees_changes_of_price_stock_and_range() {
        let seen = ["A", "B", "C"].iter().fold(cart(), |cart, sku| cart.add(&offer(sku, 9), pieces(5)).unwrap().cart);
        let dearer = Offer { price: Money::new(300, "EUR".parse().unwrap()), price_version: 2, ..offer("A", 9) };
        let requested: Vec<Sku> = seen.lines.iter().map(|line| line.sku.clone()).collect();
        let view = seen.refresh(&requested, &[dearer, offer("B", 2)]);
        let changes = serde_json::to_value(&view.changes).unwrap();
        assert_eq!(
            changes,
            serde_json::json!([
                { "sku": "A", "kind": "price", "was": { "amount": 250, "currency": "EUR" }, "now": { "amount": 300, "currency": "EUR" } },
                { "sku": "B", "kind": "stock", "was": 9, "now": 2 },
                { "sku": "C", "kind": "gone", "was": 5, "now": 0 },
            ])
        );
        assert_eq!((view.cart.lines.len(), view.cart.lines[0].price_version), (2, 2));
    }

    #[test]
    fn price_that_came_back_is_stored_without_a_change() {
        let seen = cart_with("MUG", 1);
        let back = Offer { price_version: 3, ..offer("MUG", 9) };
        let view = seen.clone().refresh(std::slice::from_ref(&back.sku), std::slice::from_ref(&back));
        assert!(view.changes.is_empty() && view.differs_from(&seen));
    }

    #[test]
    fn line_of_another_sku_stays() {
        let seen = cart_with("MUG", 1);
        assert_eq!(seen.clone().refresh(&[], &[]).cart, seen);
    }

    #[test]
    fn removed_line_is_gone() {
        let item = ItemRef::Sku("MUG".parse().unwrap());
        let left = cart_with("MUG", 1).remove(&item).unwrap().cart;
        assert!(left.lines.is_empty());
        assert_eq!(left.remove(&item).unwrap_err().kind, values::Kind::NotFound);
    }

    #[test]
    fn product_names_its_line_unless_two_variants_are_in_the_cart() {
        let red = offer("TEE-RED", 9);
        let (blue, item) =
            (Offer { sku: "TEE-BLUE".parse().unwrap(), ..red.clone() }, ItemRef::Product(red.product_id));
        let one = cart().add(&red, pieces(1)).unwrap().cart;
        assert!(one.clone().remove(&item).unwrap().cart.lines.is_empty());
        let two = one.add(&blue, pieces(1)).unwrap().cart;
        assert_eq!(two.remove(&item).unwrap_err().code, "variant_required");
    }

    #[test]
    fn a_cart_is_kept_for_a_week_to_the_second() {
        assert_eq!(cart().expires_at.millis(), 1_764_000_000_000 + 7 * 24 * 3600 * 1000);
    }
}
