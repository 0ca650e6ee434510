//! Rows that an earlier release wrote keep working: their owners log in, order, export and are erased, also where a stricter rule would
//! refuse the same value as new input. One account of the fixture has an email address that RFC 5321 does not allow.

use e2e::{Customer, Order, Product, Redirect, Shop, pieces};
use reqwest::Method;
use serde_json::{Value, json};

const PROFILE: &str = "/api/v1/users/profile";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("the fixture should have a text here: {value}"))
}

fn product(fixture: &Value, name: &str) -> Product {
    let product = &fixture["shop"][name];
    let member = |member: &str| text(&product[member]).to_owned();
    Product { id: member("id"), sku: member("sku"), name: member("name"), price: 0 }
}

/// Fails unless a document has every member that the earlier release showed, with the same value. It may have more of them.
fn assert_unchanged(now: &Value, then: &Value) {
    for (member, value) in then.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => assert_unchanged(&now[member], value),
            _ => assert_eq!(&now[member], value, "{member} should be as the earlier release showed it: {now:#}"),
        }
    }
}

#[tokio::test]
async fn account_of_an_earlier_release_works_until_it_is_erased() {
    account_works("grace.release9@example.com").await;
}

#[tokio::test]
async fn account_with_an_email_that_is_refused_today_works_until_it_is_erased() {
    account_works("ada..lovelace@example.com").await;
}

async fn account_works(email: &str) {
    let shop = Shop::open().await;
    let fixture = shop.loads_release_rows().await;
    let mut people = fixture["people"].as_array().into_iter().flatten();
    let person = people
        .find(|person| person["email"] == email)
        .unwrap_or_else(|| panic!("the fixture should have the account {email}"));

    let customer = shop.logs_in(email, text(&person["password"])).await;
    assert_eq!(customer.id(), person["id"]);
    old_session_and_link_open_the_account(&shop, person).await;
    old_account_is_read(&customer, person).await;
    old_orders_are_read(&customer, person).await;
    old_review_is_listed(&customer, &product(fixture, "mug"), person).await;
    let orders = old_account_buys(&shop, &customer, &product(fixture, "mug"), person).await;
    old_and_new_orders_share_their_lists(&shop, &customer, person, orders.len()).await;
    old_values_are_exported(&shop, &customer, person, &orders).await;
    old_account_is_erased(&shop, &customer, person).await;
}

async fn old_session_and_link_open_the_account(shop: &Shop, person: &Value) {
    let refresh = json!({ "refreshToken": person["refreshToken"] });
    let session = shop.anonymous().post("/api/v1/auth/refresh", &refresh).await.expect(200).json();
    let api = shop.anonymous().with_token(text(&session["accessToken"]));
    assert_eq!(api.get(PROFILE).await.expect(200).json()["id"], person["id"]);

    // The provider may have another email address of this user by now.
    let subject = text(&person["google"]["subject"]);
    shop.google_knows_owner(subject, &format!("{subject}@example.com")).await;
    let end: Redirect = shop.browser().signs_in_with_google(subject).await;
    let session = shop.redeems(&end.expect_code()).await.expect(200).json();
    assert_eq!(session["user"]["id"], person["id"], "the link of the earlier release should be found");
}

async fn old_account_is_read(customer: &Customer, person: &Value) {
    let read = async |path: &str| customer.api.get(path).await.expect(200).json();
    let profile = read(PROFILE).await;
    let seen = (&profile["id"], &profile["email"], &profile["name"]);
    assert_eq!(seen, (&person["id"], &person["email"], &person["name"]), "{profile}");
    assert_eq!(read("/api/v1/auth/me").await["emailVerified"], true);
    let preferences = read("/api/v1/users/preferences").await;
    assert_eq!(preferences["language"], "de", "{preferences}");
    assert_eq!(preferences["channels"]["payment.failed"], json!(["email", "sms"]), "{preferences}");
    let addresses = read("/api/v1/users/addresses").await;
    let of_person = |address: &Value| address["name"] == person["name"];
    assert!(addresses["data"].as_array().is_some_and(|all| all.len() == 2 && all.iter().all(of_person)), "{addresses}");
    let sessions = read("/api/v1/auth/sessions").await.to_string();
    assert!(sessions.contains("Tablet of") && sessions.contains("Phone of"), "{sessions}");
    let keys = customer.keys().await;
    assert!(keys.len() == 1 && text(&keys[0]["name"]).starts_with("Spreadsheet of"), "{keys:?}");
    let links = read("/api/v1/auth/oauth/links").await;
    assert_eq!(links["data"][0]["provider"], "google", "{links}");
    let export = read(&format!("{PROFILE}/export/{}", text(&person["personalExport"]))).await;
    assert_eq!(export["status"], "done", "{export}");
}

