//! Limits at their edges: the second SKU of an order, and the stock in a search. The numbers are those of the test stack (profiles.py).

use e2e::search::{awaits, sells, word};
use e2e::{Checkout, Draft, Shop, unique_email};
use serde_json::json;

/// `StockShownUpTo`.
const STOCK_SHOWN_UP_TO: u32 = 300;
/// `UnpaidPiecesPerNetwork`.
const PIECES_PER_NETWORK: usize = 5000;

/// The bank asks for authentication, so the order stays unpaid until its hold ends.
const UNPAID: &str = "pm_card_authenticationRequired_hook_never";

#[tokio::test]
async fn pieces_of_every_sku_of_an_order_are_limited_per_network() {
    let shop = Shop::open().await;
    let (mug, tea) = (shop.sells(Draft::with_stock(90)).await, shop.sells(Draft::with_stock(90)).await);
    let both = |teas: u32| Checkout::of(&[(&mug.sku, 1), (&tea.sku, teas)]).paid_with(UNPAID);
    let home = shop.from_new_ip();
    let (first, _) = home.places(&both(1), &unique_email("guest")).await;
    let (network, _) = shop.rows.unpaid_counters(&first).await;
    for (sku, free) in [(&tea.sku, 10), (&mug.sku, 20)] {
        let pieces: Vec<_> = (0..PIECES_PER_NETWORK - free).map(|piece| format!("full-{piece}")).collect();
        shop.rows.sets("orders", &network, "UNPAID", &format!("sku:{sku}"), json!({ "SS": pieces })).await;
    }
    let problem = home.tries_to_place(&both(11), &unique_email("guest")).await;
    let problem = problem.expect_problem(409, "too_many_open_orders");
    assert_eq!(problem.errors()[0]["field"], format!("items.{}", tea.sku), "{:?}", problem.body);
    home.places(&both(10), &unique_email("guest")).await;
}

#[tokio::test]
async fn search_shows_a_limited_stock() {
    let shop = Shop::open().await;
    let name = word();
    sells(&shop, json!({ "name": name, "stock": { "available": 400 } })).await;
    let page = awaits(&shop, &format!("search={name}"), 1).await;
    assert_eq!(page["data"][0]["stock"]["available"], STOCK_SHOWN_UP_TO, "{page}");
}
