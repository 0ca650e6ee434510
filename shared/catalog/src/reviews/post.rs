//! A new review: its row, the right to it used up, the rating and the event, in one transaction.

use aws_kit::{CommitError, ConditionFailure, Idempotency, Idempotent, Transaction};
use events::Event;
use serde::{Deserialize, Serialize};
use values::{Caller, Error, Kind, ProductId, Result, ReviewId, Timestamp, Trace, UserId};

use crate::reviews::delivery::Receipt;
use crate::reviews::review::Tally;
use crate::{Opinion, Products, Review};

/// What is kept of the answer to a keyed request: no word of the customer's.
#[derive(Debug, Serialize, Deserialize)]
struct Posted {
    id: ReviewId,
    #[serde(alias = "createdAt")]
    at: Timestamp,
}

impl Products {
    /// Posts what the caller thinks of a product that they received. 403 `not_received`, 409 `already_reviewed`; 404 once it is
    /// out of the shop. 2 round trips, 1 when this sandbox has just shown the product.
    pub async fn post_review(
        &self,
        product: ProductId,
        caller: &Caller,
        opinion: Opinion,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Review>> {
        let user = caller.require_account()?;
        let tried = self.try_post_review((product, user), caller, &opinion, trace, idempotency).await;
        let posted = self.or_earlier(tried, idempotency).await?;
        // A repetition says the same, or it would be refused as another request: so its words need not be kept.
        let whole = |Posted { id, at }| Review {
            id,
            product_id: product,
            user_id: user,
            opinion,
            hidden: None,
            version: 1,
            created_at: at,
            updated_at: at,
        };
        Ok(match posted {
            Idempotent::Fresh(posted) => Idempotent::Fresh(whole(posted)),
            Idempotent::Replayed(posted) => Idempotent::Replayed(whole(posted)),
        })
    }

    async fn try_post_review(
        &self,
        (product, user_id): (ProductId, UserId),
        caller: &Caller,
        opinion: &Opinion,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Posted>> {
        self.read(product, caller).await?;
        let (id, now) = (self.clock.mint(), self.clock.now());
        let (product_id, hidden, version, opinion) = (product, None, 1, opinion.clone());
        let review = Review { id, product_id, user_id, opinion, hidden, version, created_at: now, updated_at: now };
        let mut writes = Transaction::new();
        let right = writes.add(self.catalog.use_receipt(&review)?);
        writes.add(self.catalog.put_review(&review)?.when("attribute_not_exists(pk)"));
        if let Some(change) = Tally::between(None, Some(&review)) {
            writes.add(self.catalog.rate(product, change)?);
        }
        self.tell_review(&mut writes, &review, Event::ReviewPosted, trace)?;
        let committed = self.commit(writes, Posted { id, at: now }, idempotency).await;
        self.catalog.forget(product);
        match committed {
            Err(CommitError::ConditionFailed(refusals)) => match refusals.of(right) {
                Some(refused) => Err(why_not(refused)?),
                None => Err(CommitError::ConditionFailed(refusals).into()),
            },
            done => Ok(done?),
        }
    }
}

/// Why a caller may not review it.
fn why_not(refused: &ConditionFailure) -> Result<Error> {
    let Some(review) = refused.row::<Receipt>()?.and_then(|receipt| receipt.review) else {
        let detail = "Only customers who received this product may review it.";
        return Ok(Error::new(Kind::Forbidden, "not_received", detail));
    };
    let facts = [("reviewId".to_owned(), review.to_string().into())].into_iter().collect();
    let error =
        Error::conflict("already_reviewed", "You have reviewed this product already. Change that review instead.");
    Ok(error.with_facts("review", "already_reviewed", "is there already", facts))
}
