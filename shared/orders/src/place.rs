//! Place an order, in two round trips. The first reads the cart, or the offers of the items that the request names, and the buyer.
//! The second is the transaction in which everything happens or nothing does. The conditions that failed come back
//! with the cancellation, and fill the 409. What was read serves all attempts, unless prices or promotions have changed.

use std::collections::BTreeMap;

use aws_kit::{
    Changes, ConditionFailures, Decision, Idempotency, Idempotent, MAX_TRANSACTION_WRITES, Slot, Transaction, fault,
};
use cart::{Cart, Line};
use catalog::SaleRefusal;
use events::Recipient;
use futures::lock::Mutex;
use payments::{NewPayment, Payment};
use promotions::MAX_WRITES;
use values::{Caller, ContactId, Email, Error, Network, Result, Timestamp, Trace, creation_time};

use crate::answer::Answer;
use crate::checkout::Checkout;
use crate::counters::CounterRow;
use crate::limits::OrderLimits;
use crate::lines::{buyer_kind, items};
use crate::new_order::{NewOrder, PlacedOrder};
use crate::order::{Order, OrderDetails, PersonalData};
use crate::own_history::OwnHistory;
use crate::price::basis::Basis;
use crate::price::price_order::{PriceDoubts, PricedOrder};
use crate::refusal::{LineProblem, refusal};
use crate::reserve::Reservation;
use crate::status::{Fulfilment, PaymentStatus, Status};
use crate::{number, token};

/// Order, what was placed, number; the counters of network and buyer, or the event of a payment of nothing; cart, payment, contact,
/// idempotency record.
const OTHER_WRITES: usize = 10;
const _: () = assert!(
    Cart::MAX_LINES + (catalog::MAX_PARTS - 1) + MAX_WRITES + OTHER_WRITES <= MAX_TRANSACTION_WRITES,
    "an order must fit one transaction"
);

/// What the attempts to place an order share.
struct Placing {
    basis: Basis,
    /// The price, with the uses that the next attempt counts.
    priced: PricedOrder,
    reservation: Reservation,
}

