//! `index`: a file that is a view. One that is damaged is refused, and built again.

use std::path::PathBuf;
use std::sync::LazyLock;

use index::testing::read_file;
use ledger::{PartInfo, PartName};

use super::MIB;
use crate::{Reached, Target};

pub(super) const INDEX_FILE: Target = Target {
    name: "index-file",
    run: index_file,
    executions: 40_000,
    memory_bytes: 16 * MIB,
    words: &["\"format\":", "\"sections\":[[", "terms/", "ids/hash", "annalsix", "18446744073709551615"],
};

/// A folder of this process, and the number of keys of the whole file.
struct Whole {
    folder: tempfile::TempDir,
    keys: usize,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let inputs = INDEX_FILE.corpus().expect("the corpus of `index-file`");
    let keys = read(folder.path().to_owned(), &inputs[0]);
    let keys = keys.expect("the corpus is of this version: `cargo run -p annals-fuzz --example corpus`");
    Whole { folder, keys }
});

/// The file as it is, and with the checksum of its footer made right: read as what was written, or
/// refused.
fn index_file(input: &[u8]) -> Reached {
    let whole = &*WHOLE;
    let outcomes = [input.to_vec(), with_footer_sum(input)].map(|bytes| {
        match read(whole.folder.path().to_owned(), &bytes) {
            Ok(keys) => {
                assert_eq!(keys, whole.keys, "a changed file is read");
                "read".to_owned()
            }
            Err(error) => error.to_string(),
        }
    });
    Reached::at(outcomes)
}

fn read(folder: PathBuf, bytes: &[u8]) -> std::io::Result<usize> {
    let info = PartInfo {
        name: PartName {
            shelf: ledger::Shelf::Category(event::Category::Security),
            first: 1,
            last: 37,
            generation: 8,
        },
        count: 10,
        bytes: 0,
    };
    let path = folder.join(info.name.to_string());
    let _ = std::fs::create_dir(folder.join(info.name.shelf.as_str()));
    std::fs::write(&path, bytes)?;
    read_file(&folder, &info)
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
