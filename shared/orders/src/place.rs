//! Place an order, in two round trips. The first reads the cart, or the offers of the items that the request names.
//! The second is the transaction in which everything happens or nothing does. The conditions that failed come back
//! with the cancellation, and fill the 409. What was read serves all attempts.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_kit::{
    Changes, ConditionFailures, Decision, Idempotency, Idempotent, MAX_TRANSACTION_WRITES, Slot, Transaction, fault,
};
use cart::{Cart, Line};
use catalog::{Offer, SaleRefusal};
use events::Recipient;
use futures::lock::Mutex;
use identity::Address;
use payments::{NewPayment, Payment};
use pricing::Breakdown;
use values::{Caller, ContactId, Email, Error, Money, Network, Result, Sku, Timestamp, Trace, creation_time};

use crate::answer::Answer;
use crate::checkout::Checkout;
use crate::counters::CounterRow;
use crate::limits::OrderLimits;
use crate::lines::{OrderLines, buyer_kind, items, price_lines};
use crate::new_order::{Destination, NewOrder, PlacedOrder};
use crate::order::{Order, OrderDetails, PersonalData};
use crate::own_history::OwnHistory;
use crate::refusal::{LineProblem, refusal, reprice};
use crate::reserve::Reservation;
use crate::status::{Fulfilment, PaymentStatus, Status};
use crate::{number, token};

/// Promotions that count their uses are of a later issue. Their place in the transaction is reserved.
const MAX_PROMOTIONS: usize = 5;
/// Order, what was placed, number; the counters of network and buyer; cart, payment, contact, idempotency record.
const OTHER_WRITES: usize = 10;
const _: () = assert!(
    Cart::MAX_LINES + (catalog::MAX_PARTS - 1) + MAX_PROMOTIONS + OTHER_WRITES <= MAX_TRANSACTION_WRITES,
    "an order must fit one transaction"
);

/// What the first attempt has read, for all attempts.
struct Readings {
    /// The cart that the order empties.
    cart: Option<Cart>,
    /// What is bought, at which prices.
    lines: Vec<Line>,
    sums: Breakdown,
    shipping_address: Address,
}

