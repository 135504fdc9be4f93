//! The server as its clients see it: real sockets, a real folder, nothing pretended.

mod admin;
mod harness;
mod ingest;
mod reading;
mod refusals;
mod slow;
mod streams;
mod tenants;
