//! The tree of categories. A category's key never changes, so moving or renaming one writes no product.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::{Error, Result, Text};

use crate::Category;
use crate::categories::category::MAX_KEY_LENGTH;

/// The most categories of a shop.
pub(crate) const MAX_CATEGORIES: u32 = 1000;
/// Levels from a root to the lowest leaf.
const MAX_DEPTH: usize = 6;

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
}

fn first() -> u64 {
    1
}

/// A category and its subcategories, as clients see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CategoryBranch {
    /// The key that products refer to. It never changes.
    pub key: Category,
    /// The name for people.
    pub name: String,
    /// The position among its siblings, lowest first.
    pub position: u32,
    /// Increases with every change. Send it in quotes as `If-Match`.
    pub version: u64,
    /// The categories below it, in their order.
    pub children: Vec<CategoryBranch>,
}

impl CategoryNode {
    /// A root with its key as name.
    pub(crate) fn root(key: Category) -> Self {
        Self { key, name: None, parent: None, position: 0, version: first() }
    }

    /// The name, or the key if there is no name.
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or(self.key.as_str(), Text::as_str)
    }
}

/// All categories, by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct CategoryTree(BTreeMap<Category, CategoryNode>);

impl CategoryTree {
    pub(crate) fn new(nodes: impl IntoIterator<Item = CategoryNode>) -> Self {
        Self(nodes.into_iter().map(|node| (node.key.clone(), node)).collect())
    }

    pub(crate) fn get(&self, key: &Category) -> Option<&CategoryNode> {
        self.0.get(key)
    }

    /// A category and all below it.
    pub(crate) fn subtree(&self, key: &Category) -> Vec<Category> {
        let mut found = vec![key.clone()];
        let mut next = 0;
        // No category has two parents or is its own ancestor, so each is found once.
        while let Some(key) = found.get(next).cloned() {
            next += 1;
            found.extend(self.children(Some(&key)).map(|child| child.key.clone()));
        }
        found
    }

    pub(crate) fn has_children(&self, key: &Category) -> bool {
        self.children(Some(key)).next().is_some()
    }

    /// Rejects a parent that does not exist, that is below the category, or that makes the tree too deep.
    pub(crate) fn check_place(&self, key: &Category, parent: Option<&Category>) -> Result<()> {
        let Some(parent) = parent else { return self.check_depth(self.height(key)) };
        if !self.0.contains_key(parent) {
            return Err(Error::invalid("parent", "category_unknown", "is not a category of this shop"));
        }
        if self.ancestors(parent).any(|ancestor| ancestor.key == *key) {
            let detail = format!("{parent} is {key} or below it. A category cannot be below itself.");
            return Err(Error::conflict("category_cycle", detail).with_field(
                "parent",
                "category_cycle",
                "is the category itself or below it",
            ));
        }
        self.check_depth(self.ancestors(parent).count() + self.height(key))
    }

    /// The tree as clients see it. A category with an unknown parent is a root.
    pub(crate) fn branches(&self) -> Vec<CategoryBranch> {
        let is_root = |node: &&CategoryNode| node.parent.as_ref().is_none_or(|parent| !self.0.contains_key(parent));
        self.branches_of(self.0.values().filter(is_root).collect())
    }

    fn branches_of(&self, mut siblings: Vec<&CategoryNode>) -> Vec<CategoryBranch> {
        siblings.sort_by(|a, b| (a.position, a.name(), &a.key).cmp(&(b.position, b.name(), &b.key)));
        let branch = |node: &CategoryNode| CategoryBranch {
            key: node.key.clone(),
            name: node.name().to_owned(),
            position: node.position,
            version: node.version,
            children: self.branches_of(self.children(Some(&node.key)).collect()),
        };
        siblings.into_iter().map(branch).collect()
    }

    fn children<'a>(&'a self, parent: Option<&'a Category>) -> impl Iterator<Item = &'a CategoryNode> {
        self.0.values().filter(move |node| node.parent.as_ref() == parent)
    }

    /// A category and all above it, upwards.
    fn ancestors<'a>(&'a self, key: &'a Category) -> impl Iterator<Item = &'a CategoryNode> {
        std::iter::successors(self.0.get(key), |node| self.0.get(node.parent.as_ref()?))
    }

    /// The levels from a category to its lowest leaf. 1 for a leaf, and for a new category.
    fn height(&self, key: &Category) -> usize {
        1 + self.children(Some(key)).map(|child| self.height(&child.key)).max().unwrap_or(0)
    }

    fn check_depth(&self, depth: usize) -> Result<()> {
        match depth <= MAX_DEPTH {
            true => Ok(()),
            false => {
                let detail = format!("The tree has at most {MAX_DEPTH} levels; this would make {depth}.");
                Err(Error::conflict("category_too_deep", detail).with_field(
                    "parent",
                    "category_too_deep",
                    "makes the tree too deep",
                ))
            }
        }
    }
}

