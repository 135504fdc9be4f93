//! The ids of records: their own, or made so that the same file gives the same ids every time.

use std::collections::{HashMap, HashSet};

use event::limits::ID_MAX_CHARS;
use sha2::{Digest as _, Sha256};

/// Which records without an id came before, in one file. Eight bytes of each are held: a meeting of
/// two would give the second another number and still an id of its own.
#[derive(Debug, Default)]
pub struct Ids {
    once: HashSet<u64>,
    again: HashMap<u64, u32>,
}

impl Ids {
    /// For one file.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of a record that has none: made of its digest and of how many equal records came
    /// before it in the file. Equal records of one file are kept apart; a second copy of the file is
    /// known.
    pub fn made(&mut self, digest: &[u8; 32]) -> String {
        let mut beginning = [0; 8];
        beginning
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = *from);
        let beginning = u64::from_be_bytes(beginning);
        let occurrence = if self.once.insert(beginning) {
            0
        } else {
            let count = self.again.entry(beginning).or_insert(0);
            *count += 1;
            *count
        };
        let id: [u8; 32] = Sha256::new_with_prefix(digest)
            .chain_update(format!("\0{occurrence}"))
            .finalize()
            .into();
        format!("imp-{}", hex(&id, 16))
    }
}

/// What a record is known by: SHA-256 of the format and the record, whatever the order of its
/// members and the blanks between them.
pub(crate) fn digest(format: &str, canonical: &str) -> [u8; 32] {
    Sha256::new_with_prefix("annals import v1\0")
        .chain_update(format)
        .chain_update("\0")
        .chain_update(canonical)
        .finalize()
        .into()
}

/// Whether Annals takes this id as it is.
pub(crate) fn is_valid(id: &str) -> bool {
    (1..=ID_MAX_CHARS).contains(&id.len()) && id.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// The id of a record whose own id belongs to another one: `<id>~<8 hex of its digest>`, with the
/// end of a long id cut off.
pub fn renamed(id: &str, digest: &[u8; 32]) -> String {
    const MARK_CHARS: usize = 9;
    let kept: String = id.chars().take(ID_MAX_CHARS - MARK_CHARS).collect();
    format!("{kept}~{}", hex(digest, 4))
}

fn hex(bytes: &[u8], count: usize) -> String {
    let shown = bytes.iter().take(count);
    shown.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_file_gives_the_same_ids_and_equal_records_differ() {
        let records = ["{\"a\":1}", "{\"a\":1}", "{\"a\":2}"].map(|it| digest("x", it));
        let once = |mut ids: Ids| records.map(|it| ids.made(&it));
        let (first, again) = (once(Ids::new()), once(Ids::new()));
        assert_eq!(first, again);
        assert!(first[0] != first[1] && first[1] != first[2] && first[0] != first[2]);
        assert!(first.iter().all(|id| id.len() == 36 && is_valid(id)));
        assert_ne!(digest("x", "{}"), digest("y", "{}"));
    }

    #[test]
    fn a_renamed_id_fits() {
        let digest = [0xab; 32];
        assert_eq!(renamed("e-1", &digest), "e-1~abababab");
        assert_eq!(renamed(&"x".repeat(64), &digest).len(), ID_MAX_CHARS);
    }
}
