//! The value types of every context: money, ids, SKUs, quantities, email addresses, timestamps, pages and errors.
//! They are pure: no I/O, no AWS, no HTTP. A value that exists is valid, because it can only be created by parsing.

mod api_key;
mod assurance;
mod caller;
mod clock;
mod currency;
mod email;
mod error;
mod expected_version;
mod ids;
mod job;
mod joiners;
mod json;
mod money;
mod network;
mod page;
mod permissions;
mod quantity;
mod rate_limit;
mod refusal;
mod role;
#[cfg(feature = "openapi")]
pub mod schema;
mod scopes;
mod sourced;
mod strict;
mod text;
mod time_zone;
mod timestamp;
mod unicode;

pub use api_key::ApiKey;
pub use assurance::{Amr, Assurance};
pub use caller::{AccessClaims, Actor, Caller, Trace};
pub use clock::Clock;
pub use currency::Currency;
pub use email::{Email, NewEmail};
pub use error::{Error, FieldError, Kind, Result};
pub use expected_version::ExpectedVersion;
pub use ids::{
    AddressId, ApiKeyId, CartId, ContactId, EventId, Id, ImageId, JobId, OrderId, PasskeyId, PaymentId, ProductId,
    RefundId, ReviewId, SessionId, TokenId, UserId, creation_time, first_id_at, id_of_digest, sibling_id,
};
pub use job::{JobClaim, JobFailure, JobState, JobStatus};
pub use json::{invalid_field, not_utf8, parse_json, read_json, read_json_value};
pub use money::Money;
pub use network::Network;
pub use page::{Page, PageRequest, Position};
pub use permissions::{Permission, Permit, permit};
pub use quantity::{Quantity, Sku};
pub use rate_limit::{RateLimitStatus, Window, WindowCounts};
pub use refusal::{account_suspended, session_ended};
pub use role::Role;
pub use scopes::Scopes;
pub use sourced::Sourced;
pub use text::{LineError, Text, check_line, is_invisible, nfc_up_to, reorders_text};
pub use time_zone::TimeZone;
pub use timestamp::Timestamp;
pub use unicode::{comparison_key, into_nfc, is_combining_mark, nfc, read_in_nfc};
