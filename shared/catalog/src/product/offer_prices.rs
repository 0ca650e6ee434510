//! The prices of an offer and of a product in each price list.

use values::Money;

use crate::{ListPrice, Listing, Offer, PriceList, PriceListKey};

impl Offer {
    /// All its prices: `price`, which is of the list `default`, and its list prices. A buyer whose order is priced has the lists of their
    /// group and of their market, and then `default`.
    pub fn list_prices(&self) -> Vec<pricing::ListPrice> {
        let list_price = |list: &PriceListKey, min_quantity, price| pricing::ListPrice {
            list: list.as_str().to_owned(),
            min_quantity,
            price,
        };
        let own = list_price(&PriceListKey::default(), 1, self.price);
        let others = self.prices.iter().map(|one| list_price(&one.list, one.min_quantity, one.price));
        std::iter::once(own).chain(others).collect()
    }

    /// The price of one piece in a price list. A list without a price has that of the list `default` in the same currency. None: it is not
    /// for sale there.
    pub fn price_in(&self, list: &PriceList) -> Option<Money> {
        let fits = |one: &&ListPrice| one.min_quantity == 1 && list.includes(one);
        let of_list = self.prices.iter().filter(fits).find(|one| one.list == list.list);
        let own = Some(self.price).filter(|price| price.currency == list.currency);
        // There is one price of the list `default` in each currency.
        let of_default = || self.prices.iter().find(fits);
        of_list.map(|one| one.price).or(own).or_else(|| of_default().map(|one| one.price))
    }
}

impl Listing {
    /// The price of one piece in a price list; with variants, the lowest price of those that have one. None: it is not for sale there.
    pub fn price_in(&self, list: &PriceList) -> Option<Money> {
        match self.variants.is_empty() {
            true => self.main_offer.price_in(list),
            false => self.variants.iter().filter_map(|offer| offer.price_in(list)).min_by_key(|price| price.amount),
        }
    }

    /// The entity tag of an answer with the prices of a list; without a list, that of [`Listing::etag`]. If the prices of the list are
    /// others, the tag begins with its currency, so that `If-Match` finds no version in it. Otherwise an admin could change a product by
    /// what one market shows, and would store the price of that market as `price`.
    pub fn etag_in(&self, list: Option<&PriceList>) -> String {
        match list.filter(|list| self.has_other_prices_in(list)) {
            None => self.etag(),
            Some(list) => format!("{}.{}.{}", list.currency, list.list.as_str(), self.etag()),
        }
    }

