//! The tree of categories. A category's key never changes, so moving or renaming one writes no product.

use std::collections::BTreeMap;

use serde::Serialize;
use values::{Error, Result, comparison_key, is_combining_mark};

use crate::categories::category::MAX_KEY_LENGTH;
use crate::categories::merge::{CategoryRow, MergedCategory, merge};
use crate::{Category, CategoryNode};

/// The most categories of a shop.
pub(crate) const MAX_CATEGORIES: u32 = 1000;
/// Levels from a root to the lowest leaf.
const MAX_DEPTH: usize = 6;

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

/// All categories, by key. Rows of earlier releases whose keys have one comparison form are one category.
#[derive(Debug, Clone, Default)]
pub(crate) struct CategoryTree(BTreeMap<Category, MergedCategory>);

impl CategoryTree {
    pub(crate) fn new(rows: impl IntoIterator<Item = CategoryRow>) -> Self {
        let mut same: BTreeMap<Category, Vec<CategoryRow>> = BTreeMap::new();
        for row in rows {
            same.entry(row.node.key.clone()).or_default().push(row);
        }
        let merged = same.into_iter().filter_map(|(key, rows)| Some((key, merge(rows)?)));
        let mut tree = Self(merged.collect());
        tree.uproot_cycles();
        tree
    }

    pub(crate) fn get(&self, key: &Category) -> Option<&CategoryNode> {
        self.0.get(key).map(|merged| &merged.node)
    }

    /// A category with the rows that it was made of.
    pub(crate) fn merged(&self, key: &Category) -> Option<&MergedCategory> {
        self.0.get(key)
    }

    /// The first category whose rows are not as a category of today is stored.
    pub(crate) fn first_unmerged(&self) -> Option<&MergedCategory> {
        self.0.values().find(|merged| !merged.is_in_form())
    }

    /// Two rows that became one category can make a category its own ancestor. Of such a cycle, the first category becomes a root.
    fn uproot_cycles(&mut self) {
        for key in self.0.keys().cloned().collect::<Vec<_>>() {
            let above = |key: &Category| self.get(key).and_then(|node| node.parent.as_ref());
            let is_in_cycle = std::iter::successors(above(&key), |ancestor| above(ancestor))
                .take(self.0.len())
                .any(|ancestor| *ancestor == key);
            if let (true, Some(merged)) = (is_in_cycle, self.0.get_mut(&key)) {
                merged.node.parent = None;
                merged.is_uprooted = true;
            }
        }
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
        if self.get(parent).is_none() {
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
        let is_root = |node: &&CategoryNode| node.parent.as_ref().is_none_or(|parent| self.get(parent).is_none());
        self.branches_of(self.nodes().filter(is_root).collect())
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

    /// All categories, sorted by key.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &CategoryNode> {
        self.0.values().map(|merged| &merged.node)
    }

    fn children<'a>(&'a self, parent: Option<&'a Category>) -> impl Iterator<Item = &'a CategoryNode> {
        self.nodes().filter(move |node| node.parent.as_ref() == parent)
    }

    /// A category and all above it, upwards.
    fn ancestors<'a>(&'a self, key: &'a Category) -> impl Iterator<Item = &'a CategoryNode> {
        std::iter::successors(self.get(key), |node| self.get(node.parent.as_ref()?))
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

/// A key made from a name: its letters and digits in their comparison form, with dashes between the words.
pub(crate) fn slug(name: &str) -> Result<Category> {
    let name = comparison_key(name);
    let words = name.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|word| !word.is_empty());
    let slug: String = words.collect::<Vec<_>>().join("-").chars().take(MAX_KEY_LENGTH).collect();
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

    fn row(node: CategoryNode) -> CategoryRow {
        CategoryRow { sort_key: node.key.written().to_owned(), node }
    }

    fn tree(nodes: &[(&str, Option<&str>)]) -> CategoryTree {
        CategoryTree::new(nodes.iter().map(|(name, parent)| row(node(name, *parent))))
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
        let names: Vec<_> =
            CategoryTree::new(nodes.into_iter().map(row)).branches().into_iter().map(|branch| branch.name).collect();
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
        for (name, expected) in
            [("Cafe\u{301} Noir", "café-noir"), ("क्षेत्र २", "क्षेत्र-२"), ("می\u{200c}نا", "مینا"), ("ＴＥＡ", "tea")]
        {
            assert_eq!(slug(name).unwrap(), key(expected), "{name:?}");
        }
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
            if let Some(merged) = self.tree.0.get_mut(key) {
                merged.node.parent = parent.cloned();
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
            let tree = CategoryTree::new(keys.iter().cloned().map(CategoryNode::root).map(row));
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
