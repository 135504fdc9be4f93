//! The names by which people and routes refer to an event.

use std::fmt;

use crate::place::Sequence;
use crate::time::Timestamp;

/// `LOG-<year of received_at>-<sequence, at least seven digits>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisplayId {
    /// Year in UTC.
    pub year: i32,
    /// Place in the ledger.
    pub sequence: Sequence,
}

impl DisplayId {
    /// The display id of the event at `sequence`.
    pub fn new(sequence: Sequence, received_at: Timestamp) -> Self {
        DisplayId {
            year: received_at.year_month().0,
            sequence,
        }
    }

    /// Appends what it is written as.
    pub(crate) fn push_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"LOG-");
        push_number(u64::from(self.year.unsigned_abs()), 4, out);
        out.push(b'-');
        push_number(self.sequence.get(), 7, out);
    }
}

impl fmt::Display for DisplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.push_to(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Appends a number in decimal digits, this many at the least.
pub(crate) fn push_number(mut number: u64, least: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        if number == 0 && place + least < 20 {
            break;
        }
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        first = place;
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

/// What the `{id}` of a route names. A display id with a wrong year names no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventRef {
    /// A display id.
    Display(DisplayId),
    /// A bare sequence.
    Sequence(Sequence),
}

impl EventRef {
    /// The place it names.
    pub fn sequence(self) -> Sequence {
        match self {
            EventRef::Display(id) => id.sequence,
            EventRef::Sequence(sequence) => sequence,
        }
    }

    /// Whether it names the event at its sequence that was received then.
    pub fn fits(self, received_at: Timestamp) -> bool {
        match self {
            EventRef::Display(id) => id.year == received_at.year_month().0,
            EventRef::Sequence(_) => true,
        }
    }
}

/// A text that is neither a display id nor a sequence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no event: write LOG-2026-0000123 or the sequence 123")]
pub struct NoEventRef(pub String);

/// Reads `LOG-YYYY-NNNNNNN` or a decimal sequence. Only the form that is written is read: one event
/// has one display id.
pub fn parse_display_id(text: &str) -> Result<EventRef, NoEventRef> {
    let wrong = || NoEventRef(text.chars().take(64).collect());
    let digits = |text: &str| -> Option<u64> {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse().ok())?
    };
    let Some(rest) = text.strip_prefix("LOG-") else {
        let sequence = digits(text).ok_or_else(wrong)?;
        return Ok(EventRef::Sequence(Sequence::new(sequence)));
    };
    let (year, number) = rest.split_once('-').ok_or_else(wrong)?;
    let year = digits(year)
        .and_then(|year| i32::try_from(year).ok())
        .ok_or_else(wrong)?;
    let sequence = Sequence::new(digits(number).ok_or_else(wrong)?);
    let id = DisplayId { year, sequence };
    if id.to_string() != text {
        return Err(wrong());
    }
    Ok(EventRef::Display(id))
}
