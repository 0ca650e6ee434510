//! Rows as an earlier release wrote them (`fixtures/release_rows.json`), loaded into the tables of the test stack.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::Shop;

const FIXTURE: &str = include_str!("../fixtures/release_rows.json");

/// TTLs and ends of validity are moved to this time, which is after any run of the suite.
const LATER: &str = "2099-01-01T00:00:00.000Z";
const LATER_SECONDS: &str = "4070908800";

static LOADED: OnceCell<Value> = OnceCell::const_new();

impl Shop {
    /// Returns the fixture after its rows were written into the tables, once per run of the suite. Every row is as it was
    /// recorded, except for these values:
    /// - The TTL of a row (`expiresAt`) and the end of an API key (`validUntil`) are moved to 2099.
    /// - The holds of the two pending orders are moved to 2099. Otherwise housekeeping would cancel the orders, and the worker would
    ///   ask the provider of this stack for intents that it does not know.
    /// - The digest of a sign-in link is computed for this stack's issuer.
    pub async fn loads_release_rows(&self) -> &'static Value {
        LOADED.get_or_init(async || self.load_release_rows().await).await
    }

    async fn load_release_rows(&self) -> Value {
        let fixture = self.release_fixture();
        for (context, rows) in fixture["tables"].as_object().into_iter().flatten() {
            for row in rows.as_array().into_iter().flatten() {
                self.rows.loads(context, &unexpired(row)).await;
            }
        }
        fixture
    }

    /// The fixture with the holds and digests of this stack.
    fn release_fixture(&self) -> Value {
        let read = |text: &str| -> Value {
            serde_json::from_str(text).unwrap_or_else(|error| panic!("release_rows.json should be JSON: {error}"))
        };
        let recorded = read(FIXTURE);
        let holds = recorded["holds"].as_array().into_iter().flatten();
        let text = holds.fold(FIXTURE.to_owned(), |text, hold| text.replace(member(hold), LATER));
        let issuer = self.stack.open_id_url.as_deref().unwrap_or_default();
        let people = recorded["people"].as_array().into_iter().flatten().map(|person| &person["google"]);
        let text = people.fold(text, |text, google| {
            let link = format!("{issuer}\n{}", member(&google["subject"]));
            let digest = digest(&SHA256, link.as_bytes());
            let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            text.replace(member(&google["digest"]), &hex)
        });
        read(&text)
    }
}

fn member(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("release_rows.json should have a text here: {value}"))
}

/// The row with its expiry moved.
fn unexpired(row: &Value) -> Value {
    let mut row = row.clone();
    for (attribute, later) in [("expiresAt", json!({ "N": LATER_SECONDS })), ("validUntil", json!({ "S": LATER }))] {
        if row[attribute].is_object() {
            row[attribute] = later;
        }
    }
    row
}
