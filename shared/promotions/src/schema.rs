//! JSON schemas of the types that parse themselves, for the OpenAPI document. Behind the feature `openapi`: no function binary has them.

use values::schemas;

use crate::codes::coupon_code::CouponCode;
use crate::codes::generated_code::CodePrefix;

schemas! {
    CouponCode, "CouponCode", true, |_| {
        "type": "string", "pattern": "^[A-Za-z0-9-]{3,32}$", "example": "WELCOME10",
        "description": "Letter case makes no difference."
    };
    CodePrefix, "CodePrefix", true, |_| {
        "type": "string", "pattern": "^[A-Za-z0-9-]{1,16}$", "example": "SUMMER-",
        "description": "Letter case makes no difference."
    };
}
