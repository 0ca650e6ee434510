//! Scenarios: complete orders from the first request to the last message, to compute the cost of an order.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::bench_resources::BenchResources;
use crate::budgets::Limit;
use crate::events::Request;
use crate::execution_environment::Variables;
use crate::flow::{Customer, ShopData, add_to_cart, address, cycled, place_order, text};
use crate::function_fleet::FunctionFleet;
use crate::trigger_simulator::{InvocationRecord, OrderTrace, TriggerSimulator};
use crate::webhooks::WebhookReceiver;

/// How long an order holds its stock: the default of `template.yaml`. No worker extends this hold.
const HOLD_SECONDS: u64 = 600;
/// How long an order holds its stock after a decline. As with the default of `template.yaml`, a decline shortens the
/// hold. It is short here, because the bench waits for its end.
const DECLINED_HOLD_SECONDS: u64 = 5;
/// The names of adding to a cart and placing an order, in every scenario.
pub(crate) const ADD: &str = "add to a cart";
pub(crate) const PLACE: &str = "place an order";
/// A test payment method of Stripe that every bank declines.
const DECLINED_METHOD: &str = "pm_card_chargeDeclined";

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    Paid,
    PaidTwoLines,
    PaidFourLines,
    Delivered,
    Guest,
    Notified,
    Declined,
}

impl Scenario {
    /// The first one is the usual scenario. The last one ends last.
    pub(crate) const ALL: [Self; 7] = [
        Self::Paid,
        Self::PaidTwoLines,
        Self::PaidFourLines,
        Self::Delivered,
        Self::Guest,
        Self::Notified,
        Self::Declined,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::PaidTwoLines => "paid_two_lines",
            Self::PaidFourLines => "paid_four_lines",
            Self::Delivered => "delivered",
            Self::Guest => "guest",
            Self::Notified => "notified",
            Self::Declined => "declined",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Paid => "a customer's cart, order, payment, capture, mail",
            Self::PaidTwoLines => "as paid, and the cart has another line already",
            Self::PaidFourLines => "as paid, and the cart has three other lines already",
            Self::Delivered => "as paid, then an admin sets processing, shipped and delivered",
            Self::Guest => "as paid, by a guest with a new cart and an email address",
            Self::Notified => "as paid, and the webhooks of the provider arrive at the end",
            Self::Declined => "the card is declined, the hold ends, and the stock is released",
        }
    }

    /// The dollars that a million orders without mail may cost, where they have a limit.
    pub(crate) fn dollar_limit(self) -> Option<Limit> {
        match self {
            Self::Paid => Some(Limit::AtMost(36.0)),
            Self::Delivered => Some(Limit::Under(55.0)),
            Self::Guest => Some(Limit::Under(40.0)),
            Self::Declined => Some(Limit::Under(50.0)),
            Self::PaidTwoLines | Self::PaidFourLines | Self::Notified => None,
        }
    }

    /// The lines that are in the cart before the life begins.
    fn lines_before(self) -> usize {
        match self {
            Self::PaidTwoLines => 1,
            Self::PaidFourLines => 3,
            Self::Paid | Self::Delivered | Self::Guest | Self::Notified | Self::Declined => 0,
        }
    }
}

/// A run of all scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// All calls are metered.
    Counted,
    /// Only the times are used.
    Timed,
}

impl Run {
    /// Distinguishes idempotency keys, and in `make lives` the accounts and products.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Timed => "timed-orders",
        }
    }

    /// The IP address of the senders of a scenario. Each scenario of each run has its own, so that the row that counts the unpaid orders
    /// of a network has those of one scenario only. The addresses are those of documents (RFC 5737).
    fn source_ip(self, scenario: Scenario) -> String {
        let network = match self {
            Self::Counted => "192.0.2",
            Self::Timed => "198.51.100",
        };
        let place = Scenario::ALL.iter().position(|other| *other == scenario);
        format!("{network}.{}", place.unwrap_or_default() + 1)
    }
}

/// The variables with which functions run scenarios, where they differ from the deployed ones.
pub(crate) fn hold_variables() -> Variables {
    let holds = [("SOUK_HOLD_SECONDS", HOLD_SECONDS), ("SOUK_DECLINED_HOLD_SECONDS", DECLINED_HOLD_SECONDS)];
    holds.into_iter().map(|(name, seconds)| (name.to_owned(), seconds.to_string())).collect()
}

/// The orders of one scenario.
#[derive(Debug)]
pub(crate) struct ScenarioOrders {
    pub(crate) scenario: Scenario,
    /// The invocations of each order, or the reason why the scenario failed.
    pub(crate) orders: Result<Vec<Vec<InvocationRecord>>>,
}

