//! Configuration: what may be set, and where from.
//!
//! Flag, then environment, then file, then default. The command line reads flags and environment
//! into [`Settings`], [`Settings::from_toml`] reads `annals.toml`, and [`Settings::or`] joins them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use catalog::InstanceName;
use serde::Deserialize;

use crate::limits;

/// Where the server listens unless told otherwise: this machine only.
const DEFAULT_LISTEN: &str = "127.0.0.1:7070";
/// Where the data lie unless told otherwise.
const DEFAULT_DATA: &str = "./annals-data";

/// Name of the configuration file in a data folder.
pub const CONFIG_FILE: &str = "annals.toml";

/// What one source says; what it does not say is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The data folder.
    pub data: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: Option<String>,
    /// Name of the instance, fixed when the folder is made.
    pub instance: Option<String>,
    /// A folder elsewhere that gets a copy of every newest checkpoint.
    pub checkpoint_store: Option<PathBuf>,
    /// Whether `/log/...` needs no key. Entries show category and timing of events.
    pub public_log: Option<bool>,
    /// Addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Option<Vec<String>>,
    /// A folder outside the data folder that holds the signing keys, as `<tenant>.key`.
    pub signing_key_folder: Option<PathBuf>,
    /// A file in the MaxMind DB format that says where addresses may be.
    pub location_file: Option<PathBuf>,
    /// Connections at a time.
    pub max_connections: Option<usize>,
    /// Requests at a time.
    pub max_requests: Option<usize>,
    /// Bytes of sent events in memory at a time.
    pub max_ingest_bytes: Option<usize>,
    /// Seconds for which a password counts as just given: 1 to 300, 300 if absent. Changes to
    /// people, keys and tenants ask for it again after that.
    pub password_fresh_seconds: Option<u64>,
}

