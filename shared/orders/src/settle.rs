//! Settle an order with its payment. One worker carries both: it authorises or declines for a placed order, confirms the order,
//! captures, ends holds, and voids for a cancelled order. What belongs together is written in one transaction, under the versions
//! of both rows.
//!
//! The rows and the provider's answers decide, never the message that arrived. So redeliveries, reordering, webhooks and crashes
//! lead to the same end.

use std::time::Duration;

use aws_kit::{Changes, ConditionFailures, Decision, OptimisticWrite, Write, fault};
use events::{CancelReason, Event};
use futures::future::join;
use payments::{CaptureAt, Due, NextPayment, Payment, PaymentService, PaymentStep};
use tracing::{info, warn};
use values::{Error, Kind, OrderId, Result, Timestamp, Trace};

use crate::expire_hold::Expiry;
use crate::next_step::{NextStep, Progress, is_over, is_settled, next_step};
use crate::order::Order;
use crate::service::OrderService;
use crate::status::{PaymentStatus, Status};

/// The settings by which orders are settled.
#[derive(Debug, Clone, Copy)]
pub struct SettleRules {
    /// When authorised payments are captured.
    pub capture_at: CaptureAt,
    /// How long stock is held at most after a decline.
    pub declined_hold_seconds: i64,
}

/// The rows as a run has read or written them last.
#[derive(Debug, Clone)]
struct Known {
    order: Order,
    /// None before it was read.
    payment: Option<Payment>,
    progress: Progress,
}

/// The end of a step.
enum Outcome {
    /// There is nothing more to do.
    Settled(Expiry),
    /// The rows as they are now. More may be due.
    Written(Box<Known>),
    /// The order was cancelled, because its hold has ended. If its payment has to be voided, an event wakes a worker for that.
    Expired,
    /// A concurrent update has changed the payment, so nothing was decided.
    Changed,
}

impl OrderService {
    /// Brings an order and its payment to a state in which no worker has to act, and returns until when the order is held, if it is
    /// still pending. `first` is the order as the caller has read it.
    ///
    /// A paid order takes 1 read more (the card 1 more), 3 calls of the provider and 3 writes, and 2 more beside the capture, by which its
    /// counters no longer count it. An order that is settled takes none.
    /// A concurrent update takes 2 reads. An outage of the provider is an error; a repetition continues.
    pub async fn settle(
        &self,
        payments: &PaymentService,
        first: Order,
        rules: SettleRules,
        trace: &Trace,
    ) -> Result<Expiry> {
        let id = first.id;
        let mut known = Known { order: first, payment: None, progress: Progress::Read };
        loop {
            let latest = &known;
            let decide = |failures: Option<ConditionFailures>| async move {
                // After a concurrent update the rows decide, and not what this run knew before.
                let known = match failures {
                    None => latest.clone(),
                    Some(_) => self.read_again(id).await?,
                };
                self.decide_step(payments, known, rules, trace).await
            };
            match self.settle_write().run(decide).await? {
                Outcome::Settled(expiry) => return Ok(expiry),
                Outcome::Expired => {
                    info!(order.id = %id, order.status = Status::Cancelled.name(), "hold expired");
                    return Ok(Expiry::Over);
                }
                Outcome::Changed => known = self.read_again(id).await?,
                Outcome::Written(written) => {
                    known = *written;
                    known.report();
                }
            }
        }
    }

