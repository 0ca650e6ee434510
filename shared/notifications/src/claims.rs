//! Which events have become mails: for the search for events that a stream has lost. It sends nothing.

use aws_kit::{Aws, Key, Table};
use events::Envelope;
use values::Result;

use crate::audience::Audience;
use crate::store::{Channel, message_key};

/// The claims of messages, read only.
#[derive(Debug, Clone)]
pub struct Claims {
    table: Table,
}

impl Claims {
    /// The table is named by the environment.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self { table: aws.table("SOUK_TABLE_NOTIFICATIONS")? })
    }

    /// Those of up to 100 events about which no mail to a customer was claimed. No event may be there twice. A claim that is some moments
    /// old may be missed. Events that are not mailed to one customer are left out. 1 round trip.
    pub async fn list_unclaimed<'a>(&self, events: &'a [Envelope]) -> Result<Vec<&'a Envelope>> {
        let mailed: Vec<(&Envelope, Key)> = events.iter().filter_map(|event| Some((event, claim_of(event)?))).collect();
        let keys: Vec<Key> = mailed.iter().map(|(_, key)| key.clone()).collect();
        let claimed = self.table.peek_existing(&keys).await?;
        Ok(mailed.into_iter().filter(|(_, key)| !claimed.contains(key)).map(|(event, _)| event).collect())
    }
}

/// The key of the claim of the mail to the customer.
fn claim_of(event: &Envelope) -> Option<Key> {
    let audience = Audience::of(&event.event).filter(|audience| matches!(audience, Audience::Customer(_)))?;
    Some(message_key(event, Channel::Email, audience))
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::Event;
    use serde_json::{Value, json};
    use values::{Actor, Clock, OrderId, PaymentId, Trace, UserId};

    fn envelope(event_type: &str, more: &Value) -> Envelope {
        let (order, payment): (OrderId, PaymentId) = (Clock::System.mint(), Clock::System.mint());
        let mut data = json!({ "orderId": order, "paymentId": payment });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let event: Event = serde_json::from_value(json!({ "eventType": event_type, "data": data })).unwrap();
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        Envelope::new(&Clock::System, &trace, payment, 3, event)
    }

    #[test]
    fn mail_about_a_payment_is_claimed_by_its_event_and_recipient() {
        let recipient: UserId = Clock::System.mint();
        let amount = json!({ "amount": 900, "currency": "EUR" });
        let paid = json!({ "orderNumber": "7KQ4M-2XD9A", "recipient": recipient, "amount": amount, "lines": [] });
        let completed = envelope("payment.completed", &paid);
        let expected = Key::new(format!("EVENT#{}", completed.event_id), format!("email#{recipient}"));
        assert_eq!(claim_of(&completed), Some(expected));
        assert_eq!(claim_of(&envelope("payment.requested", &json!({}))), None);
    }
}
