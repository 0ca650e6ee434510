//! What a person leaves behind in a shop, and where it is looked for: every row, every file. What may be left of a deleted account
//! is what docs/personal-data.md says that the law keeps.

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Checkout, Customer, Draft, EVENTUALLY, Order, Product, Shop, await_until, row_of_key, unique, with};

const LIST: &str = include_str!("../../../docs/personal-data.md");
const EXPORTS: &str = "/api/v1/users/profile/export";

/// Where a value was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A context's table, or `files`.
    pub table: String,
    /// A partition, or a file's key.
    pub pk: String,
    /// The row in it.
    pub sk: String,
    /// The attribute of the row.
    pub attribute: String,
    /// What was found there.
    pub value: String,
}

/// The places of docs/personal-data.md that are allowed to outlive an account.
#[derive(Debug)]
pub struct RetentionList(Vec<[String; 4]>);

impl RetentionList {
    /// As the document lists them, under the heading `Kept`.
    pub fn read() -> Self {
        let (_, section) =
            LIST.split_once("\n## Kept\n").unwrap_or_else(|| panic!("docs/personal-data.md has a list Kept"));
        let section = section.split("\n## ").next().unwrap_or_default();
        // The first two lines of a table are its head.
        let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
        let places: Vec<[String; 4]> = lines
            .map(|line| {
                let cells: Vec<String> =
                    line.split('|').skip(1).take(4).map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
                cells.try_into().unwrap_or_else(|_| panic!("{line:?} names table, partition, row and attribute"))
            })
            .collect();
        assert!(!places.is_empty(), "the list Kept of docs/personal-data.md is read");
        Self(places)
    }

