//! Prints the OpenAPI document. `make openapi` writes it to the file that the project commits.

use std::io::Write;

fn main() -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(contract::document()?.as_bytes())?)
}
