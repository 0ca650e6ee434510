//! Placing an order: two round trips. One reads the cart (or the offers, when items are named outright), one is the
//! transaction in which everything happens or nothing does. What failed comes back with the cancellation and fills the 409.

use std::collections::BTreeMap;

use aws_kit::{Attempt, CommitError, Idempotency, MOST_WRITES, Refusals, Slot, Transaction};
use cart::{Cart, Owner};
use catalog::{Unsold, why_unsold};
use events::{Event, OrderCreated, Recipient};
use identity::{Address, contact_write};
use payments::{Method, NewPayment};
use pricing::Breakdown;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use values::{AddressId, Caller, ContactId, Email, Error, Money, ProductId, Quantity, Result, Sku, Trace};

use crate::order::{Fulfilment, Item, Order, PaymentStatus, Private, Status};
use crate::read::Full;
use crate::store::add_all;
use crate::{Checkout, number, token};

/// Distinct SKUs of one order.
const MOST_SKUS: usize = 50;
/// Promotions that count their uses, of a later issue: their place in the transaction is kept free.
const MOST_PROMOTIONS: usize = 5;
/// Order, personal data, number, history, event; cart, payment, contact, idempotency record.
const OTHER_WRITES: usize = 9;
const _: () = assert!(MOST_SKUS + MOST_PROMOTIONS + OTHER_WRITES <= MOST_WRITES, "an order must fit one transaction");

/// What a line of a request names.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// A SKU.
    Sku(Sku),
    /// A product that has one SKU.
    Product(ProductId),
}

/// Where the lines come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A cart, which the order uses up.
    Cart(Owner),
    /// Named outright.
    Items(Vec<(Wanted, Quantity)>),
}

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

