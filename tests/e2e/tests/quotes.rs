//! An order costs what was shown: quotes, expected totals, and prices that change between a read and an order.

use e2e::scenarios::order_with;
use e2e::{Checkout, Customer, Draft, Product, Response, Shop, pieces};
use serde_json::{Value, json};

const SUMS: [&str; 5] = ["subtotal", "discount", "tax", "shipping", "total"];
/// Well-formed, but no cart.
const NO_CART: &str = "crt_01h455vb4pex5vsknk084sn02q";

/// The items of a quote without their stock, which an order does not have.
fn quoted_items(quote: &Value) -> Value {
    let mut items = quote["items"].clone();
    for item in items.as_array_mut().into_iter().flatten() {
        assert!(item["available"].is_u64(), "a quote should have the stock: {quote}");
        if let Some(members) = item.as_object_mut() {
            members.remove("available");
        }
    }
    items
}

/// The new breakdown in the refusal of an order.
fn breakdown(refused: Response) -> Value {
    let problem = refused.expect_problem(409, "price_changed");
    let sums = problem.errors().iter().find(|error| error["field"] == "expectedTotal");
    let sums = sums.unwrap_or_else(|| panic!("the refusal should have the new sums: {}", problem.body)).clone();
    for sum in SUMS {
        assert!(sums[sum]["amount"].is_i64(), "{sum} should be in the refusal: {sums}");
    }
    sums
}

async fn has_ordered_nothing(customer: &Customer) {
    let orders = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!(orders["data"], json!([]), "nothing should be written");
}

/// A customer who has just read a cart with two cups of 2.50.
async fn customer_with_two_cups_in_cart(shop: &Shop) -> (Customer, Product) {
    let cup = shop.sells(Draft { price: 250, ..Draft::with_stock(9) }).await;
    let customer = shop.new_customer().await;
    customer.adds(&cup.sku, 2).await;
    assert_eq!(customer.looks_into_cart().await["total"], shop.money(500));
    (customer, cup)
}

#[tokio::test]
async fn order_costs_what_its_quote_said() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    let pot = shop.sells(Draft { price: 1_999, ..Draft::with_stock(9) }).await;
    customer.adds(&pot.sku, 1).await;
    let quote = customer.api.quotes(&json!({ "cart": "me" })).await.expect(200).json();
    assert_eq!((&quote["changes"], &quote["shippingMethods"]), (&json!([]), &json!([])), "{quote}");
    assert_eq!(quote["total"], shop.money(2 * 250 + 1_999), "{quote}");
    // The same for every amount of an order.
    let mut body = Checkout::of_cart().body;
    body["paymentMethod"] = shop.stack.payment_method.clone();
    body["expectedTotal"] = quote["total"].clone();
    assert_eq!(customer.api.quotes(&body).await.expect(200).json(), quote);

    let order = customer.places(&Checkout::of_cart().expecting(&quote["total"])).await;
    assert_eq!(order.0["items"], quoted_items(&quote));
    for sum in SUMS {
        assert_eq!(order.0[sum], quote[sum], "the {sum}");
    }
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    shop.has_exact_stock(&cup, 7).await;
}

#[tokio::test]
async fn quote_holds_no_stock_and_changes_nothing() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    for _ in 0..3 {
        customer.api.quotes(&json!({ "cart": "me" })).await.expect(200);
        customer.api.quotes(&json!({ "items": [{ "sku": cup.sku, "quantity": 9 }] })).await.expect(200);
    }
    shop.has_exact_stock(&cup, 9).await;
    has_ordered_nothing(&customer).await;
    assert_eq!(pieces(&customer.looks_into_cart().await)[&cup.sku], 2);
}

