//! Annals' own events: what was done with Annals, in the ledger it concerns.
//!
//! They go through the same sequencer as everybody's, as kind 1, which no sender can forge.

use std::net::IpAddr;
use std::sync::Arc;

use event::{Acceptance, Event, Kind, Salt, Timestamp};
use ledger::{AppendError, Entropy, Ledger, Mode, Prepared, System};
use serde_json::{Value, json};

/// Most characters of a text that came from outside, in one of Annals' own events: an event has a
/// limit of its own, and an action must not fail because its query is long.
const FOREIGN_TEXT_MAX_CHARACTERS: usize = 2_000;

/// Who did it.
#[derive(Debug, Clone)]
pub enum Doer {
    /// The server by itself.
    Server,
    /// Somebody at the machine, through the command line.
    CommandLine,
    /// Somebody over the network.
    Remote(Arc<Remote>),
}

/// Somebody over the network: a person, a key, or nobody known.
#[derive(Debug, Clone)]
pub struct Remote {
    /// The event's `actor`.
    pub(crate) actor: Value,
    /// The words kept as the maker of a key.
    pub(crate) words: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) request_id: String,
}

impl Doer {
    fn actor(&self) -> Value {
        match self {
            Doer::Server => json!({"type": "system", "id": "annals", "name": "Annals"}),
            Doer::CommandLine => {
                json!({"type": "system", "id": "command-line", "name": "Command line"})
            }
            Doer::Remote(remote) => remote.actor.clone(),
        }
    }

    /// The words kept as the maker of a key.
    pub(crate) fn words(&self) -> &str {
        match self {
            Doer::Server => "annals",
            Doer::CommandLine => "command line",
            Doer::Remote(remote) => &remote.words,
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Success,
    Failure(&'static str),
    Denied(&'static str),
}

/// One of Annals' own events.
#[derive(Debug, Clone)]
pub(crate) struct OwnEvent {
    action: &'static str,
    doer: Doer,
    message: String,
    /// Type, id and name of what it was done to.
    target: Option<(&'static str, String, String)>,
    metadata: Value,
    ended: Ended,
}

impl OwnEvent {
    /// Something that was done.
    pub(crate) fn new(action: &'static str, doer: &Doer, message: impl Into<String>) -> Self {
        OwnEvent {
            action,
            doer: doer.clone(),
            message: message.into(),
            target: None,
            metadata: json!({}),
            ended: Ended::Success,
        }
    }

    /// What it was done to: type, id and name.
    pub(crate) fn to(
        mut self,
        kind: &'static str,
        id: impl ToString,
        name: impl Into<String>,
    ) -> Self {
        self.target = Some((kind, id.to_string(), name.into()));
        self
    }

    /// More about it. Texts that came from outside are cut to a length that fits.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = match value.into() {
            Value::Null => return self,
            Value::String(text) => Value::String(
                text.chars()
                    .filter(|c| *c != '\0')
                    .take(FOREIGN_TEXT_MAX_CHARACTERS)
                    .collect(),
            ),
            value => value,
        };
        self.metadata[name] = value;
        self
    }

    /// That it did not end well.
    pub(crate) fn ended(mut self, ended: Ended) -> Self {
        self.ended = ended;
        self
    }

    fn json(&self) -> Value {
        let (result, reason) = match self.ended {
            Ended::Success => ("success", None),
            Ended::Failure(reason) => ("failure", Some(reason)),
            Ended::Denied(reason) => ("denied", Some(reason)),
        };
        let mut body = json!({
            "action": self.action,
            "actor": self.doer.actor(),
            "outcome": {"result": result},
            "message": self.message,
            "source": {"app": "annals", "component": "server", "version": env!("CARGO_PKG_VERSION")},
        });
        if let Some(reason) = reason {
            body["outcome"]["reason"] = json!(reason);
        }
        if let Doer::Remote(remote) = &self.doer {
            if let Some(address) = remote.address {
                body["client"]["ip"] = json!(address.to_string());
            }
            if let Some(user_agent) = &remote.user_agent {
                body["client"]["user_agent"] = json!(user_agent);
            }
            if let Some(session_id) = &remote.session_id {
                body["session_id"] = json!(session_id);
            }
            body["request_id"] = json!(remote.request_id);
        }
        if let Some((kind, id, name)) = &self.target {
            body["targets"] = json!([{"type": kind, "id": id, "name": name}]);
        }
        if self.metadata.as_object().is_some_and(|it| !it.is_empty()) {
            body["metadata"] = self.metadata.clone();
        }
        body
    }
}

/// Why one of Annals' own events was not kept.
#[derive(Debug, thiserror::Error)]
pub enum OwnEventError {
    /// The ledger does not take it.
    #[error("the event that tells of this could not be kept")]
    Append(#[from] AppendError),
    /// The event is not one: a mistake of this program.
    #[error("the event that tells of this was refused: {0}")]
    Refused(String),
    /// The system has no randomness.
    #[error("no random numbers")]
    Entropy(#[from] std::io::Error),
}

/// Keeps the event; when this returns it is durable.
pub(crate) async fn record(
    ledger: &Ledger,
    own: &OwnEvent,
    now: Timestamp,
) -> Result<(), OwnEventError> {
    let acceptance = Acceptance {
        now,
        key_id: None,
        import: None,
    };
    let event = Event::accept_own(own.json().to_string().as_bytes(), &acceptance)
        .map_err(|problem| OwnEventError::Refused(problem.to_string()))?;
    let mut salt = Salt([0; 16]);
    System.fill(&mut salt.0)?;
    let prepared = Prepared::new(event, Kind::Own, salt, None);
    let (answer, answered) = tokio::sync::oneshot::channel();
    ledger.append_then(vec![prepared], Mode::Each, move |outcomes| {
        let _ = answer.send(outcomes);
    });
    let outcomes = match answered.await {
        Ok(outcomes) => outcomes?,
        Err(_) => return Err(AppendError::Stopped("it was closed".to_owned()).into()),
    };
    match outcomes.into_iter().next() {
        Some(Err(refused)) => Err(OwnEventError::Refused(refused.to_string())),
        _ => Ok(()),
    }
}
