//! The uses that an order counts: what it is going to write, what it remembers for its cancellation, and why a use was not counted. Pure.

use aws_kit::{ConditionFailures, Slot};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use values::{OrderId, PromotionId, Result, Timestamp};

use crate::codes::code::{CodeTerms, StoredCode};
use crate::codes::coupon_code::CouponCode;
use crate::limits::customer_key::CustomerKey;
use crate::limits::quota::first_shard;
use crate::limits::shard::{Shard, ShardFailure, shard_failure};
use crate::limits::use_problem::{UseProblem, UseRefusal};

/// The promotions with a limit that one order can use.
pub const MAX_COUNTED: usize = 5;
/// Its limits for all orders, for a customer and for a code.
const WRITES_OF_PROMOTION: usize = 3;
/// The first order of a customer is claimed once for all promotions.
const WRITES_OF_FIRST_ORDER: usize = 1;
/// The most writes that count or release the uses of an order.
pub const MAX_WRITES: usize = WRITES_OF_PROMOTION * MAX_COUNTED + WRITES_OF_FIRST_ORDER;
const _: () = assert!(MAX_WRITES <= 16, "the transaction of an order has room for 16 of these writes");

/// The uses of an order, from one attempt to the next.
#[derive(Debug, Clone, Default)]
pub struct Uses {
    /// Only if a customer is counted.
    pub(crate) customer: Option<CustomerKey>,
    pub(crate) uses: Vec<Use>,
    pub(crate) first_order: Option<FirstOrder>,
    /// The time of the last attempt.
    pub(crate) at: Option<Timestamp>,
}

/// A use of a promotion with a limit.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) promotion: PromotionId,
    /// The version by which the order was priced.
    pub(crate) version: u64,
    /// The code that the buyer has entered.
    pub(crate) code: Option<CouponCode>,
    /// The rows that count up to the limit for all orders; 0 without such a limit.
    pub(crate) shards: u8,
    /// The most uses of the customer.
    pub(crate) per_customer: Option<u32>,
    /// What the code stands for, if its uses are limited.
    pub(crate) limited_code: Option<CodeTerms>,
    /// When the row of the customer expires, in seconds.
    pub(crate) expires_at: i64,
    /// The row to count in, if the one of the order's id was full.
    pub(crate) shard: Option<u8>,
    pub(crate) slots: Slots,
}

/// The writes of a use in the last attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slots {
    pub(crate) shard: Option<Slot>,
    pub(crate) customer: Option<Slot>,
    pub(crate) code: Option<Slot>,
}

/// The claim that this is the first order of a customer.
#[derive(Debug, Clone)]
pub(crate) struct FirstOrder {
    /// The promotions that need it, with the codes that the buyer has entered.
    pub(crate) promotions: Vec<(PromotionId, Option<CouponCode>)>,
    /// When the row of the customer expires, in seconds.
    pub(crate) expires_at: i64,
    pub(crate) slot: Option<Slot>,
}

/// What an order has counted, as its row keeps it until the order is cancelled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderUses {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<CustomerKey>,
    #[serde(default, rename = "firstOrder", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_first_order: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) promotions: Vec<PromotionUse>,
}

/// What an order has counted for a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PromotionUse {
    pub(crate) promotion: PromotionId,
    /// The row that counts up to the limit for all orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shard: Option<u8>,
    /// Was it counted for the customer?
    #[serde(default, rename = "perCustomer", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_per_customer: bool,
    /// The code, if its uses are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<CouponCode>,
}

impl OrderUses {
    /// Has the order counted nothing?
    pub fn is_empty(&self) -> bool {
        self.promotions.is_empty() && !self.is_first_order
    }
}

/// A row whose condition may have failed.
#[derive(Debug)]
enum Row<T> {
    Counted,
    /// The condition failed on this row.
    Failed(Option<T>),
}

/// The rows of a use.
#[derive(Debug)]
struct Rows {
    shard: Row<Shard>,
    /// Has the customer used it as often as allowed?
    is_customer_full: bool,
    code: Row<StoredCode>,
}

/// Why a use was not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UseFailure {
    Refused(UseRefusal),
    /// One row of several is full.
    Full,
}