/// Scenarios that are running.
#[derive(Debug)]
pub(crate) struct ScenarioRuns<'a> {
    simulator: TriggerSimulator<'a>,
    finished: Vec<ScenarioOrders>,
    /// These orders end after their holds.
    declined: Result<Vec<OrderTrace>>,
    holds_end: Instant,
}

#[derive(Debug)]
struct ScenarioRunner<'a> {
    resources: &'a BenchResources,
    data: &'a ShopData,
    run: Run,
}

impl<'a> ScenarioRuns<'a> {
    /// Runs each scenario with `orders` orders. Orders with declined cards wait for the end of their holds.
    pub(crate) async fn start(
        resources: &'a BenchResources,
        fleet: FunctionFleet,
        data: &'a ShopData,
        run: Run,
        orders: usize,
    ) -> Self {
        let runner = ScenarioRunner { resources, data, run };
        let mut simulator = TriggerSimulator::new(resources, fleet);
        let declined = runner.run_all(&mut simulator, Scenario::Declined, orders).await;
        let holds_end = Instant::now() + Duration::from_secs(DECLINED_HOLD_SECONDS + 1);
        let mut finished = Vec::new();
        for scenario in Scenario::ALL.into_iter().filter(|scenario| *scenario != Scenario::Declined) {
            let traces = runner.run_all(&mut simulator, scenario, orders).await;
            finished.push(ScenarioOrders { scenario, orders: traces.map(invocations) });
        }
        Self { simulator, finished, declined, holds_end }
    }

    /// Waits for the holds and returns all orders, in the order of [`Scenario::ALL`].
    pub(crate) async fn finish(mut self) -> Vec<ScenarioOrders> {
        let orders = match self.declined {
            Ok(traces) => {
                tokio::time::sleep_until(self.holds_end.into()).await;
                ScenarioRunner::expire(&mut self.simulator, traces).await.map(invocations)
            }
            Err(error) => Err(error),
        };
        self.finished.push(ScenarioOrders { scenario: Scenario::Declined, orders });
        self.finished
    }
}

fn invocations(traces: Vec<OrderTrace>) -> Vec<Vec<InvocationRecord>> {
    traces.into_iter().map(|trace| trace.invocations).collect()
}

