//! The tables and queues of the bench. They have the keys and indexes of those of the stack, but no streams and no
//! event source mappings. So only the bench moves an order, it knows every call, and the data of the stack does not
//! change.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::budgets::FUNCTIONS;
use crate::emulator::{DeployedFunction, Emulator, FunctionSettings};
use crate::execution_environment::Variables;
use crate::stack::Stack;

/// The tables, queues and variables of the measured functions.
#[derive(Debug)]
pub(crate) struct BenchResources {
    pub(crate) stack: Stack,
    pub(crate) emulator: Emulator,
    /// Names by their variable, for example `SOUK_TABLE_ORDERS`.
    tables: BTreeMap<String, String>,
    queues: BTreeMap<String, String>,
    deployed: BTreeMap<&'static str, DeployedFunction>,
}

impl BenchResources {
    pub(crate) async fn create(stack: &Path) -> Result<Self> {
        let stack = Stack::load(stack)?;
        let emulator = Emulator::new(&stack);
        let mut deployed = BTreeMap::new();
        for name in FUNCTIONS {
            let physical = stack.functions.get(name).with_context(|| format!("stack.json has no function {name}"))?;
            deployed.insert(name, emulator.function(physical).await?);
        }
        let mut resources = Self { stack, emulator, tables: BTreeMap::new(), queues: BTreeMap::new(), deployed };
        let variables: Variables =
            resources.deployed.values().flat_map(|function| function.variables.clone()).collect();
        for (variable, value) in variables {
            let own_name = |prefix: &str| {
                let short = variable.strip_prefix(prefix)?;
                Some(format!("{}-bench-own-{}", resources.stack.stack_name, short.to_lowercase()))
            };
            if let Some(name) = own_name("SOUK_TABLE_") {
                resources.emulator.copy_table(&value, &name).await?;
                resources.tables.insert(variable, name);
            } else if let Some(name) = own_name("SOUK_QUEUE_") {
                // SQS recognises a FIFO queue by its name. The queue of the index is one.
                let name = if value.ends_with(".fifo") { name + ".fifo" } else { name };
                let url = resources.emulator.create_queue(&name).await?;
                resources.queues.insert(variable, url);
            }
        }
        Ok(resources)
    }

    /// The variables of a function: as deployed, with the tables and queues of the bench, and the emulator as AWS.
    pub(crate) fn variables(&self, function: &str) -> Variables {
        let deployed = self.deployed.get(function);
        let mut variables = deployed.map(|function| function.variables.clone()).unwrap_or_default();
        // The fault proxy of the stack is bypassed; all calls go to the same endpoint. Faults are for the functions of the
        // stack only.
        variables.retain(|name, _| !name.starts_with("AWS_ENDPOINT_URL") && name != "SOUK_FAULTS");
        for (variable, value) in self.tables.iter().chain(&self.queues) {
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

    /// The function that consumes a queue.
    pub(crate) fn consumer(&self, url: &str) -> Option<&'static str> {
        let (variable, _) = self.queues.iter().find(|(_, queue)| *queue == url)?;
        match variable.as_str() {
            "SOUK_QUEUE_ORDERS" => Some("orders-worker"),
            "SOUK_QUEUE_PAYMENTS" => Some("payments-worker"),
            "SOUK_QUEUE_NOTIFICATIONS" => Some("notifier"),
            "SOUK_QUEUE_CATALOG" => Some("catalog-worker"),
            "SOUK_QUEUE_PRIVACY" => Some("privacy"),
            _ => None,
        }
    }

    /// The table of a variable.
    pub(crate) fn table(&self, variable: &str) -> Result<&str> {
        let table = self.tables.get(variable).map(String::as_str);
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

    /// Deletes the tables and queues.
    pub(crate) async fn remove(self) {
        for table in self.tables.values() {
            self.emulator.delete_table(table).await;
        }
        for queue in self.queues.values() {
            self.emulator.delete_queue(queue).await;
        }
    }
}
