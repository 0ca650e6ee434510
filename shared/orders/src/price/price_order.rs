//! Price an order that is to be placed. It costs what its customer expects, or is refused with the present price.

use cart::Line;
use catalog::{Offer, SaleRefusal};
use pricing::Breakdown;
use promotions::{UseProblem, Uses};
use values::{Caller, Money, Result, Sku};

use crate::checkout::Checkout;
use crate::new_order::QuoteRequest;
use crate::price::basis::Basis;
use crate::price::check_coupons::check_coupons;
use crate::price::customer::CountsToRead;
use crate::price::order_price::OrderPrice;
use crate::price::shipping::chosen_for_order;
use crate::refusal::{LineProblem, PresentPrice, refusal};

/// An order with its price.
#[derive(Debug)]
pub(crate) struct PricedOrder {
    /// What is bought, at these prices.
    pub(crate) lines: Vec<Line>,
    pub(crate) breakdown: Breakdown,
    pub(crate) price: OrderPrice,
    /// What the order is to count.
    pub(crate) uses: Uses,
}

/// Why an order is priced again.
#[derive(Debug, Default)]
pub(crate) struct PriceDoubts<'l> {
    /// Lines that cannot be bought, apart from those whose price has changed.
    pub(crate) lines: Vec<LineProblem<'l>>,
    /// Promotions that the order cannot count.
    pub(crate) uses: Vec<UseProblem>,
    /// The total of the attempt before.
    pub(crate) total: Option<Money>,
}

impl Checkout {
    /// The price of an order. A customer who expects another total may have seen newer prices than the cart stores, and so may one whose
    /// cart is of another market. Then the lines are priced again by the offers of now, and bought if the total is the expected one. No
    /// round trip in a warm execution environment, 2 more in that case.
    ///
    /// 409 `price_changed`, `shipping_changed`, `tax_changed`, `promotion_changed`, `promotion_exhausted`, `product_unavailable`; 422
    /// `required` or `shipping_method_unknown` for the shipping method, `destination_unserved`, and `coupon_unknown` and others for coupons.
    pub(crate) async fn price_order(
        &self,
        basis: &Basis,
        request: &QuoteRequest,
        caller: &Caller,
    ) -> Result<PricedOrder> {
        if basis.is_current {
            let lines = basis.lines.clone();
            let priced = self.price_lines(basis, lines, request, (caller, CountsToRead::OfCustomer)).await?;
            if request.expected_total.is_none_or(|expected| expected == priced.breakdown.total) {
                return Ok(priced);
            }
        }
        // Boxed, because it is rare.
        Box::pin(self.price_again(basis, request, caller, PriceDoubts::default())).await
    }

    /// The price by the offers and the promotions of now, if it is the expected one, or that of the attempt before, and if no line is in
    /// doubt. 2 round trips, and those of [`Checkout::exclude_used`].
    pub(crate) async fn price_again(
        &self,
        basis: &Basis,
        request: &QuoteRequest,
        caller: &Caller,
        doubts: PriceDoubts<'_>,
    ) -> Result<PricedOrder> {
        self.carts.promotions().forget();
        let seen = &basis.lines;
        let skus: Vec<Sku> = seen.iter().map(|line| line.sku.clone()).collect();
        let offers = self.service.catalog.offers(&skus).await?;
        let (lines, gone) = present_lines(basis, &offers);
        let problems = [doubts.lines, gone].concat();
        // A line that is no longer sold is an error, rather than a total without it.
        if problems.iter().any(|(_, refusal)| *refusal == SaleRefusal::Unavailable) {
            return Err(refusal(&problems));
        }
        let has_changed = seen.iter().zip(&lines).any(|(seen, line)| seen.unit_price != line.unit_price);
        let priced = self.price_lines(basis, lines, request, (caller, CountsToRead::All)).await?;
        let total = priced.breakdown.total;
        let is_expected = match request.expected_total.or(doubts.total) {
            Some(expected) => expected == total,
            None => !has_changed,
        };
        if is_expected && problems.is_empty() {
            return Ok(priced);
        }
        let expected = request.expected_total.or(doubts.total).unwrap_or(total);
        let PricedOrder { lines, breakdown, price, .. } = &priced;
        Err(PresentPrice { seen, lines, breakdown, price, expected }.refusal(&problems, &doubts.uses)?)
    }

    /// The price of lines, with the shipping method that the request names.
    async fn price_lines(
        &self,
        basis: &Basis,
        lines: Vec<Line>,
        request: &QuoteRequest,
        (caller, counts): (&Caller, CountsToRead),
    ) -> Result<PricedOrder> {
        let sale = self.open_sale(basis, &lines, (caller, request.email.as_ref()), counts).await?;
        let goods = self.price_goods(&sale).await?;
        let methods = self.offered_methods(&sale, &goods.breakdown).await?;
        let priced = match chosen_for_order(&methods, request.shipping_method.as_ref())? {
            Some(method) => self.price_with(&sale, &goods.breakdown, method).await?,
            None => goods,
        };
        check_coupons(&sale, &priced.breakdown)?;
        let uses = sale.found.uses(&priced.breakdown.promotions, sale.customer.as_ref())?;
        let price = OrderPrice { tax_place: self.tax_place(&sale, &priced), ..priced.to_order_price(&sale)? };
        Ok(PricedOrder { lines, breakdown: priced.breakdown, price, uses })
    }
}

/// The lines by the offers of now, and those that are no longer sold. Only the transaction can check the stock.
fn present_lines<'b>(basis: &'b Basis, offers: &[Offer]) -> (Vec<Line>, Vec<LineProblem<'b>>) {
    let (mut lines, mut gone) = (Vec::with_capacity(basis.lines.len()), Vec::new());
    for line in &basis.lines {
        let offer = offers.iter().find(|offer| offer.sku == line.sku && offer.is_active());
        let priced = offer.and_then(|offer| Some((offer, basis.prices.unit_price(offer, line.quantity)?)));
        match priced {
            Some((offer, unit_price)) => lines.push(Line::of(offer, line.quantity, unit_price)),
            None => gone.push((line, SaleRefusal::Unavailable)),
        }
    }
    (lines, gone)
}