impl ScenarioRunner<'_> {
    async fn run_all(
        &self,
        simulator: &mut TriggerSimulator<'_>,
        scenario: Scenario,
        orders: usize,
    ) -> Result<Vec<OrderTrace>> {
        let webhooks =
            if scenario == Scenario::Notified { Some(WebhookReceiver::start(self.resources).await?) } else { None };
        let traces = self.run_each(simulator, scenario, orders, webhooks.as_ref()).await;
        if let Some(webhooks) = webhooks {
            webhooks.close().await?;
        }
        traces
    }

    async fn run_each(
        &self,
        simulator: &mut TriggerSimulator<'_>,
        scenario: Scenario,
        orders: usize,
        webhooks: Option<&WebhookReceiver>,
    ) -> Result<Vec<OrderTrace>> {
        let mut traces = Vec::with_capacity(orders);
        for index in 0..orders {
            self.fill_cart(simulator, scenario, index).await?;
            simulator.open_trace(OrderTrace::default()).await?;
            self.run_one(simulator, scenario, index, webhooks).await?;
            traces.push(simulator.close_trace());
        }
        Ok(traces)
    }

    /// Adds the lines that are in the cart before the life begins.
    async fn fill_cart(&self, simulator: &mut TriggerSimulator<'_>, scenario: Scenario, index: usize) -> Result<()> {
        let customer = cycled(&self.data.customers, index);
        for line in 1..=scenario.lines_before() {
            let add = add_to_cart("me", self.sku(index + line)).with_token(&customer.token);
            simulator.request("cart", ADD, self.sent(scenario, add)).await?;
        }
        Ok(())
    }

    async fn run_one(
        &self,
        simulator: &mut TriggerSimulator<'_>,
        scenario: Scenario,
        index: usize,
        webhooks: Option<&WebhookReceiver>,
    ) -> Result<()> {
        let customer = cycled(&self.data.customers, index);
        match scenario {
            Scenario::Paid | Scenario::PaidTwoLines | Scenario::PaidFourLines | Scenario::Notified => {
                let order = self.pay(simulator, scenario, index, customer).await?;
                match webhooks {
                    Some(webhooks) => Self::deliver_webhooks(simulator, webhooks, &order).await,
                    None => Ok(()),
                }
            }
            Scenario::Delivered => {
                let order = self.pay(simulator, scenario, index, customer).await?;
                self.deliver(simulator, scenario, &order).await
            }
            Scenario::Guest => self.buy_as_guest(simulator, scenario, index).await,
            Scenario::Declined => {
                let mut method = self.resources.stack.payment_method.clone();
                method["token"] = DECLINED_METHOD.into();
                self.buy(simulator, scenario, index, customer, &method).await?;
                simulator.run_until_idle().await
            }
        }
    }

    /// Runs the usual scenario and returns the id of the order.
    async fn pay(
        &self,
        simulator: &mut TriggerSimulator<'_>,
        scenario: Scenario,
        index: usize,
        customer: &Customer,
    ) -> Result<String> {
        let order = self.buy(simulator, scenario, index, customer, &self.resources.stack.payment_method).await?;
        simulator.run_until_idle().await?;
        simulator.deliver_delayed().await?;
        Ok(order)
    }

    async fn buy(
        &self,
        simulator: &mut TriggerSimulator<'_>,
        scenario: Scenario,
        index: usize,
        customer: &Customer,
        method: &Value,
    ) -> Result<String> {
        let add = add_to_cart("me", self.sku(index)).with_token(&customer.token);
        simulator.request("cart", ADD, self.sent(scenario, add)).await?;
        let body = json!({ "cart": "me", "shippingAddress": address(), "paymentMethod": method });
        let order = place_order(&body, self.key(scenario, index)).with_token(&customer.token);
        text(&simulator.request("orders", PLACE, self.sent(scenario, order)).await?, "id")
    }

    async fn buy_as_guest(&self, simulator: &mut TriggerSimulator<'_>, scenario: Scenario, index: usize) -> Result<()> {
        let create = self.sent(scenario, Request::new("POST", "/api/v1/cart"));
        let cart = text(&simulator.request("cart", "create a cart", create).await?, "owner")?;
        simulator.request("cart", ADD, self.sent(scenario, add_to_cart(&cart, self.sku(index)))).await?;
        let body = json!({
            "cart": cart,
            "email": format!("{}-guest-{index}@example.com", self.run.name()),
            "shippingAddress": address(),
            "paymentMethod": self.resources.stack.payment_method,
        });
        let order = place_order(&body, self.key(scenario, index));
        simulator.request("orders", PLACE, self.sent(scenario, order)).await?;
        simulator.run_until_idle().await?;
        simulator.deliver_delayed().await
    }

    async fn deliver(&self, simulator: &mut TriggerSimulator<'_>, scenario: Scenario, order: &str) -> Result<()> {
        for status in ["processing", "shipped", "delivered"] {
            let path = format!("/api/v1/orders/{order}/status");
            let request = Request::patch(path, &json!({ "status": status })).with_token(&self.data.admin);
            simulator.request("orders", &format!("set {status}"), self.sent(scenario, request)).await?;
            simulator.run_until_idle().await?;
        }
        Ok(())
    }

    /// Delivers the webhooks of an order until there are no more.
    async fn deliver_webhooks(
        simulator: &mut TriggerSimulator<'_>,
        webhooks: &WebhookReceiver,
        order: &str,
    ) -> Result<()> {
        loop {
            let received = webhooks.take(order).await?;
            if received.is_empty() {
                return Ok(());
            }
            for webhook in received {
                let name = format!("receive {}", webhook.event_type());
                simulator.request("payments", &name, webhook.request()).await?;
                simulator.run_until_idle().await?;
            }
        }
    }

    /// Expires the holds of these orders.
    async fn expire(simulator: &mut TriggerSimulator<'_>, traces: Vec<OrderTrace>) -> Result<Vec<OrderTrace>> {
        let mut expired = Vec::with_capacity(traces.len());
        for trace in traces {
            simulator.open_trace(trace).await?;
            simulator.deliver_delayed().await?;
            expired.push(simulator.close_trace());
        }
        Ok(expired)
    }

    fn key(&self, scenario: Scenario, index: usize) -> String {
        format!("{}-{}-{index}", self.run.name(), scenario.name())
    }

    fn sku(&self, index: usize) -> &str {
        &cycled(&self.data.products, index).sku
    }

    /// The request as the network of this scenario sends it.
    fn sent(&self, scenario: Scenario, request: Request) -> Request {
        request.with_source_ip(self.run.source_ip(scenario))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn scenarios_of_both_runs_have_networks_of_their_own() {
        let runs = [Run::Counted, Run::Timed];
        let networks = runs.into_iter().flat_map(|run| Scenario::ALL.map(|scenario| run.source_ip(scenario)));
        let networks: BTreeSet<String> = networks.collect();
        assert_eq!(networks.len(), 2 * Scenario::ALL.len());
        assert!(networks.iter().all(|network| network.parse::<std::net::Ipv4Addr>().is_ok()));
    }

    #[test]
    fn declined_orders_end_last() {
        assert_eq!(Scenario::ALL.last(), Some(&Scenario::Declined));
    }
}
