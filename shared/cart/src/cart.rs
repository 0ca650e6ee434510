//! The cart: what somebody means to buy. Pure rules; the store keeps them.

use catalog::Offer;
use serde::{Deserialize, Serialize};
use values::{Currency, Error, Money, Quantity, Result, Sku, Timestamp};

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
    pub(crate) fn check_version(&self, version: Option<u64>) -> Result<()> {
        if version.is_some_and(|version| version != self.version) {
            let detail = "The cart was changed since you read it. Read it again and repeat your change.";
            return Err(Error::new(values::Kind::PreconditionFailed, "version_mismatch", detail));
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

    /// Without the line of an item; refused when there is none.
    pub fn without(mut self, item: &Item) -> Result<View> {
        let held = self.lines.len();
        self.lines.retain(|line| !item.names(line));
        match self.lines.len() < held {
            true => Ok(View { cart: self, changes: Vec::new() }),
            false => Err(Error::not_found("item in this cart")),
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
        let lines = self.lines.iter().map(|line| pricing::Line { unit_price: line.unit_price, quantity: line.quantity });
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
