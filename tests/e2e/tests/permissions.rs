//! Who may do what, route by route: a guest, another customer and the admin call every operation of the OpenAPI document on things that
//! belong to Ada. `permissions.json` has the expected statuses; a route that is missing there
//! fails the test. Permitted calls have a mistake in their body where possible, so that nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use e2e::{Api, Authenticator, Customer, Draft, ImageFile, Response, SHOP_PAGE, SOON, Shop, await_until, unique};
use futures::future::join_all;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

const GOLDEN: &str = include_str!("../permissions.json");
const WHO: [&str; 3] = ["a guest", "another customer", "an admin"];

/// An entry of `permissions.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expected {
    /// The statuses for a guest, another customer and the admin.
    #[serde(rename = "answers")]
    responses: [u16; 3],
    /// The body.
    body: Option<Value>,
    /// The query string. `{order}` is replaced by Ada's order.
    query: Option<String>,
    /// The caller gets a session of its own, because the call ends it.
    #[serde(default)]
    own_session: bool,
    /// A customer and an admin of its own call it, because it ends the account or all its sessions.
    #[serde(default)]
    own_account: bool,
}

/// The ids of Ada's things and of the shop's, by path parameter.
struct Things {
    ada: Customer,
    order_number: String,
    /// By the word before the parameter, or by the parameter itself.
    ids: BTreeMap<&'static str, String>,
}

impl Things {
    async fn of(shop: &Shop) -> Self {
        let mug = shop.sells(Draft::with_stock(5)).await;
        let ada = shop.new_owner(&mug).await;
        shop.verifies(&ada).await;
        let listed = ada.api.get("/api/v1/orders").await.expect(200).json();
        let order = listed["data"][0].clone();
        let review = ada.api.reviews(&mug, 4).await;
        let home = json!({
            "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB",
        });
        let address = ada.api.post("/api/v1/users/addresses", &home).await.expect(201).json();
        let sessions = ada.api.get("/api/v1/auth/sessions").await.expect(200).json();
        let client = ada.makes_key(&["use_account"]).await;
        let picture = ImageFile::of("image/png", vec![0; 100]);
        let image = shop.announces(&mug, &picture).await;
        let import = json!({ "format": "csv", "bytes": 10 });
        let import = shop.admin().await.post("/api/v1/products/imports", &import).await.expect(202).json();
        let personal = ada.api.post("/api/v1/users/profile/export", &json!({})).await.expect(202).json();
        // The last one, because it ends her session.
        let passkey = ada.adds_passkey(&mut Authenticator::new(SHOP_PAGE)).await;
        let text =
            |value: &Value| value.as_str().unwrap_or_else(|| panic!("a text should be there: {order}")).to_owned();
        let ids = [
            ("users", ada.id().to_owned()),
            ("userId", ada.id().to_owned()),
            ("owner", ada.id().to_owned()),
            // No account of this test has a link.
            ("provider", "google".to_owned()),
            ("sessions", text(&sessions["data"][0]["id"])),
            ("api-keys", text(&client.created["id"])),
            ("addresses", text(&address["id"])),
            ("passkeys", passkey.id),
            ("products", mug.id.clone()),
            ("image", image.id),
            ("imports", text(&import["id"])),
            // An import is no export, so permitted callers get 404.
            ("exports", text(&import["id"])),
            ("export", text(&personal["id"])),
            ("reviewId", text(&review["id"])),
            ("key", "e2e".to_owned()),
            ("sku", "NO-SUCH-SKU".to_owned()),
            ("order", text(&order["id"])),
            ("orders", text(&order["id"])),
            ("payments", text(&order["paymentId"])),
        ];
        Self { ada, order_number: text(&order["number"]), ids: ids.into() }
    }

    fn id(&self, name: &str) -> Option<&str> {
        self.ids.get(name).map(String::as_str)
    }

    /// The path with ids instead of parameters; an error names the parameter without an id.
    fn filled(&self, path: &str) -> Result<String, String> {
        let (mut filled, mut before) = (Vec::new(), "");
        for part in path.split('/') {
            let parameter = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            filled.push(match parameter {
                None => part,
                Some(name) => {
                    let id = self.id(name).or_else(|| self.id(before));
                    id.ok_or_else(|| format!("{{{name}}} after {before:?}"))?
                }
            });
            before = part;
        }
        Ok(filled.join("/"))
    }
}

