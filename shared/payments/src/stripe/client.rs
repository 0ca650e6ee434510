//! The HTTPS client of Stripe. A call may take five seconds. There are no retries here: the queue delivers the message
//! again, and the row says how far it came.

use aws_kit::{Aws, Secret, Settings};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use values::{Clock, Error, EventId, Result};

use crate::attempt::Failure;

/// Stripe's API, with our key.
#[derive(Debug)]
pub struct Stripe {
    client: Client,
    url: String,
    secret: Secret,
    /// The page to which a customer returns from a bank's page.
    pub(super) return_url: Option<String>,
}

/// The error of an answer, in the words of Stripe.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct StripeError {
    r#type: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

impl StripeError {
    /// Did the card cause it? Then its bank was asked, or Stripe in its place. All other types are about our request, such as a token
    /// that names no card: <https://docs.stripe.com/api/errors>.
    pub(crate) fn is_about_card(&self) -> bool {
        self.r#type.as_deref() == Some("card_error")
    }
}

impl From<StripeError> for Failure {
    fn from(error: StripeError) -> Self {
        Self {
            code: error.code.unwrap_or_else(|| "payment_declined".to_owned()),
            message: error.message.unwrap_or_else(|| "The payment was declined.".to_owned()),
        }
    }
}

/// An answer that is not a success.
pub(super) struct Rejection {
    pub(super) status: StatusCode,
    pub(super) error: StripeError,
}

impl Stripe {
    /// At `SOUK_STRIPE_URL`, with the key in the secret that `SOUK_SECRET_STRIPE` names (`{"apiKey": …}`). An error unless the URL is
    /// https: the key is sent there. Only a local stack may use http.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let (client, url) = (outbound::client()?, Settings.required("SOUK_STRIPE_URL")?);
        outbound::check_url("StripeUrl", &url, &Settings.required("SOUK_STAGE")?)?;
        let secret = Secret::from_env(aws, "SOUK_SECRET_STRIPE")?;
        let return_url = Settings.optional("SOUK_PAYMENT_RETURN_URL");
        Ok(Self { client, url, secret, return_url })
    }

    pub(super) async fn post(&self, path: &str) -> Result<RequestBuilder> {
        let key: EventId = Clock::System.mint();
        Ok(self.request(Method::POST, path).await?.header("Idempotency-Key", key.to_string()))
    }

    pub(super) async fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Keys {
            api_key: String,
        }
        let keys: Keys = serde_json::from_str(&self.secret.text().await?).map_err(|_| {
            Error::internal(
                "the Stripe secret is not {\"apiKey\": …}; set it with `aws secretsmanager put-secret-value`",
            )
        })?;
        Ok(self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(keys.api_key)
            .header("Stripe-Version", "2023-08-16"))
    }

    /// `Ok(Err(_))` is an answer of the provider, and final. `Err(_)` is an outage or a lost answer, and nothing is
    /// known. An answer of a proxy between us and the provider counts as an outage.
    pub(super) async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Result<T, Rejection>> {
        #[derive(Deserialize)]
        struct Body {
            error: StripeError,
        }
        let outage = |cause: Box<dyn std::error::Error + Send + Sync>| Error::unavailable("payment provider", cause);
        let answer = request.send().await.map_err(|error| outage(error.without_url().into()))?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map(Ok).map_err(|error| outage(error.without_url().into()));
        }
        let error = answer.json::<Body>().await.map(|body| body.error).ok();
        match (status, error) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                // The key may have been rotated a moment ago.
                self.secret.evict().await;
                Err(Error::internal(format!(
                    "the payment provider rejects our key ({status}); check the Stripe secret"
                )))
            }
            (StatusCode::BAD_REQUEST | StatusCode::PAYMENT_REQUIRED | StatusCode::NOT_FOUND, Some(error)) => {
                Ok(Err(Rejection { status, error }))
            }
            (status, error) => {
                let message = error.and_then(|error| error.message).unwrap_or_default();
                Err(outage(format!("it answered {status}: {message}").into()))
            }
        }
    }
}
