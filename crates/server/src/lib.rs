//! The door to an instance: HTTP, keys and permissions, configuration, the real clock.
//!
//! - A request passes `front` (id, limits, problem documents, counts), then a handler that
//!   reads: authorize, parse, do, answer. The ledger is only to be had for a `auth::Grant`.
//! - Only `error` knows status codes, only `limits` knows limits, only `find` knows the index.
//! - An [`Instance`] is one data folder opened by this process; [`administer`] manages one, through
//!   its server if one runs.

mod activity;
mod actors;
mod admin;
mod app;
mod auth;
mod background;
mod body;
mod budget;
mod config;
mod connections;
mod control;
mod counts;
mod csv;
mod cursor;
mod descriptors;
mod error;
mod export;
mod find;
mod folder;
mod front;
mod get;
mod guard;
mod health;
mod history;
mod identity;
mod ingest;
mod instance;
mod keys;
pub mod limits;
mod live;
mod log;
mod meters;
mod own;
mod params;
mod receipts;
mod related;
mod reserve;
mod routes;
mod screens;
mod search;
mod serve;
mod stream;
mod summary;
mod system;
mod tail;
mod tail_seats;
mod telemetry;
mod tenants;
#[cfg(feature = "testing")]
pub mod testing;
mod times;

pub use admin::{AdminAnswer, AdminError, AdminRequest, KeyView, TenantView, UserView};
pub use config::{CONFIG_FILE, Config, ConfigError, Settings};
pub use control::{administer, tell_running};
pub use descriptors::raise_file_limit;
pub use folder::{Folder, FolderError, ledger_folder};
pub use instance::{Instance, InstanceError, InstanceOptions, RecordError};
pub use own::{Doer, OwnEventError, Remote};
pub use routes::openapi;
pub use serve::{ServeError, Server, Stop, serve};
pub use telemetry::log_to_stderr;
pub use tenants::OpenTenantError;
