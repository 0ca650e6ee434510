//! A category, as its row.

use serde::{Deserialize, Serialize};
use values::Text;

use crate::Category;

/// A category, as its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryNode {
    /// The key by which products refer to it.
    #[serde(rename = "category")]
    pub key: Category,
    /// Without a name, the key is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<100>>,
    /// The category above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Category>,
    /// Its position among its siblings, lowest first.
    #[serde(default)]
    pub position: u32,
    /// Goes up with each change.
    #[serde(default = "first")]
    pub version: u64,
    /// Keys of earlier releases that mean this category today, such as `Tea` for `tea`.
    #[serde(default, rename = "formerKeys", skip_serializing_if = "Vec::is_empty")]
    pub(crate) former_keys: Vec<String>,
}

fn first() -> u64 {
    1
}

impl CategoryNode {
    /// A root, named as its key is written.
    pub(crate) fn root(key: Category) -> Self {
        let name = if key.is_in_form() { None } else { Text::new(key.written()).ok() };
        Self { key, name, parent: None, position: 0, version: first(), former_keys: Vec::new() }
    }

    /// The name, or the key as it is written if there is no name.
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or(self.key.written(), Text::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(name: &str) -> Category {
        Category::try_from(name.to_owned()).unwrap()
    }

    #[test]
    fn row_without_a_name_is_a_root() {
        let row: CategoryNode =
            serde_json::from_value(json!({ "category": "mugs", "pk": "CATEGORIES", "sk": "mugs" })).unwrap();
        assert_eq!((row.name(), &row.parent, row.version), ("mugs", &None, 1));
    }

    #[test]
    fn first_product_names_its_category_as_it_is_written() {
        let root = CategoryNode::root(key("Garden & Home"));
        assert_eq!((root.key.as_str(), root.name()), ("garden & home", "Garden & Home"));
        assert_eq!((CategoryNode::root(key("mugs")).name, CategoryNode::root(key("mugs")).name()), (None, "mugs"));
    }
}