    /// May an answer with the prices of the list differ from one without a list?
    fn has_other_prices_in(&self, list: &PriceList) -> bool {
        let shop = self.price().currency;
        let is_of_shop = |one: &ListPrice| one.list.is_default() && one.price.currency == shop;
        list.currency != shop || !self.offers().flat_map(|offer| &offer.prices).all(is_of_shop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::list_price::tests::{key, list_price};
    use crate::product::listing::tests::{listing, shirt};
    use crate::product::read_lines::{PricedItem, line};
    use crate::product::terms::tests::eur;
    use pricing::{Context, Market, PriceMode, Rules, Step, TaxClass};
    use proptest::prelude::*;
    use values::{Currency, Quantity, Timestamp};

    fn in_list(list: &str, currency: &str) -> PriceList {
        PriceList { list: key(list), currency: currency.parse().unwrap() }
    }

    /// The price of one piece in an order of a buyer with this price list; none if it has no price.
    fn ordered(offer: &Offer, list: &PriceList) -> Option<Money> {
        let market = Market { currency: list.currency, step: Step::ONE, prices: PriceMode::Net };
        let context = Context {
            market,
            price_lists: vec![list.list.as_str().to_owned(), PriceListKey::default().as_str().to_owned()],
            country: None,
            customer_group: None,
            is_first_order: false,
            exemption: None,
            now: Timestamp::from_millis(1_764_000_000_000),
            codes: Vec::new(),
            shipping: None,
        };
        let untaxed = TaxClass { key: offer.tax_class.as_str().to_owned(), components: Vec::new() };
        let rules = Rules { tax_classes: vec![untaxed], ..Rules::default() };
        let line = line(PricedItem::of(offer, Quantity::new(1).unwrap()), None, Vec::new());
        Some(pricing::price(&[line], &context, &rules).ok()?.lines[0].unit_price)
    }

    #[test]
    fn product_with_variants_costs_what_its_cheapest_variant_does_in_the_list() {
        let mut shirt = shirt();
        assert_eq!(shirt.price_in(&in_list("uk", "EUR")), Some(eur(1_800)));
        assert_eq!(shirt.price_in(&in_list("uk", "GBP")), None);
        shirt.variants[0].prices = vec![list_price("uk", "GBP", 1, 1_700)];
        assert_eq!(shirt.price_in(&in_list("uk", "GBP")), Some(list_price("uk", "GBP", 1, 1_700).price));
        shirt.variants[1].prices = vec![list_price("uk", "GBP", 1, 1_900)];
        assert_eq!(
            shirt.price_in(&in_list("uk", "GBP")).unwrap().amount,
            1_700,
            "the cheapest in EUR is dearer in GBP"
        );
        assert_eq!(shirt.price_in(&in_list("uk", "USD")), None);
    }

    #[test]
    fn price_of_a_larger_quantity_is_not_shown_as_that_of_one_piece() {
        let mut mug = listing().main_offer;
        mug.prices = vec![list_price("uk", "GBP", 10, 1_000), list_price("default", "GBP", 1, 1_200)];
        assert_eq!(mug.price_in(&in_list("uk", "GBP")).unwrap().amount, 1_200);
        assert_eq!(mug.list_prices().len(), 3);
    }

    #[test]
    fn tag_of_other_prices_names_no_version() {
        let mut mug = listing();
        let (tag, home, uk) = (mug.etag(), in_list("home", "EUR"), in_list("uk", "GBP"));
        assert_eq!(
            [mug.etag_in(None), mug.etag_in(Some(&home))],
            [tag.clone(), tag.clone()],
            "the prices are the same"
        );
        assert_eq!(mug.etag_in(Some(&uk)), format!("GBP.uk.{tag}"));
        mug.main_offer.prices = vec![list_price("default", "EUR", 10, 1_290)];
        assert_eq!(mug.etag_in(Some(&home)), tag, "every buyer has the list `default`");
        mug.main_offer.prices.push(list_price("home", "EUR", 1, 1_390));
        assert_eq!([mug.etag_in(None), mug.etag_in(Some(&home))], [tag.clone(), format!("EUR.home.{tag}")]);
        let mut shirt = shirt();
        shirt.variants[1].prices = vec![list_price("home", "EUR", 1, 1_390)];
        assert_eq!(shirt.etag_in(Some(&home)), format!("EUR.home.{}", shirt.etag()), "a variant has another price");
    }

    proptest! {
        #[test]
        fn price_that_is_shown_is_the_price_of_an_order(
            prices in prop::collection::btree_map((0usize..3, 0usize..3, prop::sample::select(vec![1u32, 2, 10])), 1i64..5_000, 0..12),
            list in 0usize..3, currency in 0usize..3,
        ) {
            let (lists, currencies) = (["default", "uk", "trade"], ["EUR", "GBP", "USD"]);
            let mut mug = listing().main_offer;
            let of = |((list, currency, quantity), amount): ((usize, usize, u32), i64)| {
                list_price(lists[list], currencies[currency], quantity, amount)
            };
            // The price of one piece in the list `default` and in the shop's currency is `price`.
            mug.prices = prices.into_iter().filter(|(key, _)| *key != (0, 0, 1)).map(of).collect();
            let shop: Currency = "EUR".parse().unwrap();
            prop_assert_eq!(mug.price.currency, shop);
            let list = in_list(lists[list], currencies[currency]);
            prop_assert_eq!(mug.price_in(&list), ordered(&mug, &list));
        }
    }
}
