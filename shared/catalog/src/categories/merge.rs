//! Rows of categories that are one category today. Earlier releases stored a key as it was written, so `Tea`, `tea`, and `Café` in two
//! Unicode forms were categories of their own. They are read as one, and stored as one by the next change or by the task that
//! normalises the catalog. Pure.

use serde::Deserialize;
use values::Text;

use crate::CategoryNode;

/// A category as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct CategoryRow {
    /// It is the key of the category as it was written.
    #[serde(rename = "sk")]
    pub(crate) sort_key: String,
    #[serde(flatten)]
    pub(crate) node: CategoryNode,
}

/// A category, and the rows that it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MergedCategory {
    pub(crate) node: CategoryNode,
    /// The sort key and the version of each row.
    pub(crate) rows: Vec<(String, u64)>,
    /// It became a root, because it would have been below itself.
    pub(crate) is_uprooted: bool,
    is_written_in_form: bool,
}

impl MergedCategory {
    /// Is it stored as one row, under its key, and with its parent's key?
    pub(crate) fn is_in_form(&self) -> bool {
        let is_one_row = matches!(self.rows.as_slice(), [(sort_key, _)] if sort_key == self.node.key.as_str());
        is_one_row && self.is_written_in_form && !self.is_uprooted
    }

    /// All keys under which products may refer to it: its own, and those of earlier releases.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.node.key.as_str()).chain(self.node.former_keys.iter().map(String::as_str))
    }
}

/// The category of rows with one key; none if there are no rows. What an admin has set wins over a row that the first product created;
/// after that, a row under the key itself, and then the order of the rows.
pub(crate) fn merge(mut rows: Vec<CategoryRow>) -> Option<MergedCategory> {
    let is_created_by_product = |node: &CategoryNode| node.name.is_none() && node.parent.is_none();
    rows.sort_by_cached_key(|row| {
        let key = row.node.key.as_str();
        (is_created_by_product(&row.node), row.sort_key != key, row.sort_key.clone())
    });
    let first = rows.first()?.node.clone();
    let key = first.key.clone();
    let parent = rows.iter().filter_map(|row| row.node.parent.clone()).find(|parent| *parent != key);
    let name = rows.iter().find_map(|row| row.node.name.clone());
    // Without a name, the key is shown as it was written. The key that is stored from now on does not say that.
    let name = name.or_else(|| if first.key.is_in_form() { None } else { Text::from_foreign(first.key.written()) });
    let mut former_keys: Vec<String> = rows.iter().flat_map(|row| row.node.former_keys.clone()).collect();
    former_keys.extend(rows.iter().map(|row| row.sort_key.clone()));
    former_keys.retain(|former| *former != key.as_str());
    former_keys.sort();
    former_keys.dedup();
    let is_written_in_form = first.key.is_in_form() && parent.as_ref().is_none_or(|parent| parent.is_in_form());
    let version = rows.iter().map(|row| row.node.version).max().unwrap_or_default();
    Some(MergedCategory {
        node: CategoryNode { name, parent, version, former_keys, ..first },
        rows: rows.into_iter().map(|row| (row.sort_key, row.node.version)).collect(),
        is_uprooted: false,
        is_written_in_form,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::categories::tree::CategoryTree;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn row(body: Value) -> CategoryRow {
        let mut row = body;
        row["pk"] = json!("CATEGORIES");
        row["sk"] = row["category"].clone();
        serde_json::from_value(row).unwrap()
    }

    fn merged(rows: &[Value]) -> MergedCategory {
        merge(rows.iter().cloned().map(row).collect()).unwrap()
    }

    #[test]
    fn row_of_today_is_in_form() {
        let mugs = json!({ "category": "mugs", "name": "Mugs", "parent": "kitchen", "version": 3 });
        let category = merged(std::slice::from_ref(&mugs));
        assert!(category.is_in_form());
        assert_eq!(
            serde_json::to_value(&category.node).unwrap(),
            json!({
                "category": "mugs", "name": "Mugs", "parent": "kitchen", "position": 0, "version": 3,
            })
        );
        for old in [json!({ "category": "Mugs" }), json!({ "category": "mugs", "parent": "Kitchen" })] {
            assert!(!merged(&[old]).is_in_form());
        }
    }

    #[test]
    fn old_key_keeps_its_spelling_as_name() {
        let tea = merged(&[json!({ "category": "Té Verde" })]).node;
        assert_eq!((tea.key.as_str(), tea.name()), ("té verde", "Té Verde"));
        assert_eq!(tea.former_keys, ["Té Verde"]);
    }

    #[test]
    fn what_an_admin_has_set_wins() {
        let rows = [
            json!({ "category": "tea" }),
            json!({ "category": "TEA", "position": 9, "version": 2 }),
            json!({ "category": "Tea", "name": "Teas", "parent": "Drinks", "position": 4, "version": 7 }),
            json!({ "category": "ｔｅａ", "parent": "tea" }),
        ];
        let tea = merged(&rows);
        let node = &tea.node;
        assert_eq!((node.name(), node.position, node.version), ("Teas", 4, 7));
        assert_eq!(node.parent.as_ref().map(|parent| parent.as_str()), Some("drinks"));
        assert_eq!(node.former_keys, ["TEA", "Tea", "ｔｅａ"]);
        assert_eq!(tea.all_keys().collect::<Vec<_>>(), ["tea", "TEA", "Tea", "ｔｅａ"]);
        assert_eq!((tea.rows.len(), tea.is_in_form()), (4, false));
        let mut reversed = rows.clone();
        reversed.reverse();
        assert_eq!(merged(&reversed), tea, "the order in which rows are read makes no difference");
    }

    #[test]
    fn category_that_would_be_below_itself_becomes_a_root() {
        let rows = [("Tea", Some("Mint")), ("Mint", None), ("mint", Some("tea")), ("tea", None)];
        let rows = rows.map(|(key, parent)| row(json!({ "category": key, "parent": parent })));
        let tree = CategoryTree::new(rows);
        let branches = serde_json::to_value(tree.branches()).unwrap();
        assert_eq!((&branches[0]["key"], &branches[0]["children"][0]["key"]), (&json!("mint"), &json!("tea")));
        assert_eq!(branches.as_array().unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn every_old_category_is_in_the_tree_once(
            rows in prop::collection::btree_map("[aAbB]{1,2}", prop::option::of("[aAbB]{1,2}"), 0..12),
        ) {
            let keys: std::collections::BTreeSet<String> = rows.keys().map(|key| key.to_lowercase()).collect();
            let tree = CategoryTree::new(rows.iter().map(|(key, parent)| row(json!({ "category": key, "parent": parent }))));
            let roots = tree.branches();
            let mut shown: Vec<String> = Vec::new();
            for root in &roots {
                shown.extend(tree.subtree(&root.key).iter().map(ToString::to_string));
            }
            shown.sort();
            prop_assert_eq!(shown, keys.iter().cloned().collect::<Vec<_>>());
            // The rows that a merge writes are read as the same tree, and need no merge.
            let stored: Vec<CategoryRow> = keys.iter().map(|key| {
                let node = serde_json::to_value(tree.get(&key.clone().try_into().unwrap()).unwrap()).unwrap();
                row(node)
            }).collect();
            let again = CategoryTree::new(stored);
            prop_assert_eq!(again.branches(), roots);
            prop_assert!(again.first_unmerged().is_none());
        }
    }
}
