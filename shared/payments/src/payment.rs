//! A payment and its legal moves. Pure.

use events::{Line, PaymentDone, Recipient};
use serde::{Deserialize, Serialize};
use values::{Error, Money, OrderId, PaymentId, Result, Timestamp};

/// Attempts at one order; then it needs a new order.
const MOST_ATTEMPTS: usize = 10;

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// To be authorised.
    Open,
    /// The customer has something to do at the provider's page.
    RequiresAction,
    /// Reserved at the provider.
    Authorized,
    /// Taken.
    Captured,
    /// Declined; another method may be tried while the order waits.
    Failed,
    /// The order ended; what was reserved is being let go.
    Cancelling,
    /// Nothing was or will be taken.
    Cancelled,
}

impl Status {
    /// The table of legal moves.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Authorized, Cancelled, Cancelling, Captured, Failed, Open, RequiresAction};
        matches!(
            (self, next),
            (Open, RequiresAction | Authorized | Failed | Cancelling)
                | (RequiresAction, Authorized | Failed | Cancelling)
                | (Failed, Open | Cancelling)
                | (Authorized, Captured | Cancelling)
                | (Cancelling, Cancelled)
        )
    }

    /// Is there work left for a worker? Such payments are in the index that reconciliation reads.
    pub fn is_unsettled(self) -> bool {
        matches!(self, Self::Open | Self::Authorized | Self::Cancelling)
    }
}

/// What to charge: a provider's token, never a card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// `stripe`, which is also meant without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's name for the method, such as `pm_card_visa`.
    pub token: String,
}

impl Method {
    /// Refuses other providers, tokens that cannot be tokens, and anything that looks like a card number.
    pub fn checked(self) -> Result<Self> {
        if self.provider.as_deref().is_some_and(|provider| provider != "stripe") {
            return Err(Error::invalid("paymentMethod.provider", "provider_unknown", "this shop takes stripe"));
        }
        if has_card_number(&self.token) {
            let message = "is a card number. Never send one here: send the token that the provider made of it";
            return Err(Error::invalid("paymentMethod.token", "card_number_refused", message));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !(1..=255).contains(&self.token.len()) || !self.token.chars().all(plain) {
            return Err(Error::invalid(
                "paymentMethod.token",
                "token_invalid",
                "use the provider's token, such as pm_…",
            ));
        }
        Ok(self)
    }
}

/// Is it a card number, or a name with one behind it? Card numbers have 12 to 19 digits and a check digit (ISO/IEC 7812-1,
/// annex B); by that, a token that happens to hold many digits is told from a number with a prefix.
fn has_card_number(token: &str) -> bool {
    let digits_of = |part: &str| part.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>();
    let is_long = |digits: &str| digits.len() >= 12 && digits.bytes().all(|b| b.is_ascii_digit());
    is_long(&digits_of(token)) || token.split(['_', '.']).map(digits_of).any(|part| is_long(&part) && checks(&part))
}

/// The Luhn formula: every second digit from the right counts double, and the digits add up to tens.
fn checks(digits: &str) -> bool {
    let value = |(place, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    digits.bytes().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
}

/// Why the provider said no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, such as `card_declined`.
    pub code: String,
    /// For the customer.
    pub message: String,
}

/// What the customer has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAction {
    /// Always `redirect`.
    pub r#type: String,
    /// Where to.
    pub url: String,
}

/// One try to charge one method: recorded before money can move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// What was to be charged.
    pub method: Method,
    /// The provider's object, once it is known.
    pub intent: Option<String>,
    /// How it ended, once that is known.
    pub outcome: Option<Outcome>,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The money is reserved.
    Authorized,
    /// The provider said no.
    Declined(Failure),
    /// The customer has to act.
    RequiresAction(NextAction),
    /// It was let go.
    Voided,
}

