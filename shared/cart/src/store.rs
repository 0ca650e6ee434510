//! The carts' table: the only file that knows its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | read a guest's cart | `CART#{owner}` / `CART` | table, GetItem | 1 read unit per 4 KB (50 lines are about 15 KB) |
//! | an account's cart | that, and the account's row in identity | both tables, BatchGet | the same + 1 |
//! | a cart and an offer | those, and the offer's key in the catalog | these tables, BatchGet | the same + 1 |
//! | change a cart | `CART#{owner}` / `CART`, on its version | table, PutItem | 1 write unit per KB |
//! | change a cart with an idempotency key | that and `IDEMPOTENCY#…` | transaction | 2 per KB and row |
//! | two carts, to be merged | both keys, and the account's row | both tables, BatchGet | 1 per 4 KB and row |
//! | merge two carts | both, each on its version; `IDEMPOTENCY#…` with a key | transaction | 2 per KB and row |
//! | erase an account's cart | `CART#{owner}` / `CART` | table, DeleteItem | 1 write unit per KB |
//! | place an order of a cart | `CART#{owner}` / `CART`, on its version | the order's transaction | 2 per KB |
//!
//! A cart is one row. It is written whole, on condition that its version is still the one that was read, so no change
//! is lost. A refused write returns the present row, on which the change is made again without another read.
//! A row is emptied, not deleted, because a version that came back with other lines could be taken for the old one.
//! TTL deletes the row 7 days after its last change. Then versions start again, and a client that stored a version for
//! so long may meet it with other lines.
//!
//! A line has what its price and an order of it need, so that neither reads the catalog. A row of an earlier release has less: no market and
//! no group, which is the default market and no group; no version of the market, so that its lines are priced again if a market is stored; no
//! coupons; and lines without scope keys, which are read from their products.

use aws_kit::fault::mutant;
use aws_kit::{Aws, ConditionFailure, ConditionFailures, Key, OptimisticWrite, Table, Write};
use catalog::Catalog;
use identity::{AccountService, CustomerGroup};
use promotions::{CouponCode, Promotions};
use serde::{Deserialize, Serialize};
use terms::{MarketKey, Terms};
use values::{Clock, Error, Result, Timestamp};

use crate::cart::{Cart, is_zero};
use crate::line::Line;
use crate::owner::Owner;

/// Carts, and what they are filled from and priced by. Cheap to clone; clones share what is remembered.
#[derive(Debug, Clone)]
pub struct Carts {
    table: Table,
    pub(crate) catalog: Catalog,
    pub(crate) terms: Terms,
    pub(crate) promotions: Promotions,
    pub(crate) accounts: AccountService,
    pub(crate) clock: Clock,
}

/// The row of a cart.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CartRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    market: Option<MarketKey>,
    #[serde(default, skip_serializing_if = "is_zero")]
    market_version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<CustomerGroup>,
    lines: Vec<Line>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    coupons: Vec<CouponCode>,
    version: u64,
    expires_at: i64,
}

impl Carts {
    /// The tables are named by `SOUK_TABLE_CART`, `SOUK_TABLE_CATALOG`, `SOUK_TABLE_TERMS`, `SOUK_TABLE_PROMOTIONS` and
    /// `SOUK_TABLE_IDENTITY`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            table: aws.table("SOUK_TABLE_CART")?,
            catalog: Catalog::from_env(aws)?,
            terms: Terms::from_env(aws)?,
            promotions: Promotions::from_env(aws)?,
            accounts: AccountService::from_env(aws)?,
            clock: Clock::System,
        })
    }

    /// These carts with the tax provider, if the shop has one. Only orders need it.
    pub fn with_tax_provider(self, aws: &Aws) -> Result<Self> {
        Ok(Self { terms: self.terms.with_tax_provider(aws)?, ..self })
    }

    /// The table, to warm its connection, or to read a cart together with rows of other tables.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The terms by which carts are priced. An order uses the same, with what they remember.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The promotions by which carts are priced. The same.
    pub fn promotions(&self) -> &Promotions {
        &self.promotions
    }

    /// The key of a cart, to read it together with other rows, as a [`CartRow`].
    pub fn key(&self, owner: &Owner) -> Key {
        Key::new(format!("CART#{owner}"), "CART")
    }

    /// The cart in a row that was read; none when it does not exist or has expired.
    pub fn live_cart(&self, owner: &Owner, row: Option<CartRow>) -> Option<Cart> {
        let now = self.clock.now();
        row.filter(|row| row.is_live(now)).map(|row| row.into_cart(*owner))
    }

    /// The cart; none when it does not exist or has expired. 1 round trip.
    pub async fn read(&self, owner: &Owner) -> Result<Option<Cart>> {
        Ok(self.live_cart(owner, self.table.get(self.key(owner)).await?))
    }

    /// The write that empties a cart in the transaction that places its order, on condition that the cart did not
    /// change. It stays in its market. Its coupons go, too.
    pub fn convert(&self, cart: &Cart) -> Result<Write> {
        self.put(&cart.clone().emptied().extend_expiry(self.clock.now()))
    }

    /// The write that deletes a cart.
    pub(crate) fn delete(&self, owner: &Owner) -> Write {
        Write::delete(&self.table, self.key(owner))
    }

    /// The optimistic write of carts. It is committed or tried again within a time budget.
    pub(crate) fn optimistic_write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(&self.table, &self.clock)
    }

    /// The cart on which the condition of [`Carts::put`] failed.
    pub(crate) fn newer(&self, owner: Owner, failed: &ConditionFailures) -> Result<Cart> {
        let row = failed.first().map(ConditionFailure::row).transpose()?.flatten();
        self.cart_or_new(owner, row)
    }

    /// The cart in a row. An account whose cart is missing or has expired gets a new one, with the next versions of the row; a guest gets
    /// 404.
    pub(crate) fn cart_or_new(&self, owner: Owner, row: Option<CartRow>) -> Result<Cart> {
        cart_or_new(owner, row, self.clock.now())
    }

    /// The write of a cart that was read or created at `cart.version`, on condition that this is still its version.
    pub(crate) fn put(&self, cart: &Cart) -> Result<Write> {
        let write = Write::put(&self.table, self.key(&cart.owner), &CartRow::next(cart))?;
        match cart.version {
            _ if mutant("cart_version_ignored") => Ok(write),
            0 => Ok(write.when("attribute_not_exists(pk)")),
            version => write.when("version = :v").value(":v", version),
        }
    }
}

