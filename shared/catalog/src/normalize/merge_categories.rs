//! Use case: store the categories of earlier releases under their keys, and merge those with one key. Products are not written for
//! that: a category knows its former keys.

use aws_kit::{Changes, ConditionFailures, Decision, Transaction};
use tracing::info;
use values::Result;

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
            let undecided = before.is_uprooted.then(|| Undecided::Root { key: node.key.clone() });
            Ok(Changes::new(writes, CategoryMerge::Merged { undecided }).into())
        };
        self.write_tree(decide).await
    }
}
