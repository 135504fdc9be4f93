//! `enrich`: user agents, and the file that says where addresses are.

use std::sync::LazyLock;

use enrich::{DeviceRules, Location};

use super::MIB;
use crate::{Reached, Target};

pub(super) const USER_AGENT: Target = Target {
    name: "user-agent",
    run: user_agent,
    executions: 400_000,
    memory_bytes: 16 * MIB,
    words: &[
        "Mozilla/5.0 ",
        "(Windows NT 10.0; ",
        "(iPhone; CPU iPhone OS 18_0 ",
        "Android 15; ",
        "AppleWebKit/537.36 ",
        "Chrome/139.0 ",
        "Safari/605",
        "Firefox/140.0",
        "Edg/139",
        "Mobile ",
        "Linux ",
        "curl/8.5.0",
        "python-requests/2.32",
        "Version/18.0 ",
        "/",
        ";",
    ],
};

pub(super) const LOCATION_FILE: Target = Target {
    name: "location-file",
    run: location_file,
    executions: 600_000,
    memory_bytes: 16 * MIB,
    words: &[
        "\u{ab}\u{cd}\u{ef}MaxMind.com",
        "node_count",
        "record_size",
        "ip_version",
        "languages",
        "city",
        "names",
        "en",
        "country",
        "iso_code",
        "location",
        "latitude",
    ],
};

static RULES: LazyLock<DeviceRules> =
    LazyLock::new(|| DeviceRules::bundled().expect("the bundled rules"));

/// Any user agent is read, in bounded memory, and twice the same.
fn user_agent(input: &[u8]) -> Reached {
    let agent = String::from_utf8_lossy(input);
    let device = RULES.read(&agent);
    assert_eq!(device, RULES.read(&agent));
    let Some(device) = device else {
        return Reached::at("nothing");
    };
    assert_ne!(device, event::Device::default());
    let short = |text: Option<&str>| text.map(|text| text.chars().take(8).collect::<String>());
    Reached::at((
        short(device.browser.as_deref()),
        short(device.os.as_deref()),
        device.kind,
    ))
}

/// A file that is taken answers for any address.
fn location_file(input: &[u8]) -> Reached {
    let location = match Location::from_bytes(input.to_vec()) {
        Ok(location) => location,
        Err(error) => return Reached::at(error.to_string()),
    };
    let found = [
        "192.0.2.1",
        "198.51.100.7",
        "203.0.113.200",
        "2001:db8::1",
        "::1",
    ]
    .map(|address| location.find(address.parse().expect("an address")));
    for geo in found.iter().flatten() {
        assert!(geo.estimated);
        // It is stored beside the event, as JSON.
        assert!(geo.latitude.is_none_or(f64::is_finite), "{geo:?}");
    }
    Reached::at(found.map(|geo| geo.map(|geo| geo.city.is_some())))
}
