//! What just happened, for everybody who follows a ledger: read and decoded once, however many
//! tails there are.
//!
//! One thread a ledger follows its durable groups while somebody listens. A listener that is slower
//! than the ledger loses the oldest events, and is told so.

use std::sync::Arc;
use std::time::Duration;

use event::{Count, Recorded, Sequence};
use ledger::{FollowError, Ledger};
use parking_lot::Mutex;
use tokio::sync::broadcast;

/// Events of one piece: bounds what one listener does without a pause.
const PIECE_EVENTS: usize = 256;
/// Pieces kept for slow listeners: some 16,000 events, about 30 MiB.
const PIECES: usize = 64;
/// How long the thread waits for a group before it looks whether anybody listens.
const WAIT: Duration = Duration::from_millis(500);

/// Events that follow each other.
pub(crate) type Piece = Arc<[Recorded]>;

/// The listeners of one ledger.
#[derive(Clone, Default)]
pub(crate) struct Live {
    hub: Arc<Mutex<Option<Hub>>>,
}

struct Hub {
    pieces: broadcast::Sender<Piece>,
    /// The first event that was not sent yet.
    next: Count,
}

impl Live {
    /// Listens: every event from the answered place on will come, or a lag will be told.
    pub(crate) fn listen(&self, ledger: &Ledger) -> (broadcast::Receiver<Piece>, Sequence) {
        let mut hub = self.hub.lock();
        if let Some(hub) = &*hub {
            return (hub.pieces.subscribe(), hub.next.next_sequence());
        }
        let next = ledger.durable();
        let (pieces, receiver) = broadcast::channel(PIECES);
        *hub = Some(Hub { pieces, next });
        let (live, ledger) = (self.clone(), ledger.clone());
        let thread = std::thread::Builder::new().name("annals-live".to_owned());
        if let Err(error) = thread.spawn(move || live.follow(&ledger)) {
            // Without the thread the listener hears that the stream ended.
            tracing::error!(%error, "no thread to follow a ledger");
            *hub = None;
        }
        (receiver, next.next_sequence())
    }

    /// Ends the thread and all listening.
    pub(crate) fn stop(&self) {
        *self.hub.lock() = None;
    }

    fn follow(&self, ledger: &Ledger) {
        while let Some(next) = self.next_wanted() {
            match read_on(ledger, next) {
                Ok(pieces) => self.send(pieces),
                Err(error) => {
                    tracing::error!(%error, "a ledger cannot be followed; its tails end");
                    *self.hub.lock() = None;
                }
            }
        }
    }

    /// The first event that somebody waits for; none if nobody listens, and then the hub is gone.
    fn next_wanted(&self) -> Option<Count> {
        let mut hub = self.hub.lock();
        let listened_to = hub
            .as_ref()
            .is_some_and(|hub| hub.pieces.receiver_count() > 0);
        if !listened_to {
            *hub = None;
        }
        hub.as_ref().map(|hub| hub.next)
    }

    fn send(&self, pieces: Vec<Piece>) {
        for piece in pieces {
            let mut hub = self.hub.lock();
            let (Some(hub), Some(last)) = (hub.as_mut(), piece.last()) else {
                continue;
            };
            hub.next = last.sequence.count_through();
            // Nobody may listen at this moment; `next_wanted` looks.
            let _ = hub.pieces.send(piece);
        }
    }
}

/// The events from a place on, in pieces; none if none came for a while.
fn read_on(ledger: &Ledger, next: Count) -> std::io::Result<Vec<Piece>> {
    let mut events = Vec::new();
    match ledger.groups_from(next, WAIT) {
        Ok(groups) => {
            for group in groups {
                let skip = next.get().saturating_sub(group.first().get()) as usize;
                for place in skip..group.len() {
                    events.push(group.recorded(place)?);
                }
            }
        }
        // Sealed meanwhile: they are in the parts.
        Err(FollowError::Sealed { sealed }) => {
            for sequence in next.get()..sealed.get() {
                let recorded = ledger.read(Sequence::new(sequence));
                events.push(recorded.map_err(std::io::Error::other)?);
            }
        }
    }
    let mut pieces = Vec::with_capacity(events.len().div_ceil(PIECE_EVENTS));
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        pieces.push(events.by_ref().take(PIECE_EVENTS).collect());
    }
    Ok(pieces)
}
