//! The categories of the shop: there from the first product that lies in them. Flat for now; each has its place for children.

use serde::Serialize;
use values::Result;

use crate::{Category, Products};

/// A category and what lies below it.
#[derive(Debug, Clone, Serialize)]
pub struct Branch {
    /// As products name it.
    pub name: Category,
    /// Below it.
    pub children: Vec<Branch>,
}

impl Products {
    /// All categories, in alphabetical order. 1 round trip.
    pub async fn categories(&self) -> Result<Vec<Branch>> {
        let categories = self.catalog.read_categories().await?;
        Ok(categories.into_iter().map(|name| Branch { name, children: Vec::new() }).collect())
    }
}
