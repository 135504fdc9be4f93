//! Bodies that are made while they are sent, for as long as whoever reads them may.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use http_body::Frame;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, MissedTickBehavior};

/// Pieces between the maker and the connection: enough to keep both busy, little enough that memory
/// stays constant.
const PIECES: usize = 8;
/// How often a body that sends nothing asks whether it still may.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How long a body that may not be sent any more has to end by itself.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// The stream broke before its end: the connection is cut, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the stream broke before its end")]
pub(crate) struct Broken;

/// The maker's end.
#[derive(Clone)]
pub(crate) struct Sender {
    pieces: mpsc::Sender<Piece>,
}

/// The reader is gone, or may not read any more.
#[derive(Debug)]
pub(crate) struct Gone;

/// Whether a body may still be sent.
pub(crate) type Allowed = Box<dyn Fn() -> bool + Send + Sync>;

/// A body that is being sent. It travels with the answer, so that the connection can be cut where a
/// reader who takes nothing keeps the body from being asked.
#[derive(Clone)]
pub(crate) struct Sending {
    /// Gone with the body.
    allowed: Weak<Allowed>,
}

impl Sending {
    /// Whether the body is still there and may not be sent any more.
    fn is_over(&self) -> bool {
        self.allowed.upgrade().is_some_and(|allowed| !allowed())
    }

    /// Waits until the body may not be sent any more and has not ended by itself. Most never do.
    pub(crate) async fn hangs(&self) {
        loop {
            tokio::time::sleep(CHECK_EVERY).await;
            if self.is_over() {
                tokio::time::sleep(END_PATIENCE).await;
                if self.is_over() {
                    return;
                }
            }
        }
    }
}

/// How a body ends that may not be sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenOver {
    /// As one that broke, because what was promised is not whole.
    Breaks,
    /// As one that is over, because it has no end of its own.
    Ends,
}

enum Piece {
    Data(Bytes),
    /// The end, with trailers; told when the connection has taken it.
    End(HeaderMap, oneshot::Sender<()>),
}

/// An answer and the end that fills it. A body whose sender is dropped without [`Sender::end`]
/// breaks. One that is no longer allowed ends within [`CHECK_EVERY`]: what was made for it and not
/// sent yet stays here.
pub(crate) fn stream_while(allowed: Allowed, when_over: WhenOver) -> (Sender, Response) {
    let (pieces, receiver) = mpsc::channel(PIECES);
    let allowed = Arc::new(allowed);
    let mut check = tokio::time::interval(CHECK_EVERY);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answer = Response::new(Body::new(Pieces {
        receiver,
        ended: false,
        allowed: allowed.clone(),
        when_over,
        check,
    }));
    answer.extensions_mut().insert(Sending {
        allowed: Arc::downgrade(&allowed),
    });
    (Sender { pieces }, answer)
}

impl Sender {
    /// Sends a piece; waits while the reader is slow.
    pub(crate) async fn send(&self, piece: Bytes) -> Result<(), Gone> {
        self.pieces.send(Piece::Data(piece)).await.map_err(|_| Gone)
    }

    /// As [`Sender::send`], on a thread that may wait.
    pub(crate) fn send_blocking(&self, piece: Bytes) -> Result<(), Gone> {
        self.pieces
            .blocking_send(Piece::Data(piece))
            .map_err(|_| Gone)
    }

    /// Says that the stream is whole, with a trailer, and waits until the connection has taken all
    /// of it. On a thread that may wait.
    pub(crate) fn end_blocking(self, trailer: (HeaderName, HeaderValue)) -> Result<(), Gone> {
        let (taken, told) = oneshot::channel();
        let trailers = HeaderMap::from_iter([trailer]);
        self.pieces
            .blocking_send(Piece::End(trailers, taken))
            .map_err(|_| Gone)?;
        told.blocking_recv().map_err(|_| Gone)
    }

    /// Says that the stream is whole.
    pub(crate) async fn end(self) {
        let (taken, _) = oneshot::channel();
        // If the reader is gone there is nobody to tell.
        let _ = self.pieces.send(Piece::End(HeaderMap::new(), taken)).await;
    }

    /// Whether nobody reads any more.
    pub(crate) async fn gone(&self) {
        self.pieces.closed().await;
    }
}

struct Pieces {
    receiver: mpsc::Receiver<Piece>,
    ended: bool,
    allowed: Arc<Allowed>,
    when_over: WhenOver,
    check: Interval,
}

impl Pieces {
    /// It may not be sent any more: what waits to be sent is not.
    fn over(&mut self) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        self.ended = true;
        self.receiver.close();
        match self.when_over {
            WhenOver::Breaks => Poll::Ready(Some(Err(Broken))),
            WhenOver::Ends => Poll::Ready(None),
        }
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match self.receiver.poll_recv(context) {
            Poll::Pending => {
                while self.check.poll_tick(context).is_ready() {
                    if !(self.allowed)() {
                        return self.over();
                    }
                }
                Poll::Pending
            }
            Poll::Ready(None) => {
                self.ended = true;
                Poll::Ready(Some(Err(Broken)))
            }
            Poll::Ready(Some(Piece::Data(data))) => match (self.allowed)() {
                true => Poll::Ready(Some(Ok(Frame::data(data)))),
                false => self.over(),
            },
            Poll::Ready(Some(Piece::End(trailers, taken))) => {
                self.ended = true;
                // Whoever made the body may not wait for this.
                let _ = taken.send(());
                match trailers.is_empty() {
                    true => Poll::Ready(None),
                    false => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                }
            }
        }
    }
}
