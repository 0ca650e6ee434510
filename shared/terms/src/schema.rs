//! JSON schemas of the types that parse themselves, for the OpenAPI document. Behind the feature `openapi`: no function binary has them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use values::schemas;

use crate::day::Day;
use crate::shipping::TimeOfDay;
use crate::slug::Slug;

schemas! {
    Day, "Day", true, |_| { "type": "string", "format": "date", "example": "2026-11-21" };
    TimeOfDay, "TimeOfDay", true, |_| {
        "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "example": "14:00"
    };
}

impl<const MAX: usize> JsonSchema for Slug<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Slug{MAX}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": (format!("^[a-z0-9-]{{1,{MAX}}}$")) })
    }
}
