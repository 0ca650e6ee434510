//! A promotion: what an admin wrote, and how far it has come. It is a draft, then live, then stopped. Pure.

use serde::{Deserialize, Serialize};
use values::{Actor, Error, PromotionId, Result, Timestamp};

use crate::limits::quota::{quota, shard_count};
use crate::promotions::content::{PromotionContent, Trigger};

/// What counts a customer is deleted so long after the end of the promotion.
const RETENTION_SECONDS: i64 = 30 * 24 * 3600;

/// How far a promotion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Only admins see it.
    Draft,
    /// It is published, and applies within its schedule.
    Live,
    /// It ended for good.
    Stopped,
}

/// A promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    pub id: PromotionId,
    pub status: Status,
    pub content: PromotionContent,
    /// The number of rows that count up to its limit for all orders. It is set when it is published. 0 without such a limit.
    #[serde(default)]
    pub(crate) shards: u8,
    /// Counts the changes, from 1.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A change of a published promotion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromotionChange {
    /// The version of the promotion after the change.
    pub version: u64,
    pub at: Timestamp,
    /// The author: `admin:usr_…`.
    pub actor: Actor,
    pub kind: ChangeKind,
    /// What the promotion was after the change.
    pub content: PromotionContent,
}

/// How a promotion was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionChangeKind"))]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Published,
    Changed,
    Stopped,
}

impl Promotion {
    /// A new draft.
    pub(crate) fn draft(id: PromotionId, content: PromotionContent, now: Timestamp) -> Self {
        Self { id, status: Status::Draft, content, shards: 0, version: 1, created_at: now, updated_at: now }
    }

    /// The next version, with other content. 409 `promotion_stopped`; 422 if a live promotion must not change so.
    pub(crate) fn change(&self, content: PromotionContent, now: Timestamp) -> Result<Self> {
        match self.status {
            Status::Draft => {}
            Status::Live => self.content.check_change(&content)?,
            Status::Stopped => {
                let detail = "The promotion was stopped. Create another one.";
                return Err(Error::conflict("promotion_stopped", detail));
            }
        }
        Ok(Self { content, version: self.version + 1, updated_at: now, ..self.clone() })
    }

    /// The next version, which is live. 409 `promotion_published` if it is not a draft; 422 `ends_in_past`.
    pub(crate) fn publish(&self, now: Timestamp) -> Result<Self> {
        self.check_draft()?;
        if self.has_ended(now) {
            return Err(Error::invalid("endsAt", "ends_in_past", "must be in the future"));
        }
        let shards = self.content.limits.total.map_or(0, shard_count);
        Ok(Self { status: Status::Live, shards, version: self.version + 1, updated_at: now, ..self.clone() })
    }

    /// The next version, which is stopped. 409 `promotion_not_live` for a draft.
    pub(crate) fn stop(&self, now: Timestamp) -> Result<Self> {
        self.check_published()?;
        Ok(Self { status: Status::Stopped, version: self.version + 1, updated_at: now, ..self.clone() })
    }

    /// 409 `promotion_published` if it is not a draft.
    pub(crate) fn check_draft(&self) -> Result<()> {
        match self.status {
            Status::Draft => Ok(()),
            Status::Live | Status::Stopped => {
                Err(Error::conflict("promotion_published", "The promotion was published before. Create another draft."))
            }
        }
    }

    fn check_published(&self) -> Result<()> {
        match self.status {
            Status::Live | Status::Stopped => Ok(()),
            Status::Draft => Err(not_live()),
        }
    }

    /// Can it have codes? 409 `promotion_not_live`, or `promotion_automatic` for one that needs no code.
    pub(crate) fn check_has_codes(&self) -> Result<()> {
        if self.status != Status::Live {
            return Err(not_live());
        }
        match self.content.trigger {
            Trigger::Code => Ok(()),
            Trigger::Automatic => {
                Err(Error::conflict("promotion_automatic", "The promotion is automatic, so it has no codes."))
            }
        }
    }

    /// The history entry of this version.
    pub(crate) fn history_entry(&self, kind: ChangeKind, actor: Actor) -> PromotionChange {
        PromotionChange { version: self.version, at: self.updated_at, actor, kind, content: self.content.clone() }
    }

    /// The promotion as a value of `pricing`, without a code.
    pub(crate) fn rule(&self) -> Result<pricing::Promotion> {
        self.content.rule(self.id.to_string(), None)
    }

    /// Is it automatic?
    pub(crate) fn is_automatic(&self) -> bool {
        self.content.trigger == Trigger::Automatic
    }

    pub(crate) fn has_started(&self, at: Timestamp) -> bool {
        self.content.starts_at.is_none_or(|starts_at| starts_at <= at)
    }

    pub(crate) fn has_ended(&self, at: Timestamp) -> bool {
        self.content.ends_at.is_some_and(|ends_at| ends_at <= at)
    }

    /// The quota of a row that counts up to its limit.
    pub(crate) fn quota(&self, shard: u8) -> u32 {
        quota(self.content.limits.total.unwrap_or(0), self.shards, shard)
    }