impl Uses {
    /// Does the order count nothing?
    pub fn is_empty(&self) -> bool {
        self.uses.is_empty() && self.first_order.is_none()
    }

    /// Could another attempt count in other rows?
    pub fn has_shards(&self) -> bool {
        self.uses.iter().any(|one| one.shards > 1)
    }

    /// The uses that are refused because of their failed conditions. Others whose conditions failed can be counted in other rows.
    pub(crate) fn problems(&self, failures: &ConditionFailures) -> Result<Vec<UseProblem>> {
        let mut problems = Vec::new();
        let Some(at) = self.at else { return Ok(problems) };
        for one in &self.uses {
            if let Some(UseFailure::Refused(refusal)) = one.failure(failures, at)? {
                problems.push(one.problem(refusal));
            }
        }
        if let Some(first) = &self.first_order
            && first.slot.and_then(|slot| failures.of(slot)).is_some()
        {
            problems.extend(first.problems());
        }
        Ok(problems)
    }

    /// The indexes of the uses whose row is full while other rows may have room.
    pub(crate) fn full(&self, failures: &ConditionFailures) -> Result<Vec<usize>> {
        let mut full = Vec::new();
        let Some(at) = self.at else { return Ok(full) };
        for (index, one) in self.uses.iter().enumerate() {
            if one.failure(failures, at)? == Some(UseFailure::Full) {
                full.push(index);
            }
        }
        Ok(full)
    }
}

impl Use {
    /// The row in which an order counts; none without a limit for all orders.
    pub(crate) fn shard_of(&self, order: OrderId) -> Option<u8> {
        (self.shards > 0).then(|| self.shard.unwrap_or_else(|| first_shard(order, self.shards)))
    }

    pub(crate) fn problem(&self, refusal: UseRefusal) -> UseProblem {
        UseProblem { promotion: self.promotion, code: self.code.clone(), refusal }
    }

    fn failure(&self, failures: &ConditionFailures, at: Timestamp) -> Result<Option<UseFailure>> {
        let Slots { shard, customer, code } = self.slots;
        let is_customer_full = customer.and_then(|slot| failures.of(slot)).is_some();
        let rows = Rows { shard: read(shard, failures)?, is_customer_full, code: read(code, failures)? };
        Ok(self.judge(&rows, at))
    }

    /// Why it was not counted; none if no row of it failed. A full row does not matter if another one refuses the use.
    fn judge(&self, rows: &Rows, at: Timestamp) -> Option<UseFailure> {
        let shard = match &rows.shard {
            Row::Counted => None,
            Row::Failed(row) => Some(shard_failure(row.as_ref(), self.version, at)),
        };
        let of_code = match &rows.code {
            Row::Counted => None,
            Row::Failed(Some(row)) if row.promotion == self.promotion => Some(UseRefusal::Used),
            // A generated code that was added to another promotion since.
            Row::Failed(_) => Some(UseRefusal::Changed),
        };
        let of_customer = rows.is_customer_full.then_some(UseRefusal::Used);
        let of_all = match shard {
            Some(ShardFailure::Changed) => Some(UseRefusal::Changed),
            Some(ShardFailure::Full) if self.shards <= 1 => Some(UseRefusal::Exhausted),
            Some(ShardFailure::Full) | None => None,
        };
        match of_all.or(of_code).or(of_customer) {
            Some(refusal) => Some(UseFailure::Refused(refusal)),
            None => shard.map(|_| UseFailure::Full),
        }
    }
}

impl FirstOrder {
    fn problems(&self) -> impl Iterator<Item = UseProblem> {
        let problem = |(promotion, code): &(PromotionId, Option<CouponCode>)| UseProblem {
            promotion: *promotion,
            code: code.clone(),
            refusal: UseRefusal::FirstOrderOnly,
        };
        self.promotions.iter().map(problem)
    }
}

