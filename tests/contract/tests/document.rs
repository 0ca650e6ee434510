//! The committed OpenAPI document is the one that the types make.

use std::path::Path;

use anyhow::{Result, ensure};

#[test]
fn committed_document_is_the_generated_one() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(contract::COMMITTED);
    let (committed, generated) = (std::fs::read_to_string(path)?, contract::document()?);
    let differs = committed.lines().zip(generated.lines()).position(|(one, other)| one != other);
    ensure!(
        committed == generated,
        "{} differs from line {} on: run `cargo run -p contract --features openapi --bin openapi` and commit the file",
        contract::COMMITTED,
        differs.map_or(committed.lines().count().min(generated.lines().count()), |line| line) + 1
    );
    Ok(())
}