    /// May something be left there?
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

/// A customer each of whose personal values is nobody else's, and who has done everything that leaves one.
#[derive(Debug)]
pub struct Person {
    /// Logged in.
    pub customer: Customer,
    /// What was bought, delivered and reviewed.
    pub mug: Product,
    /// What was bought and cancelled.
    pub cancelled: Order,
    /// Every value, and at the end the digests of the email, of an API key and of a link.
    pub values: Vec<String>,
}

impl Person {
    /// So many of the values are digests.
    pub const DIGESTS: usize = 3;
}

impl Shop {
    /// Somebody registers, logs in twice, keeps an address, chooses, asks for a reset, buys, receives, reviews, cancels and fills a cart.
    pub async fn new_person(&self) -> Person {
        let mark = unique("trace");
        let told = |what: &str| format!("{what} {mark}");
        let email = format!("{mark}@example.com");
        let (name, phone, laptop, tablet) = (told("Ada"), phone(&mark), told("Laptop"), told("Tablet"));
        let customer = self.registers(&email, &name, &laptop).await;
        let login = json!({ "email": email, "password": customer.password });
        let login =
            self.anonymous().call(Method::POST, "/api/v1/auth/login").header("User-Agent", &tablet).json(&login);
        login.send().await.expect(200);
        let (receiver, line1, line2, city) = (told("Countess"), told("Square"), told("Floor"), told("London"));
        let address = json!({
            "name": receiver, "line1": line1, "line2": line2, "city": city, "postalCode": "SW1Y 4JH", "country": "GB", "phone": phone,
        });
        let saved = customer.api.post("/api/v1/users/addresses", &address).await.expect(201).json();
        let chosen = json!({ "language": "de", "channels": { "payment.failed": ["email", "sms"] } });
        customer.api.put("/api/v1/users/preferences", &chosen).await.expect(200);
        self.verifies(&customer).await;
        let client = customer.makes_key(&["use_account"]).await;
        self.google_knows_owner(&mark, &email).await;
        self.browser().signs_in_with_google(&mark).await.expect_code();
        let link = self.rows.reads("identity", &format!("USER#{}", customer.id()), "LINK#google").await;
        let link = link["digest"]["S"].as_str().unwrap_or_else(|| panic!("a link has a digest: {link}")).to_owned();
        self.from_new_ip().post("/api/v1/auth/reset-password", &json!({ "email": email })).await.expect(202);

        let mug = self.sells(Draft::with_stock(9)).await;
        let to_saved = |lines: &[(&str, u32)]| {
            let mut checkout = Checkout::of(lines);
            checkout.body =
                with(&with(&checkout.body, "/shippingAddress", Value::Null), "/addressId", saved["id"].clone());
            checkout
        };
        self.delivers_order(&customer, &mug, &to_saved(&[(&mug.sku, 1)])).await;
        let (title, text, why) = (told("Title"), told("Text"), told("Why"));
        let opinion = json!({ "rating": 5, "title": title, "text": text });
        customer.api.tries_to_review(&mug, &opinion).await.expect(201);
        let order = customer.places(&to_saved(&[(&mug.sku, 1)])).await;
        let order = customer.awaits(&order, "confirmed", "paid").await;
        customer.cancels(&order, &why).await.expect(200);
        let cancelled = customer.awaits(&order, "cancelled", "refunded").await;
        customer.adds(&mug.sku, 1).await;

        let digest: String = digest(&SHA256, email.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let key = row_of_key(&client.key).replace("APIKEY#", "");
        let values =
            [email, name, phone, laptop, tablet, receiver, line1, line2, city, title, text, why, digest, key, link]
                .into();
        Person { customer, mug, cancelled, values }
    }

    /// Everywhere that one of these values stands in a table.
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

    /// Everywhere that one of these values stands in a file.
    pub async fn files_with(&self, values: &[String]) -> Vec<Place> {
        let mut places = Vec::new();
        for file in self.files().await {
            // Whoever made it may have removed it meanwhile.
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

    /// Asks for all that is held of a customer; the file.
    pub async fn exports_personal_data(&self, customer: &Customer) -> Value {
        let response = customer.api.post(EXPORTS, &json!({})).await.expect(202);
        let (job, place) = (response.json(), response.expect_header("location").to_owned());
        assert_eq!(place, format!("{EXPORTS}/{}", job["id"].as_str().unwrap_or_default()));
        let job = await_until(format_args!("{place} is over"), EVENTUALLY, async || {
            let job = customer.api.get(&place).await.expect(200).json();
            let over = ["done", "failed"].iter().any(|over| job["status"] == *over);
            if over { Ok(job) } else { Err(job.to_string()) }
        })
        .await;
        assert_eq!(job["status"], "done", "{job}");
        let file = self.receives_file(&job["download"]).await;
        serde_json::from_str(&file).unwrap_or_else(|error| panic!("an export is one JSON document ({error}): {file}"))
    }

    /// Waits until nothing of an account is left that docs/personal-data.md does not allow.
    pub async fn awaits_erased(&self, user: &str, values: &[String]) {
        // Cheap, before everything is looked at: identity has come to its end.
        let partition = format!("USER#{user}");
        await_until(format_args!("{partition} is cleared"), EVENTUALLY, async || {
            let closed = self.rows.reads("identity", &partition, "CLOSED").await;
            if closed.is_object() && closed["address"].is_null() { Ok(()) } else { Err(closed.to_string()) }
        })
        .await;
        let kept = RetentionList::read();
        await_until(format_args!("{user} is erased"), EVENTUALLY, async || {
            let mut left = self.places_of(values).await;
            left.retain(|place| !kept.allows(place));
            if left.is_empty() { Ok(()) } else { Err(format!("{left:#?}")) }
        })
        .await;
        // Files that are on their way to nobody: exports, and whatever else.
        await_until("no file has anything of it", EVENTUALLY, async || {
            let left = self.files_with(values).await;
            if left.is_empty() { Ok(()) } else { Err(format!("{left:#?}")) }
        })
        .await;
    }
}

/// A number in London, nobody else's in this run.
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
    fn the_list_allows_the_address_of_an_order_and_nothing_beside_it() {
        let kept = RetentionList::read();
        assert!(kept.allows(&place("orders", "ORDER#ord_1", "ORDER#PRIVATE", "shippingAddress")));
        for other in [
            place("orders", "ORDER#ord_1", "ORDER#PRIVATE", "email"),
            place("orders", "ORDER#ord_1", "HISTORY#000002", "note"),
            place("orders", "IDEMPOTENCY#1", "IDEMPOTENCY", "answer"),
            place("payments", "ORDER#ord_1", "ORDER#PRIVATE", "shippingAddress"),
            place("files", "personal/usr_1/secret.json", "", ""),
        ] {
            assert!(!kept.allows(&other), "{other:?}");
        }
    }
}
