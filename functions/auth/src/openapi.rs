//! The operations of this function in the OpenAPI document.

use http_kit::openapi::Api;

/// Adds the operations.
pub fn openapi(_api: &mut Api) {}
