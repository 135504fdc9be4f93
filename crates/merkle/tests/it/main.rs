//! What the crate promises to its users, seen from outside.

mod memory_log;
mod tree;
