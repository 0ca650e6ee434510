//! The operations of this function in the OpenAPI document. Each group of routes is a file.

mod codes;
mod imports;
mod promotions;
mod texts;

use http_kit::openapi::Api;

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    promotions::openapi(api);
    codes::openapi(api);
    imports::openapi(api);
}