/// A payment of one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// What it pays for.
    pub order_id: OrderId,
    /// What the customer calls that.
    pub order_number: String,
    /// Who pays.
    pub payer: Recipient,
    /// What is to be paid.
    pub amount: Money,
    /// Minor units taken so far.
    pub captured: i64,
    /// Minor units given back so far.
    pub refunded: i64,
    /// Where it stands.
    pub status: Status,
    /// Tries, the present one last; never empty.
    pub attempts: Vec<Attempt>,
    /// What it buys.
    pub lines: Vec<Line>,
    /// Counts changes.
    pub version: u64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Payment {
    /// The present attempt.
    pub fn attempt(&self) -> Result<&Attempt> {
        self.attempts.last().ok_or_else(|| Error::internal(format!("payment {} has no attempt", self.id)))
    }

    /// Moves on, if that is legal.
    pub fn moved(&self, next: Status, now: Timestamp) -> Result<Self> {
        if !self.status.may_become(next) {
            let detail = format!("The payment is {:?}; it cannot become {next:?}.", self.status);
            return Err(Error::conflict("illegal_transition", detail));
        }
        Ok(Self { status: next, ..self.changed(now) })
    }

    /// The next version of the same.
    pub fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// With the provider's object of the present attempt.
    pub fn with_intent(&self, intent: &str, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        if let Some(attempt) = next.attempts.last_mut() {
            attempt.intent = Some(intent.to_owned());
        }
        next
    }

    /// With the end of the present attempt.
    pub fn concluded(&self, outcome: Outcome, now: Timestamp) -> Result<Self> {
        let status = match &outcome {
            Outcome::Authorized => Status::Authorized,
            Outcome::Declined(_) => Status::Failed,
            Outcome::RequiresAction(_) => Status::RequiresAction,
            Outcome::Voided => Status::Cancelled,
        };
        let mut next = self.moved(status, now)?;
        if let Some(attempt) = next.attempts.last_mut() {
            attempt.outcome = Some(outcome);
        }
        Ok(next)
    }

    /// Opened again, to charge another method.
    pub fn retried(&self, method: Method, now: Timestamp) -> Result<Self> {
        if matches!(self.status, Status::Open | Status::RequiresAction) {
            return Err(Error::conflict(
                "payment_in_progress",
                "The last payment of this order is still being made. Wait for its end.",
            ));
        }
        let mut next = self.moved(Status::Open, now)?;
        if next.attempts.len() >= MOST_ATTEMPTS {
            return Err(Error::conflict(
                "too_many_attempts",
                format!("{MOST_ATTEMPTS} payments were tried. Place a new order."),
            ));
        }
        next.attempts.push(Attempt { method, intent: None, outcome: None, asked_at: now });
        Ok(next)
    }

    /// Why the last attempt failed, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        match self.attempts.last()?.outcome.as_ref()? {
            Outcome::Declined(failure) => Some(failure),
            _ => None,
        }
    }

    /// What the customer has to do, if anything.
    pub fn next_action(&self) -> Option<&NextAction> {
        match (self.status, self.attempts.last()?.outcome.as_ref()?) {
            (Status::RequiresAction, Outcome::RequiresAction(action)) => Some(action),
            _ => None,
        }
    }

    /// As events tell of it.
    pub fn done(&self) -> PaymentDone {
        PaymentDone {
            payment_id: self.id,
            order_id: self.order_id,
            order_number: self.order_number.clone(),
            recipient: self.payer,
            amount: self.amount,
            lines: self.lines.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::Clock;

    fn method(token: &str) -> Method {
        Method { provider: None, token: token.into() }
    }

    fn payment() -> Payment {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let now = clock.now();
        Payment {
            id: clock.mint(),
            order_id: clock.mint(),
            order_number: "ABC".into(),
            payer: Recipient::User(clock.mint()),
            amount: Money::new(100, "EUR".parse().unwrap()),
            captured: 0,
            refunded: 0,
            status: Status::Open,
            attempts: vec![Attempt { method: method("pm_card_visa"), intent: None, outcome: None, asked_at: now }],
            lines: vec![],
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn a_card_number_is_refused_and_a_token_is_not() {
        assert_eq!(method("4242 4242 4242 4242").checked().unwrap_err().fields[0].code, "card_number_refused");
        assert_eq!(method("pm_card_4242424242424242").checked().unwrap_err().fields[0].code, "card_number_refused");
        // Many digits are not yet a card's number.
        assert!(method("pm_test_ok_-648123456789-3").checked().is_ok());
        assert!(method("pm_1234567890123").checked().is_ok());
        assert_eq!(method("").checked().unwrap_err().fields[0].code, "token_invalid");
        assert!(method("pm_card_visa").checked().is_ok());
    }

    #[test]
    fn a_declined_payment_can_be_tried_again_and_an_open_one_cannot() {
        let open = payment();
        assert_eq!(open.retried(method("pm_x"), open.created_at).unwrap_err().code, "payment_in_progress");
        let failure = Failure { code: "card_declined".into(), message: "no".into() };
        let failed = open.concluded(Outcome::Declined(failure), open.created_at).unwrap();
        let again = failed.retried(method("pm_x"), open.created_at).unwrap();
        assert_eq!((again.status, again.attempts.len(), again.failure()), (Status::Open, 2, None));
    }

    proptest! {
        #[test]
        fn money_is_never_taken_after_the_end(from in 0usize..7, to in 0usize..7) {
            use Status::*;
            let all = [Open, RequiresAction, Authorized, Captured, Failed, Cancelling, Cancelled];
            // What is cancelled stays so, and only a reservation is captured.
            if all[from] == Cancelled || all[from] == Captured { prop_assert!(!all[from].may_become(all[to])); }
            if all[to] == Captured && all[from].may_become(Captured) { prop_assert_eq!(all[from], Authorized); }
        }
    }
}
