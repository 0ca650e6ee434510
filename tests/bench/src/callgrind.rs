//! Instructions, which a busy machine does not change: a function runs under valgrind's callgrind, and the instructions of a
//! run with many requests less those of a run with few are those of the requests in between.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::company::done;
use crate::events::Request;
use crate::flow::{Shop, add_to_cart, address, cycled, place_order};
use crate::life::{ADD, PLACE};
use crate::sandbox::{Environment, Sandbox};
use crate::start::{HELLO, environment_without_a_stack, file_name};
use crate::world::World;

/// What a request that was counted asks for. Each can be made again and again in one sandbox, always the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Hello,
    Health,
    Product,
    Add,
    Place,
}

impl Counted {
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

    fn does(self) -> &'static str {
        match self {
            Self::Hello => "say hello",
            Self::Health => "health",
            Self::Product => "read a product",
            Self::Add => ADD,
            Self::Place => PLACE,
        }
    }
}

/// What one kind of request took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instructions {
    pub(crate) function: &'static str,
    pub(crate) operation: &'static str,
    /// From the program's first one until its first `next`, warm-up calls included.
    pub(crate) start: f64,
    pub(crate) each: f64,
}

/// All of them, or why there are none.
pub(crate) type Count = Result<Vec<Instructions>>;

/// Counts; few requests show that it works.
pub(crate) async fn count(world: &World, functions: &Path, logs: &Path, shop: &Shop, quick: bool) -> Count {
    let version = Command::new("valgrind").arg("--version").output();
    ensure!(version.is_ok_and(|version| version.status.success()), "valgrind is not installed");
    let scale = Scale { world, functions, logs, shop };
    // The first requests of a sandbox read what it then keeps.
    let (few, many) = if quick { (3, 6) } else { (10, 40) };
    let mut counts = Vec::new();
    for counted in Counted::ALL {
        let total = async |requests| {
            let total = scale.total(counted, requests).await;
            total.with_context(|| format!("{} does not run under valgrind", counted.function()))
        };
        let (start, few_total, many_total) = (total(0).await?, total(few).await?, total(many).await?);
        let each = per_request((few, few_total), (many, many_total));
        counts.push(Instructions { function: counted.function(), operation: counted.does(), start, each });
    }
    Ok(counts)
}

/// Of each request between the shorter and the longer run.
fn per_request(few: (usize, f64), many: (usize, f64)) -> f64 {
    (many.1 - few.1) / (many.0 - few.0) as f64
}

/// In JSON: the counts, or the reason.
pub(crate) fn raw(count: &Count) -> Value {
    match count {
        Ok(counts) => json!(counts),
        Err(error) => json!({ "notCounted": format!("{error:#}") }),
    }
}

struct Scale<'a> {
    world: &'a World,
    functions: &'a Path,
    logs: &'a Path,
    shop: &'a Shop,
}

impl Scale<'_> {
    /// Instructions of a whole run with so many requests.
    async fn total(&self, counted: Counted, requests: usize) -> Result<f64> {
        let out = self.logs.join(format!("callgrind-{}-{requests}.out", counted.function()));
        let mut options = OsString::from("--callgrind-out-file=");
        options.push(&out);
        let program = self.program(counted.function());
        let command_line = ["valgrind", "--tool=callgrind", "--quiet"]
            .map(OsStr::new)
            .into_iter()
            .chain([&*options, program.as_os_str()]);
        let command_line: Vec<&OsStr> = command_line.collect();
        let mut sandbox = self.start(counted.function(), &command_line, "callgrind").await?;
        // Whoever orders out of a cart has to fill it again each time; that is another function's work.
        let mut cart = match counted {
            Counted::Place => Some(self.start("cart", &[self.program("cart").as_os_str()], "callgrind-cart").await?),
            _ => None,
        };
        for index in 0..requests {
            if let Some(cart) = &mut cart {
                let added = cart.invoke(&self.request(Counted::Add, requests, index).event()).await?;
                done("cart", Counted::Add.does(), added.answer)?;
            }
            let answered = sandbox.invoke(&self.request(counted, requests, index).event()).await?;
            done(counted.function(), counted.does(), answered.answer)?;
        }
        sandbox.end().await?;
        let written = std::fs::read_to_string(&out).with_context(|| format!("{} was not written", out.display()))?;
        totals(&written).with_context(|| format!("{} has no totals", out.display()))
    }

    async fn start(&self, function: &str, command_line: &[&OsStr], log: &str) -> Result<Sandbox> {
        let environment: Environment = match function {
            HELLO => environment_without_a_stack(),
            _ => self.world.environment(function),
        };
        let log = self.logs.join(format!("{log}.log"));
        Ok(Sandbox::start(function, command_line, &environment, &log).await?.0)
    }

    fn program(&self, function: &str) -> PathBuf {
        self.functions.join(file_name(function))
    }

    fn request(&self, counted: Counted, requests: usize, index: usize) -> Request {
        let product = cycled(&self.shop.products, 0);
        let customer = cycled(&self.shop.customers, 0);
        match counted {
            Counted::Hello => Request::get("/"),
            Counted::Health => Request::get("/health"),
            Counted::Product => Request::get(format!("/api/v1/products/{}", product.id)),
            Counted::Add => add_to_cart("me", &product.sku).by(&customer.token),
            Counted::Place => {
                let method = &self.world.stack.payment_method;
                let body = json!({ "cart": "me", "shippingAddress": address(), "paymentMethod": method });
                place_order(&body, format!("callgrind-{requests}-{index}")).by(&customer.token)
            }
        }
    }
}

/// `totals: 9104750`, the last of the file.
fn totals(written: &str) -> Option<f64> {
    written.lines().rev().find_map(|line| line.strip_prefix("totals:"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_runs_have_in_common_does_not_count() {
        assert_eq!(per_request((10, 9_104_750.0), (60, 26_984_990.0)), 357_604.8);
    }

    #[test]
    fn the_last_totals_of_a_file_are_its_own() {
        assert_eq!(totals("events: Ir\nsummary: 5\n\ntotals: 12345\n"), Some(12345.0));
        assert_eq!(totals("events: Ir\n"), None);
    }
}
