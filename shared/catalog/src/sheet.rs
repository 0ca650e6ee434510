//! A sheet: what an admin says about a product, and can say again. Stock is apart, for sales move it while a sheet is written.

use std::collections::BTreeMap;

use values::{Currency, Error, Money, Result, Sku};

use crate::stock::check_pieces;
use crate::{Attributes, Brand, Category, Description, Goods, Name, Tags, TaxClass};

/// The highest price, in minor units.
const HIGHEST_PRICE: i64 = 100_000_000;
/// The heaviest piece, in grams.
const HEAVIEST: u32 = 1_000_000;

/// What is said of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// Where it lies.
    pub category: Category,
    /// Who makes it.
    pub brand: Option<Brand>,
    /// Words to find it by.
    pub tags: Tags,
    /// Its properties.
    pub attributes: Attributes,
    /// How it is taxed.
    pub tax_class: TaxClass,
    /// What is sold of it, and at what price.
    pub goods: Goods,
}

/// The terms of one SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Of one piece.
    pub price: Money,
    /// What it cost before, or costs elsewhere: more than the price.
    pub compare_at_price: Option<Money>,
    /// Grams of one piece.
    pub weight: Option<u32>,
}

/// Pieces by SKU, as far as they are told. New SKUs begin with them; those that are there keep what they have.
pub type Stock = BTreeMap<Sku, u32>;

/// What a product begins as.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The product's own; nobody else's, and for ever.
    pub sku: Sku,
    /// What is told of it.
    pub sheet: Sheet,
    /// Pieces there are of each SKU: 0 to 1,000,000, and 0 where nothing is told.
    pub stock: Stock,
    /// The line of an import that says so, if one does.
    pub line: Option<String>,
}

impl Sheet {
    /// Refuses prices out of 0 to a million or in another currency than the shop's, and variants that are none. `sku` is the
    /// product's own.
    pub fn check(&self, sku: &Sku, currency: Currency) -> Result<()> {
        match &self.goods {
            Goods::Single(terms) => terms.check("", currency),
            Goods::Variants(range) => range.check(sku, currency),
        }
    }
}

impl Draft {
    /// Refuses what [`Sheet::check`] refuses, and more pieces than there is room for.
    pub fn check(&self, currency: Currency) -> Result<()> {
        self.sheet.check(&self.sku, currency)?;
        check_stock(&self.sheet, &self.stock)
    }
}

/// Refuses more pieces than there is room for.
pub(crate) fn check_stock(sheet: &Sheet, stock: &Stock) -> Result<()> {
    for (sku, pieces) in stock {
        let at = match &sheet.goods {
            Goods::Single(_) => String::new(),
            Goods::Variants(range) => range.place(sku),
        };
        check_pieces(&format!("{at}stock.available"), *pieces)?;
    }
    Ok(())
}

impl Terms {
    /// At a price, and nothing more.
    pub fn at(price: Money) -> Self {
        Self { price, compare_at_price: None, weight: None }
    }

    /// `at` is where in a request they stand: empty, or `variants[0].`.
    pub(crate) fn check(&self, at: &str, currency: Currency) -> Result<()> {
        check_price(&format!("{at}price"), self.price, currency)?;
        if let Some(before) = self.compare_at_price {
            let field = format!("{at}compareAtPrice");
            check_price(&field, before, currency)?;
            if before.amount <= self.price.amount {
                let (code, message) = ("compare_at_price_too_low", "must be more than the price, or be left out");
                return Err(Error { code, ..Error::invalid(&field, code, message) });
            }
        }
        match self.weight.is_none_or(|grams| (1..=HEAVIEST).contains(&grams)) {
            true => Ok(()),
            false => {
                let message = format!("must be from 1 to {HEAVIEST} grams, or be left out");
                Err(Error::invalid(&format!("{at}weight"), "weight_out_of_range", message))
            }
        }
    }
}

fn check_price(field: &str, price: Money, currency: Currency) -> Result<()> {
    if price.currency != currency {
        let message = format!("this shop sells in {currency}");
        return Err(Error::invalid(&format!("{field}.currency"), "currency_mismatch", message));
    }
    if !(0..=HIGHEST_PRICE).contains(&price.amount) {
        let message = format!("must be from 0 to {HIGHEST_PRICE} minor units");
        return Err(Error::invalid(&format!("{field}.amount"), "price_out_of_range", message));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    pub(crate) fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    pub(crate) fn sheet() -> Sheet {
        Sheet {
            name: serde_json::from_value(json!("Indigo Mug")).unwrap(),
            description: serde_json::from_value(json!("Holds tea.")).unwrap(),
            category: serde_json::from_value(json!("ceramics")).unwrap(),
            brand: serde_json::from_value(json!("Kiln & Co")).unwrap(),
            tags: serde_json::from_value(json!(["mug", "blue"])).unwrap(),
            attributes: serde_json::from_value(json!({ "glazed": true, "volumeMl": 350 })).unwrap(),
            tax_class: serde_json::from_value(json!("reduced")).unwrap(),
            goods: Goods::Single(Terms {
                compare_at_price: Some(eur(1_990)),
                weight: Some(380),
                ..Terms::at(eur(1_490))
            }),
        }
    }

    fn priced(terms: Terms) -> Result<()> {
        Sheet { goods: Goods::Single(terms), ..sheet() }.check(&"MUG".parse().unwrap(), "EUR".parse().unwrap())
    }

    #[test]
    fn a_price_is_in_the_shops_currency_and_within_bounds() {
        assert!(priced(Terms::at(eur(1_490))).is_ok());
        let usd = Terms::at(Money::new(1_490, "USD".parse().unwrap()));
        assert_eq!(priced(usd).unwrap_err().fields[0].code, "currency_mismatch");
        for amount in [-1, HIGHEST_PRICE + 1] {
            assert_eq!(priced(Terms::at(eur(amount))).unwrap_err().fields[0].code, "price_out_of_range");
        }
    }

    #[test]
    fn a_piece_weighs_something_or_nobody_says_what() {
        let weighing = |grams| priced(Terms { weight: Some(grams), ..Terms::at(eur(1)) });
        assert!(weighing(1).is_ok() && weighing(HEAVIEST).is_ok());
        for grams in [0, HEAVIEST + 1] {
            assert_eq!(weighing(grams).unwrap_err().fields[0].code, "weight_out_of_range");
        }
    }

    #[test]
    fn a_draft_has_room_for_a_million_pieces() {
        let holding = |pieces| Draft {
            sku: "MUG".parse().unwrap(),
            sheet: sheet(),
            stock: [("MUG".parse().unwrap(), pieces)].into(),
            line: None,
        };
        assert!(holding(1_000_000).check("EUR".parse().unwrap()).is_ok());
        let refused = holding(1_000_001).check("EUR".parse().unwrap()).unwrap_err();
        assert_eq!(
            (refused.fields[0].field.as_str(), refused.fields[0].code),
            ("stock.available", "stock_out_of_range")
        );
    }

    proptest! {
        #[test]
        fn what_it_cost_before_is_more_than_it_costs(price in 2..HIGHEST_PRICE - 2, more in -2i64..=2) {
            let before = price + more;
            let told = priced(Terms { compare_at_price: Some(eur(before)), ..Terms::at(eur(price)) });
            match told {
                Ok(()) => prop_assert!(before > price),
                Err(error) => prop_assert!(before <= price && error.code == "compare_at_price_too_low"),
            }
        }
    }
}
