//! The carts' table: the only file that knows its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | read a cart | `CART#{owner}` / `CART` | table, GetItem | 1 read unit per 4 KB (50 lines are about 12 KB) |
//! | a cart and an offer | that, and the offer's key in the catalog | both tables, BatchGet | the same + 1 |
//! | change a cart | `CART#{owner}` / `CART`, on its version | table, PutItem | 1 write unit per KB |
//! | change a cart under an Idempotency-Key | that and `IDEMPOTENCY#…` | transaction | 2 per KB and row |
//! | two carts, to be merged | both keys | table, BatchGet | 1 per 4 KB and row |
//! | merge two carts | both, each on its version; `IDEMPOTENCY#…` under a key | transaction | 2 per KB and row |
//! | forget an account's cart | `CART#{owner}` / `CART` | table, DeleteItem | 1 write unit per KB |
//! | take a cart into an order | `CART#{owner}` / `CART`, on its version | the order's transaction | 2 per KB |
//!
//! A cart is one row, written whole under the condition that its version is still the one that was read: so no add is lost,
//! and a refused write hands out the row that stood in its way, from which the change is made again without another read.
//! A row is emptied, not deleted: a version that came back with other lines could be taken for the old one. TTL deletes it 7
//! days after the last touch; then versions begin again, and a client that kept one for so long may meet it with other lines.

use aws_kit::fault::mutant;
use aws_kit::{Aws, Changes, ConditionFailure, ConditionFailures, Decision, Key, OptimisticWrite, Table, Write};
use catalog::{Catalog, Offer};
use serde::{Deserialize, Serialize};
use values::{Clock, Error, ExpectedVersion, Result, Sku, Timestamp};

use crate::{Cart, Line, Owner, View};

/// Carts, and the catalog they are filled from. Cheap to clone.
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

/// A row among others.
#[derive(Debug, Deserialize)]
struct Keyed {
    pk: String,
    #[serde(flatten)]
    row: Row,
}

