//! The operations of this function in the OpenAPI document.

use http_kit::openapi::{Access, Api};
use schemars::json_schema;

use crate::health::Health;
use crate::ready::Report;

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    health(api, "/health", "health");
    health(api, "/api/v1/health", "healthV1");
    ready(api, "/ready", "ready");
    ready(api, "/api/v1/ready", "readyV1");
    api.operation("get", "/api/v1/openapi.json", Access::Open, "openapi", "Read this document")
        .answer_with(200, "The OpenAPI 3.1 document.", "application/json", json_schema!({ "type": "object" }))
        .without(503)
        .done();
    api.operation("get", "/docs", Access::Open, "docs", "Open the page of the API document")
        .answer_with(
            200,
            "A web page with the API documentation.",
            "text/html; charset=utf-8",
            json_schema!({ "type": "string" }),
        )
        .without(503)
        .done();
}

// The probes read neither credentials nor parameters.

fn health(api: &mut Api, path: &'static str, id: &str) {
    api.operation("get", path, Access::Open, id, "Check that the API is up")
        .answer::<Health>(200, "The API answers.")
        .without(400)
        .without(503)
        .done();
}

fn ready(api: &mut Api, path: &'static str, id: &str) {
    api.operation("get", path, Access::Open, id, "Check that all dependencies are up")
        .describe("The answer is cached for 5 seconds.")
        .answer::<Report>(200, "All dependencies work.")
        .answer::<Report>(503, "A dependency is down.")
        .without(400)
        .done();
}
