//! Receive a webhook of the provider. It is verified, stored once together with the event that wakes the worker, and answered
//! at once. Whatever the webhook says, the worker asks the provider and decides by state.

use aws_kit::{CommitError, Secret, Transaction};
use events::{Event, PaymentRequested, RefundRequested};
use serde::Deserialize;
use tracing::info;
use values::{Error, Result, Trace};

use crate::store::Payments;
use crate::webhook;

impl Payments {
    /// Receives a webhook of Stripe; 400 `webhook_signature_missing`, `webhook_signature_invalid`, `webhook_too_old` or
    /// `webhook_unreadable`. A webhook that was received before, or that is about no payment of ours, changes nothing.
    /// 2 round trips.
    pub async fn receive_webhook(
        &self,
        body: &[u8],
        signature: Option<&str>,
        secret: &Secret,
        trace: &Trace,
    ) -> Result<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Keys {
            webhook_secret: String,
        }
        let keys: Keys = serde_json::from_str(&secret.text().await?).map_err(|_| {
            Error::internal(
                "the secret of Stripe's webhooks has no `webhookSecret`; set it with `aws secretsmanager put-secret-value`",
            )
        })?;
        webhook::verify(body, signature, &keys.webhook_secret, self.clock.now())?;
        let Some(event) = webhook::parse(body)? else { return Ok(()) };
        // Another shop, or another deployment of this one, may use the same account at the provider.
        let Some(payment) = self.read(event.payment).await? else { return Ok(()) };
        let (payment_id, order_id) = (payment.id, payment.order_id);
        let hint = match event.refund {
            Some(refund_id) => Event::PaymentRefundRequested(RefundRequested { refund_id, payment_id, order_id }),
            None => Event::PaymentRequested(PaymentRequested { payment_id, order_id }),
        };
        let mut writes = Transaction::new();
        let receipt = writes.add(self.put_webhook(&event)?);
        writes.add(self.put_event(&payment, trace, hint)?);
        match writes.commit().await {
            Ok(()) => {
                info!(payment.id = %payment_id, webhook.id = event.id, webhook.r#type = event.r#type, "webhook received");
            }
            Err(CommitError::ConditionFailed(failures)) if failures.of(receipt).is_some() => {
                info!(webhook.id = event.id, "webhook was received before");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
