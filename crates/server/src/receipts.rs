//! Receipts, written by hand: there is one for every event, and this is the hot path.

use event::DisplayId;
use ledger::Placed;

use crate::error::Refusal;

/// The answer to one event.
pub(crate) fn one_receipt(id: Option<&str>, placed: &Placed) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    out.push(b'{');
    push_members(&mut out, id, placed);
    out.push(b'}');
    out
}

/// The answer to a batch, as it grows.
pub(crate) struct Receipts {
    accepted: u64,
    duplicates: u64,
    /// The members of `events` so far, if receipts are wanted.
    events: Option<Vec<u8>>,
}

impl Receipts {
    pub(crate) fn new(wanted: bool) -> Self {
        Receipts {
            accepted: 0,
            duplicates: 0,
            events: wanted.then(Vec::new),
        }
    }

    pub(crate) fn kept(&mut self, index: u64, id: Option<&str>, placed: &Placed) {
        if placed.duplicate {
            self.duplicates += 1;
        } else {
            self.accepted += 1;
        }
        if let Some(out) = &mut self.events {
            if !out.is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(b"{\"index\":");
            push_number(out, index);
            out.push(b',');
            push_members(out, id, placed);
            out.push(b'}');
        }
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    pub(crate) fn nothing_kept(&self) -> bool {
        self.accepted + self.duplicates == 0
    }

    /// The whole answer.
    pub(crate) fn finish(self, rejected: Vec<(u64, Refusal)>) -> Vec<u8> {
        let rejected: Vec<api::Rejection> = rejected
            .into_iter()
            .map(|(index, refusal)| api::Rejection {
                index,
                problem: refusal.into_problem(),
            })
            .collect();
        let mut out = Vec::with_capacity(128 + self.events.as_ref().map_or(0, Vec::len));
        out.extend_from_slice(b"{\"accepted\":");
        push_number(&mut out, self.accepted);
        out.extend_from_slice(b",\"duplicates\":");
        push_number(&mut out, self.duplicates);
        out.extend_from_slice(b",\"skipped\":0,\"rejected\":");
        out.extend_from_slice(&serde_json::to_vec(&rejected).unwrap_or_else(|_| b"[]".to_vec()));
        if let Some(events) = self.events {
            out.extend_from_slice(b",\"events\":[");
            out.extend_from_slice(&events);
            out.push(b']');
        }
        out.push(b'}');
        out
    }
}

fn push_members(out: &mut Vec<u8>, id: Option<&str>, placed: &Placed) {
    if let Some(id) = id {
        out.extend_from_slice(b"\"id\":");
        push_string(out, id);
        out.push(b',');
    }
    out.extend_from_slice(b"\"sequence\":");
    push_number(out, placed.sequence.get());
    out.extend_from_slice(b",\"display_id\":\"");
    let display_id = DisplayId::new(placed.sequence, placed.received_at);
    // Writing to a vector cannot fail.
    let _ = std::io::Write::write_fmt(out, format_args!("{display_id}"));
    out.extend_from_slice(if placed.duplicate {
        b"\",\"duplicate\":true"
    } else {
        b"\",\"duplicate\":false"
    });
}

/// An id is printable ASCII: quotes and backslashes are all there is to escape.
fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use event::{Sequence, Timestamp};

    use super::*;

    fn placed(sequence: u64, duplicate: bool) -> Placed {
        let received_at = Timestamp::from_micros(1_768_478_400_000_000);
        Placed {
            sequence: Sequence::new(sequence),
            received_at,
            duplicate,
        }
    }

    #[test]
    fn the_hand_written_answer_is_what_the_types_say() {
        let mut receipts = Receipts::new(true);
        receipts.kept(0, Some(r#"a"\b"#), &placed(0, false));
        receipts.kept(2, None, &placed(u64::MAX, true));
        let refusal = Refusal::new(crate::error::Code::Erased, "gone");
        let answer = receipts.finish(vec![(1, refusal)]);
        let answer: api::BatchAnswer = serde_json::from_slice(&answer).unwrap();
        assert_eq!(
            (answer.accepted, answer.duplicates, answer.skipped),
            (1, 1, 0)
        );
        assert_eq!(answer.rejected[0].problem.code, "erased");
        let events = answer.events.unwrap();
        assert_eq!(events[0].receipt.id.as_deref(), Some(r#"a"\b"#));
        assert_eq!(events[0].receipt.display_id, "LOG-2026-0000000");
        assert_eq!((events[1].index, events[1].receipt.sequence), (2, u64::MAX));
        assert!(events[1].receipt.duplicate);
    }

    #[test]
    fn receipts_can_be_left_out() {
        let mut receipts = Receipts::new(false);
        receipts.kept(0, None, &placed(7, false));
        let answer: api::BatchAnswer = serde_json::from_slice(&receipts.finish(vec![])).unwrap();
        assert_eq!((answer.accepted, answer.events), (1, None));
    }

    #[test]
    fn one_receipt_is_what_the_type_says() {
        let receipt: api::Receipt =
            serde_json::from_slice(&one_receipt(Some("x"), &placed(123, false))).unwrap();
        assert_eq!(receipt.sequence, 123);
        assert_eq!(receipt.display_id, "LOG-2026-0000123");
    }
}
