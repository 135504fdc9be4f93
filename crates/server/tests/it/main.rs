//! The server as its clients see it: real sockets, a real folder, nothing pretended.

mod admin;
mod browser;
mod harness;
mod ingest;
mod isolation;
mod people;
mod permissions;
mod reading;
mod refusals;
mod slow;
mod secrets;
mod streams;
mod tenants;
