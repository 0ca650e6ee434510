//! List prices of AWS for what an order uses.
//!
//! Region us-east-1, US dollars, first tier, without free tiers and savings plans, Lambda on arm64. The source is the
//! pricing page of each service: `aws.amazon.com/<service>/pricing` for dynamodb, lambda, sqs, api-gateway, cloudwatch,
//! ses and secrets-manager.
//!
//! The prices were written on 2026-11-21 without access to these pages. Those of DynamoDB, Lambda, SQS and the HTTP API
//! agree with other pages of 2025 and 2026. The others still have to be compared. Change the date with every comparison
//! or change.

use std::collections::BTreeMap;

/// When the prices were last compared.
pub(crate) const PRICED_ON: &str = "2026-11-21";
/// The bytes of a GB on AWS bills.
pub(crate) const GIGABYTE: f64 = 1_073_741_824.0;
/// AWS computes its examples with 30 days.
pub(crate) const DAYS_PER_MONTH: f64 = 30.0;
/// The price of a secret per month. Reading costs 0.05 per 10,000 calls, and functions cache what they read.
pub(crate) const SECRET_PER_MONTH: f64 = 0.40;
/// The price of a standard-resolution alarm on one metric, per month.
pub(crate) const ALARM_PER_MONTH: f64 = 0.10;

/// What AWS bills by quantity.
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
    /// Mail comes last, because it costs more than the rest.
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

    /// The key in JSON.
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
            // On demand. A write unit is 1 KB, a read unit 4 KB strongly consistent.
            Self::WriteUnits => Price { dollars: 0.625, per: 1e6, unit: "million" },
            Self::ReadUnits => Price { dollars: 0.125, per: 1e6, unit: "million" },
            // GetRecords calls of a Lambda trigger are free.
            Self::StreamRecords => Price { dollars: 0.0, per: 1e6, unit: "million" },
            // Standard queues. Each 64 KB of a request count as one.
            Self::Sends | Self::Receives | Self::Deletes => Price { dollars: 0.40, per: 1e6, unit: "million" },
            Self::Invocations => Price { dollars: 0.20, per: 1e6, unit: "million" },
            Self::Compute => Price { dollars: 0.000_013_333_4, per: 1.0, unit: "GB-second" },
            // Each 512 KB of a request count as one.
            Self::HttpRequests => Price { dollars: 1.00, per: 1e6, unit: "million" },
            Self::SecretReads => Price { dollars: 0.05, per: 1e4, unit: "10 thousand" },
            Self::Logs => Price { dollars: 0.50, per: GIGABYTE, unit: "GB" },
            Self::Mails => Price { dollars: 0.10, per: 1e3, unit: "thousand" },
        }
    }
}

/// A price in dollars for a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Price {
    pub(crate) dollars: f64,
    pub(crate) per: f64,
    /// The name of `per`.
    pub(crate) unit: &'static str,
}

impl Price {
    pub(crate) fn of(self, count: f64) -> f64 {
        count * self.dollars / self.per
    }
}

/// Quantities by item.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Usage(BTreeMap<Item, f64>);

impl Usage {
    pub(crate) fn add(&mut self, item: Item, count: f64) {
        *self.0.entry(item).or_default() += count;
    }

    pub(crate) fn count(&self, item: Item) -> f64 {
        self.0.get(&item).copied().unwrap_or_default()
    }

    /// The dollars for a million times the quantity of an item.
    pub(crate) fn dollars_per_million(&self, item: Item) -> f64 {
        1e6 * item.price().of(self.count(item))
    }

    /// The dollars for a million times all quantities without mail.
    pub(crate) fn dollars_per_million_without_mail(&self) -> f64 {
        let items = Item::ALL.into_iter().filter(|item| *item != Item::Mails);
        items.map(|item| self.dollars_per_million(item)).sum()
    }

    /// The dollars for all quantities.
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
    fn a_million_of_an_item_costs_its_list_price() {
        let cost = |item| usage(&[(item, 1.0)]).dollars_per_million(item);
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
    fn gigabyte_of_logs_costs_half_a_dollar() {
        let kilobyte = usage(&[(Item::Logs, 1024.0)]);
        assert_dollars(kilobyte.dollars() * 1024.0 * 1024.0, 0.50);
    }

    #[test]
    fn quantities_are_added_and_mail_is_separate() {
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
        assert_dollars(order.dollars_per_million_without_mail(), 37.5 + 1.0 + 2.0 + 0.400_002 + 2.0);
        assert_dollars(order.dollars_per_million(Item::Mails), 100.0);
        assert_dollars(order.dollars() * 1e6, 142.900_002);
    }

    #[test]
    fn list_has_every_item_once() {
        let items: std::collections::BTreeSet<Item> = Item::ALL.into_iter().collect();
        let keys: std::collections::BTreeSet<&str> = Item::ALL.into_iter().map(Item::key).collect();
        assert_eq!((items.len(), keys.len()), (Item::ALL.len(), Item::ALL.len()));
    }
}
