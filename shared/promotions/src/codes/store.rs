//! Rows of codes and of batches of generated codes. `store.rs` has the table.

use std::collections::{BTreeSet, HashMap};

use aws_kit::{Key, MAX_TRANSACTION_WRITES, Query, Slot, Transaction, Write};
use serde::{Deserialize, Serialize};
use values::{Page, PageRequest, PromotionId, Result};

use crate::codes::code::{CodeTerms, CodeUsage, NewCode, StoredCode};
use crate::codes::coupon_code::CouponCode;
use crate::codes::generated_code::{CodeBatch, CodePrefix, split};
use crate::store::{Promotions, code_key, partition};

/// The codes that are added together.
pub const MAX_NEW_CODES: usize = 50;
/// The code, and its entry in the list of its promotion.
const WRITES_OF_CODE: usize = 2;
const _: () = assert!(
    MAX_NEW_CODES * WRITES_OF_CODE <= MAX_TRANSACTION_WRITES,
    "codes that are added together must fit into one transaction"
);

/// How the sort keys of the codes of a promotion begin.
const LISTED: &str = "CODE#";
/// How those of its batches begin.
const BATCH: &str = "BATCH#";

/// A code in the list of its promotion. Its uses are counted in another row, so that orders do not write into this partition.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedCode {
    code: CouponCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_uses: Option<u32>,
}

/// A row that says what a code stands for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum CodeRow {
    Batch(CodeBatch),
    Code(StoredCode),
}

impl Promotions {
    /// What those of at most five codes that exist stand for. 1 round trip.
    pub(crate) async fn read_codes(&self, codes: &[CouponCode]) -> Result<Vec<CodeTerms>> {
        let prefixes: BTreeSet<CodePrefix> = codes.iter().filter_map(|code| Some(split(code)?.0)).collect();
        let keys: Vec<Key> = codes.iter().map(code_key).chain(prefixes.iter().map(prefix_key)).collect();
        resolve(codes, self.table.batch_get(&keys).await?)
    }

    /// The writes that add codes to a promotion, with the slots of the codes: their conditions fail if the codes exist.
    pub(crate) fn put_new_codes(&self, id: PromotionId, codes: &[&NewCode]) -> Result<(Transaction, Vec<Slot>)> {
        let (mut writes, mut slots) = (Transaction::new(), Vec::with_capacity(codes.len()));
        for new in codes {
            slots.push(writes.add(Write::create(&self.table, code_key(&new.code), &StoredCode::new(new, id))?));
            let key = Key::new(partition(id), format!("{LISTED}{}", new.code));
            writes.add(Write::put(&self.table, key, &ListedCode { code: new.code.clone(), max_uses: new.max_uses })?);
        }
        Ok((writes, slots))
    }

    /// The codes of a promotion, in their order, with their uses. Generated codes are not in the list. 2 round trips.
    pub(crate) async fn list_codes(&self, id: PromotionId, request: &PageRequest) -> Result<Page<CodeUsage>> {
        let query = Query::of(&self.table, partition(id)).begins_with(LISTED);
        let page = query.page::<ListedCode>(request).await?;
        let limited = page.rows.iter().filter(|listed| listed.max_uses.is_some());
        let keys: Vec<Key> = limited.map(|listed| code_key(&listed.code)).collect();
        let stored = self.table.batch_get::<StoredCode>(&keys).await?;
        let used: HashMap<CouponCode, u32> = stored.into_iter().map(|row| (row.code, row.used)).collect();
        Ok(page.map(|ListedCode { code, max_uses }| {
            let used = max_uses.map(|_| used.get(&code).copied().unwrap_or(0));
            CodeUsage { code, max_uses, used }
        }))
    }

    /// The writes of a new batch, and the slot whose condition fails if the prefix is used already.
    pub(crate) fn put_batch(&self, batch: &CodeBatch) -> Result<(Transaction, Slot)> {
        let mut writes = Transaction::new();
        let slot = writes.add(Write::create(&self.table, prefix_key(&batch.prefix), batch)?);
        let key = Key::new(partition(batch.promotion), format!("{BATCH}{}", batch.prefix.as_str()));
        writes.add(Write::put(&self.table, key, batch)?);
        Ok((writes, slot))
    }

