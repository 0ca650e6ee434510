//! PaymentIntents: create, confirm, capture, cancel, fetch.
//!
//! Every call that moves one has an Idempotency-Key of its own. Stripe keeps the first answer to a key for a day, a 500 too, so a
//! key used again after a failure would fail again all day. What makes a charge happen once is not the key: an action names
//! its intent, an intent is confirmed and captured once, and a retry asks first what became of it.

use reqwest::Method;
use serde::Deserialize;
use values::{Error, OrderId, Result};

use super::{Refusal, Stripe, Told};
use crate::payment::{Failure, NextAction, Payment};

/// What an intent is at the provider.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    last_payment_error: Option<Told>,
    /// Why our own last call about it was refused.
    #[serde(skip)]
    refused: Option<Told>,
    next_action: Option<ToDo>,
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
            // A confirmation that was refused will be refused again.
            "requires_confirmation" => {
                self.refused.clone().map_or(State::Unconfirmed, |told| State::Declined(told.into()))
            }
            "requires_action" => match self.next_action.as_ref().and_then(|action| action.redirect_to_url.as_ref()) {
                Some(to) => State::RequiresAction(NextAction { r#type: "redirect".into(), url: to.url.clone() }),
                // Without a page to come back to (`PaymentReturnUrl`) the provider names none to go to.
                None => State::Declined(Failure {
                    code: "authentication_unavailable".into(),
                    message: "This card asks for a confirmation that this shop cannot show. Use another one.".into(),
                }),
            },
            "requires_capture" => State::Authorized,
            "succeeded" => State::Captured,
            "canceled" => State::Canceled,
            "requires_payment_method" => State::Declined(self.last_payment_error.clone().unwrap_or_default().into()),
            "processing" => return Err(Error::unavailable("payment provider", "the intent is still being processed")),
            other => return Err(Error::internal(format!("an intent in the unknown state {other:?}"))),
        })
    }

    /// Refuses to go on while the intent may still charge somebody.
    pub(crate) fn check_canceled(&self) -> Result<()> {
        match self.state()? {
            State::Canceled => Ok(()),
            _ => Err(Error::unavailable("payment provider", format!("{} is {}, not let go yet", self.id, self.status))),
        }
    }

    /// Are amount and currency ours? If not, nothing may rest on this intent.
    pub(crate) fn is_of(&self, payment: &Payment) -> bool {
        self.amount == payment.amount.amount && self.currency.eq_ignore_ascii_case(payment.amount.currency.code())
    }
}

impl Stripe {
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
        match self.send(request).await? {
            Ok(intent) => Ok(Created::Intent(intent)),
            Err(Refusal { told, .. }) => Ok(Created::Refused(told.into())),
        }
    }

    /// Reserves the money, or tells why not.
    pub(crate) async fn confirm(&self, intent: &str, order: OrderId) -> Result<Intent> {
        let back = self.return_url.as_ref().map(|url| {
            let joint = if url.contains('?') { '&' } else { '?' };
            ("return_url", format!("{url}{joint}order={order}"))
        });
        self.act(intent, "confirm", back.as_slice()).await
    }

    /// Takes what was reserved.
    pub(crate) async fn capture(&self, intent: &str) -> Result<Intent> {
        self.act(intent, "capture", &[]).await
    }

    /// Lets go what was reserved.
    pub(crate) async fn cancel(&self, intent: &str) -> Result<Intent> {
        self.act(intent, "cancel", &[]).await
    }

    /// What became of an intent.
    pub(crate) async fn fetch(&self, intent: &str) -> Result<Intent> {
        let request = self.request(Method::GET, &format!("/v1/payment_intents/{intent}")).await?;
        self.send(request).await?.map_err(|refusal| {
            Error::internal(format!("the provider does not show intent {intent}: {}", refusal.status))
        })
    }

    /// Posts an action on an intent. A refusal (a decline, or a state that does not allow the action because an earlier
    /// call whose answer was lost had its effect) is judged by the intent itself.
    async fn act(&self, intent: &str, action: &str, form: &[(&str, String)]) -> Result<Intent> {
        let path = format!("/v1/payment_intents/{intent}/{action}");
        match self.send(self.post(&path).await?.form(form)).await? {
            Ok(intent) => Ok(intent),
            Err(Refusal { told, .. }) => Ok(Intent { refused: Some(told), ..self.fetch(intent).await? }),
        }
    }
}
