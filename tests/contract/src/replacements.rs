//! What GET answers can be sent back by PUT: the schema of the request has every member of the answer, and those that a request cannot
//! change are read-only.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The path of each PUT, and the schema of what it replaces, as GET shows it.
const ANSWERS: [(&str, &str); 10] = [
    ("/api/v1/cart/{owner}/items/{sku}", "CartItem"),
    ("/api/v1/categories/{key}", "Category"),
    ("/api/v1/products/{id}", "Product"),
    ("/api/v1/products/{id}/images/{image}", "ImageUpload"),
    ("/api/v1/products/{id}/reviews/{reviewId}", "Review"),
    ("/api/v1/users/addresses/{id}", "SavedAddress"),
    ("/api/v1/users/preferences", "Preferences"),
    ("/api/v1/users/profile", "User"),
    ("/api/v1/users/{id}/role", "User"),
    ("/api/v1/users/{id}/status", "User"),
];
/// No answer of its own shows what it sets.
const WITHOUT_ANSWER: [&str; 2] = ["/api/v1/auth/password", "/api/v1/products/{id}/flash"];

fn document() -> Result<Value> {
    Ok(serde_json::from_str(&crate::document()?)?)
}

fn members<'a>(document: &'a Value, name: &str) -> Result<&'a Value> {
    let members = document.pointer(&format!("/components/schemas/{name}/properties"));
    members.with_context(|| format!("{name} should have members"))
}

/// The names of the members, and of the read-only ones among them.
fn names(members: &Value) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let members = || members.as_object().into_iter().flatten();
    let read_only = members().filter(|(_, schema)| schema["readOnly"] == true);
    (members().map(|(name, _)| name.as_str()).collect(), read_only.map(|(name, _)| name.as_str()).collect())
}

#[test]
fn every_put_accepts_what_get_answers() -> Result<()> {
    let document = document()?;
    let mut paths = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().context("the document should have paths")? {
        let Some(body) = operations["put"].pointer("/requestBody/content/application~1json/schema/$ref") else {
            ensure!(operations["put"].is_null(), "PUT {path} should have a named body");
            continue;
        };
        paths.insert(path.as_str());
        let Some((_, answer)) = ANSWERS.into_iter().find(|(put, _)| put == path) else { continue };
        let request = body.as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
        let (accepted, read_only) = names(members(&document, request)?);
        let (answered, _) = names(members(&document, answer)?);
        let missing: Vec<_> = answered.difference(&accepted).collect();
        ensure!(missing.is_empty(), "PUT {path} should accept {missing:?} of {answer}: see Replaceable");
        let unknown: Vec<_> = read_only.difference(&answered).collect();
        ensure!(unknown.is_empty(), "{answer} has no {unknown:?}, which PUT {path} accepts as read-only");
    }
    let known: BTreeSet<_> = ANSWERS.into_iter().map(|(path, _)| path).chain(WITHOUT_ANSWER).collect();
    ensure!(paths == known, "each PUT should be in a table of this file: {paths:?}");
    Ok(())
}

#[test]
fn variant_of_a_replacement_has_the_members_of_an_answer() -> Result<()> {
    let document = document()?;
    let items = &members(&document, "ProductContent")?["variants"]["items"]["properties"];
    let (accepted, read_only) = names(items);
    let (answered, _) = names(members(&document, "Variant")?);
    ensure!(answered.is_subset(&accepted), "{accepted:?} should have {answered:?}");
    ensure!(read_only == BTreeSet::from(["name"]), "{read_only:?}");
    Ok(())
}
