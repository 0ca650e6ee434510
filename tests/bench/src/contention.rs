//! How often the orders of a flash sale meet each other in the rows of one SKU: a discrete-event simulation of DynamoDB's
//! contention, because the emulator has none. It shows what more rows of stock change.
//!
//! A row that a transaction writes is busy for some milliseconds. A transaction that meets a busy row is cancelled. Then the
//! order pauses as `shared/aws/src/retry.rs` does, and tries another row. The simulation leaves out the other rows of an order's
//! transaction and the time of a cancelled attempt.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::statistics::percentile;
use crate::table::Table;

/// How long a transaction keeps a row busy: 10 ms.
const BUSY_US: u64 = 10_000;
/// The pauses and the retry budget of souk's writes.
const FIRST_BOUND_MS: u64 = 15;
const MAX_BOUND_MS: u64 = 400;
const BUDGET_US: u64 = 4_000_000;

/// The same seed gives the same figures.
const SEED: u64 = 14;
const ORDERS: usize = 20_000;
const FEW_ORDERS: usize = 2_000;
const ORDERS_PER_SECOND: [u32; 3] = [100, 1_000, 10_000];
const BUCKETS: [usize; 3] = [1, 32, 512];

const NOTES: &str = "\
Notes on contention
- A simulation of one SKU; no database is involved. conflicts: cancelled attempts per order. retries: attempts after the first.
  gave up: orders without success after 4 s, the retry budget of souk. wait: of placed orders, until their last attempt.
- Model: a row that a transaction writes is busy for 10 ms, and another transaction that meets it is cancelled. One bucket is
  today's row of an offer; with more, each attempt tries a random one.
- Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html (conflicts), and Distributed
  Transactions at Scale in Amazon DynamoDB, USENIX ATC 2023. The 10 ms are an assumption. The program is
  tests/bench/src/contention.rs.
";

/// The figures of all simulated sales.
#[derive(Debug)]
pub(crate) struct Contention {
    sales: Vec<Sale>,
}

/// What is simulated.
#[derive(Debug, Clone, Copy)]
struct Workload {
    orders: usize,
    /// On average. They arrive at random times.
    orders_per_second: u32,
    /// Rows that have the stock.
    buckets: usize,
}

/// The figures of one simulated sale.
#[derive(Debug, Clone, PartialEq)]
struct Sale {
    orders: usize,
    orders_per_second: u32,
    buckets: usize,
    placed: usize,
    conflicts: usize,
    retries: usize,
    placed_per_second: f64,
    /// The 99th percentile.
    wait_ms: f64,
}

/// An order that is not placed yet.
#[derive(Debug, Clone, Copy)]
struct PendingOrder {
    arrived_us: u64,
    /// The next pause is shorter than this.
    bound_ms: u64,
}

impl Contention {
    /// Simulates each load with each number of buckets. `quick`: with few orders.
    pub(crate) fn simulate(quick: bool) -> Self {
        let orders = if quick { FEW_ORDERS } else { ORDERS };
        let workloads = ORDERS_PER_SECOND.into_iter().flat_map(|orders_per_second| {
            BUCKETS.into_iter().map(move |buckets| Workload { orders, orders_per_second, buckets })
        });
        Self { sales: workloads.map(|workload| workload.simulate(SEED)).collect() }
    }

    /// The report.
    pub(crate) fn to_text(&self) -> String {
        let headings =
            ["orders/s", " buckets", " conflicts/order", " retries/order", " gave up", " placed/s", " wait p99 ms"];
        let mut table = Table::new(&headings);
        for sale in &self.sales {
            table.row([
                sale.orders_per_second.to_string(),
                sale.buckets.to_string(),
                format!("{:.3}", sale.per_order(sale.conflicts)),
                format!("{:.3}", sale.per_order(sale.retries)),
                format!("{:.1} %", sale.per_order(sale.orders - sale.placed) * 100.0),
                format!("{:.0}", sale.placed_per_second),
                format!("{:.0}", sale.wait_ms),
            ]);
        }
        format!("Contention of a flash sale (simulated, seed {SEED})\n{table}\n{NOTES}")
    }

    /// The results as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let figures = |sale: &Sale| {
            json!({
                "orders": sale.orders,
                "ordersPerSecond": sale.orders_per_second,
                "buckets": sale.buckets,
                "placed": sale.placed,
                "conflicts": sale.conflicts,
                "retries": sale.retries,
                "placedPerSecond": sale.placed_per_second,
                "waitP99Ms": sale.wait_ms,
            })
        };
        json!({ "seed": SEED, "busyMs": BUSY_US / 1000, "sales": self.sales.iter().map(figures).collect::<Vec<_>>() })
    }
}

