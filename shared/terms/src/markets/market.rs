//! A market.

use std::collections::BTreeSet;

use pricing::{PriceMode, Step};
use serde::{Deserialize, Serialize};
use values::{Currency, Error, Money, Result};

use crate::country::check_country;
use crate::slug::{MarketKey, PriceListKey};

/// This key always means the default market, so that it is right also in a cart that is older than the first stored market.
pub(crate) const DEFAULT: &str = "default";
/// Languages of a market.
const MAX_LANGUAGES: usize = 20;
/// In minor units. Above all orders of 50 lines at the highest price.
const MAX_AMOUNT: i64 = 10_000_000_000_000;

/// What an admin sets about a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarketContent {
    /// The currency of all amounts. It never changes.
    pub currency: Currency,
    /// Whether prices include tax.
    #[serde(with = "PriceModeDef")]
    pub prices: PriceMode,
    /// All amounts are multiples of this many minor units. It must divide one unit of the currency, and can only become finer.
    #[serde(default = "one")]
    pub step: i64,
    /// The countries to which the market sells (ISO 3166-1 alpha-2). Empty: all.
    #[serde(default)]
    pub countries: BTreeSet<String>,
    /// Language tags of BCP 47, the preferred one first.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The price list. None: that with the key of the market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListKey>,
    #[serde(default)]
    pub status: MarketStatus,
    /// The default market is used where no market is named. The first market is the default; another one takes its place when this is
    /// set.
    #[serde(default)]
    pub is_default: bool,
}

/// Whether a market sells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MarketStatus {
    #[default]
    Active,
    /// For buyers it does not exist.
    Inactive,
}

/// How serde reads and writes a [`PriceMode`].
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(remote = "PriceMode", rename_all = "lowercase")]
enum PriceModeDef {
    Net,
    Gross,
}

/// A market, as its row and as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Market {
    pub key: MarketKey,
    #[serde(flatten)]
    pub content: MarketContent,
    /// Goes up with each change. 0: it is not stored.
    pub version: u64,
}

fn one() -> i64 {
    1
}

impl MarketContent {
    /// Checks input. 422 `currency_unknown`, `step_out_of_range`, `country_unknown`, `too_many_languages` or `language_invalid`.
    pub(crate) fn check(&self) -> Result<()> {
        self.currency.code().parse::<Currency>()?;
        let unit = 10i64.pow(self.currency.exponent());
        if unit % Step::new(self.step)?.get() != 0 {
            let message = format!("must divide one unit of {}, which is {unit} minor units", self.currency);
            return Err(Error::invalid("step", "step_out_of_range", message));
        }
        self.countries.iter().try_for_each(|country| check_country(country, "countries"))?;
        if self.languages.len() > MAX_LANGUAGES {
            let message = format!("must be at most {MAX_LANGUAGES} languages");
            return Err(Error::invalid("languages", "too_many_languages", message));
        }
        match self.languages.iter().all(|tag| is_language_tag(tag)) {
            true => Ok(()),
            false => {
                let message = "must be language tags of BCP 47, such as en, pt-BR or zh-Hant";
                Err(Error::invalid("languages", "language_invalid", message))
            }
        }
    }

    /// Checks that this can follow `before`. 409 `market_currency_fixed`, `market_step_fixed`.
    pub(crate) fn check_following(&self, before: &Self) -> Result<()> {
        if self.currency != before.currency {
            let detail = "The currency of a market cannot change: carts and price lists hold amounts in it. Create another market.";
            return Err(Error::conflict("market_currency_fixed", detail));
        }
        if before.step % Step::new(self.step)?.get() != 0 {
            let detail =
                "The step of a market can only become finer: stored prices would no longer be multiples of it.";
            return Err(Error::conflict("market_step_fixed", detail));
        }
        Ok(())
    }
}

