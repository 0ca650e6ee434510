//! Ids are TypeIDs: a prefix for the type, and a UUIDv7 (RFC 9562) in base32, so that ids sort by time.

use type_safe_id::{StaticType, TypeSafeId};

use crate::Timestamp;

/// An id of a `T`; `ord_01h…` parses as an [`OrderId`] and as nothing else.
pub type Id<T> = TypeSafeId<T>;

/// The time when an id was created, with millisecond precision: the first 48 bits of a UUIDv7 (RFC 9562, 5.7).
pub fn creation_time<T: StaticType>(id: &Id<T>) -> Timestamp {
    let millis = id.uuid().as_bytes().iter().take(6).fold(0, |millis, byte| (millis << 8) | i64::from(*byte));
    Timestamp::from_millis(millis)
}

/// The first id that can be created at a time: ids that are created earlier are less, and all others are greater or equal.
pub fn first_id_at<T: StaticType>(at: Timestamp) -> Id<T> {
    let millis = u64::try_from(at.millis()).unwrap_or_default();
    Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
}

/// The id of something that has a name elsewhere, from 16 bytes of a digest of that name. It is a UUIDv8 (RFC 9562, 5.8), so it never
/// equals an id that souk creates.
pub fn id_of_digest<T: StaticType>(digest: [u8; 16]) -> Id<T> {
    Id::from_uuid(uuid::Builder::from_custom_bytes(digest).into_uuid())
}

/// The id of another type with the UUID of `owner`: of a row that another row has exactly once, such as the payment of an order. Such a
/// row is found without an index.
pub fn sibling_id<A: StaticType, B: StaticType>(owner: &Id<A>) -> Id<B> {
    Id::from_uuid(owner.uuid())
}

macro_rules! ids {
    ($($tag:ident $name:ident $prefix:literal $what:literal;)*) => {$(
        #[doc = concat!("Tag of ", $what, " ids.")]
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $tag;
        impl StaticType for $tag {
            const TYPE: &'static str = $prefix;
        }
        #[doc = concat!("The id of ", $what, ": `", $prefix, "_…`.")]
        pub type $name = Id<$tag>;
    )*};
}

ids! {
    UserTag UserId "usr" "an account";
    SessionTag SessionId "ses" "a login session";
    TokenTag TokenId "tok" "a one-time token that is mailed";
    ApiKeyTag ApiKeyId "key" "an API key";
    PasskeyTag PasskeyId "psk" "a passkey";
    ContactTag ContactId "gst" "the contact of a guest";
    ProductTag ProductId "prd" "a product";
    ImageTag ImageId "img" "a picture of a product";
    ReviewTag ReviewId "rev" "a review";
    JobTag JobId "job" "an import, an export, or the export of an account";
    CartTag CartId "crt" "a guest's cart";
    OrderTag OrderId "ord" "an order";
    PaymentTag PaymentId "pay" "a payment";
    RefundTag RefundId "rfd" "a refund";
    EventTag EventId "evt" "an event";
    AddressTag AddressId "adr" "a postal address in an address book";
}
