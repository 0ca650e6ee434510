//! Prints the OpenAPI document. `make openapi` writes it to the file that the project commits.

fn main() -> anyhow::Result<()> {
    print!("{}", contract::document()?);
    Ok(())
}