async fn old_orders_are_read(customer: &Customer, person: &Value) {
    let orders = person["orders"].as_object().unwrap_or_else(|| panic!("{} should have orders", person["email"]));
    let listed = customer.api.walks("/api/v1/orders", 3).await.concat();
    for (kind, then) in orders {
        assert!(listed.iter().any(|order| order["id"] == then["id"]), "the {kind} order should be listed: {listed:#?}");
        let order = customer.looks_up(&Order(then.clone())).await;
        assert_unchanged(&order.0, then);
        assert!(order.0["shippingAddress"]["lines"].is_array(), "an old address should have a label: {}", order.0);
        let history = customer.api.folds(&order).await;
        assert_eq!(json!(history.len()), then["version"], "{history:#?}");
        let payment = customer.looks_up_payment(&order).await;
        assert_eq!(payment["orderId"], then["id"], "{payment}");
        let of_order = customer.api.get(&format!("/api/v1/payments?orderId={}", order.id())).await.expect(200).json();
        assert_eq!(of_order["data"][0]["id"], payment["id"], "an old payment should be found by its order: {of_order}");
    }
    for (kind, refund) in [("delivered", 100), ("cancelled", 3900)] {
        let refunds = customer.api.reads_refunds(&Order(orders[kind].clone())).await.expect(200).json();
        assert_eq!(refunds["data"][0]["amount"]["amount"], refund, "the refund of the {kind} order: {refunds}");
    }
}

async fn old_review_is_listed(customer: &Customer, mug: &Product, person: &Value) {
    let reviews = customer.api.walks(&mug.reviews(), 100).await.concat();
    let own = reviews.iter().find(|review| review["id"] == person["reviewId"]);
    assert!(own.is_some_and(|review| review["rating"] == 5 && review["mine"] == true), "{reviews:#?}");
}

/// A repeated request, the cart that was filled then, and an order by API key; the numbers of the two new orders.
async fn old_account_buys(shop: &Shop, customer: &Customer, mug: &Product, person: &Value) -> Vec<String> {
    let repeated = &person["repeated"];
    let place = customer.api.call(Method::POST, "/api/v1/orders").idempotency_key(text(&repeated["key"]));
    let response = place.json(&repeated["body"]).send().await.expect(201);
    assert!(response.is_replayed(), "the stored response should be recalled: {}", response.text);
    assert_eq!(response.json()["id"], person["orders"]["paid"]["id"]);

    let cart = customer.looks_into_cart().await;
    let filled = [("RELEASE9-MUG".to_owned(), 2), ("RELEASE9-TEE-S-B".to_owned(), 1)];
    assert_eq!(pieces(&cart), filled.into(), "{cart}");
    let client = customer.through(&shop.anonymous().with_key(text(&person["apiKey"])));
    let mut numbers = Vec::new();
    for (buyer, mut body) in
        [(customer, json!({ "cart": "me" })), (&client, json!({ "items": [{ "sku": mug.sku, "quantity": 1 }] }))]
    {
        body["addressId"] = person["addressId"].clone();
        body["paymentMethod"] = shop.stack.payment_method.clone();
        let order = Order(buyer.api.post("/api/v1/orders", &body).await.expect(201).json());
        let order = buyer.awaits(&order, "confirmed", "paid").await;
        shop.mailbox.awaits(&customer.email, &[order.number()]).await;
        numbers.push(order.number().to_owned());
    }
    assert_eq!(customer.looks_into_cart().await["items"], json!([]), "a cart that was ordered should be empty");
    numbers
}

/// The row of an old order keeps its keys when it changes, so the lists find it beside orders of today.
async fn old_and_new_orders_share_their_lists(shop: &Shop, customer: &Customer, person: &Value, new_orders: usize) {
    let paid = Order(person["orders"]["paid"].clone());
    let admin = shop.admin().await;
    admin.moves(&paid, "processing").await.expect(200);
    let row = shop.rows.reads("orders", &format!("ORDER#{}", paid.id()), "ORDER").await;
    assert_eq!(row["gsi1pk"]["S"], format!("BUYER#{}", customer.id()), "an old row should keep its keys: {row}");
    let listed = customer.api.walks("/api/v1/orders", 3).await.concat();
    assert!(listed.iter().map(|order| text(&order["id"])).is_sorted_by(|one, next| one > next), "{listed:#?}");
    let old_orders = person["orders"].as_object().map_or(0, serde_json::Map::len);
    assert_eq!(listed.len(), old_orders + new_orders, "each order should be listed once: {listed:#?}");
    let of_day = admin.walks("/api/v1/orders?from=2026-11-28T00:00:00Z&to=2026-11-29T00:00:00Z", 100).await.concat();
    let shown = of_day.iter().find(|order| order["id"] == paid.id());
    assert!(shown.is_some_and(|order| order["status"] == "processing"), "{shown:?}");
}

