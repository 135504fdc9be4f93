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
/// Actors of a page unless the client says otherwise.
pub(crate) const ACTORS_DEFAULT: u32 = 50;
/// Most actors of a page: the newest event of each is read.
pub(crate) const ACTORS_MAX: u32 = 200;
/// Recent events of an actor unless the client says otherwise.
pub(crate) const RECENT_DEFAULT: u32 = 10;
/// Most recent events of an actor.
pub(crate) const RECENT_MAX: u32 = 100;
/// Attempts to sign in, the newest ones, from which sessions of an actor are paired. A person has
/// some hundred a month; a program that signs in for every call has no sessions worth a mean.
pub(crate) const SESSION_ATTEMPTS_MAX: usize = 1_000;
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
/// Characters of a password at least: 12 random small letters are 56 bits, which no online guess
/// and no stolen Argon2id hash gives away soon. NIST asks for 8 with and 15 without a second factor.
pub const PASSWORD_MIN_CHARACTERS: usize = 12;
/// Characters of a password at most: NIST asks for 64 at least; a bound keeps hashing cheap.
pub const PASSWORD_MAX_CHARACTERS: usize = 256;
/// Passwords hashed at a time: 19 MiB and some 30 ms of a core each.
pub(crate) const PASSWORD_HASHES_MAX: usize = 4;
/// Sign-ins that may wait for their turn to hash: some seconds' worth.
pub(crate) const PASSWORD_HASHES_WAITING_MAX: usize = 256;
/// A refused sign-in takes a whole number of these, whatever was wrong with it.
pub(crate) const SIGN_IN_REFUSAL_STEP: Duration = Duration::from_millis(250);
/// Failed sign-ins of an account, or from an address, within [`SIGN_IN_WINDOW`] before others wait.
pub const SIGN_IN_FAILURES_MAX: u32 = 10;
/// How long failed sign-ins count.
pub(crate) const SIGN_IN_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Accounts and addresses whose failures are remembered: some 10 MiB.
pub(crate) const SIGN_IN_TRACKED_MAX: usize = 100_000;
/// A session without a request for this long has ended.
pub(crate) const SESSION_IDLE: Duration = Duration::from_secs(30 * 60);
/// A session has ended this long after its sign-in, however much it is used.
pub(crate) const SESSION_MAX: Duration = Duration::from_secs(12 * 3600);
/// How long a password counts as just given, unless the configuration says less.
pub(crate) const PASSWORD_FRESH_MAX: Duration = Duration::from_secs(5 * 60);
/// Sessions of one person at a time; the oldest is ended.
pub(crate) const SESSIONS_PER_PERSON: usize = 50;
/// How often the last use of keys and sessions is written down.
pub(crate) const LAST_USED_EVERY: Duration = Duration::from_secs(60);
/// How long a set-up link may be used.
pub(crate) const SETUP_LINK_LIFE: Duration = Duration::from_secs(3600);
/// How long an invitation, and a link for a new password, may be used.
pub(crate) const INVITATION_LIFE: Duration = Duration::from_secs(72 * 3600);
/// Bytes of a JSON body that is no events.
pub(crate) const JSON_BODY_MAX_BYTES: usize = 64 << 10;
/// Bytes of a person's preferences.
pub(crate) const PREFERENCES_MAX_BYTES: usize = 16 << 10;
/// Saved searches of a person in a tenant.
pub(crate) const SEARCHES_PER_PERSON: usize = 200;
/// Teams of a tenant.
pub(crate) const TEAMS_MAX: usize = 200;
/// Members and addresses of a team, each.
pub(crate) const TEAM_ENTRIES_MAX: usize = 500;
/// Entries of a setting that is a list.
pub(crate) const SETTING_ENTRIES_MAX: usize = 100;
/// Characters of a free text in a setting, a query, a parameter.
pub(crate) const SHORT_TEXT_MAX_CHARACTERS: usize = 2_000;
/// Hours that a rotated key goes on beside its successor, at most.
pub(crate) const KEY_OVERLAP_MAX_HOURS: u32 = 720;
/// Characters of a key's environment and application.
pub(crate) const KEY_LABEL_MAX_CHARACTERS: usize = 100;
/// Characters of a client's name for itself that are kept.
pub(crate) const USER_AGENT_MAX_CHARACTERS: usize = 300;
/// Equal searches of a person within this long leave one event.
pub(crate) const SEARCH_TOLD_PERSON: Duration = Duration::from_secs(15 * 60);
/// Equal reads of a key within this long leave one event.
pub(crate) const READ_TOLD_KEY: Duration = Duration::from_secs(3600);
/// How often a session tries to tell the ledgers that could not be told of it.
pub(crate) const UNTOLD_RETRY: Duration = Duration::from_secs(5);
/// Equal refusals within this long leave one event, with their number.
pub(crate) const REFUSAL_TOLD: Duration = Duration::from_secs(60);
/// Accesses that are remembered as told: about 1 KiB each.
pub(crate) const TOLD_MAX: usize = 20_000;
/// How often the numbers of repeated accesses are written down, and the reserve is looked after.
pub(crate) const TELL_EVERY: Duration = Duration::from_secs(2);
/// Disk space kept back for sign-in and reading when the disk is full, 16 MiB: room for thousands of
/// the events that these leave.
pub const RESERVE_BYTES: u64 = 16 << 20;
/// Free space beyond the reserve before senders are let in again.
pub(crate) const RESERVE_RETURN_BYTES: u64 = 32 << 20;
/// Free space below which a change of the catalog gives the reserve up first.
pub(crate) const RESERVE_SPACE_LOW_BYTES: u64 = 4 << 20;
