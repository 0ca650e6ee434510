//! Placing an order: two round trips. One reads the cart (or the offers, when items are named outright), one is the
//! transaction in which everything happens or nothing does. What failed comes back with the cancellation and fills the 409.

use aws_kit::{CommitError, Idempotency, Idempotent, MAX_TRANSACTION_WRITES, Transaction, fault};
use cart::{Cart, Line};
use catalog::{Offer, Unsold};
use events::{Event, Recipient};
use identity::Address;
use payments::{Method, NewPayment};
use pricing::Breakdown;
use serde::{Deserialize, Serialize};
use values::{AddressId, Caller, ContactId, Email, Error, Money, Result, Sku, Trace};

use crate::basket::{Basket, Source, items, priced};
use crate::order::{Order, Private};
use crate::read::Full;
use crate::refusal::{Fault, faults, refusal, repriced};
use crate::status::{Fulfilment, PaymentStatus, Status};
use crate::store::add_all;
use crate::{Checkout, number, token};

/// Promotions that count their uses, of a later issue: their place in the transaction is kept free.
const MOST_PROMOTIONS: usize = 5;
/// Order, personal data, number, history, event; cart, payment, contact, idempotency record.
const OTHER_WRITES: usize = 9;
const _: () = assert!(
    Cart::MOST_LINES + MOST_PROMOTIONS + OTHER_WRITES <= MAX_TRANSACTION_WRITES,
    "an order must fit one transaction"
);

/// Where it goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// There.
    Address(Address),
    /// To an entry of the caller's address book.
    Saved(AddressId),
}

/// An order to be placed.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// What is bought.
    pub source: Source,
    /// How a guest is reached.
    pub email: Option<Email>,
    /// Where it goes.
    pub destination: Destination,
    /// What pays for it.
    pub method: Method,
    /// What the customer was shown; another total is not charged.
    pub expected_total: Option<Money>,
}

/// A placed order.
#[derive(Debug, Clone)]
pub struct Placed {
    /// As it was placed.
    pub full: Full,
    /// A guest's token.
    pub order_token: Option<String>,
}

/// What an idempotency record keeps: no personal data and no token, only what makes them again.
#[derive(Serialize, Deserialize)]
struct Kept {
    order: Order,
    salt: Option<String>,
}

