//! Use case: add codes to a live promotion, one or a batch of an import.

use std::collections::BTreeSet;

use aws_kit::CommitError;
use values::{Error, PromotionId, Result};

use crate::codes::code::{AddedCodes, NewCode, StoredCode};
use crate::codes::store::MAX_NEW_CODES;
use crate::service::PromotionService;

impl PromotionService {
    /// Adds a code. Done again it changes nothing. 404; 409 `promotion_not_live`, `promotion_automatic`, and `code_exists` if the code
    /// belongs to another promotion; 422 `uses_out_of_range`. 2 round trips.
    pub async fn add_code(&self, id: PromotionId, new: &NewCode) -> Result<()> {
        let added = self.add_codes(id, std::slice::from_ref(new)).await?;
        match added.refused.is_empty() {
            true => Ok(()),
            false => {
                let detail = format!("The code {} belongs to another promotion. Choose another code.", new.code);
                Err(Error::conflict("code_exists", detail).with_field("code", "code_exists", "exists already"))
            }
        }
    }

    /// Adds up to [`MAX_NEW_CODES`] codes. A code that is there twice counts once. Done again it changes nothing. 404; 409
    /// `promotion_not_live`, `promotion_automatic`; 422 `too_many_codes`, `uses_out_of_range`. 2 round trips, more if some exist.
    pub async fn add_codes(&self, id: PromotionId, codes: &[NewCode]) -> Result<AddedCodes> {
        if codes.len() > MAX_NEW_CODES {
            let message = format!("must be at most {MAX_NEW_CODES} codes");
            return Err(Error::invalid("codes", "too_many_codes", message));
        }
        codes.iter().try_for_each(NewCode::check)?;
        self.get(id).await?.check_has_codes()?;
        let mut names = BTreeSet::new();
        let mut pending: Vec<&NewCode> = codes.iter().filter(|new| names.insert(&new.code)).collect();
        let mut added = AddedCodes { unchanged: count(codes.len() - pending.len()), ..AddedCodes::default() };
        while !pending.is_empty() {
            let (writes, slots) = self.promotions.put_new_codes(id, &pending)?;
            let failures = match writes.commit().await {
                Ok(()) => {
                    added.added = count(pending.len());
                    break;
                }
                Err(CommitError::ConditionFailed(failures)) => failures,
                Err(error) => return Err(error.into()),
            };
            let before = pending.len();
            let mut left = Vec::with_capacity(before);
            for (new, slot) in pending.into_iter().zip(slots) {
                match failures.of(slot) {
                    None => left.push(new),
                    Some(failure) => match failure.row::<StoredCode>()? {
                        Some(row) if row.promotion == id => added.unchanged += 1,
                        _ => added.refused.push(new.code.clone()),
                    },
                }
            }
            if left.len() == before {
                return Err(Error::internal("new codes were refused, but none of them exists"));
            }
            pending = left;
        }
        Ok(added)
    }
}

fn count(codes: usize) -> u32 {
    u32::try_from(codes).unwrap_or(u32::MAX)
}
