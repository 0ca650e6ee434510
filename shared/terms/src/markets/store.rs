//! Rows of markets: one row each in one partition.

use aws_kit::{Key, Query, Write};
use values::Result;

use crate::markets::market::Market;
use crate::markets::market_set::MAX_MARKETS;
use crate::slug::MarketKey;
use crate::store::{Room, Store};

impl Store {
    /// All stored markets. 1 round trip.
    pub(crate) async fn read_markets(&self) -> Result<Vec<Market>> {
        Query::of(&self.table, "MARKETS").first(MAX_MARKETS).await
    }

    /// All stored markets, with the version on which a change is conditioned. 2 round trips. The version is read first, so that a later
    /// change makes the condition fail.
    pub(crate) async fn read_versioned_markets(&self) -> Result<(u64, Vec<Market>)> {
        let version = self.room_version(Room::Markets).await?;
        Ok((version, self.read_markets().await?))
    }

    /// The write that stores a market. It needs no condition of its own, because it goes with that of [`Store::raise_version`].
    pub(crate) fn put_market(&self, market: &Market) -> Result<Write> {
        Write::put(&self.table, market_key(&market.key), market)
    }

    /// The write that deletes a market, like [`Store::put_market`].
    pub(crate) fn delete_market(&self, key: &MarketKey) -> Write {
        Write::delete(&self.table, market_key(key))
    }
}

fn market_key(key: &MarketKey) -> Key {
    Key::new("MARKETS", key.as_str())
}
