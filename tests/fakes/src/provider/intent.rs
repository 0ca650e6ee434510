//! A payment intent: its allowed changes, its charges and its history. Pure; `wire.rs` writes it as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::card::{BankDecision, Card};
use super::delivery::CardDelivery;
use super::ids::Ids;
use crate::now_ms;

/// The statuses of Stripe's intents that souk can encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Status {
    /// The status in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// When the payment is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureMethod {
    Automatic,
    Manual,
}

/// The state of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeState {
    Declined,
    Authorised,
    Captured,
    Voided,
}

/// An attempt on a card. Amounts are in minor units.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) card: String,
    pub(crate) amount: u64,
    pub(crate) captured: u64,
    pub(crate) refunded: u64,
    pub(crate) state: ChargeState,
    pub(crate) created: u64,
}

/// An entry of an intent's history.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HistoryEntry {
    pub(crate) at_ms: u64,
    pub(crate) what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<u64>,
}

/// A refund.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) charge: String,
    pub(crate) amount: u64,
    pub(crate) currency: String,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: u64,
}

/// The parameters of a new intent.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) amount: u64,
    pub(crate) currency: String,
    pub(crate) capture_method: CaptureMethod,
    pub(crate) card: Option<Card>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) description: Option<String>,
    pub(crate) return_url: Option<String>,
}

/// A payment intent.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) draft: Draft,
    pub(crate) status: Status,
    pub(crate) charges: Vec<Charge>,
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) last_error: Option<Value>,
    pub(crate) cancellation_reason: Option<String>,
    pub(crate) canceled_at: Option<u64>,
    pub(crate) created: u64,
    /// The draft's amount, until a bank authorises another one.
    pub(crate) amount: u64,
    pub(crate) currency: String,
    /// The ids of its refunds, oldest first.
    pub(crate) refunds: Vec<String>,
    /// How its webhook events are delivered, by the token of its last card.
    pub(crate) card_delivery: Option<CardDelivery>,
    /// How many confirmations and refunds the card's fault has already hit.
    pub(crate) faulted_confirmations: u32,
    pub(crate) faulted_refunds: u32,
}

/// Why a change was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The status does not allow it.
    State(String),
    /// The amount is too large: code, parameter, message.
    Amount(&'static str, &'static str, String),
}

/// The result of a confirmation.
#[derive(Debug, PartialEq)]
pub(crate) enum Confirmation {
    Accepted,
    Declined(Value),
}

impl Intent {
    /// A new intent, not confirmed.
    pub(crate) fn new(draft: Draft, ids: &mut Ids) -> Self {
        let status = if draft.card.is_some() { Status::RequiresConfirmation } else { Status::RequiresPaymentMethod };
        let mut intent = Self {
            id: ids.next("pi"),
            amount: draft.amount,
            currency: draft.currency.clone(),
            refunds: Vec::new(),
            card_delivery: draft.card.as_ref().and_then(|card| card.card_delivery),
            draft,
            status,
            charges: Vec::new(),
            history: Vec::new(),
            last_error: None,
            cancellation_reason: None,
            canceled_at: None,
            created: now_ms() / 1000,
            faulted_confirmations: 0,
            faulted_refunds: 0,
        };
        intent.note("created", Some(intent.amount));
        intent
    }

    /// The order's id in the metadata that souk sends.
    pub(crate) fn order_id(&self) -> Option<&str> {
        self.draft.metadata.get("order_id").map(String::as_str)
    }

    /// Charges the card, or a new card if one is given.
    pub(crate) fn confirm(&mut self, card: Option<Card>, ids: &mut Ids) -> Result<Confirmation, Refusal> {
        let open = match self.status {
            Status::RequiresPaymentMethod | Status::RequiresConfirmation => true,
            Status::RequiresAction => card.is_some(),
            _ => false,
        };
        if !open {
            return Err(self.cannot("confirm", "requires_payment_method, requires_confirmation"));
        }
        let Some(card) = card.or_else(|| self.draft.card.clone()) else {
            return Err(Refusal::State(
                "You cannot confirm this PaymentIntent because it's missing a payment method.".to_owned(),
            ));
        };
        self.note("confirmed", Some(self.draft.amount));
        (self.amount, self.currency) = card.authorises(self.draft.amount, &self.draft.currency);
        self.card_delivery = card.card_delivery;
        self.draft.card = Some(card.clone());
        match &card.decision {
            BankDecision::Approved => {
                self.authorise(card.token, ids);
                Ok(Confirmation::Accepted)
            }
            BankDecision::RequiresAuthentication => {
                self.status = Status::RequiresAction;
                self.note("action_required", None);
                Ok(Confirmation::Accepted)
            }
            declined @ BankDecision::Declined { .. } => {
                let charge = self.charge(card.token.clone(), ChargeState::Declined, ids);
                let error = declined.as_error(&charge, &card.token).unwrap_or_default();
                self.fail(error.clone());
                Ok(Confirmation::Declined(error))
            }
        }
    }

