//! Categories: a row each in one partition, and one row with the version of the tree that they make.

use std::sync::Arc;

use aws_kit::{CommitError, Key, Query, Transaction, Write};
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp};

use crate::categories::tree::{MOST_CATEGORIES, Node, Tree};
use crate::{Catalog, Category};

/// A category that was seen is taken to be there for so long; the tree that search looks into is no older.
const TREE_SECONDS: i64 = 30;

/// The row that every change of the tree's shape rewrites.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Shape {
    /// One more with every move and removal, and with every category that is made below another.
    pub(crate) version: u64,
    /// How many categories there are, without those from before they were counted.
    pub(crate) count: i64,
}

impl Catalog {
    /// A category and all that lie below it; of one that is not there, itself alone. From a tree that is 30 s old at most: 0 or
    /// 1 round trips.
    pub async fn below(&self, category: &Category, now: Timestamp) -> Result<Vec<Category>> {
        Ok(self.tree(now, TREE_SECONDS).await?.below(category))
    }

    /// All categories, as they were `seconds` before `now` at most: 0 or 1 round trips.
    pub(crate) async fn tree(&self, now: Timestamp, seconds: i64) -> Result<Arc<Tree>> {
        let known = self.known(|known| known.tree.clone());
        if let Some((_, tree)) = known.filter(|(read, _)| now < read.plus_seconds(seconds)) {
            return Ok(tree);
        }
        let tree = Arc::new(self.read_tree().await?);
        self.known(|known| known.tree = Some((now, Arc::clone(&tree))));
        Ok(tree)
    }

    /// All categories, as they are now, with the version that a change of their shape is conditioned on. 2 round trips: the
    /// version first, so that what changes in between refuses.
    pub(crate) async fn shaped(&self) -> Result<(Shape, Tree)> {
        let shape = self.table.get::<Shape>(shape_key()).await?.unwrap_or_default();
        Ok((shape, self.read_tree().await?))
    }

    /// Makes sure of a category before the first product lies in it: nothing when this sandbox saw it lately, 1 round trip when
    /// it is there, 2 when it is new. Outside of the product's transaction, where an import's products would collide on its row.
    pub(crate) async fn ensure_category(&self, category: &Category, now: Timestamp) -> Result<()> {
        let seen = self.known(|known| known.categories.get(category).copied());
        if seen.is_some_and(|seen| now < seen.plus_seconds(TREE_SECONDS)) {
            return Ok(());
        }
        if self.table.peek::<Node>(node_key(category)).await?.is_none() {
            let (writes, room) = self.plant(&Node::named_after(category.clone()), None)?;
            match writes.commit().await {
                Err(CommitError::ConditionFailed(refusals)) if refusals.of(room).is_some() => return Err(full()),
                // Refused otherwise, it is there already.
                Ok(()) | Err(CommitError::ConditionFailed(_)) => self.forget_tree(),
                Err(failed) => return Err(failed.into()),
            }
        }
        self.known(|known| {
            if known.categories.len() >= MOST_CATEGORIES as usize {
                known.categories.clear();
            }
            known.categories.insert(category.clone(), now);
        });
        Ok(())
    }

    /// The writes that make a category; below another one, only while the tree is at `version`. The slot is that of the tree,
    /// which refuses when it is full, or has another shape.
    pub(crate) fn plant(&self, node: &Node, version: Option<u64>) -> Result<(Transaction, aws_kit::Slot)> {
        let mut writes = Transaction::new();
        writes.add(Write::create(&self.table, node_key(&node.key), node)?);
        let room = "(attribute_not_exists(#count) OR #count < :most)";
        let write = match version {
            Some(version) => reshape(self, version, 1)?,
            None => Write::update(&self.table, shape_key(), "SET #count = if_not_exists(#count, :zero) + :by")
                .name("#count", "count")
                .value(":zero", 0)?
                .value(":by", 1)?,
        };
        let when = match version {
            Some(_) => format!("{room} AND {SAME_SHAPE}"),
            None => room.to_owned(),
        };
        let slot = writes.add(write.when(when).value(":most", MOST_CATEGORIES)?);
        Ok((writes, slot))
    }

    /// The write of a category that is at `version` now.
    pub(crate) fn put_node_over(&self, version: u64, node: &Node) -> Result<Write> {
        at(Write::put(&self.table, node_key(&node.key), node)?, version)
    }

    /// The write that removes a category that is at `version` now.
    pub(crate) fn remove_node(&self, key: &Category, version: u64) -> Result<Write> {
        at(Write::delete(&self.table, node_key(key)), version)
    }

    /// The write that gives the tree another shape, in which there are `by` categories more; refused when it has one already.
    pub(crate) fn reshape(&self, version: u64, by: i32) -> Result<Write> {
        Ok(reshape(self, version, by)?.when(SAME_SHAPE))
    }

    /// Remembers no tree any more: it was changed.
    pub(crate) fn forget_tree(&self) {
        self.known(|known| {
            known.tree = None;
            known.categories.clear();
        });
    }

    async fn read_tree(&self) -> Result<Tree> {
        let nodes = Query::of(&self.table, "CATEGORIES").first::<Node>(MOST_CATEGORIES).await?;
        Ok(Tree::new(nodes))
    }
}

const SAME_SHAPE: &str = "(attribute_not_exists(version) OR version = :v)";

fn reshape(catalog: &Catalog, version: u64, by: i32) -> Result<Write> {
    let set = "SET version = if_not_exists(version, :zero) + :one, #count = if_not_exists(#count, :zero) + :by";
    Write::update(&catalog.table, shape_key(), set)
        .name("#count", "count")
        .value(":zero", 0)?
        .value(":one", 1)?
        .value(":by", by)?
        .value(":v", version)
}

/// Rows from before categories had versions are at their first.
fn at(write: Write, version: u64) -> Result<Write> {
    let first = if version == 1 { " OR (attribute_exists(pk) AND attribute_not_exists(version))" } else { "" };
    write.when(format!("version = :v{first}")).value(":v", version)
}

pub(crate) fn full() -> Error {
    Error::conflict(
        "too_many_categories",
        format!("There are {MOST_CATEGORIES} categories; there is no room for another."),
    )
}

fn node_key(key: &Category) -> Key {
    Key::new("CATEGORIES", key.as_str())
}

fn shape_key() -> Key {
    Key::new("CATEGORIES#TREE", "TREE")
}
