//! The columns of a segment with the prices of price lists, and what they are for the price list of a query.

use catalog::{PriceList, PriceListKey};
use tantivy::SegmentReader;
use tantivy::columnar::Column;
use values::Currency;

use crate::document::VariantOffer;
use crate::list_prices::{list_text, unpacked};

/// The list prices of a segment. A column without a value is missing, and so are both in an index of the format before.
pub(crate) struct ListPriceColumns {
    /// Of each price, the ordinal of its list.
    lists: Option<Column<u64>>,
    /// Of each price, `DocumentPrice::packed`.
    prices: Option<Column<u64>>,
    /// The texts of the lists, by ordinal.
    texts: Vec<String>,
}

/// The prices of one price list in a segment.
pub(crate) struct PricesOfList<'a> {
    columns: &'a ListPriceColumns,
    list: Option<u64>,
    /// The list `default`, whose price counts where the list has none.
    default: Option<u64>,
    /// The list `default` has the price of each offer.
    is_shop_currency: bool,
}

impl ListPriceColumns {
    pub(crate) fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let (lists, mut texts) = (fast.str("price_lists")?, Vec::new());
        if let Some(lists) = &lists {
            let mut stream = lists.dictionary().stream()?;
            while stream.advance() {
                texts.push(String::from_utf8_lossy(stream.key()).into_owned());
            }
        }
        let lists = lists.map(|column| column.ords().clone());
        Ok(Self { lists, prices: fast.column_opt("list_prices")?, texts })
    }

    /// The prices of a price list. `shop_currency` is the currency of the prices of all offers.
    pub(crate) fn of_list(&self, list: &PriceList, shop_currency: Currency) -> PricesOfList<'_> {
        let ordinal = |list: &PriceList| {
            let text = list_text(list);
            self.texts.iter().zip(0..).find(|(known, _)| **known == text).map(|(_, ordinal)| ordinal)
        };
        let default = PriceList { list: PriceListKey::default(), currency: list.currency };
        PricesOfList {
            columns: self,
            list: ordinal(list),
            default: ordinal(&default),
            is_shop_currency: list.currency == shop_currency,
        }
    }
}

impl PricesOfList<'_> {
    /// Replaces the prices of a document's offers by those of the list. Returns the bits of the offers that are for sale there.
    pub(crate) fn replace(&self, document: u32, offers: &mut [VariantOffer]) -> u64 {
        let (mut priced, mut of_list) = (if self.is_shop_currency { u64::MAX } else { 0 }, 0u64);
        let (Some(lists), Some(prices)) = (&self.columns.lists, &self.columns.prices) else { return priced };
        for (list, number) in lists.values_for_doc(document).zip(prices.values_for_doc(document)) {
            let (variant, price) = unpacked(number);
            let bit = 1u64 << variant;
            let is_of_list = self.list == Some(list);
            let is_default = self.default == Some(list) && of_list & bit == 0;
            let Some(offer) = offers.get_mut(variant).filter(|_| is_of_list || is_default) else { continue };
            offer.price = price;
            priced |= bit;
            if is_of_list {
                of_list |= bit;
            }
        }
        priced
    }

    /// The price of a product with one SKU, whose own price is `price`; none if it is not for sale there.
    pub(crate) fn of_single(&self, document: u32, price: u64) -> Option<u64> {
        let mut offers = [VariantOffer { price, in_stock: false }];
        let priced = self.replace(document, &mut offers);
        offers.first().filter(|_| priced & 1 == 1).map(|offer| offer.price)
    }
}
