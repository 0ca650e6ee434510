//! Rows of categories: one row each in one partition, and one row with the version of the tree.

use std::sync::Arc;

use aws_kit::{CommitError, Key, MAX_TRANSACTION_WRITES, Query, Transaction, Write};
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp};

use crate::categories::merge::{CategoryRow, MergedCategory};
use crate::categories::tree::{CategoryTree, MAX_CATEGORIES};
use crate::{Catalog, Category, CategoryNode};

/// The most rows of earlier releases that one transaction merges. The next one merges the rest.
pub(crate) const MAX_MERGED: usize = 90;
/// Category, tree.
const OTHER_WRITES: usize = 2;
const _: () = assert!(MAX_MERGED + OTHER_WRITES <= MAX_TRANSACTION_WRITES, "a merge must fit into one transaction");
/// For this many seconds an existing category is assumed to exist, and search uses the same tree.
const TREE_SECONDS: i64 = 30;

/// The version of the tree. Each change of the tree's shape rewrites this row.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TreeVersion {
    /// Goes up with each move and removal, and with each new category that has a parent.
    pub(crate) version: u64,
    /// The number of categories, without those from before they were counted.
    pub(crate) count: i64,
}

impl Catalog {
    /// A category and all below it; only itself if it does not exist. The tree is at most 30 s old. 0 or 1 round trips.
    pub async fn subtree(&self, category: &Category, now: Timestamp) -> Result<Vec<Category>> {
        Ok(self.tree(now, TREE_SECONDS).await?.subtree(category))
    }

    /// Each of these categories, followed by all above it, upwards; only itself if it does not exist. The tree is at most 30 s
    /// old. 0 or 1 round trips.
    pub async fn lineages(&self, categories: &[Category], now: Timestamp) -> Result<Vec<Vec<Category>>> {
        let tree = self.tree(now, TREE_SECONDS).await?;
        let parent = |category: &Category| tree.get(category).and_then(|node| node.parent.clone());
        // The depth of the tree is limited, so this ends.
        let lineage = |category: &Category| std::iter::successors(Some(category.clone()), parent).collect();
        Ok(categories.iter().map(lineage).collect())
    }

    /// All categories, at most `seconds` old. 0 or 1 round trips.
    pub(crate) async fn tree(&self, now: Timestamp, seconds: i64) -> Result<Arc<CategoryTree>> {
        let cached = self.memory(|memory| memory.tree.clone());
        if let Some((_, tree)) = cached.filter(|(read, _)| now < read.plus_seconds(seconds)) {
            return Ok(tree);
        }
        let tree = Arc::new(self.read_tree().await?);
        self.memory(|memory| memory.tree = Some((now, Arc::clone(&tree))));
        Ok(tree)
    }

    /// All current categories, with the version on which a change of their shape is conditioned. 2 round trips. The
    /// version is read first, so that a later change makes the condition fail.
    pub(crate) async fn read_versioned_tree(&self) -> Result<(TreeVersion, CategoryTree)> {
        let shape = self.table.get::<TreeVersion>(tree_version_key()).await?.unwrap_or_default();
        Ok((shape, self.read_tree().await?))
    }

    /// Makes sure that a category exists before its first product is written. No round trip if this execution
    /// environment saw it lately, 1 if it exists, 3 if it is new. It is not part of the product's transaction: the
    /// products of an import would conflict on its row.
    pub(crate) async fn ensure_category(&self, category: &Category, now: Timestamp) -> Result<()> {
        let seen_at = self.memory(|memory| memory.categories.get(category).copied());
        if seen_at.is_some_and(|seen_at| now < seen_at.plus_seconds(TREE_SECONDS)) {
            return Ok(());
        }
        // A row of an earlier release has another key, such as `Tea`. The tree has it.
        if self.table.peek::<CategoryNode>(category_key(category.as_str())).await?.is_none()
            && self.read_tree().await?.get(category).is_none()
        {
            let (writes, tree_slot) = self.create_category(&CategoryNode::root(category.clone()), None)?;
            match writes.commit().await {
                Err(CommitError::ConditionFailed(failures)) if failures.of(tree_slot).is_some() => {
                    return Err(too_many_categories());
                }
                // With any other failed condition, the category exists already.
                Ok(()) | Err(CommitError::ConditionFailed(_)) => self.evict_tree(),
                Err(error) => return Err(error.into()),
            }
        }
        self.memory(|memory| {
            if memory.categories.len() >= MAX_CATEGORIES as usize {
                memory.categories.clear();
            }
            memory.categories.insert(category.clone(), now);
        });
        Ok(())
    }

