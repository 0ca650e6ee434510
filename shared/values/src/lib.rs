//! The values every context speaks in: money, ids, SKUs, quantities, emails, moments, pages and errors.
//! Pure: no I/O, no AWS, no HTTP. A value that exists is valid; parsing is the only way to make one.

mod api_key;
mod caller;
mod clock;
mod contact;
mod error;
mod ids;
mod json;
mod lease;
mod money;
mod page;
mod permissions;
mod quantity;
mod scopes;
mod strict;
mod text;

pub use api_key::ApiKey;
pub use caller::{AccessClaims, Actor, Caller, Role, Trace};
pub use clock::{Clock, Timestamp};
pub use contact::Email;
pub use error::{Error, FieldError, Kind, Result};
pub use ids::{
    AddressId, ApiKeyId, CartId, ContactId, EventId, Id, ImageId, JobId, OrderId, PaymentId, ProductId, RefundId,
    ReviewId, SessionId, TokenId, UserId, creation_time, id_of_digest,
};
pub use json::{invalid_field, read_json, read_json_value};
pub use lease::{Lease, LeaseStatus};
pub use money::{Currency, Money};
pub use page::{Page, PageRequest, Position};
pub use permissions::{Permission, Permit, permit};
pub use quantity::{Quantity, Sku};
pub use scopes::Scopes;
pub use text::{Text, is_invisible};
