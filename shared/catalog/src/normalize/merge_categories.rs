//! Use case: store the categories of earlier releases under their keys, and merge those with one key. Products are not written for
//! that: a category knows its former keys.

use aws_kit::{Changes, ConditionFailures, Decision, Transaction};
use tracing::info;
use values::Result;

use crate::categories::merge::MergedCategory;
use crate::categories::tree::CategoryTree;
use crate::normalize::progress::{FormerKeys, Undecided};
use crate::{CatalogService, CategoryNode};

/// A step of the merge.
pub(crate) enum CategoryMerge {
    /// A category was stored under its key.
    Merged {
        /// What an admin has to decide about it.
        undecided: Option<Undecided>,
    },
    /// All categories are in form; those with former keys.
    Finished(Vec<FormerKeys>),
}

impl CatalogService {
    /// Stores the next category in form. 2 round trips, and 1 for the write. Decides again when another admin changes the tree.
    pub(crate) async fn merge_next_category(&self) -> Result<CategoryMerge> {
        let decide = |_: Option<ConditionFailures>| async move {
            let (tree_version, tree) = self.catalog.read_versioned_tree().await?;
            let Some(before) = tree.first_unmerged() else {
                let former = tree.nodes().filter(|node| !node.former_keys.is_empty());
                let former =
                    former.map(|node| FormerKeys { key: node.key.clone(), former_keys: node.former_keys.clone() });
                return Ok(Decision::Unchanged(CategoryMerge::Finished(former.collect())));
            };
            let node = CategoryNode { version: before.node.version + 1, ..before.node.clone() };
            let (rows, gone) = self.catalog.put_category_over(before, &node)?;
            let mut writes = Transaction::from(rows);
            writes.add(self.catalog.change_tree_version(tree_version.version, -gone)?);
            info!(done = before.rows.len(), "category stored under its key");
            let undecided = find_undecided(&tree, before);
            Ok(Changes::new(writes, CategoryMerge::Merged { undecided }).into())
        };
        self.write_tree(decide).await
    }
}

/// What an admin has to decide about the place of a merged category.
fn find_undecided(tree: &CategoryTree, merged: &MergedCategory) -> Option<Undecided> {
    let (key, parent) = (merged.node.key.clone(), merged.node.parent.as_ref());
    if merged.is_uprooted {
        return Some(Undecided::Root { key });
    }
    let error = tree.check_place(&key, parent).err()?;
    (error.code == "category_too_deep").then_some(Undecided::Depth { key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Category;
    use serde_json::{from_value, json};

    fn undecided(rows: &[(&str, Option<&str>)], key: &str) -> Option<Undecided> {
        let row = |(key, parent): &(&str, Option<&str>)| {
            from_value(json!({ "pk": "CATEGORIES", "sk": key, "category": key, "parent": parent })).unwrap()
        };
        let tree = CategoryTree::new(rows.iter().map(row));
        find_undecided(&tree, tree.merged(&Category::try_from(key.to_owned()).unwrap()).unwrap())
    }

    #[test]
    fn place_that_no_admin_has_chosen_is_reported() {
        let tea = || Category::try_from("tea".to_owned()).unwrap();
        let deep = [("1", None), ("2", Some("1")), ("3", Some("2")), ("4", Some("3")), ("5", Some("4"))];
        let merged = |more: &[(&'static str, Option<&'static str>)]| undecided(&[&deep[..], more].concat(), "tea");
        assert_eq!(merged(&[("Tea", Some("5")), ("tea", None)]), None);
        let children = [("Tea", Some("5")), ("tea", None), ("green", Some("tea"))];
        assert_eq!(merged(&children), Some(Undecided::Depth { key: tea() }));
        let cycle = [("Tea", Some("mint")), ("tea", None), ("Mint", None), ("mint", Some("tea"))];
        let roots = [undecided(&cycle, "tea"), undecided(&cycle, "mint")];
        assert!(roots.iter().flatten().all(|line| matches!(line, Undecided::Root { .. })), "{roots:?}");
        assert_eq!(roots.iter().flatten().count(), 1);
    }
}
