//! Hearing a provider's webhook: judged, written down once together with the event that makes a worker look, and answered at
//! once. Whatever the webhook says, the worker asks the provider and decides by state.

use aws_kit::{CommitError, Secret, Transaction};
use events::{Event, PaymentRequested, RefundRequested};
use serde::Deserialize;
use tracing::info;
use values::{Error, Result, Trace};

use crate::{Payments, webhook};

impl Payments {
    /// Takes a webhook of Stripe: 400 `webhook_signature_missing`, `webhook_signature_invalid`, `webhook_too_old` or
    /// `webhook_unreadable`. One that is known, or about nothing of ours, changes nothing. 2 round trips.
    pub async fn hear(&self, body: &[u8], signature: Option<&str>, secret: &Secret, trace: &Trace) -> Result<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Keys {
            webhook_secret: String,
        }
        let keys: Keys = serde_json::from_str(&secret.text().await?).map_err(|_| {
            Error::internal(
                "the Stripe secret has no `webhookSecret`; put it with `aws secretsmanager put-secret-value`",
            )
        })?;
        webhook::verify(body, signature, &keys.webhook_secret, self.clock.now())?;
        let Some(event) = webhook::parse(body)? else { return Ok(()) };
        // Another shop, or another stage of this one, may have the same account at the provider.
        let Some(payment) = self.read(event.payment).await? else { return Ok(()) };
        let (payment_id, order_id) = (payment.id, payment.order_id);
        let hint = match event.refund {
            Some(refund_id) => Event::PaymentRefundRequested(RefundRequested { refund_id, payment_id, order_id }),
            None => Event::PaymentRequested(PaymentRequested { payment_id, order_id }),
        };
        let mut writes = Transaction::new();
        let heard = writes.add(self.heard(&event)?);
        writes.add(self.told(&payment, trace, hint)?);
        match writes.commit().await {
            Ok(()) => info!(payment.id = %payment_id, webhook.id = event.id, webhook.r#type = event.r#type, "heard"),
            Err(CommitError::ConditionFailed(refusals)) if refusals.of(heard).is_some() => {
                info!(webhook.id = event.id, "heard before");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