fn read<T: DeserializeOwned>(slot: Option<Slot>, failures: &ConditionFailures) -> Result<Row<T>> {
    match slot.and_then(|slot| failures.of(slot)) {
        None => Ok(Row::Counted),
        Some(failure) => Ok(Row::Failed(failure.row()?)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::limits::shard::tests::shard;
    use crate::promotions::promotion::tests::now;
    use serde_json::json;
    use values::Clock;

    pub(crate) fn code(text: &str) -> CouponCode {
        text.parse().unwrap()
    }

    /// A use of all three limits.
    pub(crate) fn limited(shards: u8) -> Use {
        let promotion = Clock::System.mint();
        Use {
            promotion,
            version: 2,
            code: Some(code("TEN")),
            shards,
            per_customer: Some(1),
            limited_code: Some(CodeTerms { code: code("TEN"), promotion, max_uses: Some(3) }),
            expires_at: 1_770_000_000,
            shard: None,
            slots: Slots::default(),
        }
    }

    fn counted() -> Rows {
        Rows { shard: Row::Counted, is_customer_full: false, code: Row::Counted }
    }

    fn stored(promotion: PromotionId) -> StoredCode {
        StoredCode { code: code("TEN"), promotion, max_uses: Some(3), used: 3 }
    }

    #[test]
    fn limit_of_one_row_is_exhausted_when_the_row_is_full() {
        let full = || Rows { shard: Row::Failed(Some(shard(0, 5, 5))), ..counted() };
        assert_eq!(limited(1).judge(&full(), now()), Some(UseFailure::Refused(UseRefusal::Exhausted)));
        assert_eq!(limited(16).judge(&full(), now()), Some(UseFailure::Full), "another row may have room");
        assert_eq!(limited(16).judge(&counted(), now()), None);
    }

    #[test]
    fn each_failed_row_has_its_refusal() {
        let one = limited(16);
        let refusal = |rows: Rows| match one.judge(&rows, now()) {
            Some(UseFailure::Refused(refusal)) => Some(refusal),
            Some(UseFailure::Full) | None => None,
        };
        let changed = Shard { version: 3, ..shard(0, 0, 5) };
        assert_eq!(refusal(Rows { shard: Row::Failed(Some(changed)), ..counted() }), Some(UseRefusal::Changed));
        assert_eq!(refusal(Rows { shard: Row::Failed(None), ..counted() }), Some(UseRefusal::Changed));
        assert_eq!(refusal(Rows { is_customer_full: true, ..counted() }), Some(UseRefusal::Used));
        let of_code = Row::Failed(Some(stored(one.promotion)));
        assert_eq!(refusal(Rows { code: of_code, ..counted() }), Some(UseRefusal::Used));
        let of_another = Row::Failed(Some(stored(Clock::System.mint())));
        assert_eq!(refusal(Rows { code: of_another, ..counted() }), Some(UseRefusal::Changed));
    }

    #[test]
    fn full_row_does_not_hide_a_refusal() {
        let full = Row::Failed(Some(shard(0, 5, 5)));
        let rows = Rows { shard: full, is_customer_full: true, ..counted() };
        assert_eq!(limited(16).judge(&rows, now()), Some(UseFailure::Refused(UseRefusal::Used)));
    }

    #[test]
    fn order_counts_in_the_row_of_its_id_or_in_the_one_that_was_found() {
        let order = Clock::System.mint();
        assert_eq!(limited(0).shard_of(order), None);
        assert_eq!(limited(1).shard_of(order), Some(0));
        assert_eq!(limited(16).shard_of(order), Some(first_shard(order, 16)));
        assert_eq!(Use { shard: Some(7), ..limited(16) }.shard_of(order), Some(7));
    }

    #[test]
    fn row_of_an_order_keeps_what_was_counted() {
        let row = json!({
            "customer": "0123456789abcdef0123456789abcdef",
            "firstOrder": true,
            "promotions": [
                { "promotion": "prm_01h455vb4pex5vsknk084sn02q", "shard": 3, "perCustomer": true, "code": "TEN" },
                { "promotion": "prm_01h455vb4pex5vsknk084sn02r" },
            ],
        });
        let uses: OrderUses = serde_json::from_value(row.clone()).unwrap();
        assert!(!uses.is_empty());
        assert_eq!(serde_json::to_value(uses).unwrap(), row);
        let nothing: OrderUses = serde_json::from_value(json!({})).unwrap();
        assert!(nothing.is_empty() && nothing == OrderUses::default());
    }
}