async fn old_values_are_exported(shop: &Shop, customer: &Customer, person: &Value, new_orders: &[String]) {
    let export = shop.exports_personal_data(customer).await;
    let content = export.to_string();
    let orders = person["orders"].as_object().into_iter().flatten().map(|(_, order)| text(&order["number"]));
    let values = person["values"].as_array().into_iter().flatten().map(text);
    let addresses = ["Rue du Marché 1", "+3225551212", "SW1Y 4JH"];
    for value in orders.chain(values).chain(new_orders.iter().map(String::as_str)).chain(addresses) {
        assert!(content.contains(value), "{value} should be in the export: {content}");
    }
    let count = |list: &str| export[list].as_array().map_or(0, Vec::len);
    assert_eq!(count("payments"), count("orders"), "every order should have its payment: {content}");
    assert_eq!((count("addresses"), count("reviews"), count("apiKeys"), count("links")), (2, 2, 1, 1), "{content}");
}

async fn old_account_is_erased(shop: &Shop, customer: &Customer, person: &Value) {
    customer.api.delete(PROFILE).await.expect(202);
    let login = json!({ "email": customer.email, "password": customer.password });
    shop.anonymous().post("/api/v1/auth/login", &login).await.expect_problem(401, "invalid_credentials");
    let values = person["values"].as_array().into_iter().flatten().map(|value| text(value).to_owned());
    let key = e2e::row_of_key(text(&person["apiKey"])).replace("APIKEY#", "");
    let values: Vec<String> = values.chain([key, text(&person["google"]["digest"]).to_owned()]).collect();
    shop.awaits_erased(customer.id(), &values).await;
}

#[tokio::test]
async fn guest_order_of_an_earlier_release_is_read_with_its_token() {
    let shop = Shop::open().await;
    let guest = &shop.loads_release_rows().await["guest"];
    let holder = shop.anonymous().with_order_token(text(&guest["orderToken"]));
    let order = holder.looks_up(&Order(guest["order"].clone())).await;
    assert_unchanged(&order.0, &guest["order"]);
    holder.reads_payment(&order).await.expect(200);
    shop.anonymous().reads(&order).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn products_of_an_earlier_release_are_read_changed_and_sold() {
    let shop = Shop::open().await;
    let fixture = shop.loads_release_rows().await;
    let shirt = product(fixture, "shirt");
    let (shown, tag) = shop.seen_by_admin(&shirt).await;
    assert_eq!((&shown["sku"], shown["variants"].as_array().map(Vec::len)), (&json!(shirt.sku), Some(4)), "{shown}");
    assert_eq!(shown["attributes"], json!({ "material": "linen", "washable": true }), "{shown}");
    let admin = shop.admin().await;
    let path = format!("/api/v1/products/{}", shirt.id);
    let patch = admin.call(Method::PATCH, &path).header("If-Match", &tag);
    let patch = patch.text("application/merge-patch+json", json!({ "brand": "Loom & Sons" }).to_string());
    assert_eq!(patch.send().await.expect(200).json()["brand"], "Loom & Sons");

    let variant = format!("{}-M-B", shirt.sku);
    let log = format!("{path}/stock/movements?sku={variant}");
    let kinds = |lines: &[Value]| lines.iter().map(|line| text(&line["kind"]).to_owned()).collect::<Vec<_>>();
    let then = kinds(&admin.walks(&log, 100).await.concat());
    assert!(then.iter().any(|kind| kind == "sale") && then.iter().any(|kind| kind == "initial"), "{then:?}");
    shop.counts_stock(&shirt, &json!({ "sku": variant, "delta": 1, "reason": "delivery" })).await;
    assert_eq!(admin.walks(&log, 100).await.concat().len(), then.len() + 1, "the count should be logged");

    let categories = shop.anonymous().get("/api/v1/categories").await.expect(200).text;
    assert!(categories.contains(text(&fixture["shop"]["category"])), "{categories}");
    for (kind, lines) in [("import", 2), ("export", 75)] {
        let path = format!("/api/v1/products/{kind}s/{}", text(&fixture["shop"][kind]));
        let job = admin.get(&path).await.expect(200).json();
        assert_eq!((&job["status"], &job["counts"]["lines"]), (&json!("done"), &json!(lines)), "{job}");
    }
}
