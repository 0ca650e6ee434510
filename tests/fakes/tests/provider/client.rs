//! A client of the fake provider.

use std::net::Ipv4Addr;

use anyhow::Result;
use fakes::{provider, serve};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) struct Provider {
    pub(crate) base: String,
    pub(crate) http: Client,
}

pub(crate) struct ApiResponse {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) body: Value,
}

/// An intent of 10.00 EUR with manual capture.
pub(crate) const INTENT: [(&str, &str); 5] = [
    ("amount", "1000"),
    ("currency", "eur"),
    ("capture_method", "manual"),
    ("payment_method_types[]", "card"),
    ("metadata[order_id]", "ord_1"),
];

impl Provider {
    pub(crate) async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        tokio::spawn(serve::serve(listener, provider::router()));
        Ok(Self { base, http: Client::new() })
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<ApiResponse> {
        let response = request.bearer_auth("sk_test_12345").send().await?;
        let replayed = response.headers().get("idempotent-replayed").is_some_and(|value| value == "true");
        Ok(ApiResponse { status: response.status().as_u16(), replayed, body: response.json().await? })
    }

    pub(crate) async fn post(&self, path: &str, key: &str, form: &[(&str, &str)]) -> Result<ApiResponse> {
        self.send(self.http.post(format!("{}/v1/{path}", self.base)).header("Idempotency-Key", key).form(form)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<ApiResponse> {
        self.send(self.http.get(format!("{}/v1/{path}", self.base))).await
    }

    /// Creates an unconfirmed intent, as souk does. Returns its id.
    pub(crate) async fn intent(&self, card: &str) -> Result<String> {
        let mut form = INTENT.to_vec();
        form.push(("payment_method", card));
        let response = self.post("payment_intents", &format!("create {card}"), &form).await?;
        assert_eq!(
            (response.status, &response.body["status"]),
            (200, &json!("requires_confirmation")),
            "{}",
            response.body
        );
        Ok(response.body["id"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) async fn confirm(&self, id: &str, key: &str) -> Result<ApiResponse> {
        self.post(&format!("payment_intents/{id}/confirm"), key, &[]).await
    }

    /// Captures a confirmed intent.
    pub(crate) async fn capture(&self, id: &str) -> Result<()> {
        self.post(&format!("payment_intents/{id}/capture"), &format!("capture {id}"), &[])
            .await?
            .expect_status("succeeded");
        Ok(())
    }

    /// Creates, confirms and captures an intent. Returns its id.
    pub(crate) async fn paid(&self, card: &str) -> Result<String> {
        let id = self.intent(card).await?;
        self.confirm(&id, &format!("confirm {id}")).await?.expect_status("requires_capture");
        self.capture(&id).await?;
        Ok(id)
    }

    pub(crate) async fn fault(&self, fault: Value) -> Result<()> {
        let status = self.http.post(format!("{}/_fake/faults", self.base)).json(&fault).send().await?.status();
        assert_eq!(status, StatusCode::CREATED, "{fault}");
        Ok(())
    }

    /// Reads the ledger with this query.
    pub(crate) async fn ledger(&self, query: &str) -> Result<Value> {
        Ok(self.http.get(format!("{}/_fake/books{query}", self.base)).send().await?.json().await?)
    }

    pub(crate) async fn tally(&self, what: &str) -> Result<Value> {
        Ok(self.ledger("?order_id=ord_1").await?["orders"]["ord_1"][what].clone())
    }
}

impl ApiResponse {
    #[track_caller]
    pub(crate) fn expect(&self, status: u16, code: &str) {
        let error = &self.body["error"];
        let code_or_type = error["code"].as_str().or_else(|| error["type"].as_str()).unwrap_or_default();
        assert_eq!((self.status, code_or_type), (status, code), "{}", self.body);
    }

    #[track_caller]
    pub(crate) fn expect_status(&self, status: &str) {
        assert_eq!((self.status, &self.body["status"]), (200, &json!(status)), "{}", self.body);
    }
}
