//! Bodies that are made while they are sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use tokio::sync::mpsc;

/// Pieces between the maker and the connection: enough to keep both busy, little enough that memory
/// stays constant.
const PIECES: usize = 8;

/// The stream broke before its end: the connection is cut, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the stream broke before its end")]
pub(crate) struct Broken;

/// The maker's end.
#[derive(Clone)]
pub(crate) struct Sender {
    pieces: mpsc::Sender<Result<Frame<Bytes>, Broken>>,
}

/// The reader is gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// Whether a body may still be sent.
pub(crate) type Allowed = Box<dyn Fn() -> bool + Send + Sync>;

/// A body and the end that fills it. A body whose sender is dropped without [`Sender::end`] breaks,
/// and so does one that is no longer allowed: what was made for it and not sent yet stays here.
pub(crate) fn stream_while(allowed: Allowed) -> (Sender, Body) {
    let (pieces, receiver) = mpsc::channel(PIECES);
    (
        Sender { pieces },
        Body::new(Pieces {
            receiver,
            state: State::Open,
            allowed,
        }),
    )
}

impl Sender {
    /// Sends a piece; waits while the reader is slow.
    pub(crate) async fn send(&self, piece: Bytes) -> Result<(), Gone> {
        self.pieces
            .send(Ok(Frame::data(piece)))
            .await
            .map_err(|_| Gone)
    }

    /// As [`Sender::send`], on a thread that may wait.
    pub(crate) fn send_blocking(&self, piece: Bytes) -> Result<(), Gone> {
        self.pieces
            .blocking_send(Ok(Frame::data(piece)))
            .map_err(|_| Gone)
    }

    /// Says that the stream is whole, with a trailer. On a thread that may wait.
    pub(crate) fn end_blocking(self, trailer: Option<(HeaderName, HeaderValue)>) {
        let trailers = HeaderMap::from_iter(trailer);
        // If the reader is gone there is nobody to tell.
        let _ = self.pieces.blocking_send(Ok(Frame::trailers(trailers)));
    }

    /// Says that the stream is whole.
    pub(crate) async fn end(self) {
        let _ = self
            .pieces
            .send(Ok(Frame::trailers(HeaderMap::new())))
            .await;
    }

    /// Whether nobody reads any more.
    pub(crate) async fn gone(&self) {
        self.pieces.closed().await;
    }
}

struct Pieces {
    receiver: mpsc::Receiver<Result<Frame<Bytes>, Broken>>,
    state: State,
    allowed: Allowed,
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    /// The end was seen.
    Ended,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.state == State::Ended {
            return Poll::Ready(None);
        }
        match self.receiver.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.state = State::Ended;
                Poll::Ready(Some(Err(Broken)))
            }
            Poll::Ready(Some(Ok(frame))) if frame.trailers_ref().is_some() => {
                self.state = State::Ended;
                match frame
                    .trailers_ref()
                    .is_some_and(|trailers| !trailers.is_empty())
                {
                    true => Poll::Ready(Some(Ok(frame))),
                    false => Poll::Ready(None),
                }
            }
            Poll::Ready(Some(_)) if !(self.allowed)() => {
                self.state = State::Ended;
                Poll::Ready(Some(Err(Broken)))
            }
            Poll::Ready(Some(piece)) => Poll::Ready(Some(piece)),
        }
    }
}
