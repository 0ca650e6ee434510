//! What a month costs in which nobody buys: what `template.yaml` keeps, and what it does by itself.

use serde_json::{Value, json};

use crate::company::{Record, of};
use crate::meter::Purpose;
use crate::prices::{ALARM_A_MONTH, DAYS_PER_MONTH, Item, SECRET_A_MONTH, Usage};
use crate::statistics::median;
use crate::usage::gigabyte_seconds;

const TEMPLATE: &str = include_str!("../../../template.yaml");
/// The type and the logical id of every resource, one a line; `make test` compares it with the template.
const RESOURCES: &str = include_str!("../../../infra/resources.golden");
const MINUTES_PER_MONTH: f64 = DAYS_PER_MONTH * 24.0 * 60.0;
/// How many requests Lambda's poller has waiting at a queue that is empty, and how long each waits, in seconds.
const POLLERS: f64 = 5.0;
const POLL_SECONDS: f64 = 20.0;

/// The template's things that cost something or do something while nobody is there.
#[derive(Debug, PartialEq)]
struct Kept {
    secrets: usize,
    alarms: usize,
    /// Queues that Lambda polls.
    polled: usize,
    /// Housekeeping's tasks, and how often a month each is run.
    schedules: Vec<(String, f64)>,
}

impl Kept {
    fn by(resources: &str, template: &str) -> Self {
        let of_type = |kind: &'static str| {
            resources.lines().filter_map(|line| line.split_once(' ')).filter(move |(found, _)| *found == kind)
        };
        // A mapping of a queue is called `<Queue>Messages`, one of a stream `<Context>Outbox`.
        let polled = of_type("AWS::Lambda::EventSourceMapping").filter(|(_, id)| id.ends_with("Messages"));
        Self {
            secrets: of_type("AWS::SecretsManager::Secret").count(),
            alarms: of_type("AWS::CloudWatch::Alarm").count(),
            polled: polled.count(),
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

/// A month's bill.
#[derive(Debug)]
pub(crate) struct Idle {
    kept: Kept,
    runs: f64,
    schedules: f64,
    polls: f64,
}

impl Idle {
    /// By the template and by what housekeeping's tasks used, the last of each, and how long they took.
    pub(crate) fn month(operations: &[Record], warm: &[Record], memory_mb: f64) -> Self {
        let kept = Kept::by(RESOURCES, TEMPLATE);
        let mut usage = Usage::default();
        for (task, runs) in &kept.schedules {
            let of_task =
                |record: &&Record| record.step.function == "housekeeping" && record.step.does == task.as_str();
            usage.add(Item::Invocations, *runs);
            if let Some(record) = operations.iter().find(of_task) {
                let read_units: f64 = of(record.steady(), Purpose::Work).map(|call| call.read_units).sum();
                usage.add(Item::ReadUnits, runs * read_units);
            }
            if let Some(record) = warm.iter().find(of_task) {
                usage.add(Item::Compute, runs * gigabyte_seconds(median(&record.walls_ms).ceil(), memory_mb));
            }
        }
        let polls = kept.polled as f64 * POLLERS * MINUTES_PER_MONTH * 60.0 / POLL_SECONDS;
        let runs = usage.count(Item::Invocations);
        Self { runs, schedules: usage.dollars(), polls: Item::Receives.price().of(polls), kept }
    }

    fn secrets(&self) -> f64 {
        self.kept.secrets as f64 * SECRET_A_MONTH
    }

    fn alarms(&self) -> f64 {
        self.kept.alarms as f64 * ALARM_A_MONTH
    }

    fn dollars(&self) -> f64 {
        self.secrets() + self.alarms() + self.schedules + self.polls
    }

    /// One sentence.
    pub(crate) fn written(&self) -> String {
        format!(
            "Idle, a month: {} secrets ${:.2}, {} alarms ${:.2}, {:.0} scheduled runs ${:.2}, pollers of {} empty queues ${:.2}: ${:.2}.\n",
            self.kept.secrets,
            self.secrets(),
            self.kept.alarms,
            self.alarms(),
            self.runs,
            self.schedules,
            self.kept.polled,
            self.polls,
            self.dollars(),
        )
    }

    pub(crate) fn raw(&self) -> Value {
        json!({
            "secrets": self.secrets(),
            "alarms": self.alarms(),
            "schedules": self.schedules,
            "polls": self.polls,
            "dollarsAMonth": self.dollars(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_while_nobody_is_there_is_found_in_a_template() {
        let resources = "AWS::CloudWatch::Alarm DeadLettersAlarm\nAWS::Lambda::EventSourceMapping OrdersMessages\n\
                         AWS::Lambda::EventSourceMapping OrdersOutbox\nAWS::SecretsManager::Secret SigningSecret\n";
        let template = r#"
      Events:
        ExpireHolds: { Type: Schedule, Properties: { Schedule: rate(1 minute), Input: '{"task":"expire-holds"}' } }
        Reconcile: { Type: Schedule, Properties: { Schedule: rate(5 minutes), Input: '{"task":"reconcile"}' } }
"#;
        let schedules = vec![("expire-holds".to_owned(), 43_200.0), ("reconcile".to_owned(), 8_640.0)];
        assert_eq!(Kept::by(resources, template), Kept { secrets: 1, alarms: 1, polled: 1, schedules });
    }

    #[test]
    fn souks_own_template_is_read() {
        let kept = Kept::by(RESOURCES, TEMPLATE);
        assert!(kept.secrets > 0 && kept.alarms > 0 && kept.polled > 0, "{kept:?}");
        assert_eq!(kept.schedules.len(), TEMPLATE.matches("Type: Schedule").count());
    }

    #[test]
    fn an_idle_month_is_the_sum_of_its_parts() {
        let kept = Kept { secrets: 3, alarms: 4, polled: 3, schedules: Vec::new() };
        let idle = Idle { kept, runs: 0.0, schedules: 0.10, polls: 0.78 };
        assert!((idle.dollars() - (1.20 + 0.40 + 0.10 + 0.78)).abs() < 1e-9);
    }

    #[test]
    fn pollers_ask_an_empty_queue_all_month() {
        let idle = Idle::month(&[], &[], 512.0);
        // 5 polls every 20 seconds are 648,000 a queue and month.
        assert!((idle.polls - idle.kept.polled as f64 * 0.648 * 0.40).abs() < 1e-9);
    }
}
