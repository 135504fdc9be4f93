//! What a user agent says: browser or program, operating system, kind of device.

use event::Device;
use quick_cache::sync::Cache;
use serde::Deserialize;
use ua_parser::{os, user_agent};

/// Rules of the uap-core project: `data/README.md`.
const RULES: &str = include_str!("../data/user-agents.json");

/// Readings that are remembered: the user agents of a few thousand people and programs. A reading
/// costs some ten microseconds, a remembered one a tenth of one.
const REMEMBERED: usize = 4_096;

/// Most bytes of a user agent that are read, 1 KiB: real ones are shorter, and rules must not be
/// fed with what a stranger made up.
const READ_BYTES: usize = 1_024;

/// The rules, and what was read by them.
pub struct DeviceRules {
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
    read: Cache<String, Option<Device>>,
}

/// The bundled rules are damaged.
#[derive(Debug, thiserror::Error)]
#[error("the rules for user agents cannot be used: {0}")]
pub struct RulesError(String);

#[derive(Deserialize)]
struct Rules {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    os_parsers: Vec<os::Parser<'static>>,
}

impl DeviceRules {
    /// Compiles the bundled rules.
    ///
    /// # Errors
    /// When they are damaged: a mistake of this program.
    pub fn bundled() -> Result<DeviceRules, RulesError> {
        let fault = |error: &dyn std::fmt::Display| RulesError(error.to_string());
        let rules: Rules = serde_json::from_str(RULES).map_err(|error| fault(&error))?;
        let browsers = rules
            .user_agent_parsers
            .into_iter()
            .try_fold(user_agent::Builder::new(), user_agent::Builder::push)
            .map_err(|error| fault(&error))?
            .build()
            .map_err(|error| fault(&format!("{error:?}")))?;
        let systems = rules
            .os_parsers
            .into_iter()
            .try_fold(os::Builder::new(), os::Builder::push)
            .map_err(|error| fault(&error))?
            .build()
            .map_err(|error| fault(&format!("{error:?}")))?;
        Ok(DeviceRules {
            browsers,
            systems,
            read: Cache::new(REMEMBERED),
        })
    }

    /// What a user agent says; `None` if nothing.
    pub fn read(&self, agent: &str) -> Option<Device> {
        let agent = start_of(agent, READ_BYTES);
        if let Some(device) = self.read.get(agent) {
            return device;
        }
        let device = self.extract(agent);
        self.read.insert(agent.to_owned(), device.clone());
        device
    }

    fn extract(&self, agent: &str) -> Option<Device> {
        let browser = self.browsers.extract(agent).map(|found| match found.major {
            Some(major) if !major.is_empty() => format!("{} {major}", found.family),
            _ => found.family.to_string(),
        });
        // Most programs that call an API name themselves `name/version`.
        let program = || {
            let name = agent.split([' ', '(']).next()?;
            let (family, version) = name.split_once('/')?;
            let major = version.split('.').next()?;
            let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
            (plain(family) && plain(major) && family != "Mozilla")
                .then(|| format!("{family} {major}"))
        };
        let is_known = browser.is_some();
        let system = self.systems.extract(agent);
        let os = system.map(|found| match found.major {
            Some(major) if !major.is_empty() => format!("{} {major}", found.os),
            _ => found.os.to_string(),
        });
        let browser = browser.or_else(program);
        let kind = kind_of(agent, is_known, os.as_deref())
            .or_else(|| browser.is_some().then_some("program"));
        let device = Device {
            browser,
            os,
            kind: kind.map(str::to_owned),
        };
        (device != Device::default()).then_some(device)
    }
}

/// Kind of device, by the words that browsers put into their user agents.
fn kind_of(agent: &str, is_browser: bool, os: Option<&str>) -> Option<&'static str> {
    let has = |word: &str| agent.contains(word);
    let os = os.unwrap_or_default();
    if has("iPad") || has("Tablet") || (has("Android") && !has("Mobile") && has("Mozilla/")) {
        return Some("tablet");
    }
    if has("iPhone") || (has("Mobile") && (has("Android") || has("Mozilla/"))) {
        return Some("phone");
    }
    let desktop = [
        "Windows",
        "Mac OS X",
        "Linux",
        "Ubuntu",
        "Fedora",
        "Chrome OS",
    ];
    let is_desktop = desktop.iter().any(|name| os.starts_with(name));
    (is_browser && has("Mozilla/") && is_desktop).then_some("desktop")
}

/// The first `bytes` bytes of a text, cut where a character ends.
fn start_of(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_are_read() {
        let rules = DeviceRules::bundled().unwrap();
        for (agent, browser, os, kind) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
                Some("Chrome 120"),
                Some("Windows 10"),
                Some("desktop"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
                Some("Safari 17"),
                Some("Mac OS X 10"),
                Some("desktop"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
                Some("Mobile Safari 17"),
                Some("iOS 17"),
                Some("phone"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
                Some("Firefox 125"),
                Some("Linux"),
                Some("desktop"),
            ),
            ("curl/8.5.0", Some("curl 8"), None, Some("program")),
            (
                "kestrel-client/2.8",
                Some("kestrel-client 2"),
                None,
                Some("program"),
            ),
        ] {
            let device = rules.read(agent).unwrap();
            assert_eq!(
                (
                    device.browser.as_deref(),
                    device.os.as_deref(),
                    device.kind.as_deref()
                ),
                (browser, os, kind),
                "{agent}"
            );
            assert_eq!(rules.read(agent), Some(device), "remembered");
        }
        for nothing in ["", "something", &"ä".repeat(5_000)] {
            assert_eq!(rules.read(nothing), None, "{nothing:.20}");
        }
    }
}
