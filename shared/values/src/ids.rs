//! Ids are TypeIDs: a prefix that says what is named, and a UUIDv7 (RFC 9562) in base32, so that they sort by time.

use type_safe_id::{StaticType, TypeSafeId};

/// An id of a `T`; `ord_01h…` parses as an [`OrderId`] and as nothing else.
pub type Id<T> = TypeSafeId<T>;

macro_rules! ids {
    ($($tag:ident $name:ident $prefix:literal $what:literal;)*) => {$(
        #[doc = concat!("Tag of ", $what, " ids.")]
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $tag;
        impl StaticType for $tag {
            const TYPE: &'static str = $prefix;
        }
        #[doc = concat!("Names ", $what, ": `", $prefix, "_…`.")]
        pub type $name = Id<$tag>;
    )*};
}

ids! {
    UserTag UserId "usr" "an account";
    SessionTag SessionId "ses" "a login session";
    TokenTag TokenId "tok" "a one-time token that is mailed";
    ContactTag ContactId "gst" "how a guest can be reached";
    ProductTag ProductId "prd" "a product";
    ImageTag ImageId "img" "a picture of a product";
    ReviewTag ReviewId "rev" "a review";
    JobTag JobId "job" "an import or export";
    CartTag CartId "crt" "a guest's cart";
    OrderTag OrderId "ord" "an order";
    PaymentTag PaymentId "pay" "a payment";
    RefundTag RefundId "rfd" "a refund";
    EventTag EventId "evt" "an event";
    AddressTag AddressId "adr" "an address in an address book";
}