/// The same at a time.
fn cart_or_new(owner: Owner, row: Option<CartRow>, now: Timestamp) -> Result<Cart> {
    match (owner, row) {
        (_, Some(row)) if row.is_live(now) => Ok(row.into_cart(owner)),
        (Owner::Guest(_), _) => Err(Error::not_found("cart")),
        (Owner::User(_), row) => Ok(Cart { version: row.map_or(0, |row| row.version), ..Cart::empty(owner, now) }),
    }
}

impl CartRow {
    /// The row of the next version of a cart.
    fn next(cart: &Cart) -> Self {
        let Cart { owner: _, market, market_version, group, lines, coupons, version, expires_at } = cart.clone();
        let (version, expires_at) = (version + 1, expires_at.seconds());
        Self { market, market_version, group, lines, coupons, version, expires_at }
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at > now.seconds()
    }

    fn into_cart(self, owner: Owner) -> Cart {
        let Self { market, market_version, group, lines, coupons, version, expires_at } = self;
        let expires_at = Timestamp::from_millis(expires_at.saturating_mul(1000));
        Cart { owner, market, market_version, group, lines, coupons, version, expires_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_999)
    }

    fn row(expires_at: i64) -> Option<CartRow> {
        let offer = crate::cart::tests::offer("MUG", 9);
        let line = Line::of(&offer, values::Quantity::new(1).unwrap(), offer.price);
        let (lines, coupons) = (vec![line], vec!["AAA".parse().unwrap()]);
        Some(CartRow { market: None, market_version: 0, group: None, lines, coupons, version: 7, expires_at })
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
        assert_eq!((new.is_empty(), new.version), (true, 7), "versions go on while the row is there");
    }

    #[test]
    fn row_has_the_cart_of_the_next_version() {
        let cart = row(1).unwrap().into_cart(Owner::User(Clock::System.mint()));
        let market = Some("eu".to_owned().try_into().unwrap());
        let cart = Cart { market, market_version: 3, group: "trade".parse().ok(), ..cart };
        let row = serde_json::to_value(CartRow::next(&cart)).unwrap();
        let read: CartRow = serde_json::from_value(row).unwrap();
        assert_eq!(read.into_cart(cart.owner), Cart { version: 8, ..cart });
    }

    #[test]
    fn row_of_an_earlier_release_is_read_and_its_successor_is_not_larger() {
        let row = json!({ "pk": "CART#usr", "sk": "CART", "lines": [], "version": 7, "expiresAt": 9 });
        let cart = serde_json::from_value::<CartRow>(row).unwrap().into_cart(Owner::User(Clock::System.mint()));
        assert_eq!((&cart.market, &cart.group, cart.coupons.len()), (&None, &None, 0));
        let next = serde_json::to_value(CartRow::next(&cart)).unwrap();
        assert_eq!(next, json!({ "lines": [], "version": 8, "expiresAt": 9 }));
    }

    /// The size of a value in DynamoDB ("DynamoDB item sizes and formats" in the developer guide).
    fn bytes(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) => 1,
            Value::String(text) => text.len(),
            Value::Number(number) => 1 + number.to_string().len().div_ceil(2),
            Value::Array(items) => 3 + items.iter().map(|item| 1 + bytes(item)).sum::<usize>(),
            Value::Object(members) => {
                3 + members.iter().map(|(name, value)| 1 + name.len() + bytes(value)).sum::<usize>()
            }
        }
    }

    #[test]
    fn cart_with_four_lines_and_a_coupon_costs_one_write_unit() {
        let cart = row(1).unwrap().into_cart(Owner::User(Clock::System.mint()));
        let keys = json!({ "c": "kitchen", "t": ["tagine", "terracotta"] });
        let line = Line {
            name: "Glazed Terracotta Tagine, 12 cm".to_owned(),
            scope_keys: serde_json::from_value(keys).unwrap(),
            unit_price: values::Money::new(54_500, cart.lines[0].unit_price.currency),
            available: 1_000_000,
            ..cart.lines[0].clone()
        };
        let row = serde_json::to_value(CartRow::next(&Cart { lines: vec![line; 4], ..cart })).unwrap();
        // Key and mark.
        let bytes = bytes(&row) + "pkCART#usr_01h455vb4pex5vsknk084sn02qskCARTmark0123456789abcdef".len();
        assert!((800..1_024).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn guest_has_no_cart_before_its_creation_and_an_account_always_has() {
        let clock = Clock::fixed(now());
        assert!(cart_or_new(Owner::Guest(clock.mint()), None, now()).is_err());
        assert_eq!(cart_or_new(Owner::User(clock.mint()), None, now()).unwrap().version, 0);
    }
}
