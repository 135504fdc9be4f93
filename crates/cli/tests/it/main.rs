//! The binary as its users run it: real processes, a real folder, killed without warning.

mod crash;
mod harness;
mod import;
mod logs;
mod outside;
mod tenants;
