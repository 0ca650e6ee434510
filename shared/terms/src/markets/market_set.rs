//! All markets of a shop, and what keeps them consistent.

use std::collections::BTreeMap;

use values::{Currency, Error, ExpectedVersion, Result};

use crate::expected::{check_change, check_put};
use crate::markets::market::{DEFAULT, Market, MarketContent};
use crate::slug::MarketKey;

/// The most markets of a shop.
pub const MAX_MARKETS: u32 = 20;

/// The markets of a shop, by key.
#[derive(Debug)]
pub(crate) struct MarketSet {
    stored: BTreeMap<MarketKey, Market>,
    /// The default market as long as none is stored.
    implied: Market,
}

/// What a put changes.
#[derive(Debug)]
pub(crate) struct MarketPut {
    pub(crate) market: Market,
    /// The former default market, if `market` takes its place.
    pub(crate) former_default: Option<Market>,
}

impl MarketSet {
    /// The markets that were read. `currency` is that of the shop. Fails if the key of the implied market is not one.
    pub(crate) fn new(rows: Vec<Market>, currency: Currency) -> Result<Self> {
        let key = MarketKey::try_from(DEFAULT.to_owned()).map_err(Error::internal)?;
        let stored = rows.into_iter().map(|market| (market.key.clone(), market)).collect();
        Ok(Self { stored, implied: Market::implied(key, currency) })
    }

    /// All markets: the implied one if none is stored.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Market> {
        let implied = Some(&self.implied).filter(|_| self.stored.is_empty());
        self.stored.values().chain(implied)
    }

    /// The market that the key means, active or not.
    pub(crate) fn get(&self, key: &MarketKey) -> Option<&Market> {
        self.all().find(|market| market.is_named(key))
    }

    /// The market of a buyer who names it by this key, or the default one. 422 `market_unknown`, also if the market is not active.
    pub(crate) fn find(&self, key: Option<&MarketKey>) -> Result<&Market> {
        let key = key.unwrap_or(&self.implied.key);
        self.get(key).filter(|market| market.is_active()).ok_or_else(market_unknown)
    }

    /// Creates a market, or replaces one that is at the `expected` version. It gets this `version`. Its content was checked.
    ///
    /// 404; 412 `version_mismatch`; 409 `market_exists`, `too_many_markets`, `market_currency_fixed`, `market_step_fixed` or
    /// `market_is_default`; 422 `market_key_reserved`, or `currency_mismatch` for a default market in another currency than the shop's.
    pub(crate) fn put(
        &self,
        key: &MarketKey,
        content: &MarketContent,
        expected: Option<&ExpectedVersion>,
        version: u64,
    ) -> Result<MarketPut> {
        if key.as_str() == DEFAULT {
            let message = "`default` always means the default market; choose another key";
            return Err(Error::invalid("key", "market_key_reserved", message));
        }
        let before = self.stored.get(key);
        check_put("market", "market_exists", before.map(|before| before.version), expected)?;
        match before {
            Some(before) => content.check_following(&before.content)?,
            None if self.stored.len() >= MAX_MARKETS as usize => {
                let detail = format!("The shop has {MAX_MARKETS} markets, the most allowed. Delete one first.");
                return Err(Error::conflict("too_many_markets", detail));
            }
            None => {}
        }
        let is_default = content.is_default || self.stored.is_empty();
        let content = MarketContent { is_default, ..content.clone() };
        let market = Market { key: key.clone(), content, version };
        if !is_default && before.is_some_and(|before| before.content.is_default) {
            return Err(market_is_default("This is the default market. Make another one the default instead."));
        }
        if !is_default {
            return Ok(MarketPut { market, former_default: None });
        }
        self.check_default(&market)?;
        let former = self.stored.values().find(|other| other.content.is_default && other.key != *key);
        let former_default = former.map(|former| {
            let content = MarketContent { is_default: false, ..former.content.clone() };
            Market { content, version, ..former.clone() }
        });
        Ok(MarketPut { market, former_default })
    }

    /// Checks that a market can be deleted: 404; 412 `version_mismatch`; 409 `market_is_default`.
    pub(crate) fn check_deletion(&self, key: &MarketKey, expected: &ExpectedVersion) -> Result<()> {
        let market = self.stored.get(key);
        check_change("market", market.map(|market| market.version), expected)?;
        match market.is_some_and(|market| market.content.is_default) {
            true => Err(market_is_default("The default market cannot be deleted. Make another one the default first.")),
            false => Ok(()),
        }
    }

    fn check_default(&self, market: &Market) -> Result<()> {
        if !market.is_active() {
            return Err(market_is_default("The default market must be active."));
        }
        let currency = self.implied.content.currency;
        match market.content.currency == currency {
            true => Ok(()),
            false => {
                let message = format!("must be {currency}, the currency of the shop, in the default market");
                Err(Error::invalid("currency", "currency_mismatch", message))
            }
        }
    }
}