#[tokio::test]
async fn anonymous_caller_gets_a_quote() {
    let shop = Shop::open().await;
    let cup = shop.sells(Draft { price: 250, ..Draft::with_stock(9) }).await;
    let items = json!([{ "sku": cup.sku, "quantity": 2 }, { "productId": cup.id, "quantity": 1 }]);
    let quote = shop.anonymous().quotes(&json!({ "items": items })).await.expect(200).json();
    assert_eq!(pieces(&quote)[&cup.sku], 3, "lines of one SKU should become one: {quote}");
    assert_eq!((&quote["total"], &quote["items"][0]["available"]), (&shop.money(750), &json!(9)), "{quote}");

    let cart = shop.anonymous().makes_cart().await;
    shop.anonymous().adds_to(&cart, &cup.sku, 4).await.expect_success();
    let quote = shop.anonymous().quotes(&json!({ "cart": cart })).await.expect(200).json();
    assert_eq!(quote["total"], shop.money(1_000), "{quote}");
}

#[tokio::test]
async fn several_lines_of_one_sku_cannot_exceed_its_stock() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let customer = shop.new_customer().await;
    let greedy = Checkout::of(&[(&mug.sku, 2), (&mug.sku, 2)]);
    customer.tries_to_place(&greedy).await.expect_problem(409, "insufficient_stock").mentions(&mug.sku);
    let order = customer.places(&Checkout::of(&[(&mug.sku, 2), (&mug.sku, 1)])).await;
    assert_eq!(pieces(&order.0)[&mug.sku], 3);
    shop.awaits_stock(&mug, 0).await;
}

#[tokio::test]
async fn unexpected_total_is_refused_with_the_new_total() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    for checkout in [Checkout::of_cart(), Checkout::of(&[(&cup.sku, 2)])] {
        for expected in [499, 501, 0] {
            let refused = customer.tries_to_place(&checkout.clone().expecting(&shop.money(expected))).await;
            let sums = breakdown(refused);
            assert_eq!((&sums["total"], &sums["subtotal"]), (&shop.money(500), &shop.money(500)), "{sums}");
        }
    }
    has_ordered_nothing(&customer).await;
    shop.has_exact_stock(&cup, 9).await;
    let order = customer.places(&Checkout::of_cart().expecting(&shop.money(500))).await;
    assert_eq!(order.total(), 500);
}

#[tokio::test]
async fn changed_price_is_refused_until_seen() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    shop.reprices(&cup, 300).await;

    let sums = breakdown(customer.tries_to_place(&Checkout::of_cart()).await);
    assert_eq!(sums["total"], shop.money(600), "{sums}");
    let problem = customer.tries_to_place(&Checkout::of_cart()).await.expect_problem(409, "price_changed");
    let line = problem.errors().iter().find(|error| error["sku"] == cup.sku.as_str());
    let line = line.unwrap_or_else(|| panic!("the refusal should name the SKU: {}", problem.body));
    assert_eq!((&line["was"], &line["now"]), (&shop.money(250), &shop.money(300)), "{line}");
    has_ordered_nothing(&customer).await;
    shop.has_exact_stock(&cup, 9).await;

    let cart = customer.looks_into_cart().await;
    let change = json!({ "sku": cup.sku, "kind": "price", "was": shop.money(250), "now": shop.money(300) });
    assert_eq!(cart["changes"], json!([change]), "{cart}");
    let order = customer.checks_out().await;
    assert_eq!(order.total(), 600);
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn expected_total_accepts_the_new_price() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    shop.reprices(&cup, 200).await;
    let sums = breakdown(customer.tries_to_place(&Checkout::of_cart()).await);
    let order = customer.places(&Checkout::of_cart().expecting(&sums["total"])).await;
    assert_eq!((order.total(), &order.items()[0]["unitPrice"]), (400, &shop.money(200)));
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn order_after_a_quote_has_its_prices() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    shop.reprices(&cup, 300).await;
    let quote = customer.api.quotes(&json!({ "cart": "me" })).await.expect(200).json();
    assert_eq!((&quote["total"], &quote["changes"][0]["kind"]), (&shop.money(600), &json!("price")), "{quote}");
    assert_eq!(customer.checks_out().await.total(), 600);
}

