//! Taking the money that was reserved, once the order is confirmed.

use events::Event;
use tracing::info;
use values::{Error, PaymentId, Result, Trace};

use crate::Till;
use crate::payment::Status;
use crate::stripe::State;

impl Till {
    /// Captures an authorised payment whole. A second call finds it captured: a capture names its intent, and the provider
    /// captures an intent once.
    pub async fn capture(&self, id: PaymentId, trace: &Trace) -> Result<()> {
        let payment = self.read(id).await?;
        if payment.status != Status::Authorized {
            info!(payment.id = %id, payment.status = ?payment.status, "nothing to capture");
            return Ok(());
        }
        let attempt = payment.attempt()?;
        let intent =
            attempt.intent.as_deref().ok_or_else(|| Error::internal("an authorised payment without an intent"))?;
        let truth = self.provider.capture(intent).await?;
        truth.check(&payment)?;
        if !matches!(truth.state()?, State::Captured) {
            return Err(Error::internal(format!("the provider did not capture payment {id}: {}", truth.status)));
        }
        let mut next = payment.moved(Status::Captured, self.payments.clock.now())?;
        next.captured = next.amount.amount;
        let event = Event::PaymentCompleted(next.done());
        match self.payments.save(&next, trace, Some(event)).await? {
            true => Ok(()),
            // Nobody but another delivery of the same message moves an authorised payment of a confirmed order.
            false => Err(Error::unavailable("payment", "it was moved by somebody else; look again")),
        }
    }
}
