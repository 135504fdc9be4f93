//! The binary as its users run it: real processes, a real folder, killed without warning.

mod browser;
mod crash;
mod full_disk;
mod harness;
mod import;
mod keys_elsewhere;
mod logs;
mod outside;
mod secrets;
mod tenants;