/// A guest, a customer who is not Ada, and the shop's admin, each with a new login.
async fn callers(shop: &Shop, other: &Customer) -> [Api; 3] {
    let admin = &shop.stack.admin;
    callers_of(shop, other, (&admin.email, &admin.password)).await
}

/// The same with a customer and an admin of their own.
async fn new_callers(shop: &Shop) -> [Api; 3] {
    let (other, admin) = (shop.new_customer().await, shop.new_customer().await);
    let role = json!({ "role": "admin" });
    shop.admin().await.put(&format!("/api/v1/users/{}/role", admin.id()), &role).await.expect(200);
    callers_of(shop, &other, (&admin.email, &admin.password)).await
}

async fn callers_of(shop: &Shop, other: &Customer, (admin, admin_password): (&str, &str)) -> [Api; 3] {
    let login = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        let session = shop.anonymous().post("/api/v1/auth/login", &body).await.expect(200).json();
        shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default())
    };
    [shop.anonymous(), login(&other.email, &other.password).await, login(admin, admin_password).await]
}

/// Sends a request. Retries while something is busy, which says nothing about permissions.
async fn call_once_available(caller: &Api, method: &Method, path: &str, body: Option<&Value>) -> Response {
    await_until(format_args!("{method} {path} is answered"), SOON, async || {
        let call = caller.call(method.clone(), path).idempotency_key(&unique("permission"));
        let response = match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        };
        if response.status >= 500 { Err(response.text) } else { Ok(response) }
    })
    .await
}

#[tokio::test]
async fn every_route_has_the_documented_status_for_guest_customer_and_admin() {
    let shop = Shop::open().await;
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(GOLDEN).unwrap_or_else(|error| panic!("permissions.json: {error}"));
    let document = shop.anonymous().get("/api/v1/openapi.json").await.expect(200).json();
    let operations = operations(&document);
    let missing: Vec<_> = operations.iter().filter(|call| !expected.contains_key(*call)).collect();
    assert!(
        missing.is_empty(),
        "\n  These are in the OpenAPI document and not in tests/e2e/permissions.json: {missing:#?}\n  Add a line for each: \
         \"<METHOD> <path>\": {{ \"answers\": [guest, other customer, admin] }}, with the expected statuses, a \
         \"body\" if the route takes one (an invalid one, so that nothing changes), and an id for each new \
         parameter to `Things::of`.\n"
    );
    let gone: Vec<_> = expected.keys().filter(|call| !operations.contains(*call)).collect();
    assert!(gone.is_empty(), "permissions.json should name only operations of the OpenAPI document: {gone:#?}");

    let things = Things::of(&shop).await;
    let other = shop.new_customer().await;
    let everyday = callers(&shop, &other).await;
    let mut findings = Vec::new();
    for (call, expected) in &expected {
        let (method, path) = call.split_once(' ').unwrap_or_else(|| panic!("{call:?} should be METHOD and path"));
        let method: Method = method.parse().unwrap_or_else(|_| panic!("{method} should be a method"));
        let mut path = things.filled(path).unwrap_or_else(|parameter| {
            panic!("{call}: the test has no id of Ada's for {parameter}. Add it to `Things::of` in permissions.rs.")
        });
        if let Some(query) = &expected.query {
            path += &format!("?{}", query.replace("{order}", things.id("order").unwrap_or_default()));
        }
        let fresh = match expected {
            Expected { own_account: true, .. } => Some(new_callers(&shop).await),
            Expected { own_session: true, .. } => Some(callers(&shop, &other).await),
            _ => None,
        };
        let callers = fresh.as_ref().unwrap_or(&everyday);
        let calls = callers.iter().map(|caller| call_once_available(caller, &method, &path, expected.body.as_ref()));
        let responses = join_all(calls).await;
        for ((who, response), status) in WHO.iter().zip(&responses).zip(expected.responses) {
            if response.status != status {
                findings.push(format!("{call}: {who} should get {status}, not {}: {}", response.status, response.text));
            }
        }
        for (who, response) in WHO.iter().zip(&responses).take(2) {
            for secret in [&things.ada.email, &things.order_number] {
                if response.text.contains(secret.as_str()) {
                    findings.push(format!("{call}: {who} should not read {secret}, which is Ada's"));
                }
            }
        }
    }
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
}

/// `GET /api/v1/orders/{id}` and so on.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let calls = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flat_map(|item| item.keys()).filter(|name| *name != "parameters");
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    calls.collect()
}
