//! JSON schemas of the values on the wire, for the OpenAPI document. Behind the feature `openapi`: no function binary has them.
//!
//! Ids are aliases of another crate's type, so a field names its schema: `#[schemars(with = "values::schema::OrderId")]`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::{ApiKey, Currency, Email, Money, NewEmail, Permission, Quantity, Role, Scopes, Sku, Text, Timestamp};

/// Implements `JsonSchema`: `type, name, whether it stands where it is used, |generator| schema`.
#[macro_export]
macro_rules! schemas {
    ($($type:ty, $name:expr, $is_inline:literal, |$generator:pat_param| $schema:tt;)*) => {$(
        impl ::schemars::JsonSchema for $type {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn inline_schema() -> bool {
                $is_inline
            }
            fn json_schema($generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!($schema)
            }
        }
    )*};
}

schemas! {
    Sku, "Sku", true, |_| { "type": "string", "pattern": "^(?!prd_|\\.{1,2}$)[A-Za-z0-9._-]{1,64}$", "example": "MUG-INDIGO-350" };
    Quantity, "Quantity", true, |_| { "type": "integer", "minimum": 1, "maximum": (Quantity::MAX) };
    Currency, "Currency", true, |_| {
        "type": "string", "pattern": "^[A-Z]{3}$", "example": "EUR", "description": "A currency of ISO 4217."
    };
    Email, "Email", true, |_| { "type": "string", "format": "email", "maxLength": 254, "example": "ada@example.com" };
    NewEmail, "NewEmail", true, |_| { "type": "string", "format": "email", "maxLength": 254, "example": "ada@example.com" };
    Timestamp, "Timestamp", true, |_| { "type": "string", "format": "date-time", "example": "2026-01-05T09:30:00.000Z" };
    Role, "Role", true, |_| { "type": "string", "enum": ["customer", "admin"], "description": "What an account may do." };
    ApiKey, "SecretKey", true, |_| {
        "type": "string",
        "pattern": (format!("^{}[0-9A-Za-z]{{{}}}$", ApiKey::PREFIX, ApiKey::LENGTH - ApiKey::PREFIX.len()))
    };
}

/// The pattern of texts without control characters.
pub const ONE_LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// The characters of [`crate::is_invisible`], for a set of characters in a pattern. A pattern cannot say where a joiner has an effect, so
/// the patterns allow joiners everywhere.
pub const INVISIBLE: &str =
    r"\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb";

/// White space (UAX #44, White_Space), for a set of characters in a pattern. What `\s` matches differs between the engines of patterns.
pub const WHITE_SPACE: &str = r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// The pattern of a text that is trimmed, and then has a character but none of `invisible`, a set of characters.
pub fn trimmed(invisible: &str) -> String {
    let visible = format!("[^{WHITE_SPACE}{invisible}]");
    format!("^[{WHITE_SPACE}]*{visible}(?:[^{invisible}]*{visible})?[{WHITE_SPACE}]*$")
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX, "pattern": (trimmed(INVISIBLE)) })
    }
}

/// The schema of an optional text that forms may send empty, which counts as absent.
#[derive(Debug)]
pub struct BlankOrText<const MAX: usize>;

impl<const MAX: usize> JsonSchema for BlankOrText<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("BlankOrText{MAX}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("^[{WHITE_SPACE}]*$|{}", trimmed(INVISIBLE));
        json_schema!({ "type": "string", "maxLength": MAX, "pattern": pattern })
    }
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "An amount in integer minor units with its currency.",
            "properties": {
                "amount": {
                    "type": "integer",
                    "format": "int64",
                    "description": "Minor units (cents, for EUR); never a float.",
                    "example": 12999,
                },
                "currency": generator.subschema_for::<Currency>(),
            },
            "required": ["amount", "currency"],
            "additionalProperties": false,
        })
    }
}

/// The schema of one permission of an API key.
#[derive(Debug)]
pub struct Scope;

impl JsonSchema for Scope {
    fn schema_name() -> Cow<'static, str> {
        "Scope".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let grantable = Permission::ALL.iter().filter(|permission| permission.is_grantable());
        json_schema!({
            "type": "string",
            "description": "A permission of a key. For customers: `buy` changes carts and places orders, `use_account` reads and \
                changes the account's own data (profile, addresses, orders, the cart `me`), and `write_reviews`. For admins also all \
                others. `manage_users` assigns roles, so it is equivalent to all scopes.",
            "enum": grantable.map(|permission| permission.name()).collect::<Vec<_>>(),
            "example": Permission::UseAccount.name(),
        })
    }
}

impl JsonSchema for Scopes {
    fn schema_name() -> Cow<'static, str> {
        "Scopes".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Scope>::json_schema(generator)
    }
}

/// The schema of a presigned request, which several functions answer with.
#[derive(Debug)]
pub struct PresignedRequest;

impl JsonSchema for PresignedRequest {
    fn schema_name() -> Cow<'static, str> {
        "PresignedRequest".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A presigned request. Everyone who has it can send it until it expires, without a token.",
            "properties": {
                "method": { "type": "string", "enum": ["PUT", "GET"] },
                "url": { "type": "string", "format": "uri" },
                "headers": {
                    "type": "object",
                    "description": "Send these headers exactly as they are.",
                    "additionalProperties": { "type": "string" },
                },
            },
            "required": ["method", "url", "headers"],
        })
    }
}

macro_rules! ids {
    ($($name:ident $prefix:literal;)*) => {$(
        #[doc = concat!("The schema of ids that begin with `", $prefix, "_`.")]
        #[derive(Debug)]
        pub struct $name;
        schemas! {
            $name, stringify!($name), true, |_| {
                "type": "string",
                "pattern": (concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")),
                "example": (concat!($prefix, "_01h455vb4pex5vsknk084sn02q"))
            };
        }
    )*};
}

ids! {
    UserId "usr";
    SessionId "ses";
    ApiKeyId "key";
    PasskeyId "psk";
    ProductId "prd";
    ImageId "img";
    ReviewId "rev";
    JobId "job";
    CartId "crt";
    OrderId "ord";
    PaymentId "pay";
    RefundId "rfd";
    AddressId "adr";
    EventId "evt";
}

/// A schema of requests that have all of these optional fields. Null counts as absent.
pub fn sent(fields: &[&str]) -> Value {
    let not_null = |field: &&str| ((*field).to_owned(), json!({ "not": { "type": "null" } }));
    json!({ "required": fields, "properties": fields.iter().map(not_null).collect::<Map<_, _>>() })
}

/// The members of a `oneOf` for requests that have exactly one of two optional fields: `extend("oneOf" = either("cart", "items"))`.
pub fn either(one: &str, other: &str) -> [Value; 2] {
    [sent(&[one]), sent(&[other])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_has_the_invisible_characters() {
        let code = |digits: &str| u32::from_str_radix(digits, 16).unwrap();
        // A range is written as `\u0000-\u001f`.
        let parts = INVISIBLE.replace(r"-\u", "-");
        let ranges: Vec<_> =
            parts.split(r"\u").skip(1).map(|part| part.split_once('-').unwrap_or((part, part))).collect();
        let ranges: Vec<_> = ranges.into_iter().map(|(first, last)| code(first)..=code(last)).collect();
        for c in '\0'..='\u{ffff}' {
            let is_in_pattern = ranges.iter().any(|range| range.contains(&u32::from(c)));
            assert_eq!(is_in_pattern, crate::is_invisible(c), "U+{:04X}", u32::from(c));
        }
    }
}
