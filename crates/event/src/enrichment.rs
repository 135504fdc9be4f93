//! What Annals adds to an event at ingest: kept beside the body, not covered by the proof.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::fields::DecodeError;
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

/// The JSON of an [`Enrichment`], as it is stored and shown: most that read an event pass it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrichmentJson(Box<str>);

impl EnrichmentJson {
    /// None where nothing is known, and where a record has no room for it: it is no part of what
    /// happened.
    pub fn of(enrichment: &Enrichment) -> Option<EnrichmentJson> {
        if enrichment.is_empty() {
            return None;
        }
        let json = serde_json::to_string(enrichment).ok()?;
        (json.len() <= usize::from(u16::MAX)).then(|| EnrichmentJson(json.into()))
    }

    /// What stands in a record; none of nothing and of an object without members.
    pub(crate) fn stored(bytes: &[u8]) -> Result<Option<EnrichmentJson>, DecodeError> {
        if matches!(bytes, b"" | b"{}") {
            return Ok(None);
        }
        let damaged = || DecodeError::Damaged("enrichment that is not its JSON");
        let json = std::str::from_utf8(bytes).map_err(|_| damaged())?;
        // It goes into lines of JSON as it is.
        let is_object = json.starts_with('{') && !json.contains(['\n', '\r']);
        match serde_json::from_str::<IgnoredAny>(json) {
            Ok(_) if is_object => Ok(Some(EnrichmentJson(json.into()))),
            _ => Err(damaged()),
        }
    }

    /// The JSON, one line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says.
    ///
    /// # Errors
    /// When it is the JSON of something else.
    pub fn read(&self) -> Result<Enrichment, DecodeError> {
        serde_json::from_str(&self.0)
            .map_err(|_| DecodeError::Damaged("enrichment that is not its JSON"))
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

#[cfg(test)]
mod tests {
    use super::EnrichmentJson;

    #[test]
    fn what_is_stored_is_one_line_of_json() {
        for wrong in ["[]", "{", "{\n}", "{\r}", "{\"a\":1}}", "null"] {
            let stored = EnrichmentJson::stored(wrong.as_bytes());
            assert!(stored.is_err(), "{wrong:?}");
        }
        assert!(EnrichmentJson::stored(b"\xff").is_err());
        assert_eq!(EnrichmentJson::stored(b""), Ok(None));
        assert_eq!(EnrichmentJson::stored(b"{}"), Ok(None));
    }

    #[test]
    fn what_says_something_else_is_told_when_it_is_read() {
        let read =
            |json: &str| EnrichmentJson::stored(json.as_bytes()).map(|it| it.unwrap().read());
        assert!(read(r#"{"network":"public"}"#).unwrap().is_ok());
        assert!(read(r#"{"geo":5}"#).unwrap().is_err());
    }
}
