//! Why a call failed, in words that name the way out.

use api::Problem;

/// What went wrong with a call.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error("cannot reach {url}: {reason}; is the server running there? (`--url` or ANNALS_URL)")]
    Unreachable {
        /// What was called.
        url: String,
        /// In the words of the transport.
        reason: String,
    },
    /// The server said no.
    #[error("{}", in_words(.0))]
    Refused(Box<Problem>),
    /// The server was busy for longer than the caller wanted to wait.
    #[error("the server is still busy after {waited_seconds} s: {}", .problem.detail)]
    Busy {
        /// How long was waited.
        waited_seconds: u64,
        /// The last refusal.
        problem: Box<Problem>,
    },
    /// Something answered that is not Annals.
    #[error("{url} answered something Annals does not say: {what}")]
    NotAnnals {
        /// What was called.
        url: String,
        /// What came.
        what: String,
    },
    /// A stream ended before its end.
    #[error("the answer was cut off after {events} events: {reason}; what came is not the whole")]
    CutOff {
        /// Whole events that came.
        events: u64,
        /// How it shows.
        reason: String,
    },
    /// What came could not be written where it should go.
    #[error("cannot write: {0}")]
    Write(std::io::Error),
}

fn in_words(problem: &Problem) -> String {
    let mut words = problem.detail.clone();
    if let Some(hint) = &problem.hint {
        words.push_str(&format!("; {hint}"));
    }
    match problem.status {
        401 => words.push_str(
            " (give the key by ANNALS_KEY; make one with `annals key create --data DIR --name N --scope events:read`)",
        ),
        403 => words.push_str(" (make a key with that scope: `annals key create --scope ...`)"),
        _ => {}
    }
    words
}
