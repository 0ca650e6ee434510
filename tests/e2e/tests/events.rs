//! The sample events: the deployed functions accept what is in `events/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use e2e::Shop;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// The samples of a function by name (`orders/place.json`), with their text.
fn samples(function: &str) -> BTreeMap<String, String> {
    let files = folder().join(function).read_dir().into_iter().flatten().flatten().map(|file| file.path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    files
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (format!("{function}/{name}"), text)
        })
        .collect()
}

/// The expected results by name: the status of an HTTP sample, or the number of failed messages of a batch; 500 for
/// a batch that fails as a whole.
fn expectations() -> BTreeMap<String, u16> {
    let path = folder().join("expectations.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{} should map names to numbers: {error}", path.display()))
}

#[tokio::test]
async fn every_function_handles_its_sample_events() {
    let shop = Shop::open().await;
    let expected = expectations();
    let mut findings = Vec::new();
    let mut sent = Vec::new();
    for function in shop.functions.names() {
        let samples = samples(&function);
        if samples.is_empty() {
            findings.push(format!("{function} has no sample: put one into events/{function}/"));
        }
        for (name, text) in samples {
            let event: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("events/{name} is JSON: {error}"));
            let is_http = event["requestContext"]["http"].is_object();
            // A stream's sample names its table, whose name differs from stack to stack.
            let text = text.replace("sample-OrdersTable", &shop.stack.tables["orders"]);
            let text = text.replace("sample-PaymentsTable", &shop.stack.tables["payments"]);
            let text = text.replace("sample-CatalogTable", &shop.stack.tables["catalog"]);
            let result = shop.functions.invoke(&function, text).await;
            let refused = result.payload["batchItemFailures"].as_array().map_or(0, Vec::len);
            match (result.error, expected.get(&name)) {
                (Some(_), Some(500)) if !is_http => {}
                (Some(error), _) => findings.push(format!("{name} fails ({error}): {}", result.payload)),
                (None, None) if is_http => findings.push(format!("{name} is not in events/expectations.json")),
                (None, Some(status)) if is_http && result.payload["statusCode"] != *status => {
                    findings.push(format!("{name} should answer {status}: {}", result.payload));
                }
                (None, expected) if !is_http && refused != usize::from(expected.copied().unwrap_or(0)) => {
                    findings.push(format!("{name} should refuse {expected:?} messages: {}", result.payload));
                }
                (None, _) => {}
            }
            sent.push(name);
        }
    }
    findings.extend(
        expected.keys().filter(|name| !sent.contains(name)).map(|name| format!("{name} is expected and missing")),
    );
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
}

#[test]
fn every_folder_of_samples_belongs_to_a_function() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions");
    for entry in folder().read_dir().into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name();
        assert!(functions.join(&name).is_dir(), "events/{} should belong to a function", name.to_string_lossy());
    }
}
