//! Count the uses of an order in the transaction that places it, and give them back in the transaction that cancels it.
//!
//! Each order gives a use back once, because the transaction that cancels it is committed once: it rests on the version of the order.

use aws_kit::{ConditionFailures, Transaction, Write};
use values::{Error, OrderId, Result, Timestamp};

use crate::applicable::memory::Memory;
use crate::limits::use_problem::UseProblem;
use crate::limits::uses::{OrderUses, PromotionUse, Slots, Uses};
use crate::store::Promotions;

impl Promotions {
    /// Adds the writes that count the uses, at most [`crate::MAX_WRITES`]. Returns what the row of the order has to keep. When conditions
    /// fail, [`Promotions::problems`] says why.
    pub fn consume(
        &self,
        uses: &mut Uses,
        order: OrderId,
        at: Timestamp,
        writes: &mut Transaction,
    ) -> Result<OrderUses> {
        uses.at = Some(at);
        let customer = uses.customer.clone();
        let known =
            || customer.as_ref().ok_or_else(|| Error::internal("a use of an unknown customer is to be counted"));
        let mut counted = OrderUses::default();
        for one in &mut uses.uses {
            let shard = one.shard_of(order);
            let mut slots = Slots::default();
            if let Some(shard) = shard {
                slots.shard = Some(writes.add(self.count_in_shard(one.promotion, shard, one.version, at)?));
            }
            if let Some(max) = one.per_customer {
                let of_customer = self.count_for_customer((known()?, one.promotion), order, max, one.expires_at)?;
                slots.customer = Some(writes.add(of_customer));
            }
            if let Some((terms, max)) = one.limited_code.as_ref().and_then(|terms| Some((terms, terms.max_uses?))) {
                slots.code = Some(writes.add(self.count_code(terms, max)?));
            }
            one.slots = slots;
            counted.promotions.push(PromotionUse {
                promotion: one.promotion,
                shard,
                is_per_customer: one.per_customer.is_some(),
                code: one.limited_code.as_ref().map(|terms| terms.code.clone()),
            });
        }
        if let Some(first) = &mut uses.first_order {
            first.slot = Some(writes.add(self.claim_first_order(known()?, order, first.expires_at)?));
            counted.is_first_order = true;
        }
        counted.customer = customer;
        Ok(counted)
    }

    /// The writes that give back what an order has counted, for the transaction that cancels it. They do not fail because a promotion was
    /// stopped, has ended or was changed, or because a customer was erased.
    pub fn release(&self, uses: &OrderUses, order: OrderId, at: Timestamp) -> Result<Vec<Write>> {
        let mut writes = Vec::new();
        for one in &uses.promotions {
            if let Some(shard) = one.shard {
                writes.push(self.release_in_shard(one.promotion, shard)?);
            }
            if let (true, Some(customer)) = (one.is_per_customer, &uses.customer) {
                writes.push(self.release_for_customer((customer, one.promotion), order, at)?);
            }
            if let Some(code) = &one.code {
                writes.push(self.release_code(code)?);
            }
        }
        if let (true, Some(customer)) = (uses.is_first_order, &uses.customer) {
            writes.push(self.release_first_order(customer, order, at)?);
        }
        Ok(writes)
    }

    /// Why uses cannot be counted, by the conditions that failed. Without any problem the order is to be tried again: it lost a race, or a
    /// row is full while others have room ([`Promotions::find_shards`]). After a problem, the next price reads the promotions and codes
    /// again.
    pub fn problems(&self, uses: &Uses, failures: &ConditionFailures) -> Result<Vec<UseProblem>> {
        let problems = uses.problems(failures)?;
        if !problems.is_empty() {
            self.memory(Memory::forget_all);
        }
        Ok(problems)
    }

