//! The personal data that a customer leaves in a shop, and the search for them in every row and every file. docs/personal-data.md says
//! what may outlive a deleted account.

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    Authenticator, Checkout, Customer, Draft, EVENTUALLY, Order, Product, SHOP_PAGE, Shop, await_until, row_of_key,
    unique, with,
};

const LIST: &str = include_str!("../../../docs/personal-data.md");
const EXPORTS: &str = "/api/v1/users/profile/export";

/// The place where a value was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A context's table, or `files`.
    pub table: String,
    /// A partition key, or a file's key.
    pub pk: String,
    pub sk: String,
    pub attribute: String,
    pub value: String,
}

/// The places that may outlive an account, by docs/personal-data.md.
#[derive(Debug)]
pub struct RetentionList(Vec<[String; 4]>);

impl RetentionList {
    /// Reads the table under the heading `Kept` of the document.
    pub fn read() -> Self {
        let (_, section) =
            LIST.split_once("\n## Kept\n").unwrap_or_else(|| panic!("docs/personal-data.md should have a list Kept"));
        let section = section.split("\n## ").next().unwrap_or_default();
        // The first two lines of the table are its head.
        let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
        let places: Vec<[String; 4]> = lines
            .map(|line| {
                let cells: Vec<String> =
                    line.split('|').skip(1).take(4).map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
                cells.try_into().unwrap_or_else(|_| panic!("{line:?} should name table, partition, row and attribute"))
            })
            .collect();
        assert!(!places.is_empty(), "the list Kept of docs/personal-data.md should have rows");
        Self(places)
    }

    /// May a value remain in that place?
    pub fn allows(&self, place: &Place) -> bool {
        let at = [&place.table, &place.pk, &place.sk, &place.attribute];
        self.0.iter().any(|allowed| allowed.iter().zip(at).all(|(pattern, text)| suits(pattern, text)))
    }
}

fn suits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, end)) => text.len() >= begin.len() + end.len() && text.starts_with(begin) && text.ends_with(end),
    }
}

/// A customer whose personal values are unique, and who has used everything that stores one.
#[derive(Debug)]
pub struct Person {
    pub customer: Customer,
    /// Bought, delivered and reviewed.
    pub mug: Product,
    /// Bought and cancelled.
    pub cancelled: Order,
    /// Every value. The last ones are the digests of the email address, of an API key and of a sign-in link.
    pub values: Vec<String>,
}

impl Person {
    /// The number of digests among the values.
    pub const DIGESTS: usize = 3;
}

