//! The AWS half of the kit: clients with timeouts, settings from the environment, DynamoDB reads, writes and
//! transactions with their retry budget, the outbox, queues, the bucket, secrets and the trusted keys.
//! It knows no context: the stores of the contexts have the table layouts.

mod account_blocks;
mod api_keys;
mod bucket;
mod consume;
mod consume_stream;
mod digest;
pub mod fault;
mod http_client;
mod idempotency;
mod job;
mod lazy_client;
mod lookup_cache;
mod optimistic;
mod outbox;
mod progress;
mod query;
mod queue;
mod rate_limit;
mod retry;
mod rotation;
#[cfg(test)]
mod scripted_table;
mod secret;
mod settings;
mod shards;
mod table;
mod transaction;
mod trust;
mod write;

pub use account_blocks::{AccountBlock, AccountBlocks};
pub use api_keys::{ApiKeyGrant, ApiKeys};
pub use bucket::{Bucket, Etag, MIN_PART_BYTES, MultipartState, MultipartUpload, ObjectRead, Part, PresignedUrl};
pub use consume::consume;
pub use consume_stream::{Batch, BatchResponse, consume_batch};
pub use digest::{DigestKey, event_id_of, matches_digest, random_api_key, random_token, sha256_hex};
pub use idempotency::{Idempotency, Idempotent};
pub use job::{JobKind, JobProgress, run_job};
pub use optimistic::{Changes, Decision, OptimisticWrite};
pub use outbox::{Outbox, StoredEvent, put as outbox_put, read_image, report_forged_event};
pub use progress::TASK_RUNNING;
pub use query::Query;
pub use queue::{Publisher, Queue};
pub use rate_limit::{RateCounters, RatePolicy};
pub use rotation::Rotation;
pub use secret::Secret;
pub use settings::{Aws, Settings};
pub use shards::{MAX_SHARDS, NotedShards, Shards, read_shards, sweep};
pub use table::{Item, Key, Table};
pub use transaction::{CommitError, ConditionFailures, MAX_TRANSACTION_WRITES, Slot, Transaction};
pub use trust::{Issuer, MAX_REVOCATION_SECONDS, PublicKeys, TokenTrust};
pub use write::{ConditionFailure, Write};
