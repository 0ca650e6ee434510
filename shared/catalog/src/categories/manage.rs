//! Use cases: list, create, change and delete categories. The first product in an unknown category creates it too: as a
//! root with its key as name.

use aws_kit::{Changes, ConditionFailures, Decision, Transaction};
use values::{Caller, Error, ExpectedVersion, Permission, Result};

use crate::categories::merge::MergedCategory;
use crate::categories::store::{MAX_MERGED, too_many_categories};
use crate::categories::tree::{CategoryBranch, CategoryTree, MAX_CATEGORIES, slug};
use crate::{CatalogService, Category, CategoryContent, CategoryNode};

/// How old the tree may be for callers who are not admins, in seconds.
const VIEW_SECONDS: i64 = 5;

impl CatalogService {
    /// All categories, as a tree. Admins get the current tree; all others get one that is at most some seconds old. 0
    /// or 1 round trips.
    pub async fn categories(&self, caller: &Caller) -> Result<Vec<CategoryBranch>> {
        let seconds = if caller.may(Permission::ManageCategories) { 0 } else { VIEW_SECONDS };
        Ok(self.catalog.tree(self.clock.now(), seconds).await?.branches())
    }

    /// Reads one category, as old as the tree. A new one is found at once. 404. 0 or 1 round trips.
    pub async fn category(&self, key: &Category, caller: &Caller) -> Result<CategoryNode> {
        let seconds = if caller.may(Permission::ManageCategories) { 0 } else { VIEW_SECONDS };
        for seconds in [seconds, 0] {
            if let Some(node) = self.catalog.tree(self.clock.now(), seconds).await?.get(key) {
                return Ok(node.clone());
            }
        }
        Err(Error::not_found("category"))
    }

    /// Creates a category. Without a key, the key is made from the name. 409 `category_exists`, `category_too_deep` or
    /// `too_many_categories`. 3 round trips.
    pub async fn create_category(&self, key: Option<Category>, content: CategoryContent) -> Result<CategoryNode> {
        let key = key.map_or_else(|| slug(content.name.as_str()), Ok)?;
        let CategoryContent { name, parent, position } = content;
        let node = CategoryNode { name: Some(name), parent, position, ..CategoryNode::root(key) };
        let node = &node;
        let decide = |_: Option<ConditionFailures>| async move {
            let (tree_version, tree) = self.catalog.read_versioned_tree().await?;
            if tree.get(&node.key).is_some() {
                return Err(exists(&node.key));
            }
            if tree_version.count >= i64::from(MAX_CATEGORIES) {
                return Err(too_many_categories());
            }
            tree.check_place(&node.key, node.parent.as_ref())?;
            let (writes, _) = self.catalog.create_category(node, Some(tree_version.version))?;
            Ok(Changes::new(writes, node.clone()).into())
        };
        self.write_tree(decide).await
    }

    /// Renames, moves or reorders a category that is at the `expected` version. Its products and subcategories stay in
    /// it, and no product is written. 404; 412 `version_mismatch`; 409 `category_cycle` or `category_too_deep`. 3 round
    /// trips.
    pub async fn change_category(
        &self,
        key: &Category,
        expected: &ExpectedVersion,
        content: CategoryContent,
    ) -> Result<CategoryNode> {
        let CategoryContent { name, parent, position } = &content;
        let decide = |_: Option<ConditionFailures>| async move {
            let (tree_version, tree) = self.catalog.read_versioned_tree().await?;
            let before = check_version(&tree, key, expected)?;
            let (name, parent, position) = (Some(name.clone()), parent.clone(), *position);
            let node = CategoryNode { name, parent, position, version: before.node.version + 1, ..before.node.clone() };
            let is_moved = before.node.parent != node.parent;
            if is_moved {
                tree.check_place(key, node.parent.as_ref())?;
            }
            let (rows, gone) = self.catalog.put_category_over(before, &node)?;
            let mut writes = Transaction::from(rows);
            if is_moved || gone > 0 {
                writes.add(self.catalog.change_tree_version(tree_version.version, -gone)?);
            }
            Ok(Changes::new(writes, node).into())
        };
        self.write_tree(decide).await
    }

    /// Deletes an empty category that is at the `expected` version. 404; 412 `version_mismatch`; 409 `category_in_use`.
    /// 4 round trips.
    pub async fn delete_category(&self, key: &Category, expected: &ExpectedVersion) -> Result<()> {
        let decide = |_: Option<ConditionFailures>| async move {
            let (tree_version, tree) = self.catalog.read_versioned_tree().await?;
            let category = check_version(&tree, key, expected)?;
            if tree.has_children(key) {
                return Err(in_use("The category has subcategories. Move or delete them first."));
            }
            if category.rows.len() > MAX_MERGED {
                return Err(in_use("The category has too many former keys. Change it first, which merges them."));
            }
            if self.catalog.has_products(category.all_keys()).await? {
                return Err(in_use("The category has products. Move them to another category first."));
            }
            let rows = self.catalog.delete_category(category)?;
            let count = i32::try_from(rows.len()).map_err(Error::internal)?;
            let mut writes = Transaction::from(rows);
            writes.add(self.catalog.change_tree_version(tree_version.version, -count)?);
            Ok(Changes::new(writes, ()).into())
        };
        self.write_tree(decide).await
    }

    /// A write that changes categories. The cached tree is dropped after each attempt. A failed condition on a
    /// category's own version needs no refusal: the next attempt reports it.
    pub(crate) async fn write_tree<'a, T, F, Fut>(&'a self, mut decide: F) -> Result<T>
    where
        F: FnMut(Option<ConditionFailures>) -> Fut,
        Fut: Future<Output = Result<Decision<'a, T>>>,
    {
        let decide = |failed: Option<ConditionFailures>| {
            if failed.is_some() {
                self.catalog.evict_tree();
            }
            decide(failed)
        };
        let result = self.write().run(decide).await;
        self.catalog.evict_tree();
        result
    }
}

/// The current category, if it is at the `expected` version.
fn check_version<'a>(tree: &'a CategoryTree, key: &Category, expected: &ExpectedVersion) -> Result<&'a MergedCategory> {
    match tree.merged(key) {
        None => Err(Error::not_found("category")),
        Some(current) if expected.matches(current.node.version) => Ok(current),
        Some(_) => Err(Error::version_mismatch("category")),
    }
}

fn exists(key: &Category) -> Error {
    let error = Error::conflict("category_exists", format!("The category {key} exists already. Choose another key."));
    error.with_field("key", "category_exists", "exists already")
}

fn in_use(detail: &str) -> Error {
    Error::conflict("category_in_use", detail)
}
