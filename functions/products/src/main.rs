//! fn-products.
fn main() {}
