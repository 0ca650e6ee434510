//! Stripe's PaymentIntents (API 2023-08-16) over HTTPS: create, confirm, capture, cancel, fetch. Five seconds a call, no retries
//! here: the queue brings the message again, and the row tells how far it came.
//!
//! Every call has an Idempotency-Key of its own. Stripe keeps the first answer to a key for a day, a 500 too, so a key used
//! again after a failure would fail again all day. What makes a charge happen once is not the key: an action names
//! its intent, an intent is confirmed and captured once, and a retry asks first what became of it.

use std::sync::Arc;
use std::time::Duration;

use aws_kit::{Aws, Secret, Settings};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use values::{Clock, Error, EventId, Result};

use crate::payment::{Failure, NextAction, Payment};

const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The provider, its address and its key.
#[derive(Debug)]
pub struct Stripe {
    client: Client,
    url: String,
    secret: Secret,
}

/// What an intent is at the provider.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) status: String,
    amount: i64,
    currency: String,
    last_payment_error: Option<Told>,
    next_action: Option<ToDo>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Told {
    code: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct ToDo {
    redirect_to_url: Option<Redirect>,
}

#[derive(Debug, Clone, Deserialize)]
struct Redirect {
    url: String,
}

/// The states of an intent that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    Unconfirmed,
    RequiresAction(NextAction),
    Authorized,
    Captured,
    Declined(Failure),
    Canceled,
}

/// The end of a creation.
pub(crate) enum Created {
    Intent(Intent),
    /// A method that the provider does not know or take.
    Refused(Failure),
}

