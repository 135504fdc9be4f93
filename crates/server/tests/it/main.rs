//! The server as its clients see it: real sockets, a real folder, nothing pretended.

mod actors;
mod admin;
mod browser;
mod harness;
mod ingest;
mod isolation;
mod overview;
mod people;
mod permissions;
mod reading;
mod refusals;
mod secrets;
mod slow;
mod streams;
mod tenants;