impl Checkout {
    /// Places the order once per key; a repetition gets the stored response. `key` is the key that the caller sent,
    /// from which a guest's token is derived. 422 `total_zero`, `cart_empty`, `max_per_order` and others for an invalid request; 409
    /// for lines that cannot be bought, `cart_changed`, and `too_many_open_orders`; 429 `payment_blocked`.
    pub async fn place(
        &self,
        new: NewOrder,
        caller: &Caller,
        network: &Network,
        key: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Idempotent<PlacedOrder>> {
        let (new, readings, reservation) = (&new, &OnceLock::new(), &Mutex::new(Reservation::default()));
        // A repetition may find its cart empty or its stock sold. Its response is stored all the same.
        let decide = |failed: Option<ConditionFailures>| async move {
            let readings = self.read_once(readings, new, caller).await?;
            let Readings { lines, sums, .. } = readings;
            let mut reservation = reservation.lock().await;
            let problems = self.choose_rows(lines, buyer_kind(caller), &mut reservation, failed.as_ref()).await?;
            if !problems.is_empty() {
                return Err(refusal(lines, &problems, sums.total, self.currency)?);
            }
            self.decide(new, readings, &mut reservation, (caller, network), key, trace)
        };
        let orders = &self.service.orders;
        let write =
            orders.optimistic_write().fault_points(fault::label("orders.placing"), fault::label("orders.placed"));
        let answer = write.run_idempotent(Some(idempotency), decide).await?;
        orders.placed_order(answer, key).await
    }

    /// What the order needs from the tables, read by the first attempt.
    async fn read_once<'r>(
        &self,
        readings: &'r OnceLock<Readings>,
        new: &NewOrder,
        caller: &Caller,
    ) -> Result<&'r Readings> {
        if let Some(readings) = readings.get() {
            return Ok(readings);
        }
        // A guest without an email address is refused before anything is read.
        self.buyer(caller, new.email.clone())?;
        self.check_currency(new.expected_total)?;
        let order_lines = self.read_lines(&new.source, buyer_kind(caller)).await?;
        let shipping_address = self.resolve_address(new.destination.clone(), caller).await?;
        let (lines, sums) = self.check_prices(&order_lines, new.expected_total).await?;
        if sums.total.amount <= 0 {
            return Err(Error::invalid("items", "total_zero", "the total is zero; an order must cost something"));
        }
        Ok(readings.get_or_init(|| Readings { cart: order_lines.cart, lines, sums, shipping_address }))
    }

    /// The order, and the transaction that places it.
    fn decide(
        &self,
        new: &NewOrder,
        Readings { cart, lines, sums, shipping_address }: &Readings,
        reservation: &mut Reservation,
        (caller, network): (&Caller, &Network),
        key: &str,
        trace: &Trace,
    ) -> Result<Decision<'static, Answer>> {
        let kind = buyer_kind(caller);
        let (buyer, contact) = self.buyer(caller, new.email.clone())?;
        let salt = contact.is_some().then(token::new_salt).transpose()?;
        let (mut order, order_token) = self.new_order(buyer, lines, sums, salt.as_deref(), key, trace)?;
        let token_digest = order_token.as_deref().map(token::digest);
        let email = contact.as_ref().map(|(_, email)| email.clone());
        order.counters = self.limits.counters(caller, email.as_ref(), network);
        order.reserved = reservation.rows(lines);
        let personal =
            PersonalData { email, shipping_address: shipping_address.clone(), token_digest: token_digest.clone() };
        let payment = NewPayment {
            id: order.payment_id,
            order_id: order.id,
            order_number: order.number.clone(),
            payer: buyer,
            amount: order.total,
            method: new.method.clone(),
            lines: order.payment_lines(),
            token_digest,
        };

        let mut writes = Transaction::new();
        let orders = &self.service.orders;
        writes.add_all(orders.put_new(&order, &personal, trace)?);
        writes.add(self.service.payments.open(payment)?);
        if let Some((id, email)) = &contact {
            writes.add(self.accounts.contact_write(*id, email)?);
        }
        let cart = cart.as_ref().map(|cart| self.carts.convert(cart)).transpose()?.map(|write| writes.add(write));
        reservation.add_writes(&self.service.catalog, lines, kind, &order.sale(), &mut writes)?;
        let counters = self.count_unpaid(&order, &mut writes)?;
        let (currency, limits, now) = (self.currency, self.limits.clone(), order.created_at);
        let (lines, reserved, total) = (lines.clone(), reservation.clone(), sums.total);
        let refuse = move |failures: &ConditionFailures| {
            if let Some(error) = counter_refusal(failures, counters, &limits, &lines, now)? {
                return Ok(Some(error));
            }
            let problems = reserved.line_problems(failures, &lines, kind)?;
            if !problems.is_empty() {
                return refusal(&lines, &problems, total, currency).map(Some);
            }
            let cart_changed =
                || Error::conflict("cart_changed", "The cart has changed. Read it and place the order again.");
            Ok(cart.and_then(|slot| failures.of(slot)).map(|_| cart_changed()))
        };
        let details = OrderDetails { order, personal: Some(personal) };
        let changes = Changes::new(writes, Answer::placed(details, salt)).or_refuse(refuse);
        Ok(if reservation.has_buckets() { changes.elsewhere_on_conflict().into() } else { changes.into() })
    }

    /// Adds the writes that count the order as unpaid, and returns their positions: of its network, and of its buyer. None for an
    /// order that is not limited. 409 `too_many_open_orders` for pieces that no network may hold.
    fn count_unpaid(&self, order: &Order, writes: &mut Transaction) -> Result<Option<[Slot; 2]>> {
        let Some(counters) = &order.counters else { return Ok(None) };
        self.limits.check_pieces(&order.items_by_sku())?;
        let counted = self.service.orders.count_unpaid(order, counters, &self.limits)?;
        Ok(Some(counted.map(|write| writes.add(write))))
    }

    /// The lines to be bought, and their prices. A customer who expects another total may have seen newer prices than
    /// the cart stores. Then the lines are priced again by the offers of now, and bought if the total is the expected
    /// one. A line that is no longer sold is an error, rather than a total without it. 1 round trip, only then.
    async fn check_prices(&self, order_lines: &OrderLines, expected: Option<Money>) -> Result<(Vec<Line>, Breakdown)> {
        let sums = price_lines(&order_lines.lines, self.currency)?;
        let Some(expected) = expected.filter(|expected| *expected != sums.total) else {
            return Ok((order_lines.lines.clone(), sums));
        };
        let skus: Vec<Sku> = order_lines.lines.iter().map(|line| line.sku.clone()).collect();
        let problems = find_problems(&order_lines.lines, &self.service.catalog.offers(&skus).await?);
        let lines = reprice(&order_lines.lines, &problems);
        let sums = price_lines(&lines, self.currency)?;
        let is_unavailable = problems.iter().any(|(_, refusal)| *refusal == SaleRefusal::Unavailable);
        if is_unavailable || sums.total != expected {
            return Err(refusal(&order_lines.lines, &problems, expected, self.currency)?);
        }
        Ok((lines, sums))
    }

    /// Refuses an expected total in another currency than the shop's; 422 `currency_mismatch`.
    pub(crate) fn check_currency(&self, expected: Option<Money>) -> Result<()> {
        match expected.is_none_or(|expected| expected.currency == self.currency) {
            true => Ok(()),
            false => {
                let message = format!("this shop sells in {}", self.currency);
                Err(Error::invalid("expectedTotal.currency", "currency_mismatch", message))
            }
        }
    }

    /// The buyer: the account, or a guest with an email address.
    fn buyer(&self, caller: &Caller, email: Option<Email>) -> Result<(Recipient, Option<(ContactId, Email)>)> {
        match (caller.account(), email) {
            (Some(user), _) => Ok((Recipient::User(user), None)),
            (None, Some(email)) => {
                let id: ContactId = self.service.orders.clock.mint();
                Ok((Recipient::Contact(id), Some((id, email))))
            }
            (None, None) => Err(Error::invalid("email", "required", "log in, or send an email address")),
        }
    }

    pub(crate) async fn resolve_address(&self, destination: Destination, caller: &Caller) -> Result<Address> {
        match destination {
            Destination::Address(address) => Ok(address),
            Destination::Saved(id) => {
                let address = self.accounts.address(caller.require_user()?, id).await?;
                address.ok_or_else(|| Error::invalid("addressId", "address_unknown", "is not in your address book"))
            }
        }
    }

    fn new_order(
        &self,
        buyer: Recipient,
        lines: &[Line],
        sums: &Breakdown,
        salt: Option<&str>,
        key: &str,
        trace: &Trace,
    ) -> Result<(Order, Option<String>)> {
        let clock = &self.service.orders.clock;
        let id = clock.mint();
        // Lists are read by the time in the id, and filtered by the time of the order.
        let now = creation_time(&id);
        let order_token = salt.map(|salt| token::derive(id, key, salt));
        let mut order = Order {
            id,
            number: number::generate()?,
            buyer,
            items: items(lines, sums),
            subtotal: sums.subtotal,
            discount: sums.discount,
            tax: sums.tax,
            shipping: sums.shipping,
            total: sums.total,
            status: Status::Pending,
            payment_status: PaymentStatus::Unpaid,
            payment_sequence: 0,
            fulfilment_status: Fulfilment::Unfulfilled,
            payment_id: Payment::id_of_order(id),
            hold_expires_at: now.plus_seconds(self.hold_seconds),
            counters: None,
            is_capture_due: false,
            names_moves: true,
            reserved: BTreeMap::new(),
            own_history: Some(OwnHistory::new(self.hold_seconds, trace)),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        if fault::mutant("total_miscounted") {
            order.total.amount += 1;
        }
        Ok((order, order_token))
    }
}

