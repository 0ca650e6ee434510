//! What invokes functions besides the HTTP API: the event source mappings of the deployed stack. They come from the template, so the
//! bench delivers a stream record to the functions that Lambda would deliver it to.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::event_filter::EventFilter;

/// What the names of the deployed stack stand for.
#[derive(Debug, Default)]
pub(crate) struct DeployedNames {
    /// The functions by their deployed names.
    pub(crate) functions: BTreeMap<String, &'static str>,
    /// The names of the bench's tables by those of the stack.
    pub(crate) tables: BTreeMap<String, String>,
    /// The URLs of the bench's queues by the names of those of the stack.
    pub(crate) queues: BTreeMap<String, String>,
}

/// The readers of the bench's streams, and the consumers of its queues.
#[derive(Debug, Default)]
pub(crate) struct EventSources {
    readers: Vec<StreamReader>,
    /// By the URL of the queue.
    consumers: BTreeMap<String, &'static str>,
}

#[derive(Debug)]
struct StreamReader {
    table: String,
    function: &'static str,
    filter: EventFilter,
}

impl EventSources {
    /// Reads the mappings of ListEventSourceMappings.
    pub(crate) fn parse(mappings: &[Value], names: &DeployedNames) -> Result<Self> {
        let mut sources = Self::default();
        for mapping in mappings {
            let source = &mapping["EventSourceArn"];
            sources.add(mapping, names).with_context(|| format!("the event source mapping of {source}"))?;
        }
        // The emulator lists them in no particular order.
        sources.readers.sort_by(|one, other| (&one.table, one.function).cmp(&(&other.table, other.function)));
        Ok(sources)
    }

    fn add(&mut self, mapping: &Value, names: &DeployedNames) -> Result<()> {
        let text = |member: &str| mapping[member].as_str().with_context(|| format!("it has no {member}"));
        let deployed = text("FunctionArn")?.split(':').nth(6).context("its function has no name")?;
        let function = *names.functions.get(deployed).with_context(|| format!("no function is called {deployed}"))?;
        let filter = EventFilter::parse(&mapping["FilterCriteria"])?;
        // `arn:aws:dynamodb:eu-central-1:000000000000:table/souk-orders/stream/2026-01-01T00:00:00.000`
        let arn: Vec<&str> = text("EventSourceArn")?.splitn(6, ':').collect();
        match arn.as_slice() {
            [_, _, "dynamodb", _, _, resource] => {
                let deployed = resource.split('/').nth(1).unwrap_or_default();
                let table = names.tables.get(deployed);
                let table = table.with_context(|| format!("no variable of a function names the table {deployed}"))?;
                self.readers.push(StreamReader { table: table.clone(), function, filter });
            }
            [_, _, "sqs", _, _, deployed] => {
                ensure!(filter == EventFilter::default(), "the bench knows no filters of queues");
                let queue = names.queues.get(*deployed);
                let queue = queue.with_context(|| format!("no variable of a function names the queue {deployed}"))?;
                self.consumers.insert(queue.clone(), function);
            }
            _ => bail!("the bench knows streams of DynamoDB and queues only"),
        }
        Ok(())
    }

    /// The functions that a record of a table's stream invokes.
    pub(crate) fn readers<'a>(&'a self, table: &'a str, record: &'a Value) -> impl Iterator<Item = &'static str> + 'a {
        let is_invoked = move |reader: &&StreamReader| reader.table == table && reader.filter.matches(record);
        self.readers.iter().filter(is_invoked).map(|reader| reader.function)
    }

    /// The function that consumes a queue.
    pub(crate) fn consumer(&self, queue: &str) -> Option<&'static str> {
        self.consumers.get(queue).copied()
    }

    /// The consumed queues, and their functions.
    pub(crate) fn consumers(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.consumers.iter().map(|(queue, function)| (queue.as_str(), *function))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const STREAM: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/souk-orders/stream/2026-01-01T00:00:00.000";
    const QUEUE: &str = "arn:aws:sqs:eu-central-1:000000000000:souk-mails";

    fn names() -> DeployedNames {
        let text = |text: &str| text.to_owned();
        DeployedNames {
            functions: BTreeMap::from([
                (text("souk-relay"), "relay"),
                (text("souk-worker"), "worker"),
                (text("souk-notifier"), "notifier"),
            ]),
            tables: BTreeMap::from([(text("souk-orders"), text("own-orders"))]),
            queues: BTreeMap::from([(text("souk-mails"), text("http://own-mails"))]),
        }
    }

    fn mapping(source: &str, function: &str, pattern: Option<&str>) -> Value {
        let mut mapping = json!({
            "EventSourceArn": source,
            "FunctionArn": format!("arn:aws:lambda:eu-central-1:000000000000:function:{function}"),
        });
        if let Some(pattern) = pattern {
            mapping["FilterCriteria"] = json!({ "Filters": [{ "Pattern": pattern }] });
        }
        mapping
    }

    #[test]
    fn record_invokes_every_function_whose_filter_it_passes() -> Result<()> {
        let inserts = mapping(STREAM, "souk-worker", Some(r#"{"eventName":["INSERT"]}"#));
        let sources = EventSources::parse(&[inserts, mapping(STREAM, "souk-relay", None)], &names())?;
        let invoked =
            |table: &str, name: &str| sources.readers(table, &json!({ "eventName": name })).collect::<Vec<_>>();
        assert_eq!(invoked("own-orders", "INSERT"), ["relay", "worker"]);
        assert_eq!(invoked("own-orders", "MODIFY"), ["relay"]);
        assert_eq!(invoked("own-cart", "INSERT"), [""; 0]);
        Ok(())
    }

    #[test]
    fn queue_has_one_consumer() -> Result<()> {
        let sources = EventSources::parse(&[mapping(QUEUE, "souk-notifier", None)], &names())?;
        assert_eq!(sources.consumer("http://own-mails"), Some("notifier"));
        assert_eq!(sources.consumer("http://other"), None);
        assert_eq!(sources.consumers().collect::<Vec<_>>(), [("http://own-mails", "notifier")]);
        Ok(())
    }

    #[test]
    fn mapping_that_the_bench_does_not_know_is_an_error() {
        let unknown = [
            mapping(STREAM, "souk-other", None),
            mapping(&STREAM.replace("souk-orders", "other"), "souk-relay", None),
            mapping(&QUEUE.replace("souk-mails", "other"), "souk-relay", None),
            mapping(QUEUE, "souk-notifier", Some(r#"{"body":{"a":["b"]}}"#)),
            mapping(STREAM, "souk-relay", Some(r#"{"eventName":[{"suffix":"T"}]}"#)),
            mapping("arn:aws:kinesis:eu-central-1:000000000000:stream/s", "souk-relay", None),
            json!({}),
        ];
        for mapping in unknown {
            assert!(EventSources::parse(std::slice::from_ref(&mapping), &names()).is_err(), "{mapping}");
        }
    }
}