    /// The writes that create a category. With a parent, their condition is that the tree is at `version`. The slot is
    /// that of the tree's row: its condition fails if the tree is full or has changed.
    pub(crate) fn create_category(
        &self,
        node: &CategoryNode,
        version: Option<u64>,
    ) -> Result<(Transaction, aws_kit::Slot)> {
        let mut writes = Transaction::new();
        writes.add(Write::create(&self.table, category_key(node.key.as_str()), node)?);
        let has_room = "(attribute_not_exists(#count) OR #count < :most)";
        let write = match version {
            Some(version) => tree_version_update(self, version, 1)?,
            None => Write::update(&self.table, tree_version_key(), "SET #count = if_not_exists(#count, :zero) + :by")
                .name("#count", "count")
                .value(":zero", 0)?
                .value(":by", 1)?,
        };
        let when = match version {
            Some(_) => format!("{has_room} AND {SAME_TREE_VERSION}"),
            None => has_room.to_owned(),
        };
        let slot = writes.add(write.when(when).value(":most", MAX_CATEGORIES)?);
        Ok((writes, slot))
    }

    /// The writes that store a category as one row under its key, in place of the rows that it was read from. With more than
    /// [`MAX_MERGED`] of them, some are left. Their conditions fail if one of these rows has changed. Also by how many rows there are less.
    pub(crate) fn put_category_over(&self, before: &MergedCategory, node: &CategoryNode) -> Result<(Vec<Write>, i32)> {
        let put = Write::put(&self.table, category_key(node.key.as_str()), node)?;
        let is_own = |(sort_key, _): &&(String, u64)| sort_key == node.key.as_str();
        let put = match before.rows.iter().find(is_own) {
            Some((_, version)) => if_at_version(put, *version)?,
            None => put.when("attribute_not_exists(pk)"),
        };
        let deletes = self.delete_rows(before.rows.iter().filter(|row| !is_own(row)))?;
        let deleted = i32::try_from(deletes.len()).map_err(Error::internal)?;
        let gone = deleted - i32::from(!before.rows.iter().any(|row| is_own(&row)));
        Ok((std::iter::once(put).chain(deletes).collect(), gone))
    }

    /// The writes that delete all rows of a category. Their conditions fail if one of them has changed.
    pub(crate) fn delete_category(&self, before: &MergedCategory) -> Result<Vec<Write>> {
        self.delete_rows(before.rows.iter())
    }

    fn delete_rows<'a>(&self, rows: impl Iterator<Item = &'a (String, u64)>) -> Result<Vec<Write>> {
        let delete =
            |(key, version): &(String, u64)| if_at_version(Write::delete(&self.table, category_key(key)), *version);
        rows.take(MAX_MERGED).map(delete).collect()
    }

    /// The write that raises the tree's version and adds `by` to its count. Its condition fails if the tree has
    /// changed.
    pub(crate) fn change_tree_version(&self, version: u64, by: i32) -> Result<Write> {
        Ok(tree_version_update(self, version, by)?.when(SAME_TREE_VERSION))
    }

    /// Drops the cached tree after a change.
    pub(crate) fn evict_tree(&self) {
        self.memory(|memory| {
            memory.tree = None;
            memory.categories.clear();
        });
    }

    async fn read_tree(&self) -> Result<CategoryTree> {
        let rows = Query::of(&self.table, "CATEGORIES").first::<CategoryRow>(MAX_CATEGORIES).await?;
        Ok(CategoryTree::new(rows))
    }
}

const SAME_TREE_VERSION: &str = "(attribute_not_exists(version) OR version = :v)";

fn tree_version_update(catalog: &Catalog, version: u64, by: i32) -> Result<Write> {
    let set = "SET version = if_not_exists(version, :zero) + :one, #count = if_not_exists(#count, :zero) + :by";
    Write::update(&catalog.table, tree_version_key(), set)
        .name("#count", "count")
        .value(":zero", 0)?
        .value(":one", 1)?
        .value(":by", by)?
        .value(":v", version)
}

/// Rows without a version are at version 1.
fn if_at_version(write: Write, version: u64) -> Result<Write> {
    let first = if version == 1 { " OR (attribute_exists(pk) AND attribute_not_exists(version))" } else { "" };
    write.when(format!("version = :v{first}")).value(":v", version)
}

pub(crate) fn too_many_categories() -> Error {
    Error::conflict(
        "too_many_categories",
        format!("The shop has {MAX_CATEGORIES} categories, the most allowed. Delete one first."),
    )
}

fn category_key(key: &str) -> Key {
    Key::new("CATEGORIES", key)
}

fn tree_version_key() -> Key {
    Key::new("CATEGORIES#TREE", "TREE")
}
