//! Readers of what clients send that nobody outside this crate calls, for the fuzz targets.

use event::Timestamp;

use crate::body::{Encoding, unpack};
use crate::budget::Budget;
use crate::cursor::{Binding, Cursor};
use crate::error::Refusal;
use crate::times;

/// The cursor of the search that `texts` name, read and written again; none if it is refused.
pub fn reread_cursor(cursor: &str, texts: &[Option<&str>]) -> Option<String> {
    let binding = Binding::of(texts);
    let read = Cursor::from_text(cursor, &binding).ok()?;
    Some(read.to_text(&binding))
}

/// The first and the last microsecond between two times, or the code of the refusal.
pub fn span(
    from: Option<&str>,
    to: Option<&str>,
    tz: Option<&str>,
    now: Timestamp,
) -> Result<(i64, i64), String> {
    let span = times::context(now, tz).and_then(|context| times::span(from, to, &context));
    span.map(|span| (span.min, span.max)).map_err(code)
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// A body unpacked while no more than `memory_bytes` may be held, or the code of the refusal.
pub fn unpack_body(sent: &[u8], packing: Packing, memory_bytes: usize) -> Result<Vec<u8>, String> {
    let encoding = match packing {
        Packing::Gzip => Encoding::Gzip,
        Packing::Zstd => Encoding::Zstd,
    };
    let budget = Budget::new(memory_bytes);
    unpack(sent.to_vec(), encoding, &mut budget.hold()).map_err(code)
}

fn code(refusal: Refusal) -> String {
    refusal.into_problem().code.to_owned()
}
