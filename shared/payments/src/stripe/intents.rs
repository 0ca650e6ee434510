//! PaymentIntents: create, confirm, capture, cancel and fetch them.
//!
//! Every call that changes an intent has an idempotency key of its own. Stripe keeps the first answer to a key for a
//! day, also a 500, so a key that is used again after a failure would fail all day. The key is not what makes a charge
//! happen once: an action names its intent, an intent is confirmed and captured once, and a retry first fetches its
//! state.

use reqwest::Method;
use serde::Deserialize;
use values::{Error, OrderId, Result};

use super::client::{Rejection, Stripe, StripeError};
use crate::attempt::{Failure, NextAction};
use crate::payment::Payment;

/// An intent as the provider reports it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    last_payment_error: Option<StripeError>,
    /// Why the provider rejected our last call about it.
    #[serde(skip)]
    rejection: Option<StripeError>,
    next_action: Option<NextActionBody>,
    payment_method: Option<MethodBody>,
}

/// The method of an intent: its id, or the whole method where the request asked for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum MethodBody {
    Whole { card: Option<CardBody> },
    Id(#[allow(dead_code, reason = "only told apart")] String),
}

#[derive(Debug, Clone, Deserialize)]
struct CardBody {
    fingerprint: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct NextActionBody {
    redirect_to_url: Option<Redirect>,
}

#[derive(Debug, Clone, Deserialize)]
struct Redirect {
    url: String,
}

/// The states of an intent that souk distinguishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IntentState {
    Unconfirmed,
    RequiresAction(NextAction),
    Authorized,
    Captured,
    /// The bank declined the card.
    Declined(Failure),
    /// It is not charged, and that is no answer of a bank.
    Rejected(Failure),
    Canceled,
}

/// The result of a creation.
pub(crate) enum IntentCreation {
    Created(Box<Intent>),
    /// The provider does not know the method, or does not accept it.
    Rejected(Failure),
}