impl Workload {
    fn simulate(self, seed: u64) -> Sale {
        let mut random = Rng::with_seed(seed);
        let mut pending = self.arrivals(&mut random);
        // The next attempt of each order, the earliest first; the number of the order makes the sequence definite.
        let mut attempts: BinaryHeap<Reverse<(u64, usize)>> =
            pending.iter().enumerate().map(|(number, order)| Reverse((order.arrived_us, number))).collect();
        let mut busy_until_us = vec![0; self.buckets];
        let (mut waits_ms, mut conflicts, mut retries, mut last_us) = (Vec::new(), 0, 0, 0);
        while let Some(Reverse((now_us, number))) = attempts.pop() {
            let order = &mut pending[number];
            let bucket = random.usize(0..self.buckets);
            if busy_until_us[bucket] <= now_us {
                busy_until_us[bucket] = now_us + BUSY_US;
                waits_ms.push((now_us - order.arrived_us) as f64 / 1e3);
                last_us = now_us;
                continue;
            }
            conflicts += 1;
            let next_us = now_us + (1 + random.u64(0..order.bound_ms)) * 1000;
            order.bound_ms = (order.bound_ms * 2).min(MAX_BOUND_MS);
            if next_us < order.arrived_us + BUDGET_US {
                retries += 1;
                attempts.push(Reverse((next_us, number)));
            }
        }
        Sale {
            orders: self.orders,
            orders_per_second: self.orders_per_second,
            buckets: self.buckets,
            placed: waits_ms.len(),
            conflicts,
            retries,
            placed_per_second: waits_ms.len() as f64 * 1e6 / last_us.max(1) as f64,
            wait_ms: percentile(&waits_ms, 99.0),
        }
    }

    /// The orders at the times of a Poisson process.
    fn arrivals(self, random: &mut Rng) -> Vec<PendingOrder> {
        let mut at_us = 0.0;
        let mut next = || {
            at_us -= (1.0 - random.f64()).ln() * 1e6 / f64::from(self.orders_per_second);
            PendingOrder { arrived_us: at_us as u64, bound_ms: FIRST_BOUND_MS }
        };
        (0..self.orders).map(|_| next()).collect()
    }
}

impl Sale {
    fn per_order(&self, count: usize) -> f64 {
        count as f64 / self.orders as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(orders: usize, orders_per_second: u32, buckets: usize) -> Sale {
        Workload { orders, orders_per_second, buckets }.simulate(SEED)
    }

    #[test]
    fn one_row_places_a_hundred_orders_a_second() {
        let busy = sale(5_000, 1_000, 1);
        assert!((90.0..101.0).contains(&busy.placed_per_second), "{busy:?}");
        assert!(busy.placed < busy.orders / 3, "most orders give up: {busy:?}");
    }

    #[test]
    fn more_buckets_have_fewer_conflicts() {
        let [one, some, many] = BUCKETS.map(|buckets| sale(5_000, 10_000, buckets));
        assert!(one.per_order(one.conflicts) > 15.0, "{one:?}");
        assert!(one.conflicts > some.conflicts && some.conflicts > many.conflicts, "{some:?}");
        assert_eq!(many.placed, many.orders);
        assert!((0.1..0.5).contains(&many.per_order(many.conflicts)), "{many:?}");
        assert!(many.wait_ms < 100.0, "{many:?}");
    }

    #[test]
    fn rare_orders_do_not_meet() {
        let rare = sale(500, 10, 512);
        assert_eq!(rare.placed, rare.orders);
        assert!(rare.conflicts <= 5, "{rare:?}");
        assert!((8.0..13.0).contains(&rare.placed_per_second), "they arrive at their rate: {rare:?}");
    }

    #[test]
    fn each_conflict_leads_to_a_retry_or_ends_its_order() {
        for buckets in BUCKETS {
            let sale = sale(3_000, 10_000, buckets);
            assert_eq!(sale.conflicts, sale.retries + sale.orders - sale.placed, "{sale:?}");
        }
    }

    #[test]
    fn seed_repeats_the_figures() {
        let workload = Workload { orders: 1_000, orders_per_second: 1_000, buckets: 32 };
        assert_eq!(workload.simulate(7), workload.simulate(7));
        assert_ne!(workload.simulate(7), workload.simulate(8));
    }

    #[test]
    fn report_has_a_line_for_each_load_and_number_of_buckets() {
        let contention = Contention::simulate(true);
        let text = contention.to_text();
        assert_eq!(text.lines().skip(2).take_while(|line| !line.is_empty()).count(), 9, "{text}");
        let sales = &contention.to_json()["sales"];
        assert_eq!((&sales[8]["buckets"], &sales[8]["ordersPerSecond"]), (&json!(512), &json!(10_000)));
    }
}
