//! JSON schemas of texts that no type of its own reads.

use values::schemas;

/// A day or a time in a filter.
pub(crate) struct Day;

/// The number of an order as souk writes it: digits of Crockford's base32.
pub(crate) struct OrderNumber;

/// The number of an order as people type it.
pub(crate) struct TypedNumber;

schemas! {
    Day, "Day", true, |_| {
        "type": "string", "anyOf": [{ "format": "date" }, { "format": "date-time" }], "example": "2026-11-01"
    };
    OrderNumber, "OrderNumber", true, |_| {
        "type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$", "example": "7KQ4M-2XD9A"
    };
    TypedNumber, "TypedNumber", true, |_| {
        "type": "string", "pattern": "^[ -]*([0-9A-TV-Za-tv-z][ -]*){10}$", "example": "7KQ4M-2XD9A"
    };
}
