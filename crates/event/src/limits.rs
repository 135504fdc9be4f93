//! The limits of an event. Reaching one is a typed refusal, never a surprise.

/// Largest event in bytes: as sent, and again flattened. A log entry of C2SP tlog-tiles is at most
/// 64 KiB; 4 KiB stay free for what is kept beside the body.
pub const EVENT_MAX_BYTES: usize = 60 * 1024;

/// Deepest nesting of objects and arrays, the event itself included. Keeps recursion small on
/// every reader's stack.
pub const DEPTH_MAX: usize = 32;

/// Most fields of an accepted event, those the server adds included: room for a record of 200
/// changes with path, label, old, new and type. Bounds the work of a commitment and of everything
/// that looks at all fields.
pub const FIELDS_MAX: usize = 1024;

/// Longest path of a field in bytes. A path is hashed with a 16-bit length and is a key in the
/// index, where long ones cost every search.
pub const PATH_MAX_BYTES: usize = 4 * 1024;

/// Longest `id` in characters. It is held in a table for every event kept.
pub const ID_MAX_CHARS: usize = 64;

/// Longest action, type, name of a system part, and any id but `id`, in bytes. They are terms of
/// the index and values in lists.
pub const TERM_MAX_BYTES: usize = 1024;

/// Largest count an event may carry: 2^53, the largest whole number every JSON reader keeps.
pub const COUNT_MAX: u64 = 1 << 53;

/// How far ahead of now an event may lie, in microseconds: ten years. More is a broken clock.
pub const AHEAD_MAX_MICROS: i64 = 3_653 * 86_400 * 1_000_000;

/// Largest exported event that is read back, in bytes: an event, its escapes and its enrichment.
pub const EXPORTED_MAX_BYTES: usize = 256 * 1024;

/// Deepest nesting of an exported event: a value of `before` lies one level deeper in `changes`.
pub const EXPORTED_DEPTH_MAX: usize = DEPTH_MAX + 1;
