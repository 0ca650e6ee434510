//! What the checks judge.

use super::{acknowledged, cart_adds, cart_totals, rate_limit, refusals, same_answer};
use crate::history::History;
use crate::observed::{ObservedState, Order, OrderPaymentStatus};

/// How many things the check with this name judges in a run. Most judge orders.
pub(super) fn count(check: &str, state: &ObservedState, history: &History) -> usize {
    match check {
        "log_adds_up" => state.movements.iter().filter(|line| line.delta < 0).count(),
        "moves_together" => {
            let was_paid =
                |order: &&Order| order.steps.iter().any(|step| step.payment_status == OrderPaymentStatus::Paid);
            state.orders.iter().filter(was_paid).count()
        }
        "within_bounds" => state.buckets.iter().filter(|bucket| bucket.available > 0).count(),
        "refusals_right" => refusals::refusals(history).count(),
        "charges_match" => state.intents.len(),
        "no_orphan_charge" => state.intents.iter().filter(|intent| intent.has_moved_money()).count(),
        "refunds_within_captures" => state.refunds.len(),
        "events_delivered" => state.notifications.len(),
        "effects_once" => state.mails.len(),
        "cart_totals" => cart_totals::carts(history).count(),
        "no_add_lost" => cart_adds::baskets(state, &history.operations()).len(),
        "legal_moves" => state.orders.iter().filter(|order| order.steps.len() > 1).count(),
        "acknowledged_kept" => acknowledged::applied(&history.operations()).count(),
        "same_answer" => same_answer::repeated(&history.operations()).count(),
        "one_sku_in_all_cases" => state.offers.len(),
        "rate_limit_kept" => rate_limit::accepted_carts(history).count(),
        _ => state.orders.len(),
    }
}
