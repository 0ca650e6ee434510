//! The carts' table: the only file that knows its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | read a cart | `CART#{owner}` / `CART` | table, GetItem | 1 read unit per 4 KB (50 lines are 11 KB at most) |
//! | a cart and an offer | that, and the offer's key in the catalog | both tables, BatchGet | the same + 1 |
//! | change a cart | `CART#{owner}` / `CART`, on its version | table, PutItem | 1 write unit per KB |
//! | change a cart under an Idempotency-Key | that and `IDEMPOTENCY#…` | transaction | 2 per KB and row |
//! | take a cart into an order | `CART#{owner}` / `CART`, on its version | the order's transaction | 2 per KB |
//!
//! A cart is one row, written whole under the condition that its version is still the one that was read: so no add is lost,
//! and a refused write hands out the row that stood in its way, from which the change is made again without another read.
//! A row is emptied, never deleted (TTL does that after 7 days): a version that came back with other lines could be taken
//! for the old one.

use aws_kit::{Aws, Key, Table, Write};
use catalog::Catalog;
use serde::{Deserialize, Serialize};
use values::{Clock, Result, Timestamp};

use crate::{Cart, Line, Owner};

/// Carts, and the catalog they are filled from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Carts {
    table: Table,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    lines: Vec<Line>,
    version: u64,
    expires_at: i64,
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

    /// The write of a cart that was read (or begun) at `cart.version`, under the condition that this is still its version.
    pub(crate) fn put(&self, cart: &Cart) -> Result<Write> {
        let row = Row { lines: cart.lines.clone(), version: cart.version + 1, expires_at: cart.expires_at.seconds() };
        let write = Write::put(&self.table, key(&cart.owner), &row)?;
        match cart.version {
            0 => Ok(write.when("attribute_not_exists(pk)")),
            version => write.when("version = :v").value(":v", version),
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