    /// 1 round trip.
    pub(crate) async fn read_batch(&self, prefix: &CodePrefix) -> Result<Option<CodeBatch>> {
        self.table.get(prefix_key(prefix)).await
    }

    /// The batches of a promotion, by prefix. 1 round trip.
    pub(crate) async fn list_batches(&self, id: PromotionId, request: &PageRequest) -> Result<Page<CodeBatch>> {
        Query::of(&self.table, partition(id)).begins_with(BATCH).page(request).await
    }
}

/// What codes stand for, by these rows. A row of the code itself comes before a batch: an admin may have added the code to another
/// promotion.
fn resolve(codes: &[CouponCode], rows: Vec<CodeRow>) -> Result<Vec<CodeTerms>> {
    let (mut stored, mut batches) = (HashMap::new(), Vec::new());
    for row in rows {
        match row {
            CodeRow::Code(code) => drop(stored.insert(code.code.clone(), code)),
            CodeRow::Batch(batch) => batches.push(batch),
        }
    }
    let mut terms = Vec::new();
    for code in codes {
        if let Some(stored) = stored.remove(code) {
            terms.push(stored.terms());
            continue;
        }
        for batch in &batches {
            if batch.has(code)? {
                let (promotion, max_uses) = (batch.promotion, Some(batch.max_uses));
                terms.push(CodeTerms { code: code.clone(), promotion, max_uses });
            }
        }
    }
    Ok(terms)
}

fn prefix_key(prefix: &CodePrefix) -> Key {
    Key::new(format!("PREFIX#{}", prefix.as_str()), "PREFIX")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn code(text: &str) -> CouponCode {
        text.parse().unwrap()
    }

    fn rows(rows: Vec<Value>) -> Vec<CodeRow> {
        rows.into_iter().map(|row| serde_json::from_value(row).unwrap()).collect()
    }

    fn batch_row() -> Value {
        json!({
            "pk": "PREFIX#SUMMER-", "sk": "PREFIX", "promotion": "prm_01h455vb4pex5vsknk084sn02q", "prefix": "SUMMER-",
            "count": 10, "maxUses": 2, "key": "a key", "createdAt": "2026-11-24T16:00:00.000Z", "mark": "0",
        })
    }

    fn code_row(code: &str, promotion: &str) -> Value {
        json!({ "pk": format!("CODE#{code}"), "sk": "CODE", "code": code, "promotion": promotion, "used": 0 })
    }

    fn found(codes: &[CouponCode], rows: Vec<CodeRow>) -> Vec<(String, String, Option<u32>)> {
        let terms = resolve(codes, rows).unwrap().into_iter();
        terms.map(|terms| (terms.code.to_string(), terms.promotion.to_string(), terms.max_uses)).collect()
    }

    #[test]
    fn code_stands_for_what_its_row_or_its_batch_says() {
        let batch: CodeBatch = serde_json::from_value(batch_row()).unwrap();
        let generated = batch.codes(3, 1).unwrap().remove(0);
        let other = "prm_01h455vb4pex5vsknk084sn02r";
        let codes = [code("TEN"), generated.clone(), code("NONE")];
        let both = rows(vec![batch_row(), code_row("TEN", other)]);
        let expected =
            [("TEN".to_owned(), other.to_owned(), None), (generated.to_string(), batch.promotion.to_string(), Some(2))];
        assert_eq!(found(&codes, both), expected);
        let added = rows(vec![batch_row(), code_row(generated.as_str(), other)]);
        assert_eq!(found(std::slice::from_ref(&generated), added), [(generated.to_string(), other.to_owned(), None)]);
        assert!(found(&[code("SUMMER-0003ABCDEFGH")], rows(vec![batch_row()])).is_empty(), "it is forged");
    }
}
