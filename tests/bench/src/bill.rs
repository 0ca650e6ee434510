//! What each way of an order's life costs.

use anyhow::{Context, Error, Result};
use serde_json::{Value, json};

use crate::life::{Life, Way};
use crate::meter::Purpose;
use crate::prices::{Item, Usage};
use crate::stage::Act;
use crate::usage::{self, billed_ms};

/// Of every way.
#[derive(Debug)]
pub(crate) struct Bill {
    pub(crate) lives: Vec<Billed>,
}

/// Of one way.
#[derive(Debug)]
pub(crate) struct Billed {
    pub(crate) way: Way,
    /// An order; or why there was none.
    pub(crate) order: Result<Order>,
}

/// One order, in seasoned sandboxes.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) acts: Vec<Act>,
    pub(crate) usage: Usage,
    /// As [`Order::acts`], in whole milliseconds.
    billed_ms: Vec<f64>,
}

impl Bill {
    /// Counts of one run of the lives, times of another.
    pub(crate) fn of(counted: Vec<Life>, timed: Vec<Life>, memory_mb: impl Fn(&str) -> f64) -> Self {
        let lives = counted.into_iter().zip(timed).map(|(counted, timed)| {
            let order = timed.orders.and_then(|timed| Order::of(counted.orders?, &timed, &memory_mb));
            Billed { way: counted.way, order }
        });
        Self { lives: lives.collect() }
    }

    pub(crate) fn raw(&self) -> Value {
        let life = |billed: &Billed| {
            let figures = billed.order.as_ref().map_or_else(not_lived, Order::raw);
            (billed.way.name().to_owned(), figures)
        };
        self.lives.iter().map(life).collect()
    }
}

impl Order {
    fn of(counted: Vec<Vec<Act>>, timed: &[Vec<Act>], memory_mb: impl Fn(&str) -> f64) -> Result<Self> {
        let acts = counted.into_iter().next_back().context("no order lived this life")?;
        let time = |act: &Act| {
            billed_ms(act, timed).with_context(|| format!("{} / {} was counted, but not timed", act.function, act.does))
        };
        let billed_ms = acts.iter().map(time).collect::<Result<Vec<_>>>()?;
        Ok(Self { usage: usage::of(&acts, &billed_ms, memory_mb), acts, billed_ms })
    }

    /// Calls of the payment provider.
    pub(crate) fn provider_calls(&self) -> usize {
        self.acts.iter().flat_map(|act| &act.calls).filter(|call| call.purpose == Purpose::Provider).count()
    }

    fn raw(&self) -> Value {
        let of_items = |figure: &dyn Fn(Item) -> f64| -> Value {
            Item::ALL.into_iter().map(|item| (item.key().to_owned(), json!(figure(item)))).collect()
        };
        json!({
            "perOrder": of_items(&|item| self.usage.count(item)),
            "dollarsAMillion": of_items(&|item| self.usage.dollars_a_million(item)),
            "dollarsAMillionWithoutMail": self.usage.dollars_a_million_without_mail(),
            "dollarsAMillionTogether": 1e6 * self.usage.dollars(),
            "providerCalls": self.provider_calls(),
            "billedMs": self.billed_ms,
            "invocations": self.acts,
        })
    }
}

fn not_lived(error: &Error) -> Value {
    json!({ "notLived": format!("{error:#}") })
}
