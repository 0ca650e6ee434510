//! The carts' table: the only file that knows its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | read a cart | `CART#{owner}` / `CART` | table, GetItem | 1 read unit per 4 KB (50 lines are about 12 KB) |
//! | a cart and an offer | that, and the offer's key in the catalog | both tables, BatchGet | the same + 1 |
//! | change a cart | `CART#{owner}` / `CART`, on its version | table, PutItem | 1 write unit per KB |
//! | change a cart with an idempotency key | that and `IDEMPOTENCY#…` | transaction | 2 per KB and row |
//! | two carts, to be merged | both keys | table, BatchGet | 1 per 4 KB and row |
//! | merge two carts | both, each on its version; `IDEMPOTENCY#…` with a key | transaction | 2 per KB and row |
//! | erase an account's cart | `CART#{owner}` / `CART` | table, DeleteItem | 1 write unit per KB |
//! | place an order of a cart | `CART#{owner}` / `CART`, on its version | the order's transaction | 2 per KB |
//!
//! A cart is one row. It is written whole, on condition that its version is still the one that was read, so no change
//! is lost. A refused write returns the present row, on which the change is made again without another read.
//! A row is emptied, not deleted, because a version that came back with other lines could be taken for the old one.
//! TTL deletes the row 7 days after its last change. Then versions start again, and a client that stored a version for
//! so long may meet it with other lines.

use aws_kit::fault::mutant;
use aws_kit::{Aws, Changes, ConditionFailure, ConditionFailures, Decision, Key, OptimisticWrite, Table, Write};
use catalog::{Catalog, Offer};
use serde::{Deserialize, Serialize};
use values::{Clock, Error, ExpectedVersion, Result, Sku, Timestamp};

use crate::cart::{Cart, CartView};
use crate::line::Line;
use crate::owner::Owner;

/// Carts, and the catalog from which they are filled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Carts {
    table: Table,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    lines: Vec<Line>,
    version: u64,
    expires_at: i64,
}

/// A row with its key, to tell it from others.
#[derive(Debug, Deserialize)]
struct KeyedRow {
    pk: String,
    #[serde(flatten)]
    row: Row,
}

impl Carts {
    /// The tables are named by `SOUK_TABLE_CART` and `SOUK_TABLE_CATALOG`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_CART")?, Catalog::from_env(aws)?, Clock::System))
    }

    /// Carts in that table, with a clock that tests may set.
    pub fn new(table: Table, catalog: Catalog, clock: Clock) -> Self {
        Self { table, catalog, clock }
    }

    /// The table, to warm its connection.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The cart; none when it does not exist or has expired. 1 round trip.
    pub async fn read(&self, owner: &Owner) -> Result<Option<Cart>> {
        let now = self.clock.now();
        Ok(self.table.get::<Row>(key(owner)).await?.filter(|row| row.is_live(now)).map(|row| row.into_cart(*owner)))
    }

    /// The write that empties a cart in the transaction that places its order, on condition that the cart did not
    /// change.
    pub fn convert(&self, cart: &Cart) -> Result<Write> {
        self.put(&Cart { lines: Vec::new(), ..cart.clone() }.extend_expiry(self.clock.now()))
    }

    /// The write that deletes a cart.
    pub(crate) fn delete(&self, owner: &Owner) -> Write {
        Write::delete(&self.table, key(owner))
    }

    /// The cart to be changed or viewed. An account always has one; a guest has one once it was created.
    pub(crate) async fn open(&self, owner: Owner) -> Result<Cart> {
        let row = self.table.get::<Row>(key(&owner)).await?;
        cart_or_new(owner, row, self.clock.now())
    }

    /// The same, with the offer of a SKU. 1 round trip.
    pub(crate) async fn open_with(&self, owner: Owner, sku: &Sku) -> Result<(Cart, Option<Offer>)> {
        let offer = [self.catalog.offer_key(sku)];
        let read = Table::get_both::<Row, Offer>((&self.table, key(&owner)), (self.catalog.table(), &offer)).await?;
        let cart = cart_or_new(owner, read.0, self.clock.now())?;
        Ok((cart, read.1.into_iter().next()))
    }

    /// Two carts at once. 1 round trip.
    pub(crate) async fn open_both(&self, one: Owner, other: Owner) -> Result<(Result<Cart>, Result<Cart>)> {
        let mut rows = self.table.batch_get::<KeyedRow>(&[key(&one), key(&other)]).await?;
        let now = self.clock.now();
        let mut open = |owner: Owner| {
            let at = rows.iter().position(|found| found.pk == key(&owner).pk);
            cart_or_new(owner, at.map(|at| rows.swap_remove(at).row), now)
        };
        Ok((open(one), open(other)))
    }

    /// Changes a cart that was read, and changes the newer cart after a concurrent update. `version` is the version that the
    /// caller expects, if any. 1 round trip, 1 more for each concurrent update.
    pub(crate) async fn change(
        &self,
        cart: Cart,
        version: Option<&ExpectedVersion>,
        edit: impl Fn(Cart) -> Result<CartView> + Sync,
    ) -> Result<CartView> {
        let (cart, edit) = (&cart, &edit);
        let decide = |failed: Option<ConditionFailures>| async move {
            let cart = failed.map_or_else(|| Ok(cart.clone()), |failed| self.newer(cart.owner, &failed))?;
            self.changes(cart, version, edit)
        };
        self.optimistic_write().run(decide).await
    }

    /// The optimistic write of carts. It is committed or tried again within a time budget.
    pub(crate) fn optimistic_write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(&self.table, &self.clock)
    }

    /// The cart on which the condition of [`Carts::changes`] failed.
    pub(crate) fn newer(&self, owner: Owner, failed: &ConditionFailures) -> Result<Cart> {
        let row = failed.first().map(ConditionFailure::row).transpose()?.flatten();
        cart_or_new(owner, row, self.clock.now())
    }

    /// The write of a changed cart, and its view.
    pub(crate) fn changes<'a>(
        &self,
        cart: Cart,
        version: Option<&ExpectedVersion>,
        edit: impl Fn(Cart) -> Result<CartView>,
    ) -> Result<Decision<'a, CartView>> {
        cart.check_version(version)?;
        let (changed, view) = self.next(edit(cart)?);
        Ok(Changes::new(vec![self.put(&changed)?], view).into())
    }

    /// The writes of a merge: the merged cart, and the guest's cart, emptied. If the guest's cart is empty, both stay as they are.
    pub(crate) fn merge_changes<'a>(&self, merged: CartView, guest: &Cart) -> Result<Decision<'a, CartView>> {
        if guest.lines.is_empty() {
            return Ok(Changes::new(Vec::new(), merged).into());
        }
        let (own, view) = self.next(merged);
        Ok(Changes::new(vec![self.put(&own)?, self.convert(guest)?], view).into())
    }

    /// A changed cart as it is written, and as it is shown once it has been written.
    fn next(&self, changed: CartView) -> (Cart, CartView) {
        let cart = changed.cart.extend_expiry(self.clock.now());
        (cart.clone(), CartView { cart: Cart { version: cart.version + 1, ..cart }, ..changed })
    }

    /// The write of a cart that was read or created at `cart.version`, on condition that this is still its version.
    fn put(&self, cart: &Cart) -> Result<Write> {
        let (lines, expires_at) = (cart.lines.clone(), cart.expires_at.seconds());
        let write = Write::put(&self.table, key(&cart.owner), &Row { lines, version: cart.version + 1, expires_at })?;
        match cart.version {
            _ if mutant("cart_version_ignored") => Ok(write),
            0 => Ok(write.when("attribute_not_exists(pk)")),
            version => write.when("version = :v").value(":v", version),
        }
    }
}

