//! Stripe (API 2023-08-16) over HTTPS. Five seconds a call, no retries here: the queue brings the message again, and the row tells
//! how far it came.

mod intents;
mod refunds;

use aws_kit::{Aws, Secret, Settings};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use values::{Clock, Error, EventId, Result};

use crate::payment::Failure;

pub(crate) use intents::{Created, Intent, State};
pub(crate) use refunds::{Given, Posted};

/// The provider, its address and its key.
#[derive(Debug)]
pub struct Stripe {
    client: Client,
    url: String,
    secret: Secret,
    /// Where a customer comes back to from a bank's page.
    return_url: Option<String>,
}

/// Why Stripe refuses something, in its words.
#[derive(Debug, Clone, Default, Deserialize)]
struct Told {
    code: Option<String>,
    message: Option<String>,
}

impl From<Told> for Failure {
    fn from(told: Told) -> Self {
        Self {
            code: told.code.unwrap_or_else(|| "payment_declined".to_owned()),
            message: told.message.unwrap_or_else(|| "The payment was declined.".to_owned()),
        }
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
        let client = outbound::client()?;
        let secret = Secret::from_env(aws, "SOUK_SECRET_STRIPE")?;
        let return_url = Settings.optional("SOUK_PAYMENT_RETURN_URL");
        Ok(Self { client, url: Settings.required("SOUK_STRIPE_URL")?, secret, return_url })
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

    /// `Ok(Err(_))` is an answer of the provider, and final; `Err(_)` is an outage or a lost answer, and settles nothing. What a proxy
    /// on the way says is no answer of the provider.
    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Result<T, Refusal>> {
        #[derive(Deserialize)]
        struct Body {
            error: Told,
        }
        let outage = |cause: Box<dyn std::error::Error + Send + Sync>| Error::unavailable("payment provider", cause);
        let answer = request.send().await.map_err(|error| outage(error.without_url().into()))?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map(Ok).map_err(|error| outage(error.without_url().into()));
        }
        let told = answer.json::<Body>().await.map(|body| body.error).ok();
        match (status, told) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                // It may have been rotated a moment ago.
                self.secret.evict().await;
                Err(Error::internal(format!("the payment provider refuses our key ({status}): see the Stripe secret")))
            }
            (StatusCode::BAD_REQUEST | StatusCode::PAYMENT_REQUIRED | StatusCode::NOT_FOUND, Some(told)) => {
                Ok(Err(Refusal { status, told }))
            }
            (status, told) => {
                let told = told.and_then(|told| told.message).unwrap_or_default();
                Err(outage(format!("it answered {status}: {told}").into()))
            }
        }
    }
}