#[tokio::test]
async fn archived_product_in_cart_is_not_sold() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    customer.adds(&mug.sku, 1).await;
    shop.archives(&cup).await;
    for checkout in [Checkout::of_cart(), Checkout::of_cart().expecting(&shop.money(500 + 1299))] {
        let response = customer.tries_to_place(&checkout).await;
        response.expect_problem(409, "product_unavailable").mentions(&cup.sku);
    }
    has_ordered_nothing(&customer).await;
    shop.has_exact_stock(&mug, 9).await;

    let cart = customer.looks_into_cart().await;
    assert_eq!(cart["changes"], json!([{ "sku": cup.sku, "kind": "gone", "was": 2, "now": 0 }]), "{cart}");
    assert_eq!(customer.checks_out().await.total(), 1299, "the rest should be sold");
}

#[tokio::test]
async fn unknown_country_is_refused() {
    let shop = Shop::open().await;
    let (customer, _cup) = customer_with_two_cups_in_cart(&shop).await;
    for country in ["XX", "gb", "GBR", "", "United Kingdom"] {
        let mut checkout = Checkout::of_cart();
        checkout.body["shippingAddress"]["country"] = json!(country);
        customer.tries_to_place(&checkout).await.expect_refusal(422).names_field("country");
        customer.api.quotes(&checkout.body).await.expect_refusal(422).names_field("country");
    }
    has_ordered_nothing(&customer).await;
}

#[tokio::test]
async fn currencies_do_not_mix() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    let dollars = json!({ "amount": 500, "currency": "USD" });
    let checkout = Checkout::of_cart().expecting(&dollars);
    customer.tries_to_place(&checkout).await.expect_refusal(422).has_error_code("currency_mismatch");
    customer.api.quotes(&checkout.body).await.expect_refusal(422).has_error_code("currency_mismatch");
    let unknown = Checkout::of_cart().expecting(&json!({ "amount": 500, "currency": "AAA" }));
    customer.tries_to_place(&unknown).await.expect_fault("expectedTotal.currency", "invalid_value");
    customer.api.quotes(&unknown.body).await.expect_fault("expectedTotal.currency", "invalid_value");
    let product = json!({
        "sku": "DOLLARS-1", "name": "Mug", "description": "A mug.", "category": "mugs", "price": dollars,
        "stock": { "available": 1 },
    });
    let response = shop.admin().await.post("/api/v1/products", &product).await;
    response.expect_refusal(422).has_error_code("currency_mismatch");

    // Such a price would not be added to others.
    let foreign = shop.sells(Draft::with_stock(9)).await;
    let price = json!({ "M": { "amount": { "N": "1299" }, "currency": { "S": "USD" } } });
    shop.rows.sets("catalog", &format!("SKU#{}", foreign.sku), "OFFER", "price", price).await;
    let mixed = Checkout::of(&[(&cup.sku, 1), (&foreign.sku, 1)]);
    customer.api.quotes(&mixed.body).await.expect_refusal(422).has_error_code("currency_mismatch");
    customer.tries_to_place(&mixed).await.expect_refusal(422).has_error_code("currency_mismatch");
    has_ordered_nothing(&customer).await;
    shop.has_exact_stock(&cup, 9).await;
}

#[tokio::test]
async fn cart_of_another_customer_cannot_be_ordered() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    let stranger = shop.new_customer().await;
    for cart in [customer.id(), NO_CART, "nonsense", ""] {
        let mut checkout = Checkout::of_cart();
        checkout.body["cart"] = json!(cart);
        stranger.tries_to_place(&checkout).await.expect_refusal(422).names_field("cart");
        stranger.api.quotes(&json!({ "cart": cart })).await.expect_refusal(422).names_field("cart");
    }
    shop.anonymous().quotes(&json!({ "cart": "me" })).await.expect_refusal(401);
    shop.new_guest().tries_to_place(&Checkout::of_cart()).await.expect_refusal(401);
    for path in [customer.id(), NO_CART, "nonsense"] {
        stranger.api.looks_into(path).await.expect_refusal(404);
        stranger.api.adds_to(path, &cup.sku, 1).await.expect_refusal(404);
    }
    assert_eq!(pieces(&customer.looks_into_cart().await)[&cup.sku], 2);
}