pub(crate) fn market_unknown() -> Error {
    Error::invalid("market", "market_unknown", "is not a market of this shop")
}

fn market_is_default(detail: &str) -> Error {
    Error::conflict("market_is_default", detail)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::markets::MarketStatus;
    use crate::markets::market::tests::content;
    use crate::slug::tests::slug;
    use proptest::prelude::*;

    pub(crate) fn markets(rows: Vec<Market>) -> MarketSet {
        MarketSet::new(rows, "EUR".parse().unwrap()).unwrap()
    }

    impl MarketSet {
        /// The markets after a put.
        fn with(&self, put: MarketPut) -> Self {
            let mut stored = self.stored.clone();
            for market in std::iter::once(put.market).chain(put.former_default) {
                stored.insert(market.key.clone(), market);
            }
            Self { stored, implied: self.implied.clone() }
        }

        fn adding(&self, key: &str, content: &MarketContent) -> Self {
            self.with(self.put(&slug(key), content, None, 1).unwrap())
        }

        fn default_key(&self) -> &str {
            self.find(None).unwrap().key.as_str()
        }
    }

    fn as_default(content: MarketContent) -> MarketContent {
        MarketContent { is_default: true, ..content }
    }

    /// `eu` is the default, `us` is not.
    fn eu_and_us() -> MarketSet {
        markets(Vec::new()).adding("eu", &content("EUR")).adding("us", &content("USD"))
    }

    #[test]
    fn shop_without_markets_has_one_in_its_currency() {
        let shop = markets(Vec::new());
        let market = shop.find(None).unwrap();
        assert_eq!((market.key.as_str(), market.content.currency.code(), market.version), ("default", "EUR", 0));
        assert_eq!(shop.find(Some(&slug("default"))).unwrap(), market);
        assert_eq!(shop.all().count(), 1);
        assert_eq!(shop.find(Some(&slug("eu"))).unwrap_err().fields[0].code, "market_unknown");
    }

    #[test]
    fn default_key_means_the_default_market_for_ever() {
        let shop = eu_and_us();
        assert_eq!((shop.default_key(), shop.all().count()), ("eu", 2));
        assert_eq!(shop.find(Some(&slug("default"))).unwrap().key.as_str(), "eu");
        let error = shop.put(&slug("default"), &content("EUR"), None, 9).unwrap_err();
        assert_eq!(error.fields[0].code, "market_key_reserved");
    }

    #[test]
    fn first_market_is_the_default_and_so_in_the_currency_of_the_shop() {
        let error = markets(Vec::new()).put(&slug("us"), &content("USD"), None, 1).unwrap_err();
        assert_eq!(error.fields[0].code, "currency_mismatch");
    }

    #[test]
    fn new_default_takes_the_place_of_the_former_one() {
        let put = eu_and_us().put(&slug("b2b"), &as_default(content("EUR")), None, 9).unwrap();
        let former = put.former_default.as_ref().unwrap();
        assert_eq!((former.key.as_str(), former.content.is_default, former.version), ("eu", false, 9));
        assert_eq!(eu_and_us().with(put).default_key(), "b2b");
    }

    #[test]
    fn default_market_stays_active_and_is_not_deleted() {
        let (shop, at_one) = (eu_and_us(), ExpectedVersion::from(1));
        let put = |content: &MarketContent| shop.put(&slug("eu"), content, Some(&at_one), 9).unwrap_err().code;
        assert_eq!(put(&content("EUR")), "market_is_default", "it would leave the shop without a default");
        let inactive = MarketContent { status: MarketStatus::Inactive, ..as_default(content("EUR")) };
        assert_eq!(put(&inactive), "market_is_default");
        assert_eq!(shop.check_deletion(&slug("eu"), &at_one).unwrap_err().code, "market_is_default");
        assert!(shop.check_deletion(&slug("us"), &at_one).is_ok());
        assert_eq!(shop.check_deletion(&slug("us"), &ExpectedVersion::from(2)).unwrap_err().code, "version_mismatch");
        assert_eq!(shop.check_deletion(&slug("jp"), &at_one).unwrap_err().code, "not_found");
    }

    #[test]
    fn inactive_market_does_not_exist_for_buyers() {
        let inactive = MarketContent { status: MarketStatus::Inactive, ..content("GBP") };
        let shop = eu_and_us().adding("uk", &inactive);
        assert_eq!(shop.find(Some(&slug("uk"))).unwrap_err().fields[0].code, "market_unknown");
        assert!(shop.get(&slug("uk")).is_some());
    }

    #[test]
    fn market_beyond_the_20th_is_refused() {
        let shop = (0..MAX_MARKETS).fold(markets(Vec::new()), |shop, n| shop.adding(&format!("m{n}"), &content("EUR")));
        let refused = |key: &str, expected: Option<&ExpectedVersion>| {
            let changed = MarketContent { is_default: key == "m0", ..content("EUR") };
            shop.put(&slug(key), &changed, expected, 9).map(|put| put.market.version).map_err(|error| error.code)
        };
        assert_eq!(refused("one-more", None), Err("too_many_markets"));
        assert_eq!(refused("m1", None), Err("market_exists"));
        assert_eq!(refused("m0", Some(&ExpectedVersion::from(1))), Ok(9), "a market can be replaced");
    }

    proptest! {
        #[test]
        fn shop_always_has_one_active_default_in_its_currency(
            steps in prop::collection::vec((0usize..4, 0usize..2, any::<bool>(), any::<bool>(), any::<bool>()), 0..40),
        ) {
            let mut shop = markets(Vec::new());
            for (number, (key, currency, is_default, is_active, is_deletion)) in (1u64..).zip(steps) {
                let key: MarketKey = slug(["eu", "us", "uk", "jp"][key]);
                let current = shop.stored.get(&key).map(|market| ExpectedVersion::from(market.version));
                if let (true, Some(current)) = (is_deletion, &current) {
                    if shop.check_deletion(&key, current).is_ok() {
                        shop.stored.remove(&key);
                    }
                } else {
                    let status = if is_active { MarketStatus::Active } else { MarketStatus::Inactive };
                    let content = MarketContent { is_default, status, ..content(["EUR", "USD"][currency]) };
                    let before = shop.stored.get(&key).map(|market| market.content.currency);
                    if let Ok(put) = shop.put(&key, &content, current.as_ref(), number) {
                        prop_assert!(before.is_none_or(|before| before == put.market.content.currency));
                        shop = shop.with(put);
                    }
                }
                let defaults: Vec<&Market> = shop.all().filter(|market| market.content.is_default).collect();
                prop_assert_eq!(defaults.len(), 1);
                prop_assert!(defaults[0].is_active() && defaults[0].content.currency.code() == "EUR");
                prop_assert_eq!(shop.find(None).unwrap(), defaults[0]);
            }
        }
    }
}
