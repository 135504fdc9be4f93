//! Annals' own events: what the server itself did, in the ledger it concerns.
//!
//! They go through the same sequencer as everybody's, as kind 1, which no sender can forge.

use event::{Acceptance, Event, Kind, Salt, Timestamp};
use ledger::{AppendError, Entropy, Ledger, Mode, Prepared, System};
use serde_json::{Value, json};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doer {
    /// The server by itself.
    Server,
    /// Somebody at the machine, through the command line.
    CommandLine,
}

impl Doer {
    fn actor(self) -> Value {
        match self {
            Doer::Server => json!({"type": "system", "id": "annals", "name": "Annals"}),
            Doer::CommandLine => {
                json!({"type": "system", "id": "command-line", "name": "Command line"})
            }
        }
    }

    /// The words kept as the maker of a key.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Doer::Server => "annals",
            Doer::CommandLine => "command line",
        }
    }
}

/// One of Annals' own events.
pub(crate) struct OwnEvent {
    pub(crate) action: &'static str,
    pub(crate) doer: Doer,
    pub(crate) message: String,
    /// Type, id and name of what it was done to.
    pub(crate) target: Option<(&'static str, String, String)>,
    pub(crate) metadata: Value,
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

/// Keeps the event; when this returns it is durable. Waits for the disk: not for async threads.
pub(crate) fn record(ledger: &Ledger, own: &OwnEvent, now: Timestamp) -> Result<(), OwnEventError> {
    let mut body = json!({
        "action": own.action,
        "actor": own.doer.actor(),
        "outcome": {"result": "success"},
        "message": own.message,
        "source": {"app": "annals", "component": "server", "version": env!("CARGO_PKG_VERSION")},
    });
    if let Some((kind, id, name)) = &own.target {
        body["targets"] = json!([{"type": kind, "id": id, "name": name}]);
    }
    if own
        .metadata
        .as_object()
        .is_some_and(|metadata| !metadata.is_empty())
    {
        body["metadata"] = own.metadata.clone();
    }
    let acceptance = Acceptance {
        now,
        key_id: None,
        import: None,
    };
    let event = Event::accept_own(body.to_string().as_bytes(), &acceptance)
        .map_err(|problem| OwnEventError::Refused(problem.to_string()))?;
    let mut salt = Salt([0; 16]);
    System.fill(&mut salt.0)?;
    let outcomes = ledger.append(
        vec![Prepared::new(event, Kind::Own, salt, None)],
        Mode::Each,
    )?;
    match outcomes.into_iter().next() {
        Some(Err(refused)) => Err(OwnEventError::Refused(refused.to_string())),
        _ => Ok(()),
    }
}
