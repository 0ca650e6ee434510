//! JSON schemas of types that read themselves from a text.

use values::schema::{CartId, ProductId, UserId};
use values::{Sku, schemas};

use crate::item_ref::ItemRef;
use crate::owner::Owner;

schemas! {
    Owner, "CartOwner", true, |generator| {
        "type": "string", "anyOf": [(generator.subschema_for::<UserId>()), (generator.subschema_for::<CartId>())]
    };
    ItemRef, "ItemRef", true, |generator| {
        "type": "string", "anyOf": [(generator.subschema_for::<Sku>()), (generator.subschema_for::<ProductId>())]
    };
}
