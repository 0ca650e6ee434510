//! A payment and its legal moves. Pure.

use events::{Line, PaymentChanged, Recipient};
use serde::{Deserialize, Serialize};
use values::{Error, Money, OrderId, PaymentId, Quantity, Result, Sku, Timestamp};

use crate::Method;

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
    /// Taken, and partly given back.
    PartiallyRefunded,
    /// Taken, and all given back.
    Refunded,
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
        use Status::{
            Authorized, Cancelled, Cancelling, Captured, Failed, Open, PartiallyRefunded, Refunded, RequiresAction,
        };
        matches!(
            (self, next),
            (Open, RequiresAction | Authorized | Failed | Cancelling)
                | (RequiresAction, Open | Authorized | Failed | Cancelling)
                | (Failed, Open | Cancelling)
                // Cancelled without us: a reservation that the provider let go.
                | (Authorized, Captured | Cancelling | Cancelled)
                // Captured after all: the capture was on its way when the order ended. It is refunded.
                | (Cancelling, Cancelled | Captured)
                | (Captured | PartiallyRefunded, PartiallyRefunded | Refunded)
        )
    }

    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::RequiresAction => "requires_action",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    /// Is there work left for a worker? Such payments are in the index that reconciliation reads.
    pub fn is_unsettled(self) -> bool {
        matches!(self, Self::Open | Self::RequiresAction | Self::Authorized | Self::Cancelling)
    }
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
    /// Minor units that are being given back.
    #[serde(default)]
    pub refunding: i64,
    /// Minor units that may still be given back: `captured - refunded - refunding`, kept because a condition cannot compute.
    #[serde(default)]
    pub refundable: i64,
    /// Where it stands.
    pub status: Status,
    /// Tries, the present one last; never empty.
    pub attempts: Vec<Attempt>,
    /// What it buys.
    pub lines: Vec<Line>,
    /// Digest of the order's token, by which a guest may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_digest: Option<String>,
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
            let detail = format!("The payment is {}; it cannot become {}.", self.status.name(), next.name());
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
        if self.status == Status::Open {
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

    /// With all of it taken.
    pub fn taken(&self, now: Timestamp) -> Result<Self> {
        let mut next = self.moved(Status::Captured, now)?;
        next.captured = next.amount.amount;
        next.refundable = next.captured;
        Ok(next)
    }

    /// With a part promised back; the rest of the promise is the refund's row.
    pub fn promised_back(&self, amount: i64, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        next.refundable -= amount;
        next.refunding += amount;
        next
    }

    /// With a promised part given back.
    pub fn given_back(&self, amount: i64, now: Timestamp) -> Result<Self> {
        let status = match self.refunded + amount >= self.captured {
            true => Status::Refunded,
            false => Status::PartiallyRefunded,
        };
        let mut next = self.moved(status, now)?;
        next.refunding -= amount;
        next.refunded += amount;
        Ok(next)
    }

    /// With a promised part kept, because the provider refused to give it back.
    pub fn kept_after_all(&self, amount: i64, now: Timestamp) -> Self {
        self.promised_back(-amount, now)
    }

    /// Objects of earlier attempts that a customer could still bring to an end at the provider's page.
    pub fn abandoned_intents(&self) -> impl Iterator<Item = &str> {
        let earlier = self.attempts.split_last().map_or(&[][..], |(_, earlier)| earlier);
        let open =
            earlier.iter().filter(|attempt| !matches!(attempt.outcome, Some(Outcome::Declined(_) | Outcome::Voided)));
        open.filter_map(|attempt| attempt.intent.as_deref())
    }

    /// What so many pieces of its lines cost, for a refund by lines. Rounded down, so that parts never add up to more.
    pub fn cost_of(&self, wanted: &[(Sku, Quantity)]) -> Result<Money> {
        let zero = Money::zero(self.amount.currency);
        wanted.iter().enumerate().try_fold(zero, |sum, (index, (sku, pieces))| {
            let twice = wanted.iter().take(index).any(|(before, _)| before == sku);
            let line = self.lines.iter().find(|line| line.sku == *sku && line.quantity >= *pieces && !twice);
            let line = line.ok_or_else(|| {
                let message = "is not so on this payment's order: name a SKU once, and at most as many as were bought";
                Error::invalid(&format!("lines[{index}]"), "line_unknown", message)
            })?;
            let part = line.line_total.amount * i64::from(pieces.get()) / i64::from(line.quantity.get());
            sum.plus(Money::new(part, line.line_total.currency))
        })
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
    pub fn done(&self) -> PaymentChanged {
        PaymentChanged {
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
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::Clock;

    fn method(token: &str) -> Method {
        Method { provider: None, token: token.into() }
    }

    pub(crate) fn payment() -> Payment {
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
            refunding: 0,
            refundable: 0,
            status: Status::Open,
            attempts: vec![Attempt { method: method("pm_card_visa"), intent: None, outcome: None, asked_at: now }],
            lines: vec![],
            token_digest: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
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

    #[test]
    fn a_page_that_was_left_open_is_closed_before_another_card_is_charged() {
        let open = payment().with_intent("pi_1", payment().created_at);
        let action = NextAction { r#type: "redirect".into(), url: "https://bank.example".into() };
        let waiting = open.concluded(Outcome::RequiresAction(action), open.created_at).unwrap();
        let again = waiting.retried(method("pm_x"), open.created_at).unwrap();
        assert_eq!(again.abandoned_intents().collect::<Vec<_>>(), ["pi_1"]);
        assert_eq!(waiting.abandoned_intents().count(), 0, "the present attempt is not abandoned");
    }

    proptest! {
        #[test]
        fn money_is_never_taken_after_the_end(from in 0usize..9, to in 0usize..9) {
            use Status::*;
            let all =
                [Open, RequiresAction, Authorized, Captured, PartiallyRefunded, Refunded, Failed, Cancelling, Cancelled];
            let (from, to) = (all[from], all[to]);
            // What is cancelled or given back stays so, and only what was reserved is captured.
            if matches!(from, Cancelled | Refunded) { prop_assert!(!from.may_become(to)); }
            if to == Captured && from.may_become(to) { prop_assert!(matches!(from, Authorized | Cancelling)); }
        }

        #[test]
        fn what_is_promised_given_and_left_adds_up_to_what_was_taken(
            steps in prop::collection::vec((1i64..60, any::<bool>()), 0..20),
        ) {
            let now = payment().created_at;
            let mut payment = payment().concluded(Outcome::Authorized, now).unwrap().taken(now).unwrap();
            for (amount, granted) in steps {
                if payment.refundable < amount { continue; }
                payment = payment.promised_back(amount, now);
                payment = if granted { payment.given_back(amount, now).unwrap() } else { payment.kept_after_all(amount, now) };
                prop_assert_eq!(payment.captured, payment.refunded + payment.refunding + payment.refundable);
                prop_assert!(payment.refundable >= 0 && payment.refunded <= payment.captured);
                prop_assert_eq!(payment.status == Status::Refunded, payment.refunded == payment.captured);
            }
        }
    }
}
