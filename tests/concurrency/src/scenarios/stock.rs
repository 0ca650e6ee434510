//! Many buyers order scarce products.

use futures::future::join_all;

use crate::buyers::OrderRequest;
use crate::run::Run;

/// Fourteen buyers order one or two of seven pieces, some from carts and some without. Meanwhile an admin changes the stock. The stock of
/// another product changes after its last sale, and a third product is sold out by one buyer.
pub(super) async fn many_buyers_of_one_sku(run: &Run) {
    let product = run.create_product(7, 1299).await;
    let buyers = join_all((0..14).map(async |number| {
        let name = format!("one-sku buyer {number}");
        let buyer = if number % 4 == 0 { run.register_customer(&name).await } else { run.create_guest(&name).await };
        (buyer, run.rng(&name))
    }))
    .await;
    let orders = join_all(buyers.into_iter().map(async |(buyer, mut random)| {
        let quantity = random.u32(1..=2);
        if random.bool() {
            buyer.add(&product, quantity).await;
            buyer.place_order(&OrderRequest::from_cart()).await;
        } else {
            buyer.place_order(&OrderRequest::of_lines(&[(&product, quantity)])).await;
        }
    }));
    let stock_changes = async {
        run.change_stock(&product, -1).await;
        run.change_stock(&product, 2).await;
    };
    futures::join!(orders, stock_changes, changes_after_a_sale(run), order_the_last_pieces(run));
}

/// A guest orders two pieces. Then an admin changes price and stock, which are no movements of that order.
async fn changes_after_a_sale(run: &Run) {
    let product = run.create_product(10, 2200).await;
    let buyer = run.create_guest("buyer before changes").await;
    buyer.place_order(&OrderRequest::of_lines(&[(&product, 2)])).await;
    run.change_price(&product, 2300).await;
    run.change_stock(&product, 3).await;
}

/// A guest orders the last two pieces, while nobody else orders any. Then another one is refused.
async fn order_the_last_pieces(run: &Run) {
    let product = run.create_product(2, 1800).await;
    let buyer = run.create_guest("buyer of the last pieces").await;
    for quantity in [2, 1] {
        buyer.place_order(&OrderRequest::of_lines(&[(&product, quantity)])).await;
    }
}

/// Six buyers order the same SKU in two lines of one order, beside another SKU. The stock suffices for four of them.
pub(super) async fn one_sku_in_several_lines(run: &Run) {
    let (scarce, plenty) = (run.create_product(21, 499).await, run.create_product(50, 24_950).await);
    join_all((0..6).map(async |number| {
        let name = format!("several-lines buyer {number}");
        let (buyer, mut random) = (run.create_guest(&name).await, run.rng(&name));
        let mut lines = vec![(&scarce, 2), (&plenty, random.u32(1..=3)), (&scarce, 3)];
        random.shuffle(&mut lines);
        buyer.place_order(&OrderRequest::of_lines(&lines)).await;
    }))
    .await;
}
