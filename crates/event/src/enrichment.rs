//! What Annals adds to an event at ingest: kept beside the body, not covered by the proof.

use serde::{Deserialize, Serialize};

use crate::words::{Severity, vocabulary};

/// Estimates and readings made once, when the event came in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Enrichment {
    /// Where the client's address is thought to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// What the user agent says of the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Whether the client's address is a private one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// How risky it looks, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
}

impl Enrichment {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.geo.is_none() && self.device.is_none() && self.network.is_none() && self.risk.is_none()
    }
}

/// A location read from a file of addresses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Geo {
    /// City, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Region or state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ISO 3166-1 code of the country, two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Degrees north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Who runs the network the address belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Name and version of the file it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Always true: an address is no proof of a place.
    #[serde(default = "always")]
    pub estimated: bool,
}

fn always() -> bool {
    true
}

/// A reading of the user agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Browser or program, with its major version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Desktop, phone, tablet, program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A verdict of the risk rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// On the scale of severities.
    pub level: Severity,
    /// Names of the rules that spoke, such as `failed_sign_in`.
    #[serde(default)]
    pub reasons: Vec<String>,
}

vocabulary! {
    /// Where a client's address belongs.
    Network, "a network" {
        /// A private, local or carrier address.
        Private = 0 "private",
        /// An address of the internet.
        Public = 1 "public",
    }
}
