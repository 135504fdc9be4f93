//! `index`: a file that is a view. One that is damaged is refused, and built again.

use std::sync::LazyLock;

use index::testing::read_file;
use ledger::{PartInfo, PartName};

use super::MIB;
use crate::{Reached, Target};

pub(super) const INDEX_FILE: Target = Target {
    name: "index-file",
    run: index_file,
    executions: 10_000,
    memory_bytes: 16 * MIB,
    words: &[
        "\"format\":",
        "\"sections\":[[",
        "terms/",
        "ids/hash",
        "annalsix",
        "18446744073709551615",
    ],
};

/// How many keys the whole file has.
static KEYS: LazyLock<usize> = LazyLock::new(|| {
    let inputs = INDEX_FILE.corpus().expect("the corpus of `index-file`");
    read(&inputs[0])
        .expect("an index file of this version: `cargo run -p annals-fuzz --example corpus`")
});

/// The file as it is, and with the checksum of its footer made right: read as what was written, or
/// refused.
fn index_file(input: &[u8]) -> Reached {
    let keys = *KEYS;
    let outcomes = [input.to_vec(), with_footer_sum(input)].map(|bytes| match read(&bytes) {
        Ok(read) => {
            assert_eq!(read, keys, "a changed file is read");
            "read".to_owned()
        }
        Err(error) => error.to_string(),
    });
    Reached::at(outcomes)
}

fn read(bytes: &[u8]) -> std::io::Result<usize> {
    let folder = tempfile::tempdir()?;
    let info = PartInfo {
        name: PartName {
            shelf: ledger::Shelf::Category(event::Category::Security),
            first: 1,
            last: 37,
            generation: 7,
        },
        count: 10,
        bytes: 0,
    };
    std::fs::create_dir(folder.path().join(info.name.shelf.as_str()))?;
    std::fs::write(folder.path().join(info.name.to_string()), bytes)?;
    read_file(folder.path(), &info)
}

/// The tail of a file: length of the footer 4, its checksum 4, magic 8.
fn with_footer_sum(input: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    let Some((rest, tail)) = bytes.split_last_chunk_mut::<16>() else {
        return bytes;
    };
    let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]) as usize;
    let start = rest.len().saturating_sub(length);
    tail[4..8].copy_from_slice(&crc32c::crc32c(&rest[start..]).to_le_bytes());
    bytes
}
