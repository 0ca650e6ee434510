//! JSON schemas of texts that no type of its own reads.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! inline_schemas {
    ($($(#[$doc:meta])* $name:ident => $schema:tt;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
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

inline_schemas! {
    /// A day in a filter.
    Day => { "type": "string", "anyOf": [{ "format": "date" }, { "format": "date-time" }], "example": "2026-11-01" };
    /// The number of an order as souk writes it: digits of Crockford's base32.
    OrderNumber => {
        "type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$", "example": "7KQ4M-2XD9A"
    };
    /// The number of an order as people type it.
    TypedNumber => {
        "type": "string", "pattern": "^[ -]*([0-9A-TV-Za-tv-z][ -]*){10}$", "example": "7KQ4M-2XD9A"
    };
}
