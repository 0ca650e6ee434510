//! The carts' table: the only file that knows its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | read a cart | `CART#{owner}` / `CART` | table, GetItem | 1 read unit per 4 KB (50 lines are about 12 KB) |
//! | a cart and an offer | that, and the offer's key in the catalog | both tables, BatchGet | the same + 1 |
//! | change a cart | `CART#{owner}` / `CART`, on its version | table, PutItem | 1 write unit per KB |
//! | change a cart under an Idempotency-Key | that and `IDEMPOTENCY#…` | transaction | 2 per KB and row |
//! | take a cart into an order | `CART#{owner}` / `CART`, on its version | the order's transaction | 2 per KB |
//!
//! A cart is one row, written whole under the condition that its version is still the one that was read: so no add is lost,
//! and a refused write hands out the row that stood in its way, from which the change is made again without another read.
//! A row is emptied, never deleted (TTL does that after 7 days): a version that came back with other lines could be taken
//! for the old one.

use aws_kit::{Attempt, Aws, Backoff, CommitError, Idempotency, Key, Table, Transaction, Write};
use catalog::{Catalog, Offer};
use serde::{Deserialize, Serialize};
use values::{Clock, Error, Result, Sku, Timestamp};

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

/// How a write of a cart ended.
enum Written {
    Done,
    /// Another was first; this is the row now.
    Beaten(Option<Row>),
    /// Under an Idempotency-Key it was done before, and answered so.
    Earlier(Box<View>),
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

    /// The write that takes a cart away in the order's transaction: it empties the row, if nobody changed it meanwhile.
    pub fn convert(&self, cart: &Cart) -> Result<Write> {
        self.put(&Cart { lines: Vec::new(), ..cart.clone() }.touched(self.clock.now()))
    }

    /// The cart to be changed or looked at: an account's is there from the beginning, a guest's once it was made.
    pub(crate) async fn open(&self, owner: Owner) -> Result<Cart> {
        let row = self.table.get::<Row>(key(&owner)).await?;
        self.begin(owner, row)
    }

    /// The same, with the offer of a SKU, in one round trip.
    pub(crate) async fn open_with(&self, owner: Owner, sku: &Sku) -> Result<(Cart, Option<Offer>)> {
        let offer = [self.catalog.offer_key(sku)];
        let read = Table::get_both::<Row, Offer>((&self.table, key(&owner)), (self.catalog.table(), &offer)).await?;
        Ok((self.begin(owner, read.0)?, read.1.into_iter().next()))
    }

    /// Makes a change and writes it; makes it again on top of whatever came between, within a budget, so that none is lost.
    /// `version` is the one that the owner insists on, if any. 1 round trip, 1 more for each change that came between.
    pub(crate) async fn change(
        &self,
        mut cart: Cart,
        version: Option<u64>,
        once: Option<&Idempotency>,
        edit: impl Fn(Cart) -> Result<View>,
    ) -> Result<Attempt<View>> {
        let owner = cart.owner;
        let mut backoff = Backoff::start();
        loop {
            cart.check_version(version)?;
            let edited = edit(cart)?;
            let view = View { cart: edited.cart.touched(self.clock.now()), ..edited };
            let shown = View { cart: Cart { version: view.cart.version + 1, ..view.cart.clone() }, ..view.clone() };
            match self.write(&view.cart, &shown, once).await? {
                Written::Done => return Ok(Attempt::Fresh(shown)),
                Written::Earlier(earlier) => return Ok(Attempt::Replayed(*earlier)),
                Written::Beaten(_) if !backoff.wait().await => {
                    return Err(Error::conflict("cart_changed", "The cart keeps changing. Read it and try again."));
                }
                Written::Beaten(row) => cart = self.begin(owner, row)?,
            }
        }
    }

    /// What a keyed request was answered before, if it was.
    pub(crate) async fn earlier(&self, once: &Idempotency) -> Result<Option<View>> {
        once.recall(&self.table, self.clock.now()).await
    }

    async fn write(&self, cart: &Cart, shown: &View, once: Option<&Idempotency>) -> Result<Written> {
        let put = self.put(cart)?;
        let Some(once) = once else {
            return Ok(match put.run().await? {
                Ok(()) => Written::Done,
                Err(refused) => Written::Beaten(refused.row()?),
            });
        };
        let mut writes = Transaction::new();
        let put = writes.add(put);
        let kept = writes.add(once.keep(&self.table, shown, self.clock.now())?);
        match writes.commit().await {
            Ok(()) => Ok(Written::Done),
            Err(CommitError::Failed(error)) => Err(error),
            Err(CommitError::Refused(refusals)) => match (refusals.of(kept), refusals.of(put)) {
                (Some(refused), _) => Ok(Written::Earlier(Box::new(once.recalled(refused)?))),
                (None, Some(refused)) => Ok(Written::Beaten(refused.row()?)),
                (None, None) => Err(CommitError::Refused(refusals).into()),
            },
        }
    }

    /// The write of a cart that was read (or begun) at `cart.version`, under the condition that this is still its version.
    fn put(&self, cart: &Cart) -> Result<Write> {
        let (lines, expires_at) = (cart.lines.clone(), cart.expires_at.seconds());
        let write = Write::put(&self.table, key(&cart.owner), &Row { lines, version: cart.version + 1, expires_at })?;
        match cart.version {
            0 => Ok(write.when("attribute_not_exists(pk)")),
            version => write.when("version = :v").value(":v", version),
        }
    }

    /// The cart in a row; a new one in the place of an expired one, whose versions it continues.
    fn begin(&self, owner: Owner, row: Option<Row>) -> Result<Cart> {
        let now = self.clock.now();
        match (owner, row) {
            (_, Some(row)) if row.is_live(now) => Ok(row.cart(owner)),
            (Owner::Guest(_), _) => Err(Error::not_found("cart")),
            (Owner::User(_), row) => Ok(Cart { version: row.map_or(0, |row| row.version), ..Cart::empty(owner, now) }),
        }
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