    /// When what counts its customers is deleted, in seconds. A promotion that counts customers has an end.
    pub(crate) fn uses_expire_at(&self) -> i64 {
        self.content.ends_at.unwrap_or(self.updated_at).plus_seconds(RETENTION_SECONDS).seconds()
    }
}

fn not_live() -> Error {
    Error::conflict("promotion_not_live", "The promotion is not live. Publish it first.")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::promotions::content::tests::{content, content_with};
    use serde_json::{Value, json};
    use values::Clock;

    pub(crate) fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn draft(fields: Value) -> Promotion {
        Promotion::draft(Clock::System.mint(), content_with(fields), now())
    }

    /// A live promotion with other fields than 10 % off an order. It may have ended.
    pub(crate) fn live(fields: Value) -> Promotion {
        draft(fields).publish(Timestamp::from_millis(0)).unwrap()
    }

    fn code(result: Result<Promotion>) -> &'static str {
        result.unwrap_err().code
    }

    #[test]
    fn draft_is_published_and_stopped_once() {
        let draft = draft(json!({}));
        assert_eq!((draft.status, draft.version, code(draft.stop(now()))), (Status::Draft, 1, "promotion_not_live"));
        let live = draft.publish(now()).unwrap();
        assert_eq!((live.status, live.version, code(live.publish(now()))), (Status::Live, 2, "promotion_published"));
        let stopped = live.stop(now()).unwrap();
        assert_eq!((stopped.status, stopped.version), (Status::Stopped, 3));
        assert_eq!(code(stopped.publish(now())), "promotion_published");
        assert_eq!(code(stopped.change(content(), now())), "promotion_stopped");
    }

    #[test]
    fn draft_may_change_in_every_way_and_a_live_promotion_may_not() {
        let other = content_with(json!({ "market": "uk" }));
        let changed = draft(json!({})).change(other.clone(), now()).unwrap();
        assert_eq!((changed.version, &changed.content), (2, &other));
        let error = live(json!({})).change(other, now()).unwrap_err();
        assert_eq!(error.fields[0].code, "fixed_when_live");
    }

    #[test]
    fn promotion_that_has_ended_is_not_published() {
        let error = draft(json!({ "endsAt": now() })).publish(now()).unwrap_err();
        assert_eq!(error.fields[0].code, "ends_in_past");
        assert!(draft(json!({ "endsAt": now().plus_seconds(1) })).publish(now()).is_ok());
    }

    #[test]
    fn shards_are_fixed_by_the_limit_at_publication() {
        let shards = |limits: Value| live(json!({ "limits": limits })).shards;
        assert_eq!((shards(json!({})), shards(json!({ "total": 500 })), shards(json!({ "total": 501 }))), (0, 1, 16));
        let raised = live(json!({ "limits": { "total": 10 } }));
        let raised = raised.change(content_with(json!({ "limits": { "total": 9_000 } })), now()).unwrap();
        assert_eq!((raised.shards, raised.quota(0)), (1, 9_000));
    }

    #[test]
    fn only_a_live_promotion_with_codes_has_codes() {
        let code = |promotion: &Promotion| promotion.check_has_codes().err().map(|error| error.code);
        let with_codes = json!({ "trigger": "code" });
        assert_eq!(code(&live(with_codes.clone())), None);
        assert_eq!(code(&live(json!({}))), Some("promotion_automatic"));
        assert_eq!(code(&draft(with_codes.clone())), Some("promotion_not_live"));
        assert_eq!(code(&live(with_codes).stop(now()).unwrap()), Some("promotion_not_live"));
    }

    #[test]
    fn customers_are_forgotten_30_days_after_the_end() {
        let promotion = live(json!({ "endsAt": now(), "limits": { "perCustomer": 1 } }));
        assert_eq!(promotion.uses_expire_at(), now().seconds() + 30 * 24 * 3600);
    }

    #[test]
    fn schedule_includes_its_start_and_not_its_end() {
        let promotion = live(json!({ "startsAt": now(), "endsAt": now().plus_seconds(9) }));
        let at = |seconds: i64| {
            (promotion.has_started(now().plus_seconds(seconds)), promotion.has_ended(now().plus_seconds(seconds)))
        };
        assert_eq!([at(-1), at(0), at(8), at(9)], [(false, false), (true, false), (true, false), (true, true)]);
    }

    #[test]
    fn stored_row_is_read_and_written_back_equal() {
        let row = json!({
            "id": "prm_01h455vb4pex5vsknk084sn02q",
            "status": "live",
            "content": {
                "market": "eu", "name": "Ten percent", "stage": "order", "effect": { "kind": "percentage", "ppm": 100_000 },
                "scope": { "everything": true }, "conditions": {}, "combine": "best", "priority": 0,
                "limits": { "total": 600 }, "trigger": "automatic",
            },
            "shards": 16,
            "version": 2,
            "createdAt": "2026-11-24T16:00:00.000Z",
            "updatedAt": "2026-11-24T16:00:01.000Z",
        });
        let promotion: Promotion = serde_json::from_value(row.clone()).unwrap();
        assert_eq!((promotion.shards, promotion.quota(0), promotion.quota(15)), (16, 38, 37));
        assert_eq!(serde_json::to_value(promotion).unwrap(), row);
    }
}
