//! What the crate promises to its users, seen from outside.

mod audit;
mod format;
mod memory_log;
mod note;
mod oracles;
mod outside_bytes;
mod seed;
mod tampering;
mod tile;
mod tree;
mod vectors;
