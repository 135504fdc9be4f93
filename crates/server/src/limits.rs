//! Every limit of the door, with its unit and its reason. Reaching one is a typed answer.

use std::time::Duration;

/// How long the server waits for others. A test that waits itself takes less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the first byte of a connection or the end of the last answer to the end of the headers.
    pub head: Duration,
    /// Between two pieces of a body.
    pub body_piece: Duration,
    /// For the whole of a body.
    pub body: Duration,
    /// For a client to take some byte of its answer; then it is dropped.
    pub write: Duration,
    /// A ledger that nobody used for this long is closed.
    pub ledger_idle: Duration,
    /// How often idle ledgers are looked for.
    pub sweep_every: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            head: Duration::from_secs(30),
            body_piece: Duration::from_secs(15),
            // 16 MiB at a slow 2 Mbit/s.
            body: Duration::from_secs(90),
            write: Duration::from_secs(30),
            ledger_idle: Duration::from_secs(60),
            sweep_every: Duration::from_secs(10),
        }
    }
}

/// Bytes of a body as sent: ten thousand events of a typical size and half as much again.
pub const BODY_SENT_MAX_BYTES: usize = 16 << 20;
/// Bytes of a body after decompression. JSON packs about tenfold, so an honest batch fits and a bomb
/// does not.
pub const BODY_UNPACKED_MAX_BYTES: usize = 64 << 20;
/// Events in one request: one group of the ledger, which is what `atomic` needs.
pub const BATCH_MAX_EVENTS: usize = 10_000;
/// Bodies up to this size are parsed where they arrive; moving them to another thread costs more
/// than parsing does.
pub(crate) const INLINE_MAX_BYTES: usize = 8 << 10;
/// Bytes of bodies in memory at a time, sent and unpacked together, unless configured otherwise.
pub const INGEST_BYTES_DEFAULT: usize = 256 << 20;
/// Connections at a time unless configured otherwise: each costs about 20 KiB and one descriptor.
pub const CONNECTIONS_DEFAULT: usize = 4096;
/// Requests at a time unless configured otherwise. Tails have their own limit.
pub const REQUESTS_DEFAULT: usize = 1024;
/// Exports at a time: each keeps a thread busy.
pub(crate) const EXPORTS_MAX: usize = 16;
/// Searches and counts at a time that work on the index; more wait for their turn.
pub(crate) const SEARCHES_PER_CORE: usize = 4;
/// Tails of one key at a time.
pub const TAILS_PER_KEY: usize = 20;
/// Tails of all keys at a time.
pub(crate) const TAILS_MAX: usize = 1024;
/// Ledgers open at a time: each holds a few descriptors and threads. The least used is closed.
pub(crate) const OPEN_LEDGERS_MAX: usize = 200;
/// Bytes of a request's line and headers: room for long queries.
pub(crate) const HEAD_MAX_BYTES: usize = 64 << 10;
/// Headers of a request.
pub(crate) const HEADERS_MAX: usize = 64;
/// How long running requests may go on after the server was told to stop.
pub(crate) const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How long a proof waits for a checkpoint that covers its event.
pub(crate) const PROOF_PATIENCE: Duration = Duration::from_secs(1);
/// An acknowledged event without a signed checkpoint for this long makes the server not ready.
pub(crate) const UNCOVERED_MAX: Duration = Duration::from_secs(2);
/// What a client is told to wait before it tries again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Events of a page unless the client says otherwise.
pub(crate) const PAGE_DEFAULT: u32 = 50;
/// Most events of a page.
pub(crate) const PAGE_MAX: u32 = 1000;
/// Buckets of a histogram: a year of hours would be more than a screen can show.
pub(crate) const BUCKETS_MAX: usize = 5_000;
/// Values of a top list.
pub(crate) const TOP_MAX: u32 = 1000;
/// Suggestions of a completion.
pub(crate) const SUGGESTIONS_MAX: u32 = 100;
/// Characters of a request id that a client chose.
pub(crate) const REQUEST_ID_MAX_CHARACTERS: usize = 64;
/// Characters of an import's name.
pub(crate) const IMPORT_NAME_MAX_CHARACTERS: usize = 100;
/// Bytes of one request or answer on the control socket.
pub(crate) const CONTROL_LINE_MAX_BYTES: usize = 16 << 20;
/// Events that a resumed tail reads back; older ones are a gap.
pub(crate) const TAIL_RESUME_MAX: u64 = 100_000;
/// Silence on a tail is broken this often, so that both sides notice a dead connection.
pub(crate) const TAIL_KEEP_ALIVE: Duration = Duration::from_secs(15);