#[tokio::test]
async fn order_token_opens_its_own_order_only() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let guest = shop.new_guest();
    let (order, _token) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let (_, other) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let (_customer, accounts, _mug) = order_with(&shop, "pm_card_visa").await;
    for token in [other.as_str(), "wrong", "0000000000000000000000000000000000000000000000000000000000000000"] {
        let holder = shop.anonymous().with_order_token(token);
        for order in [&order, &accounts] {
            holder.reads(order).await.expect_refusal(404);
            holder.reads_payment(order).await.expect_refusal(404);
            holder.reads_refunds(order).await.expect_refusal(404);
            holder.confirms(order).await.expect_refusal(404);
            holder.pays(order, "pm_card_visa").await.expect_refusal(404);
            holder.cancels(order, "It is not mine").await.expect_refusal(404);
            holder.get(&format!("/api/v1/orders/{}/history", order.id())).await.expect_refusal(404);
            let listed = holder.get(&format!("/api/v1/payments?orderId={}", order.id())).await.expect(200).json();
            assert_eq!(listed["data"], json!([]));
        }
    }
}

#[tokio::test]
async fn order_token_ends_180_days_after_the_order() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let (order, token) = shop.new_guest().places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let holder = shop.anonymous().with_order_token(&token);
    let order = holder.awaits(&order, "confirmed", "paid").await;
    let half_a_year_ago = || json!({ "S": "2026-01-02T00:00:00.000Z" });
    let row = format!("ORDER#{}", order.id());
    shop.rows.sets("orders", &row, "ORDER", "updatedAt", half_a_year_ago()).await;
    holder.reads(&order).await.expect(200);
    holder.cancels(&order, "Too late for me").await.expect(200);
    holder.awaits(&order, "cancelled", "refunded").await;
    holder.reads_payment(&order).await.expect(200);

    let updated_at = holder.reads(&order).await.expect(200).json()["updatedAt"].clone();
    shop.rows.sets("orders", &row, "ORDER", "updatedAt", half_a_year_ago()).await;
    holder.reads(&order).await.expect_refusal(404);
    holder.cancels(&order, "Too late for me").await.expect_refusal(404);
    holder.get(&format!("/api/v1/orders/{}/history", order.id())).await.expect_refusal(404);
    let payment = format!("PAYMENT#{}", order.payment_id());
    shop.rows.sets("payments", &payment, "PAYMENT", "updatedAt", half_a_year_ago()).await;
    holder.reads_payment(&order).await.expect_refusal(404);
    holder.reads_refunds(&order).await.expect_refusal(404);
    shop.admin().await.reads(&order).await.expect(200);
    // The proof compares every order with its history.
    shop.rows.sets("orders", &row, "ORDER", "updatedAt", json!({ "S": updated_at })).await;
}

#[tokio::test]
async fn invalid_quote_is_refused_like_an_order() {
    let shop = Shop::open().await;
    let (customer, cup) = customer_with_two_cups_in_cart(&shop).await;
    let of = |sku: &str, quantity: Value| json!({ "items": [{ "sku": sku, "quantity": quantity }] });
    for quantity in [json!(0), json!(-1), json!(1000), json!(1.5), json!("two"), json!(null)] {
        customer.api.quotes(&of(&cup.sku, quantity)).await.expect_refusal(422).names_field("quantity");
    }
    customer.api.quotes(&of("NO-SUCH-SKU", json!(1))).await.expect_refusal(422).has_error_code("product_unknown");
    let bad = [
        json!({}),
        json!({ "items": [] }),
        json!({ "cart": "me", "items": [{ "sku": cup.sku, "quantity": 1 }] }),
        json!({ "cart": "me", "addressId": "adr_01h455vb4pex5vsknk084sn02q" }),
        json!({ "cart": "me", "paymentMethod": { "token": "4242424242424242" } }),
        json!({ "cart": "me", "total": 1 }),
    ];
    for body in bad {
        customer.api.quotes(&body).await.expect_refusal(422);
    }
    let empty = shop.new_customer().await;
    empty.api.quotes(&json!({ "cart": "me" })).await.expect_refusal(422);
}
