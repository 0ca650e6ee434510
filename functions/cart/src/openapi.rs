//! The operations of this function in the OpenAPI document.

use http_kit::openapi::{Access, Api};

use crate::shape::{AddIn, CartOut, MergeIn, SetIn};

const OWNER: &str = "`me`, an account's id (an admin may name any), or the id of a guest's cart.";
const ITEM: &str = "A SKU, or the id of a product that has one SKU.";

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    api.operation("post", "/api/v1/cart", Access::Open, "createCart", "Create a guest's cart")
        .answer::<CartOut>(201, "The empty cart. Its id is the only key to it.")
        .done();
    api.operation("get", "/api/v1/cart/{owner}", Access::Optional, "readCart", "Read a cart")
        .path_param::<String>("owner", OWNER)
        .if_none_match()
        .answer::<CartOut>(200, "The cart with present prices and stock, and what has changed since the last read.")
        .done();
    api.operation("delete", "/api/v1/cart/{owner}", Access::Optional, "clearCart", "Empty a cart")
        .path_param::<String>("owner", OWNER)
        .if_match(false)
        .answer_empty(204, "The cart is empty.")
        .error(409, "`too_many_concurrent_updates`.")
        .done();
    api.operation("post", "/api/v1/cart/{owner}/items", Access::Optional, "addToCart", "Add an item to a cart")
        .path_param::<String>("owner", OWNER)
        .if_match(false)
        .idempotency_key(false)
        .body::<AddIn>()
        .answer::<CartOut>(200, "The changed cart.")
        .error(409, "`insufficient_stock` with what is left; `too_many_concurrent_updates`.")
        .done();
    api.operation(
        "put",
        "/api/v1/cart/{owner}/items/{item}",
        Access::Optional,
        "setCartItem",
        "Set the quantity of an item",
    )
    .path_param::<String>("owner", OWNER)
    .path_param::<String>("item", ITEM)
    .if_match(false)
    .body::<SetIn>()
    .answer::<CartOut>(200, "The changed cart. The quantity 0 removes the item.")
    .error(409, "`insufficient_stock` with what is left; `too_many_concurrent_updates`.")
    .done();
    api.operation(
        "delete",
        "/api/v1/cart/{owner}/items/{item}",
        Access::Optional,
        "removeCartItem",
        "Remove an item from a cart",
    )
    .path_param::<String>("owner", OWNER)
    .path_param::<String>("item", ITEM)
    .if_match(false)
    .answer::<CartOut>(200, "The changed cart.")
    .error(409, "`too_many_concurrent_updates`.")
    .done();
    api.operation("post", "/api/v1/cart/me/merge", Access::Account, "mergeCarts", "Merge a guest's cart into your own")
        .if_match(false)
        .idempotency_key(false)
        .body::<MergeIn>()
        .answer::<CartOut>(200, "Your cart after the merge.")
        .error(409, "`too_many_concurrent_updates`.")
        .done();
}