impl Carts {
    /// The tables that `SOUK_TABLE_CART` and `SOUK_TABLE_CATALOG` name.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_CART")?, Catalog::from_env(aws)?, Clock::System))
    }

    /// That table, with that catalog and clock.
    pub fn new(table: Table, catalog: Catalog, clock: Clock) -> Self {
        Self { table, catalog, clock }
    }

    /// The table, for a connection to be warmed.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The cart; none when there is none or it has expired. 1 round trip.
    pub async fn read(&self, owner: &Owner) -> Result<Option<Cart>> {
        let now = self.clock.now();
        Ok(self.table.get::<Row>(key(owner)).await?.filter(|row| row.is_live(now)).map(|row| row.cart(*owner)))
    }

    /// The write that takes a cart away in the transaction of what it became: it empties the row, if nobody changed it meanwhile.
    pub fn convert(&self, cart: &Cart) -> Result<Write> {
        self.put(&Cart { lines: Vec::new(), ..cart.clone() }.touched(self.clock.now()))
    }

    /// The write that removes a cart, whatever is in it.
    pub(crate) fn delete(&self, owner: &Owner) -> Write {
        Write::delete(&self.table, key(owner))
    }

    /// The cart to be changed or looked at: an account's is there from the beginning, a guest's once it was made.
    pub(crate) async fn open(&self, owner: Owner) -> Result<Cart> {
        let row = self.table.get::<Row>(key(&owner)).await?;
        begin(owner, row, self.clock.now())
    }

    /// The same, with the offer of a SKU, in one round trip.
    pub(crate) async fn open_with(&self, owner: Owner, sku: &Sku) -> Result<(Cart, Option<Offer>)> {
        let offer = [self.catalog.offer_key(sku)];
        let read = Table::get_both::<Row, Offer>((&self.table, key(&owner)), (self.catalog.table(), &offer)).await?;
        let cart = begin(owner, read.0, self.clock.now())?;
        Ok((cart, read.1.into_iter().next()))
    }

    /// Two carts at once. 1 round trip.
    pub(crate) async fn open_both(&self, one: Owner, other: Owner) -> Result<(Result<Cart>, Result<Cart>)> {
        let mut rows = self.table.batch_get::<Keyed>(&[key(&one), key(&other)]).await?;
        let now = self.clock.now();
        let mut open = |owner: Owner| {
            let at = rows.iter().position(|found| found.pk == key(&owner).pk);
            begin(owner, at.map(|at| rows.swap_remove(at).row), now)
        };
        Ok((open(one), open(other)))
    }

    /// Changes a cart that was read, and changes the newer cart when a concurrent update was faster. `version` is the version that
    /// the caller requires, if any. 1 round trip, 1 more for each concurrent update.
    pub(crate) async fn change(
        &self,
        cart: Cart,
        version: Option<&ExpectedVersion>,
        edit: impl Fn(Cart) -> Result<View> + Sync,
    ) -> Result<View> {
        let (cart, edit) = (&cart, &edit);
        let decide = |failed: Option<ConditionFailures>| async move {
            let cart = failed.map_or_else(|| Ok(cart.clone()), |failed| self.newer(cart.owner, &failed))?;
            self.edited(cart, version, edit)
        };
        self.write().run(decide).await
    }

    /// The optimistic write of carts.
    pub(crate) fn write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(&self.table, &self.clock)
    }

    /// The cart on which the condition of [`Carts::edited`] failed.
    pub(crate) fn newer(&self, owner: Owner, failed: &ConditionFailures) -> Result<Cart> {
        let row = failed.first().map(ConditionFailure::row).transpose()?.flatten();
        begin(owner, row, self.clock.now())
    }

    /// The write of one change of a cart, and the cart as it is then.
    pub(crate) fn edited<'a>(
        &self,
        cart: Cart,
        version: Option<&ExpectedVersion>,
        edit: impl Fn(Cart) -> Result<View>,
    ) -> Result<Decision<'a, View>> {
        cart.check_version(version)?;
        let (changed, shown) = self.next(edit(cart)?);
        Ok(Changes::new(vec![self.put(&changed)?], shown).into())
    }

    /// The writes of a merge: the merged cart, and the guest's cart, emptied. A guest's cart without lines leaves both as they are.
    pub(crate) fn merged<'a>(&self, merged: View, guest: &Cart) -> Result<Decision<'a, View>> {
        if guest.lines.is_empty() {
            return Ok(Changes::new(Vec::new(), merged).into());
        }
        let (own, shown) = self.next(merged);
        Ok(Changes::new(vec![self.put(&own)?, self.convert(guest)?], shown).into())
    }

    /// A changed cart as it is written, touched, and as it is shown once it has been written.
    fn next(&self, changed: View) -> (Cart, View) {
        let cart = changed.cart.touched(self.clock.now());
        (cart.clone(), View { cart: Cart { version: cart.version + 1, ..cart }, ..changed })
    }

    /// The write of a cart that was read (or begun) at `cart.version`, under the condition that this is still its version.
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

/// The cart in a row; a new one in the place of an expired one, whose versions it continues. A guest's is not made so: 404.
fn begin(owner: Owner, row: Option<Row>, now: Timestamp) -> Result<Cart> {
    match (owner, row) {
        (_, Some(row)) if row.is_live(now) => Ok(row.cart(owner)),
        (Owner::Guest(_), _) => Err(Error::not_found("cart")),
        (Owner::User(_), row) => Ok(Cart { version: row.map_or(0, |row| row.version), ..Cart::empty(owner, now) }),
    }
}

impl Row {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at > now.seconds()
    }

    fn cart(self, owner: Owner) -> Cart {
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
        let line = Line::of(&crate::cart::tests::offer("MUG", 9), values::Quantity::new(1).unwrap()).unwrap();
        Some(Row { lines: vec![line], version: 7, expires_at })
    }

    #[test]
    fn an_expired_cart_is_gone_at_once_whatever_the_table_still_holds() {
        let clock = Clock::fixed(now());
        let (ada, guest) = (Owner::User(clock.mint()), Owner::Guest(clock.mint()));
        for owner in [ada, guest] {
            assert_eq!(
                begin(owner, row(now().seconds() + 1), now()).unwrap().lines.len(),
                1,
                "a second before it ends"
            );
        }
        assert_eq!(begin(guest, row(now().seconds()), now()).unwrap_err().kind, values::Kind::NotFound);
        let anew = begin(ada, row(now().seconds()), now()).unwrap();
        assert_eq!((anew.lines.len(), anew.version), (0, 7), "versions go on while the row is there");
    }

    #[test]
    fn a_guest_has_no_cart_before_it_is_made_and_an_account_always_has() {
        let clock = Clock::fixed(now());
        assert!(begin(Owner::Guest(clock.mint()), None, now()).is_err());
        assert_eq!(begin(Owner::User(clock.mint()), None, now()).unwrap().version, 0);
    }
}