/// Everything the server needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Name of the instance; none takes the folder's, or a random one for an empty folder.
    pub instance: Option<InstanceName>,
    /// A folder elsewhere that gets a copy of every newest checkpoint.
    pub checkpoint_store: Option<PathBuf>,
    /// Whether `/log/...` needs no key.
    pub public_log: bool,
    /// Addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// A folder outside the data folder that holds the signing keys, as `<tenant>.key`.
    pub signing_key_folder: Option<PathBuf>,
    /// A file in the MaxMind DB format that says where addresses may be.
    pub location_file: Option<PathBuf>,
    /// Connections at a time.
    pub max_connections: usize,
    /// Requests at a time.
    pub max_requests: usize,
    /// Bytes of sent events in memory at a time.
    pub max_ingest_bytes: usize,
    /// For how long a password counts as just given.
    pub password_fresh: Duration,
    /// How long clients are waited for; cannot be set from outside.
    pub patience: limits::Patience,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is no TOML, or has a name that is not known.
    #[error("the configuration file: {0}")]
    File(String),
    /// A value cannot be used.
    #[error("{name}: {why}")]
    Value {
        /// Which setting.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl Settings {
    /// Reads `annals.toml`.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::File(error.to_string()))
    }

    /// These settings, and for what they leave open those of `lower`.
    #[must_use]
    pub fn or(self, lower: Settings) -> Settings {
        Settings {
            data: self.data.or(lower.data),
            listen: self.listen.or(lower.listen),
            instance: self.instance.or(lower.instance),
            checkpoint_store: self.checkpoint_store.or(lower.checkpoint_store),
            public_log: self.public_log.or(lower.public_log),
            trusted_proxies: self.trusted_proxies.or(lower.trusted_proxies),
            signing_key_folder: self.signing_key_folder.or(lower.signing_key_folder),
            location_file: self.location_file.or(lower.location_file),
            max_connections: self.max_connections.or(lower.max_connections),
            max_requests: self.max_requests.or(lower.max_requests),
            max_ingest_bytes: self.max_ingest_bytes.or(lower.max_ingest_bytes),
            password_fresh_seconds: self.password_fresh_seconds.or(lower.password_fresh_seconds),
        }
    }

    /// Fills in the defaults and checks every value.
    pub fn into_config(self) -> Result<Config, ConfigError> {
        let bad = |name, why: String| ConfigError::Value { name, why };
        let at_least_one = |name, value: Option<usize>, default| match value.unwrap_or(default) {
            0 => Err(bad(name, "must be at least 1".to_owned())),
            value => Ok(value),
        };
        let listen = self.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let max_ingest_bytes = self
            .max_ingest_bytes
            .unwrap_or(limits::INGEST_BYTES_DEFAULT);
        let smallest = limits::BODY_SENT_MAX_BYTES + limits::BODY_UNPACKED_MAX_BYTES;
        if max_ingest_bytes < smallest {
            let why = format!("must be at least {smallest}, so that the largest request fits");
            return Err(bad("max-ingest-bytes", why));
        }
        let password_fresh = match self.password_fresh_seconds {
            None => limits::PASSWORD_FRESH_MAX,
            Some(seconds) => Duration::from_secs(seconds),
        };
        if password_fresh.is_zero() || password_fresh > limits::PASSWORD_FRESH_MAX {
            let why = format!("must be 1 to {}", limits::PASSWORD_FRESH_MAX.as_secs());
            return Err(bad("password-fresh-seconds", why));
        }
        Ok(Config {
            data: self.data.unwrap_or_else(|| DEFAULT_DATA.into()),
            listen: listen.parse().map_err(|_| {
                bad(
                    "listen",
                    format!("`{listen}` is no address and port such as {DEFAULT_LISTEN}"),
                )
            })?,
            instance: self
                .instance
                .map(|name| name.parse())
                .transpose()
                .map_err(|error: catalog::InstanceNameError| bad("instance", error.to_string()))?,
            checkpoint_store: self.checkpoint_store,
            public_log: self.public_log.unwrap_or(false),
            trusted_proxies: self
                .trusted_proxies
                .unwrap_or_default()
                .iter()
                .map(|text| network(text))
                .collect::<Result<_, _>>()?,
            signing_key_folder: self.signing_key_folder,
            location_file: self.location_file,
            max_connections: at_least_one(
                "max-connections",
                self.max_connections,
                limits::CONNECTIONS_DEFAULT,
            )?,
            max_requests: at_least_one(
                "max-requests",
                self.max_requests,
                limits::REQUESTS_DEFAULT,
            )?,
            max_ingest_bytes,
            password_fresh,
            patience: limits::Patience::default(),
        })
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<ipnet::IpNet, ConfigError> {
    let text = text.trim();
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(ipnet::IpNet::from))
        .map_err(|_| ConfigError::Value {
            name: "trusted-proxies",
            why: format!("`{text}` is no address or network such as 192.0.2.0/24"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_source_wins() {
        let flags = Settings {
            listen: Some("127.0.0.1:1".into()),
            ..Settings::default()
        };
        let file = Settings::from_toml("listen = \"0.0.0.0:2\"\npublic-log = true").unwrap();
        let config = flags.or(file).into_config().unwrap();
        assert_eq!(config.listen.port(), 1);
        assert!(config.public_log);
        assert_eq!(config.data, PathBuf::from(DEFAULT_DATA));
    }

    #[track_caller]
    fn check_refused(toml: &str, named: &str) {
        let error = Settings::from_toml(toml)
            .and_then(Settings::into_config)
            .unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        check_refused("lisen = \"127.0.0.1:1\"", "lisen");
        check_refused("listen = \"localhost\"", "localhost");
        check_refused("instance = \"My Company\"", "My Company");
        check_refused("max-requests = 0", "max-requests");
        check_refused("trusted-proxies = [\"proxy\"]", "proxy");
        check_refused("max-ingest-bytes = 1000", "max-ingest-bytes");
        check_refused("password-fresh-seconds = 0", "password-fresh-seconds");
        check_refused("password-fresh-seconds = 301", "1 to 300");
    }
}