/// A line at the price that the customer has seen.
struct Line {
    sku: Sku,
    product_id: ProductId,
    name: String,
    quantity: Quantity,
    unit_price: Money,
    price_version: u64,
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
    ) -> Result<Attempt<Placed>> {
        match self.place_once(new, caller, key, idempotency, trace).await {
            Ok(placed) => Ok(Attempt::Fresh(placed)),
            // A repetition finds its cart used up, its stock taken, or its own record: whatever went wrong, and also when
            // the database's answer was lost, the record knows whether this request has been done.
            Err(error) => {
                let orders = &self.desk.orders;
                let Some(kept) = idempotency.recall::<Kept>(orders.table(), orders.clock.now()).await? else {
                    return Err(error);
                };
                let private = orders.read_full(kept.order.id).await?.and_then(|full| full.private);
                let order_token = kept.salt.map(|salt| token::token(kept.order.id, key, &salt));
                Ok(Attempt::Replayed(Placed { full: Full { order: kept.order, private }, order_token }))
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
        let (lines, cart) = self.lines(&new.source).await?;
        let shipping_address = self.address(new.destination, caller).await?;
        let priced: Vec<_> =
            lines.iter().map(|line| pricing::Line { unit_price: line.unit_price, quantity: line.quantity }).collect();
        let sums = pricing::price(&priced, self.currency)?;
        check_expected(new.expected_total, &sums)?;
        if sums.total.amount <= 0 {
            return Err(Error::invalid("items", "total_zero", "cost nothing together, and nothing cannot be charged"));
        }

        let salt = contact.is_some().then(token::salt).transpose()?;
        let (order, order_token) = self.draft(buyer, &lines, &sums, salt.as_deref(), key)?;
        let private = Private { email: contact.as_ref().map(|(_, email)| email.clone()), shipping_address };
        let payment = NewPayment {
            id: order.payment_id,
            order_id: order.id,
            order_number: order.number.clone(),
            payer: buyer,
            amount: order.total,
            method: new.method,
            lines: order.lines(),
        };

        let mut transaction = Transaction::new();
        let orders = &self.desk.orders;
        add_all(&mut transaction, orders.created(&order, &private, trace, created(&order))?);
        transaction.add(orders.kept(idempotency, &Kept { order: order.clone(), salt })?);
        transaction.add(self.desk.payments.open(payment)?);
        if let Some((id, email)) = &contact {
            transaction.add(contact_write(self.accounts.table(), *id, email)?);
        }
        let cart = cart.map(|cart| self.carts.convert(&cart)).transpose()?.map(|write| transaction.add(write));
        let mut offers = Vec::new();
        for line in &lines {
            let take = self.desk.catalog.take(&line.sku, line.quantity.get(), line.price_version)?;
            offers.push((transaction.add(take), line));
        }
        match transaction.commit().await {
            Ok(()) => Ok(Placed { full: Full { order, private: Some(private) }, order_token }),
            Err(CommitError::Refused(refusals)) => Err(why_refused(&refusals, &offers, cart)?),
            Err(CommitError::Failed(error)) => Err(error),
        }
    }

    /// The lines at the prices the customer has seen, one per SKU, and the cart they come from.
    async fn lines(&self, source: &Source) -> Result<(Vec<Line>, Option<Cart>)> {
        match source {
            Source::Cart(owner) => {
                let cart = self.carts.read(owner).await?.filter(|cart| !cart.lines.is_empty());
                let cart = cart.ok_or_else(|| Error::invalid("cart", "cart_empty", "there is nothing in this cart"))?;
                let lines = cart.lines.iter().map(|line| Line {
                    sku: line.sku.clone(),
                    product_id: line.product_id,
                    name: line.name.clone(),
                    quantity: line.quantity,
                    unit_price: line.unit_price,
                    price_version: line.price_version,
                });
                Ok((lines.collect(), Some(cart)))
            }
            Source::Items(items) => Ok((self.offered(items).await?, None)),
        }
    }

    async fn offered(&self, items: &[(Wanted, Quantity)]) -> Result<Vec<Line>> {
        if items.is_empty() || items.len() > MOST_SKUS {
            return Err(Error::invalid("items", "items_out_of_range", "name 1 to 50 items"));
        }
        // Lines of one SKU are one line: two conditions on one row would not fit a transaction, nor would they add up.
        let mut wanted: BTreeMap<Sku, (usize, Quantity)> = BTreeMap::new();
        for (index, (item, quantity)) in items.iter().enumerate() {
            let sku = match item {
                Wanted::Sku(sku) => sku.clone(),
                Wanted::Product(id) => self.desk.catalog.sku_of(*id).await?.ok_or_else(|| unknown(index))?,
            };
            let quantity = match wanted.get(&sku) {
                Some((_, before)) => before.plus(*quantity)?,
                None => *quantity,
            };
            wanted.insert(sku, (index, quantity));
        }
        let skus: Vec<Sku> = wanted.keys().cloned().collect();
        let offers = self.desk.catalog.offers(&skus).await?;
        let mut offers: BTreeMap<Sku, _> = offers.into_iter().map(|offer| (offer.sku.clone(), offer)).collect();
        let line = |(sku, (index, quantity)): (Sku, (usize, Quantity))| {
            let offer = offers.remove(&sku).ok_or_else(|| unknown(index))?;
            let (product_id, name) = (offer.product_id, offer.name);
            Ok(Line { sku, product_id, name, quantity, unit_price: offer.price, price_version: offer.price_version })
        };
        wanted.into_iter().map(line).collect()
    }

    /// Who buys: the account, or a guest who can be reached.
    fn buyer(&self, caller: &Caller, email: Option<Email>) -> Result<(Recipient, Option<(ContactId, Email)>)> {
        match (caller.user(), email) {
            (Some(user), _) => Ok((Recipient::User(user), None)),
            (None, Some(email)) => {
                let id: ContactId = self.desk.orders.clock.mint();
                Ok((Recipient::Contact(id), Some((id, email))))
            }
            (None, None) => Err(Error::invalid("email", "required", "log in, or say how you are reached")),
        }
    }

    async fn address(&self, destination: Destination, caller: &Caller) -> Result<Address> {
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
        let zero = Money::zero(self.currency);
        let items = lines.iter().zip(&sums.line_totals).map(|(line, line_total)| Item {
            sku: line.sku.clone(),
            product_id: line.product_id,
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            discount: zero,
            tax: zero,
            line_total: *line_total,
        });
        let order_token = salt.map(|salt| token::token(id, key, salt));
        let order = Order {
            id,
            number: number::fresh()?,
            buyer,
            items: items.collect(),
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
            token_digest: order_token.as_deref().map(token::digest),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok((order, order_token))
    }
}

fn created(order: &Order) -> Event {
    Event::OrderCreated(OrderCreated {
        order_id: order.id,
        order_number: order.number.clone(),
        payment_id: order.payment_id,
        total: order.total,
        hold_expires_at: order.hold_expires_at,
    })
}

fn unknown(index: usize) -> Error {
    Error::invalid(&format!("items[{index}]"), "product_unknown", "is not sold here")
}

fn check_expected(expected: Option<Money>, sums: &Breakdown) -> Result<()> {
    if expected.is_none_or(|expected| expected == sums.total) {
        return Ok(());
    }
    let detail = format!("The total is {} now. Show it to the customer and place the order with it.", sums.total);
    let facts = facts(
        json!({ "subtotal": sums.subtotal, "discount": sums.discount, "tax": sums.tax, "shipping": sums.shipping, "total": sums.total }),
    );
    Err(Error::conflict("price_changed", detail.clone()).with_facts("expectedTotal", "price_changed", detail, facts))
}

/// The 409 that a refused transaction amounts to: every line at fault is named.
fn why_refused(refusals: &Refusals, offers: &[(Slot, &Line)], cart: Option<Slot>) -> Result<Error> {
    let mut fields = Vec::new();
    for (slot, line) in offers {
        let Some(refused) = refusals.of(*slot) else { continue };
        let (sku, wanted) = (&line.sku, line.quantity.get());
        let (code, message, more) = match why_unsold(refused, wanted, line.price_version)? {
            Unsold::Gone => ("product_unavailable", format!("{sku} is not sold any more."), json!({ "sku": sku })),
            Unsold::PriceChanged { now, .. } => (
                "price_changed",
                format!("{sku} costs {now} now, not {}.", line.unit_price),
                json!({ "sku": sku, "was": line.unit_price, "now": now }),
            ),
            Unsold::Short { available } => (
                "insufficient_stock",
                format!("{available} of {sku} left, {wanted} wanted."),
                json!({ "sku": sku, "available": available, "wanted": wanted }),
            ),
        };
        fields.push((format!("items.{sku}"), code, message, more));
    }
    // The worst leads: what cannot be had, then what costs otherwise, then what is short.
    let worst = ["product_unavailable", "price_changed", "insufficient_stock"];
    fields.sort_by_key(|(_, code, _, _)| worst.iter().position(|other| other == code));
    let Some((_, code, _, _)) = fields.first() else {
        return Ok(match cart.and_then(|slot| refusals.of(slot)) {
            Some(_) => {
                Error::conflict("cart_changed", "The cart was changed meanwhile. Look at it and place the order again.")
            }
            None => Error::conflict("order_refused", "The order was not placed. Try again."),
        });
    };
    let detail = fields.iter().map(|(_, _, message, _)| message.as_str()).collect::<Vec<_>>().join(" ");
    let error = Error::conflict(code, detail);
    Ok(fields
        .into_iter()
        .fold(error, |error, (field, code, message, more)| error.with_facts(field, code, message, facts(more))))
}

fn facts(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}