impl Checkout {
    /// Places the order once per key; a repetition gets the stored response. `key` is the key that the caller sent,
    /// from which a guest's token is derived. An order that costs nothing is confirmed and paid by the same transaction. 422
    /// `amount_too_small`, `cart_empty`, `max_per_order` and others for an invalid request; 409 for lines that cannot be bought,
    /// another price ([`Checkout::price_order`]), `cart_changed`, and `too_many_open_orders`; 429 `payment_blocked`.
    pub async fn place(
        &self,
        new: NewOrder,
        caller: &Caller,
        network: &Network,
        key: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Idempotent<PlacedOrder>> {
        let (new, shared) = (&new, &Mutex::new(None));
        // A repetition may find its cart empty or its stock sold. Its response is stored all the same.
        let decide = |failed: Option<ConditionFailures>| async move {
            let mut shared = shared.lock().await;
            let mut placing = match (shared.take(), &failed) {
                (Some(placing), Some(failed)) => self.prepare_again(placing, new, caller, failed).await?,
                (_, _) => self.prepare(new, caller).await?,
            };
            let Placing { priced, reservation, .. } = &mut placing;
            let problems = self.choose_rows(&priced.lines, buyer_kind(caller), reservation, failed.as_ref()).await?;
            if !problems.is_empty() {
                return Err(refusal(&problems));
            }
            let decision = self.decide(new, &mut placing, (caller, network), key, trace)?;
            *shared = Some(placing);
            Ok(decision)
        };
        let orders = &self.service.orders;
        let write =
            orders.optimistic_write().fault_points(fault::label("orders.placing"), fault::label("orders.placed"));
        let answer = write.run_idempotent(Some(idempotency), decide).await?;
        orders.placed_order(answer, key).await
    }

    /// What the first attempt needs.
    async fn prepare(&self, new: &NewOrder, caller: &Caller) -> Result<Placing> {
        // A guest without an email address is refused before anything is read.
        self.buyer(caller, new.request.email.clone())?;
        let basis = self.read_basis(&new.request, caller).await?;
        let priced = self.price_order(&basis, &new.request, caller).await?;
        Ok(Placing { basis, priced, reservation: Reservation::default() })
    }

    /// What the next attempt needs, after conditions of the last one have failed. Prices that have changed, and promotions that cannot be
    /// counted, are read again. The order is refused if it costs something else then. 0 round trips, unless there are such.
    async fn prepare_again(
        &self,
        mut placing: Placing,
        new: &NewOrder,
        caller: &Caller,
        failed: &ConditionFailures,
    ) -> Result<Placing> {
        let Placing { basis, priced, reservation } = &mut placing;
        let promotions = self.carts.promotions();
        let lines = reservation.line_problems(failed, &priced.lines, buyer_kind(caller))?;
        let mut uses = promotions.problems(&priced.uses, failed)?;
        uses.extend(promotions.find_shards(&mut priced.uses, Some(failed)).await?);
        if !lines.iter().any(is_price_change) && uses.is_empty() {
            return Ok(placing);
        }
        let lines = lines.into_iter().filter(|problem| !is_price_change(problem)).collect();
        let doubts = PriceDoubts { lines, uses, total: Some(priced.breakdown.total) };
        // Boxed, because it is rare.
        let priced = Box::pin(self.price_again(basis, &new.request, caller, doubts)).await?;
        // The rows of the lines are chosen as for the first attempt.
        Ok(Placing { priced, reservation: Reservation::default(), ..placing })
    }

    /// The order, and the transaction that places it.
    fn decide(
        &self,
        new: &NewOrder,
        Placing { basis, priced, reservation }: &mut Placing,
        (caller, network): (&Caller, &Network),
        key: &str,
        trace: &Trace,
    ) -> Result<Decision<'static, Answer>> {
        let kind = buyer_kind(caller);
        let (buyer, contact) = self.buyer(caller, new.request.email.clone())?;
        let salt = contact.is_some().then(token::new_salt).transpose()?;
        let (mut order, order_token) = self.new_order(buyer, priced, salt.as_deref(), key, trace)?;
        let token_digest = order_token.as_deref().map(token::digest);
        let email = contact.as_ref().map(|(_, email)| email.clone());
        order.reserved = reservation.rows(&priced.lines);
        let mut writes = Transaction::new();
        let promotions = self.carts.promotions().clone();
        let counted = promotions.consume(&mut priced.uses, order.id, order.created_at, &mut writes)?;
        if let Some(price) = &mut order.price {
            price.uses = counted;
        }
        match order.is_free() {
            // It is never unpaid, so no counter counts it.
            true => order = order.confirm_free(trace)?,
            false => order.counters = self.limits.counters(caller, email.as_ref(), network),
        }
        let shipping_address = basis.address.clone();
        let shipping_address = shipping_address.ok_or_else(|| Error::internal("an order has no postal address"))?;
        let personal = PersonalData { email, shipping_address, token_digest: token_digest.clone() };
        let payment = NewPayment {
            id: order.payment_id,
            order_id: order.id,
            order_number: order.number.clone(),
            payer: buyer,
            amount: order.total,
            method: new.method.clone(),
            lines: order.payment_lines()?,
            shipping: order.payment_shipping()?,
            step: basis.prices.market.content.step,
            token_digest,
            opened_at: order.created_at,
        };

        let orders = &self.service.orders;
        writes.add_all(orders.put_new(&order, &personal, trace)?);
        writes.add_all(self.service.payments.open(payment, trace)?);
        if let Some((id, email)) = &contact {
            writes.add(self.accounts.contact_write(*id, email)?);
        }
        let cart = basis.cart.as_ref().map(|cart| self.carts.convert(cart)).transpose()?;
        let cart = cart.map(|write| writes.add(write));
        reservation.add_writes(&self.service.catalog, &priced.lines, kind, &order.sale(), &mut writes)?;
        let counters = self.count_unpaid(&order, &mut writes)?;
        let (limits, now) = (self.limits.clone(), order.created_at);
        let (lines, reserved, uses) = (priced.lines.clone(), reservation.clone(), priced.uses.clone());
        let has_other_rows = reservation.has_buckets() || uses.has_shards();
        let refuse = move |failures: &ConditionFailures| {
            if let Some(error) = counter_refusal(failures, counters, &limits, &lines, now)? {
                return Ok(Some(error));
            }
            let problems = reserved.line_problems(failures, &lines, kind)?;
            // The next attempt reads them again. It refuses the order with the present price, or goes on.
            if problems.iter().any(is_price_change) || !promotions.problems(&uses, failures)?.is_empty() {
                return Ok(None);
            }
            if !problems.is_empty() {
                return Ok(Some(refusal(&problems)));
            }
            let cart_changed =
                || Error::conflict("cart_changed", "The cart has changed. Read it and place the order again.");
            Ok(cart.and_then(|slot| failures.of(slot)).map(|_| cart_changed()))
        };
        let details = OrderDetails { order, personal: Some(personal) };
        let changes = Changes::new(writes, Answer::placed(details, salt)).or_refuse(refuse);
        Ok(if has_other_rows { changes.elsewhere_on_conflict().into() } else { changes.into() })
    }

    /// Adds the writes that count the order as unpaid, and returns their positions: of its network, and of its buyer. None for an
    /// order that is not limited or costs nothing. 409 `too_many_open_orders` for pieces that no network may hold.
    fn count_unpaid(&self, order: &Order, writes: &mut Transaction) -> Result<Option<[Slot; 2]>> {
        let Some(counters) = &order.counters else { return Ok(None) };
        self.limits.check_pieces(&order.items_by_sku())?;
        let counted = self.service.orders.count_unpaid(order, counters, &self.limits)?;
        Ok(Some(counted.map(|write| writes.add(write))))
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

    fn new_order(
        &self,
        buyer: Recipient,
        PricedOrder { lines, breakdown, price, .. }: &PricedOrder,
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
            items: items(lines, breakdown)?,
            subtotal: breakdown.subtotal,
            discount: breakdown.discount,
            tax: breakdown.tax,
            shipping: breakdown.shipping,
            total: breakdown.total,
            price: Some(price.clone()).filter(|price| !price.is_plain()),
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
        if fault::mutant("discount_miscounted") && order.discount.amount > 0 {
            order.discount.amount -= 1;
            order.total.amount += 1;
        }
        Ok((order, order_token))
    }
}

/// Is the line for sale at another price? The condition knows one price only, so the present one is read from the offer.
fn is_price_change((_, refusal): &LineProblem<'_>) -> bool {
    matches!(refusal, SaleRefusal::PriceChanged { .. })
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
