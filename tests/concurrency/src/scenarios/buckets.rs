//! Flash sales without faults: the stock of two SKUs is divided into buckets.

use futures::future::join_all;

use crate::buyers::{Buyer, OrderRequest, PlacedOrder, Product};
use crate::client::Outcome;
use crate::history::Effect;
use crate::run::Run;

/// Each bucket has two, and one is left in the row of the offer.
const PIECES: u32 = 81;
/// Two groups: 32 and 8.
const BUCKETS: u32 = 40;
const BUYERS: usize = 40;

pub(super) async fn play(run: &Run) {
    futures::join!(sell_out(run), change_the_price(run));
}

/// One buyer after another orders more than a bucket has, then many at once. At the end single pieces are ordered until one is refused.
async fn sell_out(run: &Run) {
    let product = run.create_product(PIECES, 1100).await;
    run.set_flash(&product, BUCKETS).await;
    // From two buckets; more than eight buckets have; from what that order has left in the row of the offer.
    for quantity in [3, 17, 20] {
        let outcome = order_alone(run, &product, quantity).await;
        if outcome.effect() == Effect::Rejected {
            run.add_violation("flash_sells", format!("an order of {quantity} pieces was refused: {outcome:?}"));
        }
    }
    join_all((0..BUYERS).map(|number| order_at_once(run, &product, number))).await;
    for _ in 0..PIECES {
        if !order_alone(run, &product, 1).await.is_success() {
            break;
        }
    }
}

/// A guest orders named items, while nobody else orders this product.
async fn order_alone(run: &Run, product: &Product, quantity: u32) -> Outcome {
    let buyer = run.guest_without_cart(&format!("lone buyer of {quantity}"));
    buyer.place_order(&OrderRequest::of_lines(&[(product, quantity)])).await
}

/// Orders 1 to 3 pieces. Every fourth buyer has a cart, and some cancel.
async fn order_at_once(run: &Run, product: &Product, number: usize) {
    let name = format!("buckets buyer {number}");
    let (mut random, has_cart) = (run.rng(&name), number.is_multiple_of(4));
    let buyer = if has_cart { run.create_guest(&name).await } else { run.guest_without_cart(&name) };
    let (quantity, cancels) = (random.u32(1..=3), random.u8(0..5) == 0);
    let outcome = order(&buyer, product, quantity, has_cart).await;
    if let Some(order) = PlacedOrder::of(&outcome).filter(|_| cancels) {
        buyer.cancel(&order).await;
    }
}

async fn order(buyer: &Buyer, product: &Product, quantity: u32, from_cart: bool) -> Outcome {
    let request = if from_cart {
        buyer.add(product, quantity).await;
        OrderRequest::from_cart()
    } else {
        OrderRequest::of_lines(&[(product, quantity)])
    };
    buyer.place_order(&request).await
}

/// A cart is filled, the price changes, and the cart is ordered at the price that it shows. Then its owner reads it and orders again. The
/// other pieces stay in their buckets.
async fn change_the_price(run: &Run) {
    let product = run.create_product(PIECES, 5200).await;
    run.set_flash(&product, BUCKETS).await;
    let buyer = run.create_guest("buyer before a new price").await;
    buyer.add(&product, 1).await;
    run.change_price(&product, 5900).await;
    buyer.place_order(&OrderRequest::from_cart()).await;
    buyer.read_cart().await;
    buyer.place_order(&OrderRequest::from_cart()).await;
}
