//! Tables and queues of the bench's own, beside those of the stack it is shown: same keys, same indexes, no streams, no
//! mappings. So nothing but the bench moves an order, every call is one that the bench asked for, and the stack's data
//! stays as it was.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::budgets::FUNCTIONS;
use crate::emulator::Emulator;
use crate::sandbox::Environment;
use crate::stack::Stack;

/// Where the functions work while they are measured.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) emulator: Emulator,
    /// By the variable that names them: `SOUK_TABLE_ORDERS`.
    tables: BTreeMap<String, String>,
    queues: BTreeMap<String, String>,
    /// As deployed, by function.
    deployed: BTreeMap<&'static str, Environment>,
    memory_mb: BTreeMap<&'static str, f64>,
}

impl World {
    pub(crate) async fn make(stack: &Path) -> Result<Self> {
        let stack = Stack::read(stack)?;
        let emulator = Emulator::of(&stack);
        let (mut deployed, mut memory_mb) = (BTreeMap::new(), BTreeMap::new());
        for name in FUNCTIONS {
            let physical = stack.functions.get(name).with_context(|| format!("stack.json names no function {name}"))?;
            let (environment, memory) = emulator.function(physical).await?;
            deployed.insert(name, environment);
            memory_mb.insert(name, memory);
        }
        let mut world = Self { stack, emulator, tables: BTreeMap::new(), queues: BTreeMap::new(), deployed, memory_mb };
        let variables: BTreeMap<String, String> =
            world.deployed.values().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (variable, value) in variables {
            let own = |prefix: &str| {
                let short = variable.strip_prefix(prefix)?;
                Some(format!("{}-bench-own-{}", world.stack.stack_name, short.to_lowercase()))
            };
            if let Some(name) = own("SOUK_TABLE_") {
                world.emulator.copy_table(&value, &name).await?;
                world.tables.insert(variable, name);
            } else if let Some(name) = own("SOUK_QUEUE_") {
                // The index has a FIFO queue, and SQS knows one by its name.
                let name = if value.ends_with(".fifo") { name + ".fifo" } else { name };
                let url = world.emulator.make_queue(&name).await?;
                world.queues.insert(variable, url);
            }
        }
        Ok(world)
    }

    /// A function's environment: as deployed, with this world's tables and queues, and AWS at the emulator.
    pub(crate) fn environment(&self, function: &str) -> Environment {
        let mut environment = self.deployed.get(function).cloned().unwrap_or_default();
        // The fault proxy has its own meter; here everything goes the same way.
        environment.retain(|name, _| !name.starts_with("AWS_ENDPOINT_URL"));
        for (variable, value) in self.tables.iter().chain(&self.queues) {
            environment.entry(variable.clone()).and_modify(|deployed| deployed.clone_from(value));
        }
        let told = [
            ("AWS_REGION", self.stack.region.as_str()),
            ("AWS_ACCESS_KEY_ID", &self.stack.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &self.stack.secret_access_key),
            ("AWS_ENDPOINT_URL", &self.stack.emulator_url),
        ];
        environment.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment
    }

    /// The deployed address of the payment provider.
    pub(crate) fn provider(&self) -> Option<&str> {
        self.deployed.get("payments-worker")?.get("SOUK_STRIPE_URL").map(String::as_str)
    }

    /// What Lambda is told to give a function.
    pub(crate) fn memory_mb(&self, function: &str) -> f64 {
        self.memory_mb.get(function).copied().unwrap_or_default()
    }

    /// The tables out of which the relay publishes.
    pub(crate) fn outboxes(&self) -> Result<Vec<&str>> {
        let variables = ["SOUK_TABLE_IDENTITY", "SOUK_TABLE_CATALOG", "SOUK_TABLE_ORDERS", "SOUK_TABLE_PAYMENTS"];
        variables.into_iter().map(|variable| self.table(variable)).collect()
    }

    /// The function behind one of this world's queues.
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

    /// This world's table behind a variable.
    pub(crate) fn table(&self, variable: &str) -> Result<&str> {
        let table = self.tables.get(variable).map(String::as_str);
        table.with_context(|| format!("no deployed function has the variable {variable}: has template.yaml changed?"))
    }

    /// Nothing waits for the relay any more. What lies in an outbox for long is published by housekeeping, which is measured.
    pub(crate) async fn empty_outboxes(&self) -> Result<()> {
        for table in self.outboxes()? {
            for row in self.emulator.outbox(table).await? {
                self.emulator.remove_row(table, &row).await?;
            }
        }
        Ok(())
    }

    /// Leaves the stack as it was.
    pub(crate) async fn remove(self) {
        for table in self.tables.values() {
            self.emulator.remove_table(table).await;
        }
        for queue in self.queues.values() {
            self.emulator.remove_queue(queue).await;
        }
    }
}
