//! The ledger from outside: what it promises, held on a real and on a simulated disk.

mod checking;
mod crash;
mod erasing;
mod house;
mod packing;
mod promises;
mod refusals;
mod together;
