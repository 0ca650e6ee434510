//! Find rows with room for the uses of an order. A use is refused only after all rows of its promotion were full at one moment.

use aws_kit::ConditionFailures;
use values::{Error, PromotionId, Result};

use crate::limits::shard::{are_unchanged, emptiest};
use crate::limits::use_problem::{UseProblem, UseRefusal};
use crate::limits::uses::Uses;
use crate::store::Promotions;

/// Readings of the rows of a promotion that other orders use at the same time.
const MAX_READS: u32 = 8;

impl Promotions {
    /// Chooses other rows for the uses whose row was full in the attempt that has `failed`, and returns the uses for which all rows are
    /// full. Call it before each attempt. No round trip, unless a row of several was full: then 1 for each such promotion, and 2 if all its
    /// rows are full.
    pub async fn find_shards(&self, uses: &mut Uses, failed: Option<&ConditionFailures>) -> Result<Vec<UseProblem>> {
        let full = failed.map_or_else(|| Ok(Vec::new()), |failed| uses.full(failed))?;
        let mut problems = Vec::new();
        for index in full {
            let one = &mut uses.uses[index];
            match self.find_room(one.promotion, one.shards).await? {
                Some(shard) => one.shard = Some(shard),
                None => problems.push(one.problem(UseRefusal::Exhausted)),
            }
        }
        if !problems.is_empty() {
            self.forget();
        }
        Ok(problems)
    }

    /// The row with the most room. None if all rows were full at one moment: two readings were equal, so all rows were between them as they
    /// were read. 503 if they change all the time.
    async fn find_room(&self, id: PromotionId, shards: u8) -> Result<Option<u8>> {
        let mut before = self.read_shards(id, shards).await?;
        for _ in 1..MAX_READS {
            if let Some(shard) = emptiest(&before) {
                return Ok(Some(shard));
            }
            let after = self.read_shards(id, shards).await?;
            if are_unchanged(&before, &after) {
                return Ok(None);
            }
            before = after;
        }
        Err(Error::unavailable("database", "too many concurrent uses of a promotion"))
    }
}
