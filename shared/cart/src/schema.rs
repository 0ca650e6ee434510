//! JSON schemas of types that read themselves from a text.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use values::Sku;
use values::schema::{CartId, ProductId, UserId};

use crate::item_ref::ItemRef;
use crate::owner::Owner;

impl JsonSchema for Owner {
    fn schema_name() -> Cow<'static, str> {
        "CartOwner".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (user, cart) = (generator.subschema_for::<UserId>(), generator.subschema_for::<CartId>());
        json_schema!({ "type": "string", "anyOf": [user, cart] })
    }
}

impl JsonSchema for ItemRef {
    fn schema_name() -> Cow<'static, str> {
        "ItemRef".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (sku, product) = (generator.subschema_for::<Sku>(), generator.subschema_for::<ProductId>());
        json_schema!({ "type": "string", "anyOf": [sku, product] })
    }
}
