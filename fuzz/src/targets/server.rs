//! `server`: what stands in the parameters and around the bodies of requests.

use std::io::Write as _;

use event::Timestamp;
use server::testing::{Packing, reread_cursor, span, unpack_body};

use super::MIB;
use crate::{Reached, Target};

pub(super) const PARAMETERS: Target = Target {
    name: "parameters",
    run: parameters,
    executions: 800_000,
    memory_bytes: 4 * MIB,
    words: &[
        "now",
        "now-7d",
        "now+1h",
        "today",
        "yesterday",
        "2026-01-15",
        "2026-03-29T02:30",
        "T10:20:30.000001Z",
        "+05:30",
        "Europe/Berlin",
        "Asia/Kathmandu",
        "UTC",
        "9999-12-31",
        "0000-01-01",
        "AQAAAAAA",
    ],
};

pub(super) const BODY: Target = Target {
    name: "body",
    run: body,
    executions: 24_000,
    memory_bytes: 3 * MIB,
    words: &["\u{1f}\u{8b}", "\u{28}\u{b5}\u{2f}\u{fd}"],
};

const NOW: Timestamp = Timestamp::from_micros(1_769_077_200_000_000);
/// What one request may hold here: little, so that every bomb goes off, and is refused, soon.
const REQUEST_BYTES: usize = MIB;

/// Lines: `from`, `to`, time zone, cursor. A span that is read is the same for the same text; a
/// cursor is taken only in the spelling it was given in, and only for its own search.
fn parameters(input: &[u8]) -> Reached {
    let Ok(text) = str::from_utf8(input) else {
        return Reached::at("no text");
    };
    let mut lines = text.split('\n');
    let mut line = || lines.next().filter(|line| !line.is_empty());
    let (from, to, tz, cursor) = (line(), line(), line(), line());
    let read = span(from, to, tz, NOW);
    assert_eq!(read, span(from, to, tz, NOW));
    if let Ok((min, max)) = read {
        // The ends are independent of each other.
        assert_eq!(span(from, None, tz, NOW), Ok((min, i64::MAX)));
        assert_eq!(span(None, to, tz, NOW), Ok((i64::MIN, max)));
        assert!(from.is_some() || min == i64::MIN);
        assert!(to.is_some() || max == i64::MAX);
    }
    let search = [Some("main"), from, to];
    let cursor = cursor.and_then(|cursor| Some((cursor, reread_cursor(cursor, &search)?)));
    if let Some((cursor, again)) = &cursor {
        assert_eq!(cursor, again, "one cursor has one text");
        assert_eq!(reread_cursor(cursor, &[Some("other"), from, to]), None);
    }
    let reached = read.map(|(min, max)| (min == i64::MIN, max == i64::MAX, min <= max));
    Reached::at((reached, cursor.is_some()))
}

/// Whatever was packed comes out again, and nothing takes more memory than it may.
fn body(input: &[u8]) -> Reached {
    let unpacked = [Packing::Gzip, Packing::Zstd].map(|packing| {
        let unpacked = unpack_body(input, packing, REQUEST_BYTES);
        unpacked.map(|bytes| {
            assert!(bytes.len() + input.len() <= REQUEST_BYTES);
            bytes.len().checked_ilog2()
        })
    });
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(input).expect("memory is written");
    let gzip = gzip.finish().expect("memory is written");
    assert_eq!(
        unpack_body(&gzip, Packing::Gzip, REQUEST_BYTES).as_deref(),
        Ok(input)
    );
    Reached::at(unpacked)
}
