//! Room of categories: a tree of keys, to which products refer.
//!
//! Invariants: the key of a category never changes, so renaming or moving a category writes no product. Two categories differ in more
//! than letter case and Unicode form. No category is below itself. The tree is at most 6 levels deep and has at most 1,000 categories.

pub(crate) mod category;
pub(crate) mod manage;
pub(crate) mod merge;
pub(crate) mod node;
pub(crate) mod store;
pub(crate) mod tree;
