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

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use server::{CONFIG_FILE, Settings};

/// What a data folder's `annals.toml` says; nothing where there is none.
fn settings_in(data: &Path) -> anyhow::Result<Settings> {
    let path = data.join(CONFIG_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Settings::from_toml(&text)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

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
