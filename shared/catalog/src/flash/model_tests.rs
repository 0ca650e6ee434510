//! Random interleavings of all transactions of the room against a model of its rows. Processes read the rows one after another, and commit
//! what they decide under the conditions of the store. A process can crash after each step. Whatever happens, no piece is lost or sold
//! twice, no group has more pieces than its bound, and an offer that refuses a quantity is right at the moment of its read.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::FlashSale;
use crate::flash::choose_rows::{MAX_GROUPS, choose_parts, groups_to_empty, spread};
use crate::stock::reservation::{Part, StockRow};

/// The rows that the model has: more than two groups.
const ROWS: u16 = 70;
const PROCESSES: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Empty,
    Spread,
    Measure,
}

#[derive(Debug, Clone)]
enum Action {
    ReadOffer,
    ReadGroup(usize),
    Crash,
    Rebalance(Use),
    Reserve { quantity: u32, may_split: bool, random: usize },
    Return(Index),
    Adjust(i32),
    ChangeTerms,
    WriteTerms(u16),
    Switch(Option<u16>),
}

fn action() -> impl Strategy<Value = Action> {
    let usage = prop_oneof![Just(Use::Empty), Just(Use::Spread), Just(Use::Measure)];
    prop_oneof![
        4 => Just(Action::ReadOffer),
        8 => (0usize..3).prop_map(Action::ReadGroup),
        1 => Just(Action::Crash),
        5 => usage.prop_map(Action::Rebalance),
        6 => (1u32..6, any::<bool>(), any::<usize>())
            .prop_map(|(quantity, may_split, random)| Action::Reserve { quantity, may_split, random }),
        2 => any::<Index>().prop_map(Action::Return),
        1 => (-9i32..60).prop_map(Action::Adjust),
        1 => Just(Action::ChangeTerms),
        2 => (0..ROWS).prop_map(Action::WriteTerms),
        1 => prop_oneof![Just(None), (2..=ROWS).prop_map(Some)].prop_map(Action::Switch),
    ]
}

/// The row of the offer, with the version of its product.
#[derive(Debug, Clone, Default)]
struct OfferRow {
    tail: u32,
    stock_version: u64,
    price_version: u64,
    product_version: u64,
    flash: Option<FlashSale>,
    rebalances: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct BucketRow {
    available: u32,
    price_version: u64,
    terms: u64,
}

#[derive(Debug, Default)]
struct Shop {
    offer: OfferRow,
    buckets: BTreeMap<u16, BucketRow>,
    /// The pieces of each order that is not cancelled.
    orders: Vec<u32>,
    added: i64,
}

/// What a process has read, at different times.
#[derive(Debug, Clone, Default)]
struct Process {
    offer: Option<OfferRow>,
    groups: BTreeMap<usize, BTreeMap<u16, u32>>,
}

impl OfferRow {
    fn at_most(&self) -> u32 {
        self.tail + self.flash.as_ref().map_or(0, FlashSale::bound)
    }
}

impl Shop {
    fn free(&self) -> u32 {
        self.offer.tail + self.buckets.values().map(|bucket| bucket.available).sum::<u32>()
    }

    fn available(&self, bucket: u16) -> u32 {
        self.buckets.get(&bucket).map_or(0, |bucket| bucket.available)
    }

    /// Commits the groups that the process has read, if the conditions hold.
    fn rebalance(&mut self, process: &Process, usage: Use) {
        let Some(seen) = &process.offer else { return };
        let Some(flash) = &seen.flash else { return };
        let known = |group: &usize| process.groups.contains_key(group);
        let pieces: Vec<u32> =
            flash.groups().map(|group| process.groups.get(&group).map_or(0, |rows| rows.values().sum())).collect();
        let groups: Vec<usize> = match usage {
            Use::Empty => groups_to_empty(flash, &pieces).into_iter().filter(known).collect(),
            Use::Spread | Use::Measure => flash.groups().filter(known).take(MAX_GROUPS).collect(),
        };
        let left: u32 = groups.iter().map(|group| u32::try_from(flash.buckets_of(*group).len()).unwrap()).sum();
        let mut after: BTreeMap<usize, Vec<(u16, u32, u32)>> = BTreeMap::new();
        for group in groups {
            let before: Vec<u32> = flash
                .buckets_of(group)
                .map(|bucket| process.groups[&group].get(&bucket).copied().unwrap_or(0))
                .collect();
            let gets = match usage {
                Use::Empty => vec![0; before.len()],
                Use::Spread => spread(seen.tail, left, &before),
                Use::Measure => before.clone(),
            };
            let rows =
                flash.buckets_of(group).zip(before).zip(gets).map(|((bucket, before), gets)| (bucket, before, gets));
            after.insert(group, rows.collect());
        }
        let all = || after.values().flatten();
        let (was, will): (u32, u32) = (all().map(|row| row.1).sum(), all().map(|row| row.2).sum());
        let is_as_read = all().all(|(bucket, before, _)| self.available(*bucket) == *before);
        let has_terms = self.offer.flash.as_ref().is_some_and(|now| now.terms == flash.terms);
        if after.is_empty() || !is_as_read || !has_terms || self.offer.tail < will.saturating_sub(was) {
            return;
        }
        let price_version = seen.price_version;
        for (bucket, _, gets) in all() {
            self.buckets.insert(*bucket, BucketRow { available: *gets, price_version, terms: flash.terms });
        }
        self.offer.tail = self.offer.tail + was - will;
        (self.offer.stock_version, self.offer.rebalances) = (self.offer.stock_version + 1, self.offer.rebalances + 1);
        if let Some(now) = &mut self.offer.flash {
            for (group, rows) in &after {
                now.bounds[*group] = rows.iter().map(|row| row.2).sum();
            }
        }
    }

