//! The cost of an order in each scenario.

use anyhow::{Context, Error, Result};
use serde_json::{Value, json};

use crate::emulator::FunctionSettings;
use crate::meter::Purpose;
use crate::prices::{Item, Usage};
use crate::scenarios::{Scenario, ScenarioOrders};
use crate::trigger_simulator::InvocationRecord;
use crate::usage::{self, billed_ms};

/// The costs of all scenarios.
#[derive(Debug)]
pub(crate) struct Costs {
    pub(crate) scenarios: Vec<ScenarioCost>,
}

/// The cost of one scenario.
#[derive(Debug)]
pub(crate) struct ScenarioCost {
    pub(crate) scenario: Scenario,
    /// The cost of one order, or the reason why it could not be measured.
    pub(crate) order: Result<OrderCost>,
}

/// The cost of one order in warm execution environments.
#[derive(Debug)]
pub(crate) struct OrderCost {
    pub(crate) invocations: Vec<InvocationRecord>,
    pub(crate) usage: Usage,
    /// The dollars of a million times each invocation, without mail.
    pub(crate) dollars: Vec<f64>,
    /// In the order of [`OrderCost::invocations`], in whole milliseconds.
    billed_ms: Vec<f64>,
}

impl Costs {
    /// Takes counts from one run of the scenarios and times from another.
    pub(crate) fn new(
        counted: Vec<ScenarioOrders>,
        timed: Vec<ScenarioOrders>,
        settings: impl Fn(&str) -> FunctionSettings,
    ) -> Self {
        let scenarios = counted.into_iter().zip(timed).map(|(counted, timed)| {
            let order = timed.orders.and_then(|timed| OrderCost::new(counted.orders?, &timed, &settings));
            ScenarioCost { scenario: counted.scenario, order }
        });
        Self { scenarios: scenarios.collect() }
    }

    pub(crate) fn to_json(&self) -> Value {
        let entry = |cost: &ScenarioCost| {
            let figures = cost.order.as_ref().map_or_else(error_json, OrderCost::to_json);
            (cost.scenario.name().to_owned(), figures)
        };
        self.scenarios.iter().map(entry).collect()
    }
}

impl OrderCost {
    fn new(
        counted: Vec<Vec<InvocationRecord>>,
        timed: &[Vec<InvocationRecord>],
        settings: impl Fn(&str) -> FunctionSettings,
    ) -> Result<Self> {
        let invocations = counted.into_iter().next_back().context("the scenario has no order")?;
        let time = |invocation: &InvocationRecord| {
            billed_ms(invocation, timed)
                .with_context(|| format!("{} / {} has counts but no times", invocation.function, invocation.operation))
        };
        let billed_ms = invocations.iter().map(time).collect::<Result<Vec<_>>>()?;
        let dollars = |(invocation, billed_ms): (&InvocationRecord, &f64)| {
            let usage = usage::of_invocations(std::slice::from_ref(invocation), &[*billed_ms], &settings);
            usage.dollars_per_million_without_mail()
        };
        let dollars = invocations.iter().zip(&billed_ms).map(dollars).collect();
        Ok(Self { usage: usage::of_invocations(&invocations, &billed_ms, settings), invocations, dollars, billed_ms })
    }

    /// The number of calls to the payment provider.
    pub(crate) fn provider_calls(&self) -> usize {
        self.invocations
            .iter()
            .flat_map(|invocation| &invocation.calls)
            .filter(|call| call.purpose == Purpose::Provider)
            .count()
    }

    fn to_json(&self) -> Value {
        let of_items = |figure: &dyn Fn(Item) -> f64| -> Value {
            Item::ALL.into_iter().map(|item| (item.key().to_owned(), json!(figure(item)))).collect()
        };
        json!({
            "perOrder": of_items(&|item| self.usage.count(item)),
            "dollarsPerMillion": of_items(&|item| self.usage.dollars_per_million(item)),
            "dollarsPerMillionWithoutMail": self.usage.dollars_per_million_without_mail(),
            "dollarsPerMillionTotal": 1e6 * self.usage.dollars(),
            "providerCalls": self.provider_calls(),
            "billedMs": self.billed_ms,
            "invocations": self.invocations,
        })
    }
}

fn error_json(error: &Error) -> Value {
    json!({ "failure": format!("{error:#}") })
}
