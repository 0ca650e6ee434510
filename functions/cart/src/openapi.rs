//! The operations of this function in the OpenAPI document.

use std::borrow::Cow;

use cart::{ItemRef, Owner};
use http_kit::openapi::{Access, Api};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::shape::{AddIn, CartOut, MergeIn, SetIn};

const OWNER: &str = "`me`, an account's id (admins can send any), or the id of a guest's cart.";
const ITEM: &str = "A SKU, or the id of a product that has one SKU.";
const CHANGED: &str = "The changed cart.";
const CONFLICT: &str = "`too_many_concurrent_updates`: read the cart and try again.";
const NO_STOCK: &str = "`insufficient_stock` with what is `available`, and with the pieces that are `inCart` already; \
     `too_many_concurrent_updates`.";

/// How a path names the owner of a cart.
struct OwnerParam;

impl JsonSchema for OwnerParam {
    fn schema_name() -> Cow<'static, str> {
        "OwnerParam".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let owner = generator.subschema_for::<Owner>();
        json_schema!({ "type": "string", "anyOf": [{ "const": "me" }, owner], "example": "me" })
    }
}

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    api.operation("post", "/api/v1/cart", Access::Open, "createCart", "Create a guest's cart")
        .answer::<CartOut>(201, "The empty cart. Its id is the only key to it.")
        .done();
    api.operation("get", "/api/v1/cart/{owner}", Access::Optional, "readCart", "Read a cart")
        .path_param::<OwnerParam>("owner", OWNER)
        .if_none_match()
        .answer::<CartOut>(200, "The cart with current prices and stock, and what has changed since the last read.")
        // The owner's read stores what they have seen.
        .error(409, CONFLICT)
        .done();
    api.operation("delete", "/api/v1/cart/{owner}", Access::Optional, "emptyCart", "Empty a cart")
        .path_param::<OwnerParam>("owner", OWNER)
        .if_match(false)
        .answer_empty(204, "The cart is empty.")
        .error(409, CONFLICT)
        .done();
    items(api);
    api.operation("post", "/api/v1/cart/me/merge", Access::Account, "mergeCart", "Merge a guest's cart into your own")
        .describe(
            "Moves the items of a guest's cart into your own cart and empties the guest's cart, in one transaction. If a SKU is in \
             both carts, the shop's configuration decides the quantity: the sum (the default), the guest's, or yours. A quantity is \
             limited to the stock and to 999 pieces, and a cart to 50 SKUs; what exceeds a limit is listed in `changes` as `capped`. \
             Merging an empty cart changes nothing, so a repetition is harmless.",
        )
        .if_match(false)
        .idempotency_key(false)
        .body::<MergeIn>()
        .answer::<CartOut>(200, "Your cart after the merge.")
        .error(409, "`too_many_concurrent_updates`: read your cart and try again.")
        .error(422, "`cart_unknown`: there is no such guest's cart; `validation_failed`, `idempotency_mismatch`.")
        .done();
}

fn items(api: &mut Api) {
    api.operation("post", "/api/v1/cart/{owner}/items", Access::Optional, "addItem", "Add an item to a cart")
        .path_param::<OwnerParam>("owner", OWNER)
        .if_match(false)
        .idempotency_key(false)
        .body::<AddIn>()
        .answer::<CartOut>(200, CHANGED)
        .error(409, NO_STOCK)
        .error(
            422,
            "`product_unknown`, `variant_required`: send the SKU of a variant, `quantity_out_of_range`, `max_per_order`, `cart_full`: a cart has at \
             most 50 SKUs; `validation_failed`, `idempotency_mismatch`.",
        )
        .done();
    let path = "/api/v1/cart/{owner}/items/{sku}";
    api.operation("put", path, Access::Optional, "setItem", "Set the quantity of an item")
        .path_param::<OwnerParam>("owner", OWNER)
        .path_param::<ItemRef>("sku", ITEM)
        .if_match(false)
        .replacement::<SetIn>("SetQuantity")
        .answer::<CartOut>(200, "The changed cart. The quantity 0 removes the item.")
        .error(409, NO_STOCK)
        .error(
            422,
            "`variant_required`: name the SKU of a variant, `quantity_out_of_range`, `max_per_order`, `cart_full`: a cart has at most 50 SKUs; \
             `validation_failed`.",
        )
        .done();
    api.operation("delete", path, Access::Optional, "removeItem", "Remove an item from a cart")
        .path_param::<OwnerParam>("owner", OWNER)
        .path_param::<ItemRef>("sku", ITEM)
        .if_match(false)
        .answer::<CartOut>(200, CHANGED)
        .error(409, CONFLICT)
        .error(422, "`variant_required`: several variants of the product are in the cart; name a SKU.")
        .done();
}