impl Intent {
    pub(crate) fn state(&self) -> Result<State> {
        Ok(match self.status.as_str() {
            "requires_confirmation" => State::Unconfirmed,
            "requires_action" => {
                let url = self
                    .next_action
                    .as_ref()
                    .and_then(|action| action.redirect_to_url.as_ref())
                    .map(|to| to.url.clone());
                State::RequiresAction(NextAction { r#type: "redirect".into(), url: url.unwrap_or_default() })
            }
            "requires_capture" => State::Authorized,
            "succeeded" => State::Captured,
            "canceled" => State::Canceled,
            "requires_payment_method" => State::Declined(failure(self.last_payment_error.clone().unwrap_or_default())),
            "processing" => return Err(Error::unavailable("payment provider", "the intent is still being processed")),
            other => return Err(Error::internal(format!("an intent in the unknown state {other:?}"))),
        })
    }

    /// Amount and currency are ours, or nothing that follows may rest on this intent.
    pub(crate) fn check(&self, payment: &Payment) -> Result<()> {
        let currency = payment.amount.currency.code();
        if self.amount == payment.amount.amount && self.currency.eq_ignore_ascii_case(currency) {
            return Ok(());
        }
        Err(Error::internal(format!(
            "payment {} is of {}, its intent is of {} {}",
            payment.id, payment.amount, self.amount, self.currency
        )))
    }
}

fn failure(told: Told) -> Failure {
    Failure {
        code: told.code.unwrap_or_else(|| "payment_declined".to_owned()),
        message: told.message.unwrap_or_else(|| "The payment was declined.".to_owned()),
    }
}

/// An answer of the provider that is not a success.
struct Refusal {
    status: StatusCode,
    told: Told,
}

impl Stripe {
    /// At `SOUK_STRIPE_URL`, with the key of the secret `SOUK_SECRET_STRIPE` (`{"apiKey": …}`).
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let client = Client::builder().timeout(TIMEOUT).connect_timeout(CONNECT_TIMEOUT);
        let client = client.tls_backend_preconfigured(mozilla_roots()?).build().map_err(Error::internal)?;
        let secret = Secret::from_env(aws, "SOUK_SECRET_STRIPE")?;
        Ok(Self { client, url: Settings.required("SOUK_STRIPE_URL")?, secret })
    }

    /// An unconfirmed intent: it reserves nothing until it is confirmed.
    pub(crate) async fn create(&self, payment: &Payment, token: &str) -> Result<Created> {
        let amount = payment.amount.amount.to_string();
        let currency = payment.amount.currency.code().to_lowercase();
        let (order, id) = (payment.order_id.to_string(), payment.id.to_string());
        let form = [
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("capture_method", "manual"),
            // Named, or Stripe chooses by the account's settings, and then wants a page to return to.
            ("payment_method_types[]", "card"),
            ("payment_method", token),
            ("metadata[order_id]", &order),
            ("metadata[payment_id]", &id),
            ("metadata[order_number]", &payment.order_number),
        ];
        let request = self.post("/v1/payment_intents").await?.form(&form);
        match send(request).await? {
            Ok(intent) => Ok(Created::Intent(intent)),
            Err(Refusal { told, .. }) => Ok(Created::Refused(failure(told))),
        }
    }

    /// Reserves the money, or tells why not.
    pub(crate) async fn confirm(&self, intent: &str) -> Result<Intent> {
        self.act(intent, "confirm").await
    }

    /// Takes what was reserved.
    pub(crate) async fn capture(&self, intent: &str) -> Result<Intent> {
        self.act(intent, "capture").await
    }

    /// Lets go what was reserved.
    pub(crate) async fn cancel(&self, intent: &str) -> Result<Intent> {
        self.act(intent, "cancel").await
    }

    /// What became of an intent.
    pub(crate) async fn fetch(&self, intent: &str) -> Result<Intent> {
        let request = self.request(Method::GET, &format!("/v1/payment_intents/{intent}")).await?;
        send(request).await?.map_err(|refusal| {
            Error::internal(format!("the provider does not show intent {intent}: {}", refusal.status))
        })
    }

    /// Posts an action on an intent. A refusal (a decline, or a state that does not allow the action because an earlier
    /// call whose answer was lost had its effect) is judged by the intent itself.
    async fn act(&self, intent: &str, action: &str) -> Result<Intent> {
        let path = format!("/v1/payment_intents/{intent}/{action}");
        let no_parameters: [(&str, &str); 0] = [];
        match send(self.post(&path).await?.form(&no_parameters)).await? {
            Ok(intent) => Ok(intent),
            Err(_) => self.fetch(intent).await,
        }
    }

    async fn post(&self, path: &str) -> Result<RequestBuilder> {
        let key: EventId = Clock::System.mint();
        Ok(self.request(Method::POST, path).await?.header("Idempotency-Key", key.to_string()))
    }

    async fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Keys {
            api_key: String,
        }
        let keys: Keys = serde_json::from_str(&self.secret.text().await?).map_err(|_| {
            Error::internal(
                "the Stripe secret is not {\"apiKey\": …}; put yours with `aws secretsmanager put-secret-value`",
            )
        })?;
        Ok(self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(keys.api_key)
            .header("Stripe-Version", "2023-08-16"))
    }
}

/// Mozilla's roots, compiled in: a start does not read the machine's store (docs/adr/0008).
fn mozilla_roots() -> Result<ClientConfig> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(Error::internal)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// `Ok(Err(_))` is an answer, and final; `Err(_)` is an outage or a lost answer, and settles nothing.
async fn send(request: RequestBuilder) -> Result<Result<Intent, Refusal>> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        error: Told,
    }
    let outage = |cause: Box<dyn std::error::Error + Send + Sync>| Error::unavailable("payment provider", cause);
    let answer = request.send().await.map_err(|error| outage(error.without_url().into()))?;
    let status = answer.status();
    if status.is_success() {
        return answer.json().await.map(Ok).map_err(|error| outage(error.without_url().into()));
    }
    let told = answer.json::<Body>().await.map(|body| body.error).unwrap_or_default();
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(Error::internal(format!("the payment provider refuses our key ({status}): see the Stripe secret")));
    }
    let settles_nothing =
        status.is_server_error() || matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS);
    match settles_nothing {
        true => Err(outage(format!("it answered {status}: {}", told.message.unwrap_or_default()).into())),
        false => Ok(Err(Refusal { status, told })),
    }
}