impl Market {
    /// The market of a shop that has stored none: everything as before there were markets.
    pub(crate) fn implied(key: MarketKey, currency: Currency) -> Self {
        let content = MarketContent {
            currency,
            prices: PriceMode::Net,
            step: one(),
            countries: BTreeSet::new(),
            languages: Vec::new(),
            price_list: None,
            status: MarketStatus::Active,
            is_default: true,
        };
        Self { key, content, version: 0 }
    }

    /// The market as prices are computed for it.
    pub fn pricing(&self) -> Result<pricing::Market> {
        let MarketContent { currency, prices, step, .. } = self.content;
        Ok(pricing::Market { currency, step: Step::new(step)?, prices })
    }

    /// The key of its price list.
    pub fn price_list(&self) -> &str {
        self.content.price_list.as_ref().map_or(self.key.as_str(), PriceListKey::as_str)
    }

    /// Does it sell to this country (ISO 3166-1 alpha-2)?
    pub fn sells_to(&self, country: &str) -> bool {
        self.content.countries.is_empty() || self.content.countries.contains(country)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.content.status == MarketStatus::Active
    }

    /// Does the key mean this market?
    pub(crate) fn is_named(&self, key: &MarketKey) -> bool {
        self.key == *key || (self.content.is_default && key.as_str() == DEFAULT)
    }

    /// Checks an amount that an admin has set. 422 `currency_mismatch`, `amount_out_of_range`, `step_mismatch`.
    pub(crate) fn check_amount(&self, amount: Money, field: &str) -> Result<()> {
        let MarketContent { currency, step, .. } = self.content;
        if amount.currency != currency {
            let message = format!("must be in {currency}, the currency of the market");
            return Err(Error::invalid(field, "currency_mismatch", message));
        }
        if !(0..=MAX_AMOUNT).contains(&amount.amount) {
            let message = format!("must be from 0 to {MAX_AMOUNT} minor units");
            return Err(Error::invalid(field, "amount_out_of_range", message));
        }
        if amount.amount % Step::new(step)?.get() != 0 {
            let message = format!("must be a multiple of {}", Money::new(step, currency));
            return Err(Error::invalid(field, "step_mismatch", message));
        }
        Ok(())
    }
}

/// A language, with a script and a region if they are needed (RFC 5646, 2.1, without extensions and variants).
fn is_language_tag(tag: &str) -> bool {
    let parts: Vec<&str> = tag.split('-').collect();
    match parts.as_slice() {
        [language] => is_language(language),
        [language, second] => is_language(language) && (is_script(second) || is_region(second)),
        [language, script, region] => is_language(language) && is_script(script) && is_region(region),
        _ => false,
    }
}

