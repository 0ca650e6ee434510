//! Writes the OpenAPI document to the file that the project commits.

fn main() -> anyhow::Result<()> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Ok(std::fs::write(root.join(contract::COMMITTED), contract::document()?)?)
}