impl Checkout {
    /// Places the order once per key: a repetition gets the same answer. `key` is the caller's, from which a guest's token is made.
    pub async fn place(
        &self,
        new: NewOrder,
        caller: &Caller,
        key: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Idempotent<Placed>> {
        match self.place_once(new, caller, key, idempotency, trace).await {
            Ok(placed) => Ok(Idempotent::Fresh(placed)),
            // A repetition finds its cart used up, its stock taken, or its own record: whatever went wrong, and also when
            // the database's answer was lost, the record knows whether this request has been done.
            Err(error) => {
                let orders = &self.desk.orders;
                let kept: Kept = idempotency.or_earlier(orders.table(), orders.clock.now(), error).await?;
                let private = orders.read_full(kept.order.id).await?.and_then(|full| full.private);
                let order_token = kept.salt.map(|salt| token::token(kept.order.id, key, &salt));
                Ok(Idempotent::Replayed(Placed { full: Full { order: kept.order, private }, order_token }))
            }
        }
    }

    async fn place_once(
        &self,
        new: NewOrder,
        caller: &Caller,
        key: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Placed> {
        let (buyer, contact) = self.buyer(caller, new.email)?;
        self.check_currency(new.expected_total)?;
        let basket = self.basket(&new.source).await?;
        let shipping_address = self.address(new.destination, caller).await?;
        let (lines, sums) = self.agreed(&basket, new.expected_total).await?;
        if sums.total.amount <= 0 {
            return Err(Error::invalid("items", "total_zero", "cost nothing together, and nothing cannot be charged"));
        }

        let salt = contact.is_some().then(token::salt).transpose()?;
        let (order, order_token) = self.draft(buyer, &lines, &sums, salt.as_deref(), key)?;
        let token_digest = order_token.as_deref().map(token::digest);
        let email = contact.as_ref().map(|(_, email)| email.clone());
        let private = Private { email, shipping_address, token_digest: token_digest.clone() };
        let payment = NewPayment {
            id: order.payment_id,
            order_id: order.id,
            order_number: order.number.clone(),
            payer: buyer,
            amount: order.total,
            method: new.method,
            lines: order.lines(),
            token_digest,
        };

        let mut transaction = Transaction::new();
        let orders = &self.desk.orders;
        add_all(&mut transaction, orders.created(&order, &private, trace, Event::OrderCreated(order.created()))?);
        transaction.add(orders.kept(idempotency, &Kept { order: order.clone(), salt })?);
        transaction.add(self.desk.payments.open(payment)?);
        if let Some((id, email)) = &contact {
            transaction.add(self.accounts.contact_write(*id, email)?);
        }
        let cart = basket.cart.map(|cart| self.carts.convert(&cart)).transpose()?.map(|write| transaction.add(write));
        let mut taken = Vec::new();
        for line in &lines {
            let take = self.desk.catalog.take(&line.sku, line.quantity.get(), line.price_version)?;
            taken.push((transaction.add(take), line));
        }
        fault::point("orders.placing");
        let committed = transaction.commit().await;
        fault::point("orders.placed");
        match committed {
            Ok(()) => Ok(Placed { full: Full { order, private: Some(private) }, order_token }),
            Err(CommitError::Failed(error)) => Err(error),
            Err(CommitError::ConditionFailed(refusals)) => {
                let faults = faults(&refusals, &taken)?;
                if !faults.is_empty() {
                    return Err(refusal(&lines, &faults, sums.total, self.currency)?);
                }
                Err(match cart.and_then(|slot| refusals.of(slot)) {
                    Some(_) => Error::conflict(
                        "cart_changed",
                        "The cart was changed meanwhile. Look at it and place the order again.",
                    ),
                    None => Error::conflict("order_refused", "The order was not placed. Try again."),
                })
            }
        }
    }

    /// The lines to be bought, and what they cost. A customer who expects another total may have seen newer prices than the cart
    /// remembers: then it is priced by what is offered now, and bought if that comes to what they expect. What is gone by
    /// then is told rather than a total without it. 1 round trip, only then.
    async fn agreed(&self, basket: &Basket, expected: Option<Money>) -> Result<(Vec<Line>, Breakdown)> {
        let sums = priced(&basket.lines, self.currency)?;
        let Some(expected) = expected.filter(|expected| *expected != sums.total) else {
            return Ok((basket.lines.clone(), sums));
        };
        let skus: Vec<Sku> = basket.lines.iter().map(|line| line.sku.clone()).collect();
        let faults = judged(&basket.lines, &self.desk.catalog.offers(&skus).await?);
        let lines = repriced(&basket.lines, &faults);
        let sums = priced(&lines, self.currency)?;
        let is_gone = faults.iter().any(|(_, unsold)| *unsold == Unsold::Gone);
        if is_gone || sums.total != expected {
            return Err(refusal(&basket.lines, &faults, expected, self.currency)?);
        }
        Ok((lines, sums))
    }

    /// Refuses a total in another currency than the shop's.
    pub(crate) fn check_currency(&self, expected: Option<Money>) -> Result<()> {
        match expected.is_none_or(|expected| expected.currency == self.currency) {
            true => Ok(()),
            false => {
                let message = format!("this shop sells in {}", self.currency);
                Err(Error::invalid("expectedTotal.currency", "currency_mismatch", message))
            }
        }
    }

    /// Who buys: the account, or a guest who can be reached.
    fn buyer(&self, caller: &Caller, email: Option<Email>) -> Result<(Recipient, Option<(ContactId, Email)>)> {
        match (caller.account(), email) {
            (Some(user), _) => Ok((Recipient::User(user), None)),
            (None, Some(email)) => {
                let id: ContactId = self.desk.orders.clock.mint();
                Ok((Recipient::Contact(id), Some((id, email))))
            }
            (None, None) => Err(Error::invalid("email", "required", "log in, or say how you are reached")),
        }
    }

    pub(crate) async fn address(&self, destination: Destination, caller: &Caller) -> Result<Address> {
        match destination {
            Destination::Address(address) => Ok(address),
            Destination::Saved(id) => {
                let address = self.accounts.address(caller.require_user()?, id).await?;
                address.ok_or_else(|| Error::invalid("addressId", "address_unknown", "is not in your address book"))
            }
        }
    }

    fn draft(
        &self,
        buyer: Recipient,
        lines: &[Line],
        sums: &Breakdown,
        salt: Option<&str>,
        key: &str,
    ) -> Result<(Order, Option<String>)> {
        let clock = &self.desk.orders.clock;
        let (id, now) = (clock.mint(), clock.now());
        let order_token = salt.map(|salt| token::token(id, key, salt));
        let mut order = Order {
            id,
            number: number::fresh()?,
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
            payment_id: clock.mint(),
            hold_expires_at: now.plus_seconds(self.hold_seconds),
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

/// Which lines are gone or cost otherwise, by what is offered. Of stock only the transaction can tell.
fn judged<'a>(lines: &'a [Line], offers: &[Offer]) -> Vec<Fault<'a>> {
    let judge = |line: &Line| match offers.iter().find(|offer| offer.sku == line.sku) {
        Some(offer) => offer.judge(0, line.price_version),
        None => Some(Unsold::Gone),
    };
    lines.iter().filter_map(|line| Some((line, judge(line)?))).collect()
}