/// The cart in a row. An account whose cart is missing or has expired gets a new one, with the next versions of the
/// row; a guest gets 404.
fn cart_or_new(owner: Owner, row: Option<Row>, now: Timestamp) -> Result<Cart> {
    match (owner, row) {
        (_, Some(row)) if row.is_live(now) => Ok(row.into_cart(owner)),
        (Owner::Guest(_), _) => Err(Error::not_found("cart")),
        (Owner::User(_), row) => Ok(Cart { version: row.map_or(0, |row| row.version), ..Cart::empty(owner, now) }),
    }
}

impl Row {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at > now.seconds()
    }

    fn into_cart(self, owner: Owner) -> Cart {
        let expires_at = Timestamp::from_millis(self.expires_at.saturating_mul(1000));
        Cart { owner, lines: self.lines, version: self.version, expires_at }
    }
}

fn key(owner: &Owner) -> Key {
    Key::new(format!("CART#{owner}"), "CART")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_999)
    }

    fn row(expires_at: i64) -> Option<Row> {
        let line = Line::new(&crate::cart::tests::offer("MUG", 9), values::Quantity::new(1).unwrap()).unwrap();
        Some(Row { lines: vec![line], version: 7, expires_at })
    }

    #[test]
    fn expired_cart_is_missing_at_once() {
        let clock = Clock::fixed(now());
        let (ada, guest) = (Owner::User(clock.mint()), Owner::Guest(clock.mint()));
        for owner in [ada, guest] {
            assert_eq!(
                cart_or_new(owner, row(now().seconds() + 1), now()).unwrap().lines.len(),
                1,
                "a second before it ends"
            );
        }
        assert_eq!(cart_or_new(guest, row(now().seconds()), now()).unwrap_err().kind, values::Kind::NotFound);
        let new = cart_or_new(ada, row(now().seconds()), now()).unwrap();
        assert_eq!((new.lines.len(), new.version), (0, 7), "versions go on while the row is there");
    }

    #[test]
    fn guest_has_no_cart_before_its_creation_and_an_account_always_has() {
        let clock = Clock::fixed(now());
        assert!(cart_or_new(Owner::Guest(clock.mint()), None, now()).is_err());
        assert_eq!(cart_or_new(Owner::User(clock.mint()), None, now()).unwrap().version, 0);
    }
}
