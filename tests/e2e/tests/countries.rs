//! Postal addresses by the rules of their countries, in the address book and in orders.

use e2e::{Checkout, Draft, Shop, with};
use serde_json::{Value, json};

const BOOK: &str = "/api/v1/users/addresses";

fn address(country: &str, fields: Value) -> Value {
    let mut address = json!({ "name": "Ada Lovelace", "line1": "1 Main Street", "country": country });
    for (field, value) in fields.as_object().into_iter().flatten() {
        address[field] = value.clone();
    }
    address
}

/// An order of one mug to that address.
fn order_to(sku: &str, address: &Value) -> Checkout {
    let checkout = Checkout::of(&[(sku, 1)]);
    Checkout { body: with(&checkout.body, "/shippingAddress", address.clone()), ..checkout }
}

#[tokio::test]
async fn orders_reach_countries_without_postal_codes() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(50)).await;
    let customer = shop.new_customer().await;
    for (country, city) in [
        ("HK", "Central"),
        ("AE", "Dubai"),
        ("QA", "Doha"),
        ("BO", "La Paz"),
        ("UG", "Kampala"),
        ("AO", "Luanda"),
        ("ZW", "Harare"),
        ("BS", "Nassau"),
        ("JM", "Kingston"),
        ("FJ", "Suva"),
        ("PA", "Panamá"),
        ("IE", "Dublin"),
    ] {
        let order = customer.places(&order_to(&mug.sku, &address(country, json!({ "city": city })))).await;
        assert!(order.0["shippingAddress"].get("postalCode").is_none(), "{}", order.0);
        // Forms send a field that the customer left empty.
        let blank = address(country, json!({ "city": city, "postalCode": "", "region": "" }));
        customer.api.quotes(&order_to(&mug.sku, &blank).body).await.expect(200);
    }
    let kosovo = address("XK", json!({ "city": "Prishtina", "postalCode": "10000" }));
    let order = customer.places(&order_to(&mug.sku, &kosovo)).await;
    assert_eq!(
        order.0["shippingAddress"]["lines"],
        json!(["Ada Lovelace", "1 Main Street", "10000 Prishtina", "KOSOVO"])
    );
}

#[tokio::test]
async fn postal_code_is_stored_without_the_prefix_of_its_country() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    for (country, city, typed, stored) in [
        ("DE", "Berlin", "D-10115", "10115"),
        ("CH", "Zürich", "CH-8001", "8001"),
        ("LU", "Luxembourg", "L-1234", "1234"),
        ("HR", "Zagreb", "HR-10000", "10000"),
        ("LV", "Rīga", "1010", "LV-1010"),
    ] {
        let entry = address(country, json!({ "city": city, "postalCode": typed }));
        let entry = customer.api.post(BOOK, &entry).await.expect(201).json();
        assert_eq!(entry["postalCode"], stored, "{entry}");
    }
}

#[tokio::test]
async fn area_is_stored_in_one_form_whatever_its_name() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    for (country, city, code, names, key) in [
        ("US", "Reno", "89501", ["NV", "nevada"], "NV"),
        ("CA", "Montréal", "H3Z 2Y7", ["Québec", "quebec"], "QC"),
        ("IT", "Tivoli", "00019", ["Roma", "IT-RM"], "RM"),
        ("JP", "港区", "106-0032", ["Tokyo", "東京"], "東京都"),
    ] {
        for name in names {
            let entry = address(country, json!({ "city": city, "postalCode": code, "region": name }));
            let entry = customer.api.post(BOOK, &entry).await.expect(201).json();
            assert_eq!(entry["region"], key, "{entry}");
        }
    }
}

#[tokio::test]
async fn error_names_the_field_the_country_and_an_example() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let customer = shop.new_customer().await;
    for (country, fields, field, code, words) in [
        ("DE", json!({ "city": "Berlin" }), "postalCode", "required", ["Germany", "26133"]),
        ("US", json!({ "city": "Reno", "postalCode": "89501" }), "region", "required", ["United States", "Alabama"]),
        (
            "US",
            json!({ "city": "Reno", "postalCode": "89501", "region": "Bavaria" }),
            "region",
            "region_unknown",
            ["United States", "Alabama"],
        ),
        (
            "US",
            json!({ "city": "Reno", "postalCode": "8950", "region": "NV" }),
            "postalCode",
            "postal_code_invalid",
            ["United States", "95014"],
        ),
        ("QA", json!({}), "city", "required", ["Qatar", "city"]),
        ("HK", json!({}), "city", "required", ["Hong Kong", "area"]),
    ] {
        let invalid = address(country, fields);
        let problem =
            customer.api.post(BOOK, &invalid).await.expect_refusal(422).has_error_code(code).names_field(field);
        let message = problem.body["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
        let path = format!("shippingAddress.{field}");
        customer.tries_to_place(&order_to(&mug.sku, &invalid)).await.expect_fault(&path, code);
    }
}

#[tokio::test]
async fn address_that_was_read_can_be_sent_back() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(2)).await;
    let customer = shop.new_customer().await;
    let reno = address("US", json!({ "city": "Reno", "postalCode": "89501", "region": "Nevada" }));
    let entry = customer.api.post(BOOK, &reno).await.expect(201).json();
    let lines = json!(["Ada Lovelace", "1 Main Street", "RENO, NV 89501", "UNITED STATES"]);
    assert_eq!(entry["lines"], lines, "{entry}");

    let path = format!("{BOOK}/{}", entry["id"].as_str().unwrap_or("?"));
    assert_eq!(customer.api.put(&path, &entry).await.expect(200).json(), entry);
    for (field, other) in [("id", json!("adr_01h455vb4pex5vsknk084sn02q")), ("lines", json!(["Elsewhere"]))] {
        customer.api.put(&path, &with(&entry, &format!("/{field}"), other)).await.expect_fault(field, "read_only");
    }

    let order = customer.places(&order_to(&mug.sku, &reno)).await;
    let shown = &order.0["shippingAddress"];
    assert_eq!((&shown["lines"], &shown["region"]), (&lines, &json!("NV")), "{shown}");
    let again = customer.places(&order_to(&mug.sku, shown)).await;
    assert_eq!(&again.0["shippingAddress"], shown, "an address of an order can be sent with the next one");
}

#[tokio::test]
async fn mail_about_a_paid_order_has_its_label_once_the_mailbox_is_verified() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(2)).await;
    let reno = address("US", json!({ "city": "Reno", "postalCode": "89501", "region": "Nevada" }));
    for (customer, has_label) in [(shop.new_verified_customer().await, true), (shop.new_customer().await, false)] {
        let order = customer.places(&order_to(&mug.sku, &reno)).await;
        let order = customer.awaits(&order, "confirmed", "paid").await;
        let mail = shop.mailbox.awaits(&customer.email, &[order.number(), "is confirmed and paid"]).await;
        assert_eq!(mail.mentions("RENO, NV 89501"), has_label, "{mail:?}");
    }
}