impl Shop {
    /// A new customer who has logged in twice, and has an address, preferences, a reset token, a passkey, an API key, a sign-in link, a review, a
    /// cancelled order and a cart.
    pub async fn new_person(&self) -> Person {
        let mark = unique("trace");
        let value = |what: &str| format!("{what} {mark}");
        let email = format!("{mark}@example.com");
        let (name, phone, laptop, tablet) = (value("Ada"), phone(&mark), value("Laptop"), value("Tablet"));
        let customer = self.registers(&email, &name, &laptop).await;
        let login = json!({ "email": email, "password": customer.password });
        let login =
            self.anonymous().call(Method::POST, "/api/v1/auth/login").header("User-Agent", &tablet).json(&login);
        login.send().await.expect(200);
        let (receiver, line1, line2, city) = (value("Countess"), value("Square"), value("Floor"), value("London"));
        let address = json!({
            "name": receiver, "line1": line1, "line2": line2, "city": city, "postalCode": "SW1Y 4JH", "country": "GB", "phone": phone,
        });
        let saved = customer.api.post("/api/v1/users/addresses", &address).await.expect(201).json();
        let chosen = json!({ "language": "de", "channels": { "payment.failed": ["email", "sms"] } });
        customer.api.put("/api/v1/users/preferences", &chosen).await.expect(200);
        self.verifies(&customer).await;
        let passkey = value("Passkey");
        let customer = customer.adds_passkey_as(&passkey, &mut Authenticator::new(SHOP_PAGE)).await.customer;
        let client = customer.makes_key(&["use_account"]).await;
        self.google_knows_owner(&mark, &email).await;
        self.browser().signs_in_with_google(&mark).await.expect_code();
        let link = self.rows.reads("identity", &format!("USER#{}", customer.id()), "LINK#google").await;
        let link =
            link["digest"]["S"].as_str().unwrap_or_else(|| panic!("a link should have a digest: {link}")).to_owned();
        self.from_new_ip().post("/api/v1/auth/reset-password", &json!({ "email": email })).await.expect(202);

        let mug = self.sells(Draft::with_stock(9)).await;
        let to_saved = |lines: &[(&str, u32)]| {
            let mut checkout = Checkout::of(lines);
            checkout.body =
                with(&with(&checkout.body, "/shippingAddress", Value::Null), "/addressId", saved["id"].clone());
            checkout
        };
        self.delivers_order(&customer, &mug, &to_saved(&[(&mug.sku, 1)])).await;
        let (title, text, why) = (value("Title"), value("Text"), value("Why"));
        let opinion = json!({ "rating": 5, "title": title, "text": text });
        customer.api.tries_to_review(&mug, &opinion).await.expect(201);
        let order = customer.places(&to_saved(&[(&mug.sku, 1)])).await;
        let order = customer.awaits(&order, "confirmed", "paid").await;
        customer.cancels(&order, &why).await.expect(200);
        let cancelled = customer.awaits(&order, "cancelled", "refunded").await;
        customer.adds(&mug.sku, 1).await;

        let digest: String = digest(&SHA256, email.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let key = row_of_key(&client.key).replace("APIKEY#", "");
        let values = [
            email, name, phone, laptop, tablet, passkey, receiver, line1, line2, city, title, text, why, digest, key,
            link,
        ]
        .into();
        Person { customer, mug, cancelled, values }
    }

    /// The places of these values in all tables.
    pub async fn places_of(&self, values: &[String]) -> Vec<Place> {
        let mut places = Vec::new();
        for table in self.stack.tables.keys() {
            for row in self.rows.all(table).await {
                let key = |name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
                for (attribute, content) in row.as_object().into_iter().flatten() {
                    let content = content.to_string().to_lowercase();
                    let found = values.iter().filter(|value| content.contains(&value.to_lowercase()));
                    places.extend(found.map(|value| Place {
                        table: table.clone(),
                        pk: key("pk"),
                        sk: key("sk"),
                        attribute: attribute.clone(),
                        value: value.clone(),
                    }));
                }
            }
        }
        places
    }

    /// The places of these values in all files.
    pub async fn files_with(&self, values: &[String]) -> Vec<Place> {
        let mut places = Vec::new();
        for file in self.files().await {
            // The file may have been removed meanwhile.
            let Some(bytes) = self.file(&file).await else { continue };
            let text = String::from_utf8_lossy(&bytes);
            let holds = |value: &&String| text.contains(value.as_str());
            places.extend(values.iter().filter(holds).map(|value| Place {
                table: "files".to_owned(),
                pk: file.clone(),
                sk: String::new(),
                attribute: String::new(),
                value: value.clone(),
            }));
        }
        places
    }

    /// Exports a customer's personal data; returns the document.
    pub async fn exports_personal_data(&self, customer: &Customer) -> Value {
        let place = self.begins_personal_export(customer).await;
        self.awaits_personal_export(customer, &place).await
    }

    /// Begins an export of a customer's personal data; returns the path of its job.
    pub async fn begins_personal_export(&self, customer: &Customer) -> String {
        let response = customer.api.post(EXPORTS, &json!({})).await.expect(202);
        let (job, place) = (response.json(), response.expect_header("location").to_owned());
        assert_eq!(place, format!("{EXPORTS}/{}", job["id"].as_str().unwrap_or_default()));
        place
    }

    /// Waits until an export of personal data has ended; returns the document.
    pub async fn awaits_personal_export(&self, customer: &Customer, place: &str) -> Value {
        let job = await_until(format_args!("{place} is over"), EVENTUALLY, async || {
            let job = customer.api.get(place).await.expect(200).json();
            let over = ["done", "failed"].iter().any(|over| job["status"] == *over);
            if over { Ok(job) } else { Err(job.to_string()) }
        })
        .await;
        assert_eq!(job["status"], "done", "{job}");
        let file = self.receives_file(&job["download"]).await;
        serde_json::from_str(&file)
            .unwrap_or_else(|error| panic!("an export should be one JSON document ({error}): {file}"))
    }

    /// Waits until only the values remain that docs/personal-data.md allows.
    pub async fn awaits_erased(&self, user: &str, values: &[String]) {
        // A cheap check before the full search: has identity finished?
        let partition = format!("USER#{user}");
        await_until(format_args!("{partition} is cleared"), EVENTUALLY, async || {
            let closed = self.rows.reads("identity", &partition, "CLOSED").await;
            if closed.is_object() && closed["address"].is_null() { Ok(()) } else { Err(closed.to_string()) }
        })
        .await;
        let retention = RetentionList::read();
        await_until(format_args!("{user} is erased"), EVENTUALLY, async || {
            let mut places = self.places_of(values).await;
            places.retain(|place| !retention.allows(place));
            if places.is_empty() { Ok(()) } else { Err(format!("{places:#?}")) }
        })
        .await;
        // Files that no row names, such as exports.
        await_until("no file has anything of it", EVENTUALLY, async || {
            let places = self.files_with(values).await;
            if places.is_empty() { Ok(()) } else { Err(format!("{places:#?}")) }
        })
        .await;
    }
}

/// A number in London that is unique in this run.
fn phone(mark: &str) -> String {
    let number = mark.bytes().fold(7_u64, |number, byte| (number * 31 + u64::from(byte)) % 10_000_000);
    format!("+44207{number:07}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(table: &str, pk: &str, sk: &str, attribute: &str) -> Place {
        let text = |text: &str| text.to_owned();
        Place { table: text(table), pk: text(pk), sk: text(sk), attribute: text(attribute), value: text("Ada") }
    }

    #[test]
    fn list_allows_the_shipping_address_of_an_order_only() {
        let retention = RetentionList::read();
        assert!(retention.allows(&place("orders", "ORDER#ord_1", "ORDER#PLACED", "personal")));
        assert!(retention.allows(&place("orders", "ORDER#ord_1", "ORDER#PRIVATE", "shippingAddress")));
        for other in [
            place("orders", "ORDER#ord_1", "ORDER#PRIVATE", "email"),
            place("orders", "ORDER#ord_1", "ORDER", "personal"),
            place("orders", "ORDER#ord_1", "HISTORY#000002", "note"),
            place("orders", "IDEMPOTENCY#1", "IDEMPOTENCY", "answer"),
            place("payments", "ORDER#ord_1", "ORDER#PRIVATE", "shippingAddress"),
            place("files", "personal/usr_1/secret.json", "", ""),
        ] {
            assert!(!retention.allows(&other), "{other:?}");
        }
    }
}
