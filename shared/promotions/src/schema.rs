//! JSON schemas of the types that parse themselves, for the OpenAPI document. Behind the feature `openapi`: no function binary has them.

use values::schema::WHITE_SPACE;
use values::schemas;

use crate::codes::coupon_code::CouponCode;
use crate::codes::generated_code::CodePrefix;

schemas! {
    CouponCode, "CouponCode", true, |_| {
        "type": "string",
        "pattern": (format!("^[{WHITE_SPACE}]*[A-Za-z0-9-]{{3,32}}[{WHITE_SPACE}]*$")),
        "example": "WELCOME10",
        "description": "Letter case and the spaces around it make no difference."
    };
    CodePrefix, "CodePrefix", true, |_| {
        "type": "string",
        "pattern": (format!("^[{WHITE_SPACE}]*[A-Za-z0-9-]{{1,16}}[{WHITE_SPACE}]*$")),
        "example": "SUMMER-",
        "description": "Letter case and the spaces around it make no difference."
    };
}
