//! One file a command.

pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod fsck;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod prove;
pub(crate) mod search;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod tail;
pub(crate) mod tenant;
pub(crate) mod user;
pub(crate) mod verify;

/// A runtime for what is async in the server.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}

/// The parameter that asks for Annals' own events.
fn own(include: bool) -> Option<&'static str> {
    include.then_some("include")
}