    /// Reserves in the rows that the process chooses of those that it has read, if they still have the pieces at that price.
    fn reserve(&mut self, process: &Process, quantity: u32, may_split: bool, random: usize) {
        let Some(seen) = &process.offer else { return };
        let read = process.groups.values().flatten().map(|(bucket, pieces)| (StockRow::Bucket(*bucket), *pieces));
        let tail = if seen.flash.is_some() { StockRow::Tail } else { StockRow::Offer };
        let rows: Vec<(StockRow, u32)> = read.chain([(tail, seen.tail)]).collect();
        let Some(parts) = choose_parts(&rows, quantity, may_split, random) else { return };
        let can_sell = |part: &Part| match part.row {
            StockRow::Bucket(bucket) => self
                .buckets
                .get(&bucket)
                .is_some_and(|row| row.available >= part.pieces && row.price_version == seen.price_version),
            row => {
                let is_whole = row == StockRow::Tail || self.offer.flash.is_none();
                is_whole && self.offer.tail >= part.pieces && self.offer.price_version == seen.price_version
            }
        };
        if !parts.iter().all(can_sell) {
            return;
        }
        for part in parts {
            match part.row {
                StockRow::Bucket(bucket) => self.buckets.entry(bucket).or_default().available -= part.pieces,
                StockRow::Tail | StockRow::Offer => {
                    self.offer.tail -= part.pieces;
                    self.offer.stock_version += 1;
                }
            }
        }
        self.orders.push(quantity);
    }

    fn adjust(&mut self, process: &Process, delta: i32) {
        let is_as_read = process.offer.as_ref().is_some_and(|seen| seen.stock_version == self.offer.stock_version);
        let Some(tail) = self.offer.tail.checked_add_signed(delta).filter(|_| is_as_read) else { return };
        self.offer.tail = tail;
        self.offer.stock_version += 1;
        self.added += i64::from(delta);
    }

    fn change_terms(&mut self) {
        self.offer.product_version += 1;
        self.offer.price_version += 1;
        if let Some(flash) = &mut self.offer.flash {
            flash.terms = self.offer.product_version;
        }
    }

    fn write_terms(&mut self, process: &Process, bucket: u16) {
        let Some(seen) = &process.offer else { return };
        let Some(flash) = &seen.flash else { return };
        if let Some(row) = self.buckets.get_mut(&bucket).filter(|row| row.terms < flash.terms) {
            (row.price_version, row.terms) = (seen.price_version, flash.terms);
        }
    }

    fn switch(&mut self, process: &Process, buckets: Option<u16>) {
        let Some(seen) = &process.offer else { return };
        let is_empty = seen.flash.as_ref().is_none_or(FlashSale::is_empty);
        let is_as_read = seen.product_version == self.offer.product_version
            && (seen.flash.is_none() || seen.rebalances == self.offer.rebalances);
        if is_empty && is_as_read {
            self.offer.product_version += 1;
            self.offer.flash = buckets.map(|buckets| FlashSale::new(buckets, self.offer.product_version));
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let ordered: u32 = self.orders.iter().sum();
        prop_assert_eq!(i64::from(self.free() + ordered), self.added, "no piece is lost or sold twice");
        let flash = self.offer.flash.clone().unwrap_or_else(|| FlashSale::new(0, 0));
        for group in flash.groups() {
            let pieces: u32 = flash.buckets_of(group).map(|bucket| self.available(bucket)).sum();
            prop_assert!(pieces <= flash.bounds[group], "group {group} has {pieces} pieces");
        }
        prop_assert!((flash.buckets..ROWS).all(|bucket| self.available(bucket) == 0), "the other buckets are empty");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_interleaving_loses_a_piece_or_refuses_wrongly(
        steps in prop::collection::vec((0..PROCESSES, action()), 1..150), quantity in 1u32..9,
    ) {
        let mut shop = Shop { added: 40, ..Shop::default() };
        shop.offer.tail = 40;
        let mut processes = vec![Process::default(); PROCESSES];
        for (at, action) in steps {
            let process = &mut processes[at];
            match action {
                Action::ReadOffer => {
                    process.offer = Some(shop.offer.clone());
                    if shop.offer.at_most() < quantity {
                        prop_assert!(shop.free() < quantity, "the refusal is right");
                    }
                }
                Action::ReadGroup(group) => {
                    let range = FlashSale::new(ROWS, 0).buckets_of(group);
                    let rows = range.map(|bucket| (bucket, shop.available(bucket)));
                    process.groups.insert(group, rows.collect());
                }
                Action::Crash => *process = Process::default(),
                Action::Rebalance(usage) => shop.rebalance(process, usage),
                Action::Reserve { quantity, may_split, random } => {
                    shop.reserve(process, quantity, may_split, random);
                }
                Action::Return(order) if !shop.orders.is_empty() => {
                    let order = order.index(shop.orders.len());
                    shop.offer.tail += shop.orders.swap_remove(order);
                    shop.offer.stock_version += 1;
                }
                Action::Return(_) => {}
                Action::Adjust(delta) => shop.adjust(process, delta),
                Action::ChangeTerms => shop.change_terms(),
                Action::WriteTerms(bucket) => shop.write_terms(process, bucket),
                Action::Switch(buckets) => shop.switch(process, buckets),
            }
            shop.check()?;
        }
    }
}