    /// A write by the worker of payments that is decided again after a concurrent update.
    pub(crate) fn settle_write(&self) -> OptimisticWrite<'_> {
        let (before, after) = (fault::label("payments.before_commit"), fault::label("payments.committed"));
        self.orders.optimistic_write().fault_points(before, after)
    }

    async fn read_again(&self, id: OrderId) -> Result<Known> {
        let order = self.orders.read(id).await?.ok_or_else(|| Error::not_found("order"))?;
        Ok(Known { order, payment: None, progress: Progress::Read })
    }

    /// Decides one step, and its writes.
    async fn decide_step(
        &self,
        payments: &PaymentService,
        known: Known,
        rules: SettleRules,
        trace: &Trace,
    ) -> Result<Decision<'static, Outcome>> {
        let Known { order, payment, progress } = known;
        let settled = Ok(Decision::Unchanged(Outcome::Settled(Expiry::of(&order))));
        if is_settled(&order) {
            return settled;
        }
        let payment = match payment {
            Some(payment) => payment,
            None => self.read_payment(&order).await?,
        };
        let now = self.orders.clock.now();
        match next_step(&order, &payment, progress, rules.capture_at, now) {
            NextStep::Nothing => settled,
            NextStep::ExtendHold => {
                let mut order = order.extend_hold(now);
                let writes = self.orders.put_next(&mut order, trace, "hold_prolonged", None)?;
                Ok(written(writes, order, payment, Progress::HoldExtended))
            }
            NextStep::Follow => {
                if fault::mutant("order_follows_later") {
                    std::thread::sleep(Duration::from_millis(20));
                }
                let (order, writes) = self.follow(&order, &payment, self.orders.clock.now(), rules, trace).await?;
                Ok(written(writes, order, payment, Progress::Followed))
            }
            NextStep::Expire => self.expire(payments, &order, &payment, trace).await,
            NextStep::Decide(due) => {
                // Both at once, so that the release takes no time of its own. Boxed, because the futures of both contexts are large.
                let decided = Box::pin(payments.decide(&payment, due, trace));
                let (decided, order) = join(decided, Box::pin(self.release_confirmed(order))).await;
                // An outage is an error: the message comes again, or housekeeping ends the hold without the provider.
                match decided? {
                    // The customer has not finished the page.
                    PaymentStep::Settled if is_over(&order, now) => {
                        self.expire(payments, &order, &payment, trace).await
                    }
                    PaymentStep::Settled => settled,
                    PaymentStep::Changed => Ok(Decision::Unchanged(Outcome::Changed)),
                    PaymentStep::Alone(next) => {
                        let NextPayment { payment, writes } = *next;
                        Ok(written(writes, order, payment, Progress::PaymentStored))
                    }
                    PaymentStep::WithOrder(next) => self.write_both(order, *next, rules, trace).await,
                }
            }
        }
    }

    /// A confirmed order after its counters no longer count it, without their names. The transaction that confirmed it has left that to
    /// this. If it fails, the order still names them, and the transaction that takes it out of the index of holds releases them.
    async fn release_confirmed(&self, order: Order) -> Order {
        let Some(counters) = order.counters.as_ref().filter(|_| order.status != Status::Pending) else { return order };
        let released = self.orders.release_counters(&order, counters).await;
        match released {
            Ok(()) => Order { counters: None, ..order },
            Err(error) => {
                warn!(order.id = %order.id, error.code = error.code, error.cause = error.causes(), "counters are released later");
                order
            }
        }
    }

    /// The end of an order whose hold has ended, and its writes.
    async fn expire(
        &self,
        payments: &PaymentService,
        order: &Order,
        payment: &Payment,
        trace: &Trace,
    ) -> Result<Decision<'static, Outcome>> {
        let ending = match self.cancel_declined(payments, payment, trace).await? {
            Some(ended) => self.expire_with_payment(order, payment, *ended, trace).await?,
            None => {
                let by = (CancelReason::HoldExpired, None);
                self.cancel_with_payment(order, payment, by, trace).await?
            }
        };
        Ok(Changes::new(ending.writes, Outcome::Expired).into())
    }

    /// The end of a declined payment, which the provider cancels before the order ends. None for a payment that can still be
    /// authorised, or if the provider does not answer: then a worker voids it after the order has ended.
    async fn cancel_declined(
        &self,
        payments: &PaymentService,
        payment: &Payment,
        trace: &Trace,
    ) -> Result<Option<Box<NextPayment>>> {
        if payment.status != payments::Status::Failed && !fault::mutant("expiry_voids_first") {
            return Ok(None);
        }
        match Box::pin(payments.decide(payment, Due::End, trace)).await {
            Ok(PaymentStep::WithOrder(ended)) => Ok(Some(ended)),
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind, Kind::Unavailable(_)) => {
                warn!(payment.id = %payment.id, error.code = error.code, error.cause = error.causes(), "payment is voided later");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The transaction of a payment that has changed, and of its order, at the same time. 1 round trip after a decline by the bank.
    async fn write_both(
        &self,
        order: Order,
        next: NextPayment,
        rules: SettleRules,
        trace: &Trace,
    ) -> Result<Decision<'static, Outcome>> {
        let NextPayment { payment, mut writes } = next;
        if fault::mutant("order_follows_later") && payment.status == payments::Status::Captured {
            return Ok(written(writes, order, payment, Progress::PaymentStored));
        }
        let (order, of_order) = self.follow(&order, &payment, payment.updated_at, rules, trace).await?;
        writes.extend(of_order);
        Ok(written(writes, order, payment, Progress::Followed))
    }

    /// The order after its payment has changed, and its writes.
    async fn follow(
        &self,
        order: &Order,
        payment: &Payment,
        now: Timestamp,
        rules: SettleRules,
        trace: &Trace,
    ) -> Result<(Order, Vec<Write>)> {
        let status = PaymentStatus::of(payment.status).ok_or_else(|| {
            Error::internal(format!("order {} cannot follow a payment that is {}", order.id, payment.status.name()))
        })?;
        let mut next = order.follow(status, payment.version, now)?;
        next.is_capture_due = status == PaymentStatus::Authorized && rules.capture_at == CaptureAt::Confirmation;
        let by_bank = payment.was_declined_by_bank();
        let (next, writes) = self.put_followed(next, by_bank, None, rules.declined_hold_seconds, trace).await?;
        Ok((next.without_released_counters(), writes))
    }

    /// The writes of an order that has followed its payment, with the event that this causes, and the order as they write it. After a
    /// decline the hold is short, and the counters of the order count it if it was the bank's: 1 round trip, only then.
    pub(crate) async fn put_followed(
        &self,
        mut next: Order,
        declined_by_bank: bool,
        event: Option<Event>,
        declined_hold_seconds: i64,
        trace: &Trace,
    ) -> Result<(Order, Vec<Write>)> {
        let mut declined = None;
        if next.was_declined() {
            next = next.shorten_hold(declined_hold_seconds);
            if declined_by_bank {
                declined = self.orders.read_own_counters(&next).await?;
            }
        }
        let reason = next.payment_status.cause();
        let writes = self.orders.put_next_after_decline(&mut next, trace, reason, event, declined.as_ref())?;
        Ok((next, writes))
    }
}

impl Known {
    /// Logs what was written, and passes the fault points between the steps.
    fn report(&self) {
        let Self { order, payment, progress } = self;
        if let Some(payment) = payment {
            info!(
                order.id = %order.id,
                order.status = order.status.name(),
                payment.id = %payment.id,
                payment.status = payment.status.name(),
                "order and payment saved"
            );
        }
        match order.payment_status {
            PaymentStatus::Authorized if *progress == Progress::Followed => fault::point("payments.authorized"),
            PaymentStatus::Paid if order.status != Status::Cancelled => fault::point("payments.settled"),
            _ => {}
        }
    }
}

/// The decision to write the next versions of both rows.
fn written(writes: Vec<Write>, order: Order, payment: Payment, progress: Progress) -> Decision<'static, Outcome> {
    Changes::new(writes, Outcome::Written(Box::new(Known { order, payment: Some(payment), progress }))).into()
}
