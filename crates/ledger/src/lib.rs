//! ledger

pub mod disk;