/// A key made from a name: its letters and digits in lower case, with dashes between the words.
pub(crate) fn slug(name: &str) -> Result<Category> {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug: String = words.collect::<Vec<_>>().join("-").to_lowercase().chars().take(MAX_KEY_LENGTH).collect();
    let key = slug.trim_end_matches('-').to_owned();
    Category::try_from(key)
        .map_err(|_| Error::invalid("key", "required", "cannot be made from this name; send a `key`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn key(name: &str) -> Category {
        Category::try_from(name.to_owned()).unwrap()
    }

    fn node(name: &str, parent: Option<&str>) -> CategoryNode {
        CategoryNode { parent: parent.map(key), ..CategoryNode::root(key(name)) }
    }

    fn tree(nodes: &[(&str, Option<&str>)]) -> CategoryTree {
        CategoryTree::new(nodes.iter().map(|(name, parent)| node(name, *parent)))
    }

    fn home() -> CategoryTree {
        tree(&[("home", None), ("kitchen", Some("home")), ("mugs", Some("kitchen")), ("garden", None)])
    }

    #[test]
    fn category_includes_all_below_it() {
        let subtree = |name: &str| home().subtree(&key(name)).iter().map(Category::to_string).collect::<Vec<_>>();
        assert_eq!(subtree("home"), ["home", "kitchen", "mugs"]);
        assert_eq!(subtree("garden"), ["garden"]);
        assert_eq!(subtree("never heard of"), ["never heard of"]);
    }

    #[test]
    fn siblings_are_sorted_by_position_and_then_by_name() {
        let mut nodes = vec![node("a", None), node("b", None), node("c", None), node("below", Some("lost"))];
        nodes[0].position = 2;
        nodes[1].name = serde_json::from_value(json!("Zebra")).unwrap();
        let names: Vec<_> = CategoryTree::new(nodes).branches().into_iter().map(|branch| branch.name).collect();
        assert_eq!(names, ["Zebra", "below", "c", "a"]);
        let json = serde_json::to_value(home().branches()).unwrap();
        assert_eq!(
            json[1]["children"][0]["children"][0],
            json!({
                "key": "mugs", "name": "mugs", "position": 0, "version": 1, "children": [],
            })
        );
    }

    #[test]
    fn cycle_unknown_parent_and_depth_are_rejected() {
        let code = |name: &str, parent: &str| home().check_place(&key(name), Some(&key(parent))).unwrap_err().code;
        assert_eq!(code("home", "mugs"), "category_cycle");
        assert_eq!(code("home", "home"), "category_cycle");
        assert_eq!(code("home", "nowhere"), "validation_failed");
        assert!(
            home().check_place(&key("mugs"), None).is_ok()
                && home().check_place(&key("new"), Some(&key("mugs"))).is_ok()
        );
        let deep = tree(&[
            ("1", None),
            ("2", Some("1")),
            ("3", Some("2")),
            ("4", Some("3")),
            ("5", Some("4")),
            ("6", Some("5")),
            ("7", None),
            ("8", Some("7")),
        ]);
        assert_eq!(deep.check_place(&key("9"), Some(&key("6"))).unwrap_err().code, "category_too_deep");
        assert_eq!(deep.check_place(&key("7"), Some(&key("5"))).unwrap_err().code, "category_too_deep");
        assert!(deep.check_place(&key("7"), Some(&key("4"))).is_ok());
    }

    #[test]
    fn key_is_made_from_a_name() {
        assert_eq!(slug("Home & Garden").unwrap(), key("home-garden"));
        assert_eq!(slug("  Küche/Bad  ").unwrap(), key("küche-bad"));
        assert_eq!(slug(&"abc ".repeat(40)).unwrap().as_str().len(), 64 - 1);
        assert_eq!(slug("&&&").unwrap_err().fields[0].field, "key");
    }

    #[test]
    fn row_without_a_name_is_a_root() {
        let row: CategoryNode =
            serde_json::from_value(json!({ "category": "mugs", "pk": "CATEGORIES", "sk": "mugs" })).unwrap();
        assert_eq!((row.name(), &row.parent, row.version), ("mugs", &None, 1));
    }

    /// The table: its rows and the tree's version.
    struct Table {
        tree: CategoryTree,
        version: u64,
    }

    impl Table {
        /// Commits a move that was decided on an earlier read. False if the tree changed since.
        fn commit(&mut self, read: &(u64, CategoryTree), key: &Category, parent: Option<&Category>) -> bool {
            let decided = read.1.check_place(key, parent).is_ok();
            if !decided || read.0 != self.version {
                return false;
            }
            self.version += 1;
            if let Some(node) = self.tree.0.get_mut(key) {
                node.parent = parent.cloned();
            }
            true
        }
    }

    proptest! {
        #[test]
        fn concurrent_moves_never_make_a_cycle(
            moves in prop::collection::vec((0usize..3, 0usize..9, prop::option::of(0usize..9), any::<bool>()), 0..80),
        ) {
            let keys: Vec<Category> = (0..9).map(|n| key(&format!("c{n}"))).collect();
            let tree = CategoryTree::new(keys.iter().cloned().map(CategoryNode::root));
            let mut table = Table { tree, version: 0 };
            // Three admins. Each may decide on an old read.
            let mut admins: Vec<_> = (0..3).map(|_| (0, table.tree.clone())).collect();
            for (admin, moved, parent, reads) in moves {
                if reads {
                    admins[admin] = (table.version, table.tree.clone());
                }
                table.commit(&admins[admin], &keys[moved], parent.map(|parent| &keys[parent]));
                for key in &keys {
                    let ancestors: Vec<_> = table.tree.ancestors(key).take(MAX_DEPTH + 1).collect();
                    prop_assert!(ancestors.len() <= MAX_DEPTH, "{key} is below itself, or too deep");
                }
                let shown: usize = table.tree.branches().iter().map(|root| table.tree.subtree(&root.key).len()).sum();
                prop_assert_eq!(shown, keys.len(), "every category is in the tree once");
            }
        }
    }
}