/// The refusal by a counter whose condition failed.
fn counter_refusal(
    failures: &ConditionFailures,
    counters: Option<[Slot; 2]>,
    limits: &OrderLimits,
    lines: &[Line],
    now: Timestamp,
) -> Result<Option<Error>> {
    let Some([network, buyer]) = counters else { return Ok(None) };
    if let Some(row) = read_counter(failures, buyer)? {
        return Ok(limits.buyer_refusal(&row, now));
    }
    let row = read_counter(failures, network)?;
    let pieces = lines.iter().map(|line| (&line.sku, line.quantity.get()));
    Ok(row.and_then(|row| limits.network_refusal(&row, pieces, now)))
}

/// The row of a counter whose condition failed.
fn read_counter(failures: &ConditionFailures, slot: Slot) -> Result<Option<CounterRow>> {
    failures.of(slot).map_or(Ok(None), |failure| failure.row())
}

/// The lines that are no longer sold or have another price. Only the transaction can check the stock.
fn find_problems<'a>(lines: &'a [Line], offers: &[Offer]) -> Vec<LineProblem<'a>> {
    let problem = |line: &Line| match offers.iter().find(|offer| offer.sku == line.sku) {
        Some(offer) => offer.check_sale(0, line.price_version),
        None => Some(SaleRefusal::Unavailable),
    };
    lines.iter().filter_map(|line| Some((line, problem(line)?))).collect()
}