fn is_language(part: &str) -> bool {
    (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_script(part: &str) -> bool {
    part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_region(part: &str) -> bool {
    match part.len() {
        2 => part.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => part.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::slug::tests::slug;
    use serde_json::json;

    pub(crate) fn content(currency: &str) -> MarketContent {
        MarketContent { is_default: false, ..Market::implied(slug("any"), currency.parse().unwrap()).content }
    }

    pub(crate) fn market(key: &str, currency: &str) -> Market {
        Market { key: slug(key), content: content(currency), version: 1 }
    }

    fn code(content: &MarketContent) -> Option<&'static str> {
        content.check().err().map(|error| error.fields[0].code)
    }

    #[test]
    fn currency_is_one_of_iso_4217() {
        let unknown = MarketContent { currency: serde_json::from_value(json!("AAA")).unwrap(), ..content("EUR") };
        assert_eq!((code(&unknown), code(&content("EUR"))), (Some("currency_unknown"), None));
    }

    #[test]
    fn step_divides_a_unit_of_the_currency() {
        let step = |currency: &str, step: i64| code(&MarketContent { step, ..content(currency) });
        for (currency, good) in [("EUR", 1), ("CHF", 5), ("HUF", 100), ("KWD", 10), ("KWD", 1_000), ("JPY", 1)] {
            assert_eq!(step(currency, good), None, "{good} {currency}");
        }
        for (currency, bad) in [("EUR", 0), ("EUR", -1), ("EUR", 3), ("EUR", 1_000), ("KWD", 1_001), ("JPY", 10)] {
            assert_eq!(step(currency, bad), Some("step_out_of_range"), "{bad} {currency}");
        }
    }

    #[test]
    fn countries_and_languages_are_known_and_few() {
        let sold_to = |country: &str| MarketContent { countries: [country.to_owned()].into(), ..content("EUR") };
        assert_eq!((code(&sold_to("BE")), code(&sold_to("EU"))), (None, Some("country_unknown")));
        let in_language = |tag: &str| MarketContent { languages: vec![tag.to_owned()], ..content("EUR") };
        for tag in ["en", "gsw", "pt-BR", "es-419", "zh-Hant", "zh-Hant-TW"] {
            assert_eq!(code(&in_language(tag)), None, "{tag}");
        }
        for tag in ["", "e", "english", "en_GB", "en-", "en-GB-x", "419", "en-GB-Latn", "ён"] {
            assert_eq!(code(&in_language(tag)), Some("language_invalid"), "{tag:?}");
        }
        let many = MarketContent { languages: vec!["en".to_owned(); MAX_LANGUAGES + 1], ..content("EUR") };
        assert_eq!(code(&many), Some("too_many_languages"));
    }

    #[test]
    fn currency_stays_and_step_only_becomes_finer() {
        let huf = MarketContent { step: 100, ..content("HUF") };
        let following = |after: &MarketContent| after.check_following(&huf).err().map(|error| error.code);
        assert_eq!(following(&MarketContent { step: 10, prices: PriceMode::Gross, ..huf.clone() }), None);
        assert_eq!(
            following(&MarketContent { currency: "EUR".parse().unwrap(), ..huf.clone() }),
            Some("market_currency_fixed")
        );
        let finer = MarketContent { step: 10, ..huf.clone() };
        assert_eq!(huf.check_following(&finer).unwrap_err().code, "market_step_fixed");
    }

    #[test]
    fn amount_is_a_multiple_of_the_step_in_the_currency() {
        let mut huf = market("hu", "HUF");
        huf.content.step = 100;
        let code = |amount: i64, currency: &str| {
            let amount = Money::new(amount, currency.parse().unwrap());
            huf.check_amount(amount, "price").err().map(|error| error.fields[0].code)
        };
        assert_eq!([code(0, "HUF"), code(199_900, "HUF"), code(MAX_AMOUNT, "HUF")], [None; 3]);
        assert_eq!(code(100, "EUR"), Some("currency_mismatch"));
        assert_eq!([code(-100, "HUF"), code(MAX_AMOUNT + 100, "HUF")], [Some("amount_out_of_range"); 2]);
        assert_eq!(code(150, "HUF"), Some("step_mismatch"));
    }

    #[test]
    fn row_without_optional_fields_is_read() {
        let row = json!({
            "pk": "MARKETS", "sk": "eu", "mark": "1", "key": "eu", "version": 7, "currency": "EUR", "prices": "gross",
        });
        let read: Market = serde_json::from_value(row).unwrap();
        let content = MarketContent { prices: PriceMode::Gross, ..content("EUR") };
        assert_eq!(read, Market { key: slug("eu"), content, version: 7 });
        assert_eq!((read.price_list(), read.sells_to("JP")), ("eu", true));
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!((&written["prices"], &written["key"]), (&json!("gross"), &json!("eu")));
        assert_eq!(serde_json::from_value::<Market>(written).unwrap(), read);
    }

    #[test]
    fn input_with_an_unknown_field_is_refused() {
        let input = json!({ "currency": "EUR", "prices": "gross", "vat": 21 });
        assert!(serde_json::from_value::<MarketContent>(input).is_err());
    }
}
