//! What AWS asks for the things that an order uses.
//!
//! List prices of us-east-1 in US dollars, first tier, without free tiers and savings plans, Lambda on arm64. Their
//! source is AWS's pricing page of each service: `aws.amazon.com/<service>/pricing`, for dynamodb, lambda, sqs,
//! api-gateway, cloudwatch, ses and secrets-manager. Written down on 2026-11-21, without access to these pages: those of
//! DynamoDB, Lambda, SQS and the HTTP API agree with what other pages of 2025 and 2026 quote; the rest is yet to be
//! compared. Whoever does so, or changes one, changes the date.

use std::collections::BTreeMap;

/// When the prices were last looked at.
pub(crate) const PRICED_ON: &str = "2026-11-21";
/// What AWS calls a GB.
pub(crate) const GIGABYTE: f64 = 1_073_741_824.0;
/// AWS's own example months are of 30 days.
pub(crate) const DAYS_PER_MONTH: f64 = 30.0;
/// A secret's keeping, a month. Its reading is 0.05 per 10,000, and functions keep what they have read.
pub(crate) const SECRET_A_MONTH: f64 = 0.40;
/// An alarm on one metric of standard resolution, a month.
pub(crate) const ALARM_A_MONTH: f64 = 0.10;

/// What is paid for by the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    WriteUnits,
    ReadUnits,
    StreamRecords,
    Sends,
    Receives,
    Deletes,
    Invocations,
    /// GB-seconds.
    Compute,
    HttpRequests,
    SecretReads,
    /// Bytes.
    Logs,
    Mails,
}

impl Item {
    /// Mail last: it outweighs the rest.
    pub(crate) const ALL: [Self; 12] = [
        Self::WriteUnits,
        Self::ReadUnits,
        Self::StreamRecords,
        Self::Sends,
        Self::Receives,
        Self::Deletes,
        Self::Invocations,
        Self::Compute,
        Self::HttpRequests,
        Self::SecretReads,
        Self::Logs,
        Self::Mails,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WriteUnits => "DynamoDB write units",
            Self::ReadUnits => "DynamoDB read units",
            Self::StreamRecords => "DynamoDB stream records",
            Self::Sends => "SQS sends",
            Self::Receives => "SQS receives",
            Self::Deletes => "SQS deletes",
            Self::Invocations => "Lambda invocations",
            Self::Compute => "Lambda GB-seconds",
            Self::HttpRequests => "HTTP API requests",
            Self::SecretReads => "Secrets Manager reads",
            Self::Logs => "CloudWatch log bytes",
            Self::Mails => "SES mails",
        }
    }

    /// In a document.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::WriteUnits => "writeUnits",
            Self::ReadUnits => "readUnits",
            Self::StreamRecords => "streamRecords",
            Self::Sends => "sqsSends",
            Self::Receives => "sqsReceives",
            Self::Deletes => "sqsDeletes",
            Self::Invocations => "invocations",
            Self::Compute => "gigabyteSeconds",
            Self::HttpRequests => "httpRequests",
            Self::SecretReads => "secretReads",
            Self::Logs => "logBytes",
            Self::Mails => "mails",
        }
    }

    pub(crate) fn price(self) -> Price {
        match self {
            // On demand. A unit writes 1 KB, reads 4 KB strongly consistent.
            Self::WriteUnits => Price { dollars: 0.625, per: 1e6, unit: "million" },
            Self::ReadUnits => Price { dollars: 0.125, per: 1e6, unit: "million" },
            // GetRecords calls that Lambda makes for a trigger are not charged.
            Self::StreamRecords => Price { dollars: 0.0, per: 1e6, unit: "million" },
            // Standard queues; every 64 KB of a request are one.
            Self::Sends | Self::Receives | Self::Deletes => Price { dollars: 0.40, per: 1e6, unit: "million" },
            Self::Invocations => Price { dollars: 0.20, per: 1e6, unit: "million" },
            Self::Compute => Price { dollars: 0.000_013_333_4, per: 1.0, unit: "GB-second" },
            // Every 512 KB of a request are one.
            Self::HttpRequests => Price { dollars: 1.00, per: 1e6, unit: "million" },
            Self::SecretReads => Price { dollars: 0.05, per: 1e4, unit: "10 thousand" },
            Self::Logs => Price { dollars: 0.50, per: GIGABYTE, unit: "GB" },
            Self::Mails => Price { dollars: 0.10, per: 1e3, unit: "thousand" },
        }
    }
}

