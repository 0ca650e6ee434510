//! The OpenAPI 3.1 document, and the page that shows it and sends requests. Both are files in the binary.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header;

const OPENAPI: &str = include_str!("../openapi.json");
const PAGE: &str = include_str!("../docs.html");
const CACHE_CONTROL: &str = "public, max-age=300";

/// The page may run its own script, use its own style, both named by their digests, and call this API. Everything else
/// is blocked.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let (script, style) = (digest_of("script"), digest_of("style"));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// GET /api/v1/openapi.json.
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHE_CONTROL)], OPENAPI).into_response()
}

/// GET /docs.
pub(crate) async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
    ];
    (headers, PAGE).into_response()
}

/// The digest of the only element of that name in the page, in the form of a Content Security Policy.
fn digest_of(element: &str) -> String {
    let body = PAGE.split_once(&format!("<{element}>")).map_or("", |(_, rest)| rest);
    let body = body.split_once(&format!("</{element}>")).map_or("", |(body, _)| body);
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, body.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::{BTreeSet, HashSet};

    fn document() -> Value {
        serde_json::from_str(OPENAPI).unwrap()
    }

    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        let all = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        });
        all.collect()
    }

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_resolves_and_every_schema_is_used() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in &found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} does not resolve");
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(found.contains(&format!("#/components/schemas/{name}").as_str()), "schema {name} is not used");
        }
    }

    #[test]
    fn every_operation_has_a_unique_id_a_tag_and_responses() {
        let document = document();
        let tags: HashSet<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        let mut names = HashSet::new();
        for (call, operation) in operations(&document) {
            assert!(
                names.insert(operation["operationId"].as_str().expect(&call)),
                "{call}: its operation id is not unique"
            );
            assert!(tags.contains(&operation["tags"][0]), "{call}: unknown tag");
            assert!(operation["summary"].is_string() && operation["security"].is_array(), "{call}");
            let answers = operation["responses"].as_object().expect(&call);
            assert!(answers.keys().any(|status| status.starts_with(['2', '5'])), "{call}: no response for success");
        }
    }

    #[test]
    fn every_grantable_permission_is_a_scope() {
        let grantable = values::Permission::ALL.iter().filter(|permission| permission.is_grantable());
        let names: Vec<_> = grantable.map(|permission| permission.name()).collect();
        assert_eq!(document()["components"]["schemas"]["Scope"]["enum"], serde_json::json!(names));
    }

    #[test]
    fn every_parameter_of_a_path_is_described() {
        let document = document();
        for (call, operation) in operations(&document) {
            let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            let described: HashSet<_> = parameters
                .iter()
                .map(|given| match given["$ref"].as_str() {
                    Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
                    None => given,
                })
                .filter_map(|parameter| parameter["name"].as_str().filter(|_| parameter["in"] == "path"))
                .collect();
            let wanted = call.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            assert_eq!(described, wanted, "{call}");
        }
    }

    /// The operations of all routers, as their source files list them, for example `get /api/v1/orders/{}`.
    fn served_operations() -> BTreeSet<String> {
        let mut calls = BTreeSet::new();
        for source in sources() {
            for route in source.split(".route(").skip(1) {
                let (path, handlers) = route.split_once('"').unwrap().1.split_once('"').unwrap();
                let handlers = arguments_of(handlers);
                let named =
                    |method: &&str| [" ", ".", "\n"].iter().any(|lead| handlers.contains(&format!("{lead}{method}(")));
                let methods = ["get", "post", "put", "patch", "delete"].into_iter().filter(named);
                calls.extend(methods.map(|method| format!("{method} {}", without_parameter_names(path))));
            }
        }
        calls
    }

    /// The source files of all functions.
    fn sources() -> Vec<String> {
        let functions = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let folders = functions.filter_map(|function| std::fs::read_dir(function.unwrap().path().join("src")).ok());
        folders.flatten().filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok()).collect()
    }

    /// The text before the closing parenthesis of a call.
    fn arguments_of(call: &str) -> &str {
        let mut open = 1;
        let end = call.find(|c| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open == 0
        });
        &call[..end.unwrap_or(call.len())]
    }

    /// A path without the names of its parameters.
    fn without_parameter_names(path: &str) -> String {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn document_describes_exactly_the_served_operations() {
        let described: BTreeSet<_> =
            operations(&document()).iter().map(|(call, _)| without_parameter_names(call)).collect();
        assert_eq!(described, served_operations());
    }

    #[test]
    fn page_loads_nothing_else_and_its_policy_names_its_script() {
        assert!(POLICY.contains("script-src 'sha256-") && !POLICY.contains("unsafe"));
        for directive in ["default-src", "base-uri", "form-action", "frame-ancestors"] {
            assert!(POLICY.split("; ").any(|part| part == format!("{directive} 'none'")), "{directive}: {}", *POLICY);
        }
        assert_eq!((PAGE.matches("<script").count(), PAGE.matches("<style").count()), (1, 1));
        for outside in ["src=\"http", "href=\"http", "@import", " style=\"", " onclick="] {
            assert!(!PAGE.contains(outside), "{outside}");
        }
    }
}
