//! The cost of a month without orders: the resources of `template.yaml` and their scheduled work.

use serde_json::{Value, json};

use crate::function_fleet::{OperationRecord, calls_of};
use crate::meter::Purpose;
use crate::prices::{ALARM_PER_MONTH, DAYS_PER_MONTH, Item, SECRET_PER_MONTH, Usage};
use crate::statistics::median;
use crate::usage::gigabyte_seconds;

const TEMPLATE: &str = include_str!("../../../template.yaml");
/// The type and logical id of each resource, one on each line; `make test` compares it with the template.
const RESOURCES: &str = include_str!("../../../infra/resources.golden");
const MINUTES_PER_MONTH: f64 = DAYS_PER_MONTH * 24.0 * 60.0;
/// The number of concurrent polls of Lambda at an empty queue, and the duration of each in seconds.
const POLLERS: f64 = 5.0;
const POLL_SECONDS: f64 = 20.0;

/// The resources of the template that cost something without orders.
#[derive(Debug, PartialEq)]
struct FixedResources {
    secrets: usize,
    alarms: usize,
    /// Queues that Lambda polls.
    polled_queues: usize,
    /// The tasks of housekeeping and their runs per month.
    schedules: Vec<(String, f64)>,
}

impl FixedResources {
    fn parse(resources: &str, template: &str) -> Self {
        let of_type = |kind: &'static str| {
            resources.lines().filter_map(|line| line.split_once(' ')).filter(move |(found, _)| *found == kind)
        };
        // The mapping of a queue is called `<Queue>Messages`, that of a stream `<Context>Outbox`.
        let polled_queues = of_type("AWS::Lambda::EventSourceMapping").filter(|(_, id)| id.ends_with("Messages"));
        Self {
            secrets: of_type("AWS::SecretsManager::Secret").count(),
            alarms: of_type("AWS::CloudWatch::Alarm").count(),
            polled_queues: polled_queues.count(),
            schedules: template.lines().filter_map(schedule).collect(),
        }
    }
}

/// `{ Type: Schedule, Properties: { Schedule: rate(5 minutes), Input: '{"task":"expire-holds"}' } }`
fn schedule(line: &str) -> Option<(String, f64)> {
    let (_, rate) = line.split_once("Schedule: rate(")?;
    let (rate, rest) = rate.split_once(')')?;
    let (count, unit) = rate.split_once(' ')?;
    let minutes = match unit.trim_end_matches('s') {
        "minute" => 1.0,
        "hour" => 60.0,
        "day" => 24.0 * 60.0,
        _ => return None,
    };
    let (_, task) = rest.split_once(r#""task":""#)?;
    let (task, _) = task.split_once('"')?;
    Some((task.to_owned(), MINUTES_PER_MONTH / (minutes * count.parse::<f64>().ok()?)))
}

/// The cost of a month without orders, in dollars.
#[derive(Debug)]
pub(crate) struct IdleCosts {
    resources: FixedResources,
    runs: f64,
    schedules: f64,
    polls: f64,
}

impl IdleCosts {
    /// Computes the cost from the template and from the last run of each task of housekeeping.
    pub(crate) fn per_month(operations: &[OperationRecord], warm: &[OperationRecord], memory_mb: f64) -> Self {
        let resources = FixedResources::parse(RESOURCES, TEMPLATE);
        let mut usage = Usage::default();
        for (task, runs) in &resources.schedules {
            let of_task = |record: &&OperationRecord| {
                record.operation.function == "housekeeping" && record.operation.name == task.as_str()
            };
            usage.add(Item::Invocations, *runs);
            if let Some(record) = operations.iter().find(of_task) {
                let read_units: f64 = calls_of(record.last_calls(), Purpose::Work).map(|call| call.read_units).sum();
                usage.add(Item::ReadUnits, runs * read_units);
            }
            if let Some(record) = warm.iter().find(of_task) {
                usage.add(Item::Compute, runs * gigabyte_seconds(median(&record.walls_ms).ceil(), memory_mb));
            }
        }
        let polls = resources.polled_queues as f64 * POLLERS * MINUTES_PER_MONTH * 60.0 / POLL_SECONDS;
        let runs = usage.count(Item::Invocations);
        Self { runs, schedules: usage.dollars(), polls: Item::Receives.price().of(polls), resources }
    }

    fn secrets(&self) -> f64 {
        self.resources.secrets as f64 * SECRET_PER_MONTH
    }

    fn alarms(&self) -> f64 {
        self.resources.alarms as f64 * ALARM_PER_MONTH
    }

    fn dollars(&self) -> f64 {
        self.secrets() + self.alarms() + self.schedules + self.polls
    }

    /// The line of the report.
    pub(crate) fn to_text(&self) -> String {
        format!(
            "A month without orders: {} secrets ${:.2}, {} alarms ${:.2}, {:.0} scheduled runs ${:.2}, polling {} empty queues ${:.2}; total ${:.2}.\n",
            self.resources.secrets,
            self.secrets(),
            self.resources.alarms,
            self.alarms(),
            self.runs,
            self.schedules,
            self.resources.polled_queues,
            self.polls,
            self.dollars(),
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "secrets": self.secrets(),
            "alarms": self.alarms(),
            "schedules": self.schedules,
            "polls": self.polls,
            "dollarsPerMonth": self.dollars(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_with_fixed_costs_are_found_in_a_template() {
        let resources = "AWS::CloudWatch::Alarm DeadLettersAlarm\nAWS::Lambda::EventSourceMapping OrdersMessages\n\
                         AWS::Lambda::EventSourceMapping OrdersOutbox\nAWS::SecretsManager::Secret SigningSecret\n";
        let template = r#"
      Events:
        ExpireHolds: { Type: Schedule, Properties: { Schedule: rate(1 minute), Input: '{"task":"expire-holds"}' } }
        Reconcile: { Type: Schedule, Properties: { Schedule: rate(5 minutes), Input: '{"task":"reconcile"}' } }
"#;
        let schedules = vec![("expire-holds".to_owned(), 43_200.0), ("reconcile".to_owned(), 8_640.0)];
        assert_eq!(
            FixedResources::parse(resources, template),
            FixedResources { secrets: 1, alarms: 1, polled_queues: 1, schedules }
        );
    }

    #[test]
    fn template_of_souk_is_parsed() {
        let resources = FixedResources::parse(RESOURCES, TEMPLATE);
        assert!(resources.secrets > 0 && resources.alarms > 0 && resources.polled_queues > 0, "{resources:?}");
        assert_eq!(resources.schedules.len(), TEMPLATE.matches("Type: Schedule").count());
    }

    #[test]
    fn cost_of_an_idle_month_is_the_sum_of_its_parts() {
        let resources = FixedResources { secrets: 3, alarms: 4, polled_queues: 3, schedules: Vec::new() };
        let costs = IdleCosts { resources, runs: 0.0, schedules: 0.10, polls: 0.78 };
        assert!((costs.dollars() - (1.20 + 0.40 + 0.10 + 0.78)).abs() < 1e-9);
    }

    #[test]
    fn polls_of_empty_queues_cost_all_month() {
        let costs = IdleCosts::per_month(&[], &[], 512.0);
        // 5 polls every 20 seconds are 648,000 per queue and month.
        assert!((costs.polls - costs.resources.polled_queues as f64 * 0.648 * 0.40).abs() < 1e-9);
    }
}
