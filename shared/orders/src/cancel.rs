//! Cancel an order: its buyer may until it is packed, and the shop until it is shipped.

use aws_kit::{Changes, ConditionFailures, Decision, Idempotent, Transaction, fault};
use events::CancelReason;
use tracing::info;
use values::{Network, OrderId, Permission, Result};

use crate::answer::Answer;
use crate::cancel_or_confirm::Ending;
use crate::checkout::Checkout;
use crate::limits::too_many_cancellations;
use crate::order::OrderDetails;
use crate::request::OrderRequest;

impl Checkout {
    /// Cancels the order; 409 `illegal_transition`, with a sentence that says what can be done instead, when it is too
    /// late; 429 `too_many_cancellations` when its buyer or `network` has cancelled too many paid orders today, because a void and a
    /// refund cost fees. The payment is voided or refunded later, and the order shows it then. 3 round trips, 2 or
    /// 3 more for each concurrent update.
    pub async fn cancel(
        &self,
        id: OrderId,
        note: Option<&str>,
        network: &Network,
        request: &OrderRequest<'_>,
    ) -> Result<Idempotent<OrderDetails>> {
        let (service, orders) = (&self.service, &self.service.orders);
        let OrderDetails { order, personal } = orders.read_changeable(id, request.caller, request.order_token).await?;
        let by =
            if request.caller.may(Permission::MoveOrders) { CancelReason::ByShop } else { CancelReason::ByCustomer };
        let order = &order;
        let decide = |failures: Option<ConditionFailures>| async move {
            let order = orders.latest(order, failures).await?;
            request.check_version(&order)?;
            order.status.check_cancellable(by)?;
            let Ending { order: ended, writes, was_paid } =
                service.cancel_or_confirm(&order, by, note, request.trace).await?;
            if fault::mutant("cancel_forgotten") {
                return Ok(Decision::Unchanged(Answer::changed(ended)));
            }
            let (mut writes, mut counted) = (Transaction::from(writes), Vec::new());
            let now = ended.updated_at;
            if by == CancelReason::ByCustomer && was_paid {
                for counter in self.limits.cancellation_counters(order.buyer, network) {
                    counted.push(writes.add(orders.count_cancellation(&counter, now)?));
                }
            }
            let refuse = move |failures: &ConditionFailures| {
                let is_refused = counted.iter().any(|slot| failures.of(*slot).is_some());
                Ok(is_refused.then(|| too_many_cancellations(now)))
            };
            Ok(Changes::new(writes, Answer::changed(ended)).or_refuse(refuse).into())
        };
        let answer = orders.transition_write().run_idempotent(request.idempotency, decide).await?;
        let ended = orders.changed_order(answer).await?;
        if let Idempotent::Fresh(order) = &ended {
            info!(order.id = %order.id, "order cancelled");
        }
        Ok(ended.map(|order| OrderDetails { order, personal }))
    }
}
