//! What Annals adds to an event when it comes in: where its address may be, what its user agent
//! says of the device, and how risky it looks.
//!
//! All of it is a reading of the event by rules that may be wrong or change. So it is computed once,
//! stored beside the event, never hashed, and shown as not covered by the proof.

mod device;
mod location;
mod network;
mod risk;

use std::net::IpAddr;

use event::path;
use event::{Enrichment, Event};

pub use device::{DeviceRules, RulesError};
pub use location::{Location, LocationError};
pub use network::network_of;
pub use risk::{Reason, risk_of};

/// Everything that is needed to enrich events. Cheap to share, safe to use from many threads.
pub struct Enricher {
    devices: DeviceRules,
    location: Option<Location>,
}

impl Enricher {
    /// Reads devices by the bundled rules, and places from `location`, if there is one.
    ///
    /// # Errors
    /// When the bundled rules do not compile: a mistake of this program.
    pub fn new(location: Option<Location>) -> Result<Enricher, RulesError> {
        Ok(Enricher {
            devices: DeviceRules::bundled()?,
            location,
        })
    }

    /// What there is to say of an event; `None` if nothing.
    pub fn enrich(&self, event: &Event) -> Option<Enrichment> {
        let address = event
            .string(path::CLIENT_IP)
            .and_then(|text| text.parse::<IpAddr>().ok());
        let network = address.map(network_of);
        let enrichment = Enrichment {
            geo: address
                .filter(|_| network == Some(event::Network::Public))
                .and_then(|address| self.location.as_ref()?.find(address)),
            device: event
                .string(path::CLIENT_USER_AGENT)
                .and_then(|agent| self.devices.read(&agent)),
            network,
            risk: risk_of(event),
        };
        (!enrichment.is_empty()).then_some(enrichment)
    }
}
