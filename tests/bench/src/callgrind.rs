//! Counts instructions, which do not depend on the load of the machine. A function runs under valgrind's callgrind. The
//! instructions of a request are the difference between a run with many requests and a run with few, divided by the
//! difference in requests.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bench_resources::BenchResources;
use crate::events::Request;
use crate::execution_environment::{ExecutionEnvironment, Variables};
use crate::flow::{ShopData, add_to_cart, address, cycled, place_order};
use crate::function_fleet::expect_success;
use crate::scenarios::{ADD, PLACE};
use crate::start::{HELLO, file_name, variables_without_stack};

/// The requests that are counted. One execution environment can repeat each of them, always with the same work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CountedRequest {
    Hello,
    Health,
    Product,
    Add,
    Place,
}

impl CountedRequest {
    const ALL: [Self; 5] = [Self::Hello, Self::Health, Self::Product, Self::Add, Self::Place];

    fn function(self) -> &'static str {
        match self {
            Self::Hello => HELLO,
            Self::Health => "ops",
            Self::Product => "products",
            Self::Add => "cart",
            Self::Place => "orders",
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Self::Hello => "say hello",
            Self::Health => "health",
            Self::Product => "read a product",
            Self::Add => ADD,
            Self::Place => PLACE,
        }
    }
}

/// The instructions of one kind of request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instructions {
    pub(crate) function: &'static str,
    pub(crate) operation: &'static str,
    /// From the first instruction of the program until its first `next`, with warm-up calls.
    pub(crate) start: f64,
    pub(crate) each: f64,
}

/// All counts, or the reason why there are none.
pub(crate) type InstructionCounts = Result<Vec<Instructions>>;

/// Fails unless valgrind can be started.
pub(crate) fn ensure_installed() -> Result<()> {
    let version = Command::new("valgrind").arg("--version").output();
    ensure!(version.is_ok_and(|version| version.status.success()), "valgrind is not installed");
    Ok(())
}

/// Counts all requests. `quick` uses few requests, to test the bench.
pub(crate) async fn count(
    resources: &BenchResources,
    functions: &Path,
    logs: &Path,
    data: &ShopData,
    quick: bool,
) -> InstructionCounts {
    ensure_installed()?;
    let counter = InstructionCounter { resources, functions, logs, data };
    // The first requests of an execution environment also read data that it caches.
    let (few, many) = if quick { (3, 6) } else { (10, 40) };
    let mut counts = Vec::new();
    for request in CountedRequest::ALL {
        let total = async |requests| {
            let total = counter.total(request, requests).await;
            total.with_context(|| format!("{} failed under valgrind", request.function()))
        };
        let (start, few_total, many_total) = (total(0).await?, total(few).await?, total(many).await?);
        let each = per_request((few, few_total), (many, many_total));
        counts.push(Instructions { function: request.function(), operation: request.operation(), start, each });
    }
    Ok(counts)
}

/// The instructions per request between the shorter and the longer run.
fn per_request(few: (usize, f64), many: (usize, f64)) -> f64 {
    (many.1 - few.1) / (many.0 - few.0) as f64
}

/// The counts or the reason as JSON.
pub(crate) fn to_json(counts: &InstructionCounts) -> Value {
    match counts {
        Ok(counts) => json!(counts),
        Err(error) => json!({ "failure": format!("{error:#}") }),
    }
}

struct InstructionCounter<'a> {
    resources: &'a BenchResources,
    functions: &'a Path,
    logs: &'a Path,
    data: &'a ShopData,
}

impl InstructionCounter<'_> {
    /// The instructions of a run with this many requests.
    async fn total(&self, request: CountedRequest, requests: usize) -> Result<f64> {
        let out = self.logs.join(format!("callgrind-{}-{requests}.out", request.function()));
        let mut options = OsString::from("--callgrind-out-file=");
        options.push(&out);
        let program = self.program(request.function());
        let command_line = ["valgrind", "--tool=callgrind", "--quiet"]
            .map(OsStr::new)
            .into_iter()
            .chain([&*options, program.as_os_str()]);
        let command_line: Vec<&OsStr> = command_line.collect();
        let mut environment = self.start(request.function(), &command_line, "callgrind").await?;
        // Each order needs a new cart. Another function fills it, and that is not counted.
        let mut cart = match request {
            CountedRequest::Place => {
                Some(self.start("cart", &[self.program("cart").as_os_str()], "callgrind-cart").await?)
            }
            _ => None,
        };
        for index in 0..requests {
            if let Some(cart) = &mut cart {
                let response = cart.invoke(&self.request(CountedRequest::Add, requests, index).event()).await?;
                expect_success("cart", CountedRequest::Add.operation(), response.response)?;
            }
            let response = environment.invoke(&self.request(request, requests, index).event()).await?;
            expect_success(request.function(), request.operation(), response.response)?;
        }
        environment.terminate().await?;
        let written =
            std::fs::read_to_string(&out).with_context(|| format!("callgrind did not write {}", out.display()))?;
        totals(&written).with_context(|| format!("{} has no line `totals`", out.display()))
    }

    async fn start(&self, function: &str, command_line: &[&OsStr], log: &str) -> Result<ExecutionEnvironment> {
        let variables: Variables = match function {
            HELLO => variables_without_stack(),
            _ => self.resources.variables(function),
        };
        let log = self.logs.join(format!("{log}.log"));
        Ok(ExecutionEnvironment::start(function, command_line, &variables, &log).await?.0)
    }

    fn program(&self, function: &str) -> PathBuf {
        self.functions.join(file_name(function))
    }

    fn request(&self, request: CountedRequest, requests: usize, index: usize) -> Request {
        let product = cycled(&self.data.products, 0);
        let customer = cycled(&self.data.customers, 0);
        match request {
            CountedRequest::Hello => Request::get("/"),
            CountedRequest::Health => Request::get("/health"),
            CountedRequest::Product => Request::get(format!("/api/v1/products/{}", product.id)),
            CountedRequest::Add => add_to_cart("me", &product.sku).with_token(&customer.token),
            CountedRequest::Place => {
                let method = &self.resources.stack.payment_method;
                let body = json!({ "cart": "me", "shippingAddress": address(), "paymentMethod": method });
                place_order(&body, format!("callgrind-{requests}-{index}")).with_token(&customer.token)
            }
        }
    }
}

/// The last line of the form `totals: 9104750`.
fn totals(written: &str) -> Option<f64> {
    written.lines().rev().find_map(|line| line.strip_prefix("totals:"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_of_both_runs_cancel_out() {
        assert_eq!(per_request((10, 9_104_750.0), (60, 26_984_990.0)), 357_604.8);
    }

    #[test]
    fn last_totals_line_counts() {
        assert_eq!(totals("events: Ir\nsummary: 5\n\ntotals: 12345\n"), Some(12345.0));
        assert_eq!(totals("events: Ir\n"), None);
    }
}