/// So many dollars for so many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Price {
    pub(crate) dollars: f64,
    pub(crate) per: f64,
    /// What `per` is called.
    pub(crate) unit: &'static str,
}

impl Price {
    pub(crate) fn of(self, count: f64) -> f64 {
        count * self.dollars / self.per
    }
}

/// How much of what.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Usage(BTreeMap<Item, f64>);

impl Usage {
    pub(crate) fn add(&mut self, item: Item, count: f64) {
        *self.0.entry(item).or_default() += count;
    }

    pub(crate) fn count(&self, item: Item) -> f64 {
        self.0.get(&item).copied().unwrap_or_default()
    }

    /// What a million times as much of an item costs.
    pub(crate) fn dollars_a_million(&self, item: Item) -> f64 {
        1e6 * item.price().of(self.count(item))
    }

    /// What a million times as much of everything but mail costs.
    pub(crate) fn dollars_a_million_without_mail(&self) -> f64 {
        let items = Item::ALL.into_iter().filter(|item| *item != Item::Mails);
        items.map(|item| self.dollars_a_million(item)).sum()
    }

    /// What it costs once.
    pub(crate) fn dollars(&self) -> f64 {
        self.0.iter().map(|(item, count)| item.price().of(*count)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(counts: &[(Item, f64)]) -> Usage {
        let mut usage = Usage::default();
        counts.iter().for_each(|(item, count)| usage.add(*item, *count));
        usage
    }

    fn assert_dollars(figure: f64, dollars: f64) {
        assert!((figure - dollars).abs() < 1e-9, "{figure} is not {dollars}");
    }

    #[test]
    fn one_of_each_costs_its_list_price_a_million_times() {
        let cost = |item| usage(&[(item, 1.0)]).dollars_a_million(item);
        assert_dollars(cost(Item::WriteUnits), 0.625);
        assert_dollars(cost(Item::ReadUnits), 0.125);
        assert_dollars(cost(Item::StreamRecords), 0.0);
        assert_dollars(cost(Item::Sends), 0.40);
        assert_dollars(cost(Item::Receives), 0.40);
        assert_dollars(cost(Item::Deletes), 0.40);
        assert_dollars(cost(Item::Invocations), 0.20);
        assert_dollars(cost(Item::Compute), 13.3334);
        assert_dollars(cost(Item::HttpRequests), 1.0);
        assert_dollars(cost(Item::SecretReads), 5.0);
        assert_dollars(cost(Item::Mails), 100.0);
    }

    #[test]
    fn a_kilobyte_of_logs_an_order_is_half_a_dollar_for_as_many_orders_as_a_gigabyte_has_kilobytes() {
        let kilobyte = usage(&[(Item::Logs, 1024.0)]);
        assert_dollars(kilobyte.dollars() * 1024.0 * 1024.0, 0.50);
    }

    #[test]
    fn units_are_added_up_and_mail_stands_apart() {
        let order = usage(&[
            (Item::WriteUnits, 40.0),
            (Item::WriteUnits, 20.0),
            (Item::ReadUnits, 8.0),
            (Item::Invocations, 10.0),
            (Item::Compute, 0.03),
            (Item::HttpRequests, 2.0),
            (Item::Mails, 1.0),
        ]);
        // 60 x 0.625 + 8 x 0.125 + 10 x 0.20 + 0.03 x 13.3334 + 2 x 1.00
        assert_dollars(order.dollars_a_million_without_mail(), 37.5 + 1.0 + 2.0 + 0.400_002 + 2.0);
        assert_dollars(order.dollars_a_million(Item::Mails), 100.0);
        assert_dollars(order.dollars() * 1e6, 142.900_002);
    }

    #[test]
    fn every_item_is_in_the_list_once() {
        let items: std::collections::BTreeSet<Item> = Item::ALL.into_iter().collect();
        let keys: std::collections::BTreeSet<&str> = Item::ALL.into_iter().map(Item::key).collect();
        assert_eq!((items.len(), keys.len()), (Item::ALL.len(), Item::ALL.len()));
    }
}
