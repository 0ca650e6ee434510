//! JSON schemas of the values on the wire, for the OpenAPI document. Behind the feature `openapi`: no function binary has them.
//!
//! Ids are aliases of another crate's type, so a field names its schema: `#[schemars(with = "values::schema::OrderId")]`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Currency, Email, Money, Quantity, Role, Sku, Text, Timestamp};

macro_rules! schemas {
    ($($(#[$doc:meta])* $type:ty, $name:literal => $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schemas! {
    Sku, "Sku" => { "type": "string", "pattern": "^(?!prd_)[A-Za-z0-9._-]{1,64}$", "example": "MUG-INDIGO-350" };
    Quantity, "Quantity" => { "type": "integer", "minimum": 1, "maximum": 999 };
    Currency, "Currency" => {
        "type": "string", "pattern": "^[A-Z]{3}$", "example": "EUR", "description": "A currency of ISO 4217."
    };
    Email, "Email" => { "type": "string", "format": "email", "maxLength": 254, "example": "ada@example.com" };
    Timestamp, "Timestamp" => { "type": "string", "format": "date-time", "example": "2026-01-05T09:30:00.000Z" };
    Role, "Role" => { "type": "string", "enum": ["customer", "admin"], "description": "What an account may do." };
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "An amount in minor units of its currency (ISO 4217).",
            "properties": {
                "amount": { "type": "integer", "format": "int64", "example": 1490 },
                "currency": generator.subschema_for::<Currency>(),
            },
            "required": ["amount", "currency"],
            "additionalProperties": false,
        })
    }
}

macro_rules! ids {
    ($($name:ident $prefix:literal;)*) => {$(
        #[doc = concat!("The schema of ids that begin with `", $prefix, "_`.")]
        #[derive(Debug)]
        pub struct $name;
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                    "example": concat!($prefix, "_01h455vb4pex5vsknk084sn02q"),
                })
            }
        }
    )*};
}

ids! {
    UserId "usr";
    SessionId "ses";
    ApiKeyId "key";
    ProductId "prd";
    ImageId "img";
    ReviewId "rev";
    JobId "job";
    CartId "crt";
    OrderId "ord";
    PaymentId "pay";
    RefundId "rfd";
    AddressId "adr";
}