    /// Forgets what this execution environment has read of promotions.
    pub fn forget(&self) {
        self.memory(|memory| memory.forget_promotions());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::customer_key::CustomerKey;
    use crate::limits::uses::tests::limited;
    use crate::limits::uses::{FirstOrder, MAX_COUNTED, MAX_WRITES, Use};
    use crate::promotions::promotion::tests::now;
    use crate::store::tests::promotions;
    use aws_kit::DigestKey;
    use values::{Clock, PromotionId};

    fn order() -> OrderId {
        "ord_01h455vb4pex5vsknk084sn02q".parse().unwrap()
    }

    fn customer() -> CustomerKey {
        CustomerKey::of(&DigestKey::new("a key of the test"), &"ada@example.com".parse().unwrap())
    }

    fn uses(uses: Vec<Use>, is_first: bool) -> Uses {
        let first = FirstOrder { promotions: Vec::new(), expires_at: 1_780_000_000, slot: None };
        Uses { customer: Some(customer()), uses, first_order: is_first.then_some(first), at: None }
    }

    /// The writes that consume, as text.
    fn consumed(uses: &mut Uses) -> (Vec<String>, OrderUses) {
        let mut writes = Transaction::new();
        let counted = promotions().consume(uses, order(), now(), &mut writes).unwrap();
        (split(&format!("{writes:?}")), counted)
    }

    fn released(uses: &OrderUses) -> Vec<String> {
        promotions().release(uses, order(), now()).unwrap().iter().map(|write| format!("{write:?}")).collect()
    }

    /// Each write of the text of a transaction.
    fn split(text: &str) -> Vec<String> {
        text.split("Write { table:").skip(1).map(str::to_owned).collect()
    }

    fn assert_has(write: &str, parts: &[&str]) {
        for part in parts {
            assert!(write.contains(part), "{part} is not in {write}");
        }
    }

    #[test]
    fn order_has_16_writes_at_most() {
        let mut most = uses((0..MAX_COUNTED).map(|_| limited(16)).collect(), true);
        let (writes, counted) = consumed(&mut most);
        assert_eq!((writes.len(), released(&counted).len(), MAX_WRITES), (16, 16, 16));
        assert!(consumed(&mut uses(Vec::new(), false)).0.is_empty());
    }

    #[test]
    fn use_is_counted_under_the_limits_of_promotion_customer_and_code() {
        let one = limited(16);
        let promotion = one.promotion.to_string();
        let mut uses = uses(vec![one], true);
        let (writes, counted) = consumed(&mut uses);
        let shard = counted.promotions[0].shard.unwrap();
        let [of_promotion, of_customer, of_code, first] = &writes[..] else { panic!("{writes:?}") };
        let current =
            "used < quota AND stopped = :false AND version <= :v AND (attribute_not_exists(endsAt) OR endsAt > :now)";
        let row = format!("PROMO#{promotion}#{shard}");
        assert_has(of_promotion, &[&row, "used = used + :one, changes = changes + :one", current, "N(\"2\")"]);
        let partition = format!("CUSTOMER#{}", customer().as_str());
        let few = "attribute_not_exists(#orders) OR size(#orders) < :max";
        let usage = format!("USE#{promotion}");
        assert_has(of_customer, &[&partition, &usage, few, "ADD #orders :order", &order().to_string(), "1770000000"]);
        let unused = "attribute_not_exists(pk) OR (promotion = :promotion AND used < :max)";
        assert_has(of_code, &["CODE#TEN", unused, "if_not_exists(used, :zero) + :one", "N(\"3\")", &promotion]);
        assert_has(first, &[&partition, "\"FIRST\"", few, "N(\"1\")", "1780000000"]);
        let slots = uses.uses[0].slots;
        assert!(slots.shard.is_some() && slots.customer.is_some() && slots.code.is_some());
        assert!(uses.first_order.is_some_and(|first| first.slot.is_some()));
    }

    #[test]
    fn only_existing_limits_are_counted() {
        let one = Use { per_customer: None, limited_code: None, ..limited(1) };
        let (writes, counted) = consumed(&mut uses(vec![one], false));
        assert_eq!((writes.len(), released(&counted).len(), counted.promotions[0].shard), (1, 1, Some(0)));
        let one = Use { limited_code: None, ..limited(0) };
        let (writes, counted) = consumed(&mut uses(vec![one], false));
        assert_eq!((writes.len(), released(&counted).len()), (1, 1));
        assert_has(&writes[0], &["USE#"]);
    }

    #[test]
    fn unknown_customer_is_not_counted() {
        let mut uses = Uses { customer: None, ..uses(vec![limited(1)], false) };
        let result = promotions().consume(&mut uses, order(), now(), &mut Transaction::new());
        assert_eq!(result.unwrap_err().code, "internal");
    }

    #[test]
    fn cancelled_order_gives_back_what_it_has_counted() {
        let (_, counted) = consumed(&mut uses(vec![limited(16)], true));
        let row = serde_json::to_value(&counted).unwrap();
        let counted: OrderUses = serde_json::from_value(row).unwrap();
        let writes = released(&counted);
        let [of_promotion, of_customer, of_code, first] = &writes[..] else { panic!("{writes:?}") };
        let shard = format!("PROMO#{}#{}", counted.promotions[0].promotion, counted.promotions[0].shard.unwrap());
        assert_has(of_promotion, &[&shard, "used = used - :n, changes = changes + :one", "Some(\"used >= :n\")"]);
        assert_has(of_code, &["CODE#TEN", "used = used - :n", "Some(\"used >= :n\")", "N(\"1\")"]);
        let partition = format!("CUSTOMER#{}", customer().as_str());
        for (write, sort_key) in [(of_customer, "USE#prm_"), (first, "\"FIRST\"")] {
            let change = "SET expiresAt = if_not_exists(expiresAt, :expires) DELETE #orders :order";
            assert_has(write, &[&partition, sort_key, change, &order().to_string(), "condition: None"]);
        }
        assert!(released(&OrderUses::default()).is_empty());
    }

    #[test]
    fn order_that_found_a_full_row_counts_in_another_one() {
        let promotion: PromotionId = Clock::System.mint();
        let one = Use { promotion, shard: Some(9), ..limited(16) };
        let (writes, counted) = consumed(&mut uses(vec![one], false));
        assert_eq!(counted.promotions[0].shard, Some(9));
        assert_has(&writes[0], &[&format!("PROMO#{promotion}#9")]);
    }
}
