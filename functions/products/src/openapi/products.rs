//! Products, and their history.

use std::borrow::Cow;

use catalog::{Patch, ProductIn, ProductOut, Revision};
use http_kit::openapi::{Access, Api};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use values::schema::ProductId;

use super::texts::{ADMINS, ARCHIVED, PRODUCT};
use crate::products::ProductReplacement;

const CHANGED: &str = "The result of the change.";

pub(super) fn openapi(api: &mut Api) {
    api.operation("post", "/api/v1/products", Access::Account, "createProduct", "Create a product")
        .describe(
            "Admins only. SKUs that differ in letter case only are the same SKU for new products and variants: the second one is refused. \
             Everywhere else, write a SKU as its product has it: `MUG-1` is not found as `mug-1`.",
        )
        .idempotency_key(false)
        .body::<ProductIn>()
        .answer::<ProductOut>(201, "It is created.")
        .error(
            409,
            "`sku_taken`: a product has this SKU, perhaps an archived one, or has a SKU that differs in letter case only (`existingSku`); \
             `too_many_categories`.",
        )
        .done();
    let path = "/api/v1/products/{id}";
    api.operation("get", path, Access::Optional, "readProduct", "Read a product")
        .describe("At most some seconds old. Admins get the current product, and archived products too.")
        .path_param::<ProductId>("id", PRODUCT)
        .if_none_match()
        .answer::<ProductOut>(200, "The product.")
        .done();
    api.operation("put", path, Access::Account, "replaceProduct", "Replace a product")
        .describe(ADMINS)
        .path_param::<ProductId>("id", PRODUCT)
        .if_match(true)
        .replacement::<ProductReplacement>("ProductContent")
        .answer::<ProductOut>(200, CHANGED)
        .error(
            409,
            "`options_fixed`: a product cannot change between one SKU and variants; `sku_taken` by a new variant; \
             `product_archived`; `too_many_categories`.",
        )
        .done();
    api.operation("patch", path, Access::Account, "patchProduct", "Patch a product")
        .describe(ADMINS)
        .path_param::<ProductId>("id", PRODUCT)
        .if_match(true)
        .idempotency_key(false)
        .body_as::<Patch>("application/merge-patch+json")
        .answer::<ProductOut>(200, CHANGED)
        .error(409, "`options_fixed`, `sku_taken`, `product_archived` or `too_many_categories`.")
        .done();
    api.operation("delete", path, Access::Account, "archiveProduct", "Archive a product")
        .describe(ADMINS)
        .path_param::<ProductId>("id", PRODUCT)
        .if_match(true)
        .answer_empty(204, "The product is archived. Its orders do not change.")
        .error(409, ARCHIVED)
        .done();
    let path = "/api/v1/products/{id}/history";
    api.operation("get", path, Access::Account, "productHistory", "List the revisions of a product")
        .describe(ADMINS)
        .path_param::<ProductId>("id", PRODUCT)
        .paged()
        .answer_page::<Revision>("The changes of the product, newest first.")
        .done();
}

/// A new product without what cannot be replaced.
impl JsonSchema for ProductReplacement {
    fn schema_name() -> Cow<'static, str> {
        "ProductContent".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = ProductIn::json_schema(generator);
        schema.insert("description".to_owned(), json!(
            "The whole content of a product. Fields that are left out become empty. The SKU does not change. The stock of an existing \
             variant does not change: leave it out, or send what is stored. Variants that are left out are archived."
        ));
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| !matches!(name.as_str(), "sku" | "stock"));
        }
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name != "sku");
        }
        schema
    }
}
