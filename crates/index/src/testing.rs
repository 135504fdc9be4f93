//! Reading one index file by itself, for the fuzz targets.

use std::io;
use std::path::Path;

use ledger::PartInfo;

use crate::columns::Columns as _;
use crate::part::PartIndex;

/// Opens the index file of a part in `folder` and reads all its keys; how many it has.
///
/// # Errors
/// When the file cannot be used: then an index is built again.
pub fn read_file(folder: &Path, info: &PartInfo) -> io::Result<usize> {
    let index = PartIndex::open(folder, info)?;
    let mut keys = 0;
    let all = 0..index.columns().len();
    index.terms().lists(b"", b"\xff", &mut |_, list| {
        keys += 1;
        let _ = std::hint::black_box(index.terms().union(&[list], all.clone()));
        true
    })?;
    let columns = index.columns();
    let sequences: u64 = (0..columns.len())
        .map(|doc| columns.sequence(doc))
        .fold(0, u64::max);
    let _ = std::hint::black_box((index.times(), index.own().len(), sequences));
    Ok(keys)
}
