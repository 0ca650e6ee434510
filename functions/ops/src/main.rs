//! fn-ops.
fn main() {}
