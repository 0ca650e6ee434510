//! The tables and queues of the bench. They have the keys and indexes of those of the stack, but no event source mappings. So only
//! the bench moves an order, it knows every call, and the data of the stack does not change.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::budgets::FUNCTIONS;
use crate::emulator::{DeployedFunction, Emulator, FunctionSettings};
use crate::event_sources::{DeployedNames, EventSources};
use crate::execution_environment::Variables;
use crate::stack::Stack;
use crate::tables::BenchTable;

/// The tables, queues and variables of the measured functions.
#[derive(Debug)]
pub(crate) struct BenchResources {
    pub(crate) stack: Stack,
    pub(crate) emulator: Emulator,
    /// By their variable, for example `SOUK_TABLE_ORDERS`.
    tables: BTreeMap<String, BenchTable>,
    /// URLs by their variable.
    queues: BTreeMap<String, String>,
    pub(crate) event_sources: EventSources,
    deployed: BTreeMap<&'static str, DeployedFunction>,
}

impl BenchResources {
    pub(crate) async fn create(stack: &Path) -> Result<Self> {
        let stack = Stack::load(stack)?;
        let emulator = Emulator::new(&stack);
        let (mut deployed, mut names) = (BTreeMap::new(), DeployedNames::default());
        for name in FUNCTIONS {
            let physical = stack.functions.get(name).with_context(|| format!("stack.json has no function {name}"))?;
            deployed.insert(name, emulator.function(physical).await?);
            names.functions.insert(physical.clone(), name);
        }
        let variables: Variables = deployed.values().flat_map(|function| function.variables.clone()).collect();
        let (mut tables, mut queues) = (BTreeMap::new(), BTreeMap::new());
        let own_name = |short: &str| format!("{}-bench-own-{}", stack.stack_name, short.to_lowercase());
        for (variable, value) in variables {
            if let Some(short) = variable.strip_prefix("SOUK_TABLE_") {
                let (name, context) = (own_name(short), short.to_lowercase());
                let table = emulator.copy_table(&value, name.clone(), context).await?;
                names.tables.insert(value, name);
                tables.insert(variable, table);
            } else if let Some(short) = variable.strip_prefix("SOUK_QUEUE_") {
                // SQS recognises a FIFO queue by its name. The queue of the index is one.
                let name = if value.ends_with(".fifo") { own_name(short) + ".fifo" } else { own_name(short) };
                let url = emulator.create_queue(&name).await?;
                let deployed = value.rsplit('/').next().unwrap_or_default();
                names.queues.insert(deployed.to_owned(), url.clone());
                queues.insert(variable, url);
            }
        }
        let event_sources = EventSources::parse(&emulator.event_source_mappings().await?, &names)?;
        Ok(Self { stack, emulator, tables, queues, event_sources, deployed })
    }

    /// The variables of a function: as deployed, with the tables and queues of the bench, and the emulator as AWS.
    pub(crate) fn variables(&self, function: &str) -> Variables {
        let deployed = self.deployed.get(function);
        let mut variables = deployed.map(|function| function.variables.clone()).unwrap_or_default();
        // The fault proxy of the stack is bypassed; all calls go to the same endpoint. Faults are for the functions of the
        // stack only.
        variables.retain(|name, _| !name.starts_with("AWS_ENDPOINT_URL") && name != "SOUK_FAULTS");
        let tables = self.tables.iter().map(|(variable, table)| (variable, &table.name));
        for (variable, value) in tables.chain(&self.queues) {
            variables.entry(variable.clone()).and_modify(|deployed| deployed.clone_from(value));
        }
        let endpoint = [
            ("AWS_REGION", self.stack.region.as_str()),
            ("AWS_ACCESS_KEY_ID", &self.stack.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &self.stack.secret_access_key),
            ("AWS_ENDPOINT_URL", &self.stack.emulator_url),
        ];
        variables.extend(endpoint.map(|(name, value)| (name.to_owned(), value.to_owned())));
        variables
    }

    /// The deployed URL of the payment provider.
    pub(crate) fn provider(&self) -> Option<&str> {
        self.deployed.get("payments-worker")?.variables.get("SOUK_STRIPE_URL").map(String::as_str)
    }

    /// The deployed settings of a function.
    pub(crate) fn settings(&self, function: &str) -> FunctionSettings {
        self.deployed.get(function).map(|function| function.settings).unwrap_or_default()
    }

    /// The tables with an outbox.
    pub(crate) fn outboxes(&self) -> Result<Vec<&str>> {
        let variables = ["SOUK_TABLE_IDENTITY", "SOUK_TABLE_CATALOG", "SOUK_TABLE_ORDERS", "SOUK_TABLE_PAYMENTS"];
        variables.into_iter().map(|variable| self.table(variable)).collect()
    }

    /// All tables.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &BenchTable> {
        self.tables.values()
    }

    /// The name of the table of a variable.
    pub(crate) fn table(&self, variable: &str) -> Result<&str> {
        let table = self.tables.get(variable).map(|table| table.name.as_str());
        table.with_context(|| format!("no deployed function has the variable {variable}; compare template.yaml"))
    }

    /// Deletes all outbox rows. Housekeeping would publish old ones, and housekeeping is measured.
    pub(crate) async fn empty_outboxes(&self) -> Result<()> {
        for table in self.outboxes()? {
            for row in self.emulator.outbox(table).await? {
                self.emulator.delete_row(table, &row).await?;
            }
        }
        Ok(())
    }

    /// Deletes the messages of all queues.
    pub(crate) async fn empty_queues(&self) -> Result<()> {
        for queue in self.queues.values() {
            self.emulator.purge_queue(queue).await?;
        }
        Ok(())
    }

    /// Receives the messages of all queues, each with its consumer.
    pub(crate) async fn receive_messages(&self) -> Result<Vec<(&'static str, String)>> {
        let mut received = Vec::new();
        for (queue, consumer) in self.event_sources.consumers() {
            let bodies = self.emulator.receive_all(queue).await?;
            received.extend(bodies.into_iter().map(|body| (consumer, body)));
        }
        Ok(received)
    }

    /// Deletes the tables and queues.
    pub(crate) async fn remove(self) {
        for table in self.tables.values() {
            self.emulator.delete_table(&table.name).await;
        }
        for queue in self.queues.values() {
            self.emulator.delete_queue(queue).await;
        }
    }
}