impl Intent {
    pub(crate) fn state(&self) -> Result<IntentState> {
        Ok(match self.status.as_str() {
            // A confirmation that was rejected will be rejected again.
            "requires_confirmation" => self.rejection.clone().map_or(IntentState::Unconfirmed, IntentState::after),
            "requires_action" => match self.next_action.as_ref().and_then(|action| action.redirect_to_url.as_ref()) {
                Some(to) => IntentState::RequiresAction(NextAction { r#type: "redirect".into(), url: to.url.clone() }),
                // Without a page to return to (`PaymentReturnUrl`) the provider names no page to visit.
                None => IntentState::Rejected(Failure {
                    code: "authentication_unavailable".into(),
                    message: "This card requires a confirmation that this shop cannot show. Use another card.".into(),
                }),
            },
            "requires_capture" => IntentState::Authorized,
            "succeeded" => IntentState::Captured,
            "canceled" => IntentState::Canceled,
            "requires_payment_method" => IntentState::after(self.last_payment_error.clone().unwrap_or_default()),
            "processing" => return Err(Error::unavailable("payment provider", "the intent is still being processed")),
            other => return Err(Error::internal(format!("the intent has the unknown state {other:?}"))),
        })
    }

    /// The provider's fingerprint of the card, which is the same for each token of one card number.
    pub(crate) fn fingerprint(&self) -> Option<&str> {
        match self.payment_method.as_ref()? {
            MethodBody::Whole { card } => card.as_ref()?.fingerprint.as_deref(),
            MethodBody::Id(_) => None,
        }
    }

    /// An error while the intent may still charge the customer.
    pub(crate) fn check_canceled(&self) -> Result<()> {
        match self.state()? {
            IntentState::Canceled => Ok(()),
            _ => Err(Error::unavailable(
                "payment provider",
                format!("intent {} is {}, not cancelled yet", self.id, self.status),
            )),
        }
    }

    /// Are amount and currency those of the payment? If not, the intent must not be used.
    pub(crate) fn matches(&self, payment: &Payment) -> bool {
        self.amount == payment.amount.amount && self.currency.eq_ignore_ascii_case(payment.amount.currency.code())
    }
}

impl IntentState {
    fn after(error: StripeError) -> Self {
        if error.is_about_card() { Self::Declined(error.into()) } else { Self::Rejected(error.into()) }
    }
}

impl Stripe {
    /// Creates an unconfirmed intent. It reserves nothing until it is confirmed.
    pub(crate) async fn create(&self, payment: &Payment, token: &str) -> Result<IntentCreation> {
        let amount = payment.amount.amount.to_string();
        let currency = payment.amount.currency.code().to_lowercase();
        let (order, id) = (payment.order_id.to_string(), payment.id.to_string());
        let form = [
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("capture_method", "manual"),
            // Without this, Stripe chooses the types by the settings of the account, and then requires a return URL.
            ("payment_method_types[]", "card"),
            ("payment_method", token),
            // The fingerprint of its card.
            ("expand[]", "payment_method"),
            ("metadata[order_id]", &order),
            ("metadata[payment_id]", &id),
            ("metadata[order_number]", &payment.order_number),
        ];
        let request = self.post("/v1/payment_intents").await?.form(&form);
        match self.send(request).await? {
            Ok(intent) => Ok(IntentCreation::Created(Box::new(intent))),
            Err(Rejection { error, .. }) => Ok(IntentCreation::Rejected(error.into())),
        }
    }

    /// Reserves the money. A decline is the state of the returned intent.
    pub(crate) async fn confirm(&self, intent: &str, order: OrderId) -> Result<Intent> {
        let back = self.return_url.as_ref().map(|url| {
            let separator = if url.contains('?') { '&' } else { '?' };
            ("return_url", format!("{url}{separator}order={order}"))
        });
        self.act(intent, "confirm", back.as_slice()).await
    }

    pub(crate) async fn capture(&self, intent: &str) -> Result<Intent> {
        self.act(intent, "capture", &[]).await
    }

    pub(crate) async fn cancel(&self, intent: &str) -> Result<Intent> {
        self.act(intent, "cancel", &[]).await
    }

    pub(crate) async fn fetch(&self, intent: &str) -> Result<Intent> {
        let request = self.request(Method::GET, &format!("/v1/payment_intents/{intent}")).await?;
        self.send(request).await?.map_err(|rejection| {
            Error::internal(format!("the provider does not return intent {intent}: {}", rejection.status))
        })
    }

    /// Posts an action on an intent. After a rejection the state of the intent decides: it was declined, or an earlier
    /// call whose answer was lost has already changed it.
    async fn act(&self, intent: &str, action: &str, form: &[(&str, String)]) -> Result<Intent> {
        let path = format!("/v1/payment_intents/{intent}/{action}");
        match self.send(self.post(&path).await?.form(form)).await? {
            Ok(intent) => Ok(intent),
            Err(Rejection { error, .. }) => Ok(Intent { rejection: Some(error), ..self.fetch(intent).await? }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_an_error_about_the_card_is_a_decline() {
        let state = |error: serde_json::Value| {
            let intent = json!({
                "id": "pi_1", "status": "requires_payment_method", "amount": 1, "currency": "eur", "last_payment_error": error,
            });
            serde_json::from_value::<Intent>(intent).unwrap().state().unwrap()
        };
        let declined = json!({ "type": "card_error", "code": "card_declined", "message": "Your card was declined." });
        assert!(matches!(state(declined), IntentState::Declined(failure) if failure.code == "card_declined"));
        let invalid =
            json!({ "type": "invalid_request_error", "code": "resource_missing", "message": "No such method" });
        assert!(matches!(state(invalid), IntentState::Rejected(failure) if failure.code == "resource_missing"));
        assert!(matches!(state(json!({ "code": "card_declined" })), IntentState::Rejected(_)));
        assert!(matches!(state(json!(null)), IntentState::Rejected(_)));
    }
}
