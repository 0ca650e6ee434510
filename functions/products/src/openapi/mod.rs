//! The operations of this function in the OpenAPI document. Each group of routes is a file.

mod categories;
mod flash;
mod images;
mod jobs;
mod products;
mod reviews;
mod stock;
mod texts;

use http_kit::openapi::Api;

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    products::openapi(api);
    categories::openapi(api);
    stock::openapi(api);
    flash::openapi(api);
    reviews::openapi(api);
    images::openapi(api);
    jobs::openapi(api);
}