    /// The customer authenticated, or failed to.
    pub(crate) fn authenticated(&mut self, succeeded: bool, ids: &mut Ids) -> Result<(), Refusal> {
        if self.status != Status::RequiresAction {
            return Err(self.cannot("authenticate", "requires_action"));
        }
        let token = self.draft.card.as_ref().map(|card| card.token.clone()).unwrap_or_default();
        if succeeded {
            self.authorise(token, ids);
        } else {
            let message = "We are unable to authenticate your payment method. Please choose a different payment method and try again.";
            self.fail(serde_json::json!({
                "type": "card_error", "code": "payment_intent_authentication_failure", "message": message,
            }));
        }
        Ok(())
    }

    /// Captures the amount, or all that is held, and voids the rest.
    pub(crate) fn capture(&mut self, amount: Option<u64>) -> Result<(), Refusal> {
        if self.status != Status::RequiresCapture {
            return Err(self.cannot("capture", "requires_capture"));
        }
        let held = self.capturable();
        let amount = amount.unwrap_or(held);
        if amount > held {
            let message = format!("The amount to capture ({amount}) is greater than the amount that is held ({held}).");
            return Err(Refusal::Amount("amount_too_large", "amount_to_capture", message));
        }
        self.settle(amount);
        Ok(())
    }

    /// Cancels the intent, and voids held money.
    pub(crate) fn cancel(&mut self, reason: Option<String>) -> Result<(), Refusal> {
        if matches!(self.status, Status::Succeeded | Status::Canceled) {
            let legal = "requires_payment_method, requires_capture, requires_confirmation, requires_action";
            return Err(self.cannot("cancel", legal));
        }
        let mut voided = None;
        for charge in self.charges.iter_mut().filter(|charge| charge.state == ChargeState::Authorised) {
            charge.state = ChargeState::Voided;
            voided = Some(charge.amount);
        }
        if voided.is_some() {
            self.note("voided", voided);
        }
        self.status = Status::Canceled;
        self.cancellation_reason = reason;
        self.canceled_at = Some(now_ms() / 1000);
        self.note("cancelled", None);
        Ok(())
    }

    /// Refunds at most the captured amount. Returns the charge's id and the refunded amount.
    pub(crate) fn refund(&mut self, amount: Option<u64>) -> Result<(String, u64), Refusal> {
        let Some(charge) = self.charges.iter_mut().find(|charge| charge.state == ChargeState::Captured) else {
            return Err(Refusal::State("This PaymentIntent does not have a successful charge to refund.".to_owned()));
        };
        let left = charge.captured - charge.refunded;
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(Refusal::Amount("charge_already_refunded", "amount", message));
        }
        let amount = amount.unwrap_or(left);
        if amount > left {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).");
            return Err(Refusal::Amount("amount_too_large", "amount", message));
        }
        charge.refunded += amount;
        let charge = charge.id.clone();
        self.note("refunded", Some(amount));
        Ok((charge, amount))
    }

    /// The amount that is authorised and not yet captured.
    pub(crate) fn capturable(&self) -> u64 {
        self.charges.iter().filter(|charge| charge.state == ChargeState::Authorised).map(|charge| charge.amount).sum()
    }

    /// The captured amount, without subtracting refunds.
    pub(crate) fn received(&self) -> u64 {
        self.charges.iter().map(|charge| charge.captured).sum()
    }

    fn authorise(&mut self, token: String, ids: &mut Ids) {
        self.charge(token, ChargeState::Authorised, ids);
        self.last_error = None;
        self.status = Status::RequiresCapture;
        self.note("authorised", Some(self.amount));
        if self.draft.capture_method == CaptureMethod::Automatic {
            self.settle(self.amount);
        }
    }

    fn settle(&mut self, amount: u64) {
        let voided = self.capturable() - amount;
        for charge in self.charges.iter_mut().filter(|charge| charge.state == ChargeState::Authorised) {
            charge.state = ChargeState::Captured;
            charge.captured = amount;
        }
        self.status = Status::Succeeded;
        self.note("captured", Some(amount));
        if voided > 0 {
            self.note("voided", Some(voided));
        }
    }

    fn charge(&mut self, card: String, state: ChargeState, ids: &mut Ids) -> String {
        let id = ids.next("ch");
        let created = now_ms() / 1000;
        self.charges.push(Charge {
            id: id.clone(),
            card,
            amount: self.amount,
            captured: 0,
            refunded: 0,
            state,
            created,
        });
        id
    }

    /// Stripe removes the card from an intent whose card was declined.
    fn fail(&mut self, error: Value) {
        self.status = Status::RequiresPaymentMethod;
        self.draft.card = None;
        self.last_error = Some(error);
        self.note("declined", None);
    }

    fn note(&mut self, what: &'static str, amount: Option<u64>) {
        self.history.push(HistoryEntry { at_ms: now_ms(), what, amount });
    }

    fn cannot(&self, verb: &str, legal: &str) -> Refusal {
        let status = self.status.as_str();
        Refusal::State(format!(
            "You cannot {verb} this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one of the following statuses may be used: {legal}."
        ))
    }
}

#[cfg(test)]
#[path = "intent_tests.rs"]
mod tests;
