//! fn-cart.
fn main() {}
