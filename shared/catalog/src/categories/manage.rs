//! Categories as admins arrange them. A product's first use makes one, too: a root that is called as its key.

use aws_kit::{Backoff, CommitError, Transaction};
use values::{Caller, Error, Permission, Result};

use crate::categories::store::full;
use crate::categories::tree::{Branch, MOST_CATEGORIES, Node, Tree, slug};
use crate::{Category, Products, Shelf};

/// Seconds that everybody's view of the tree may be old.
const VIEW_SECONDS: i64 = 5;

impl Products {
    /// All categories, as a tree. Admins see it as it is, everybody else as it was some seconds ago at most. 0 or 1 round trips.
    pub async fn categories(&self, caller: &Caller) -> Result<Vec<Branch>> {
        let seconds = if caller.may(Permission::ManageCategories) { 0 } else { VIEW_SECONDS };
        Ok(self.catalog.tree(self.clock.now(), seconds).await?.branches())
    }

    /// Makes a category; its key is made of its name unless it is told. 409 `category_exists`, `category_too_deep` or
    /// `too_many_categories`. 3 round trips.
    pub async fn create_category(&self, key: Option<Category>, shelf: Shelf) -> Result<Node> {
        let key = key.map_or_else(|| slug(shelf.name.as_str()), Ok)?;
        let Shelf { name, parent, position } = shelf;
        let node = Node { name: Some(name), parent, position, ..Node::named_after(key) };
        let mut backoff = Backoff::start();
        loop {
            let (shape, tree) = self.catalog.shaped().await?;
            if tree.get(&node.key).is_some() {
                return Err(exists(&node.key));
            }
            if shape.count >= i64::from(MOST_CATEGORIES) {
                return Err(full());
            }
            tree.check_place(&node.key, node.parent.as_ref())?;
            let (writes, _) = self.catalog.plant(&node, Some(shape.version))?;
            if self.reshaped(writes, &mut backoff).await? {
                return Ok(node);
            }
        }
    }

    /// Renames, moves or reorders a category that is at `version`: whatever lies in it or below it goes with it, and no product
    /// is touched. 404; 412 `version_mismatch`; 409 `category_cycle` or `category_too_deep`. 3 round trips.
    pub async fn change_category(&self, key: &Category, version: u64, shelf: Shelf) -> Result<Node> {
        let Shelf { name, parent, position } = shelf;
        let mut backoff = Backoff::start();
        loop {
            let (shape, tree) = self.catalog.shaped().await?;
            at(&tree, key, version)?;
            let (name, parent) = (Some(name.clone()), parent.clone());
            let node = Node { key: key.clone(), name, parent, position, version: version + 1 };
            let mut writes = Transaction::new();
            writes.add(self.catalog.put_node_over(version, &node)?);
            if tree.get(key).is_some_and(|before| before.parent != node.parent) {
                tree.check_place(key, node.parent.as_ref())?;
                writes.add(self.catalog.reshape(shape.version, 0)?);
            }
            if self.reshaped(writes, &mut backoff).await? {
                return Ok(node);
            }
        }
    }

    /// Removes a category that is at `version`, and in which there is nothing. 404; 412 `version_mismatch`; 409
    /// `category_in_use`. 4 round trips.
    pub async fn delete_category(&self, key: &Category, version: u64) -> Result<()> {
        let mut backoff = Backoff::start();
        loop {
            let (shape, tree) = self.catalog.shaped().await?;
            at(&tree, key, version)?;
            if tree.has_children(key) {
                return Err(in_use("There are categories below it; move or delete them first."));
            }
            if self.catalog.has_products(key).await? {
                return Err(in_use("There are products in it; move them to another category first."));
            }
            let mut writes = Transaction::new();
            writes.add(self.catalog.remove_node(key, version)?);
            writes.add(self.catalog.reshape(shape.version, -1)?);
            if self.reshaped(writes, &mut backoff).await? {
                return Ok(());
            }
        }
    }

    /// Commits a change that was decided on the tree as it was read; false when somebody else changed it meanwhile, and it is to
    /// be decided anew.
    async fn reshaped(&self, writes: Transaction, backoff: &mut Backoff) -> Result<bool> {
        let committed = writes.commit().await;
        self.catalog.forget_tree();
        match committed {
            Ok(()) => Ok(true),
            // A category's own version is refused here, too, and told by the next look.
            Err(CommitError::ConditionFailed(_)) if backoff.wait().await => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn at(tree: &Tree, key: &Category, version: u64) -> Result<()> {
    match tree.get(key).map(|node| node.version) {
        None => Err(Error::not_found("category")),
        Some(present) if present == version => Ok(()),
        Some(_) => Err(Error::version_mismatch("category")),
    }
}

fn exists(key: &Category) -> Error {
    let error = Error::conflict("category_exists", format!("There is a category {key} already."));
    error.with_field("key", "category_exists", "is taken")
}

fn in_use(detail: &str) -> Error {
    Error::conflict("category_in_use", detail)
}
