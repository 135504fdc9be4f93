//! Making the checksums of a changed file right, as `docs/formats` describes them, so that readers
//! look at what is behind them.

use std::path::Path;

const PAGE_BYTES: usize = 4096;

/// Makes the checksums right where the file still has the places they stand in.
pub(super) fn mend(path: &Path, bytes: &mut Vec<u8>) {
    // Nothing to mend where a length leads out of the file.
    let _ = match path
        .components()
        .next()
        .and_then(|it| it.as_os_str().to_str())
    {
        Some("manifest") => manifest(bytes),
        Some("journal") => journal(bytes),
        Some("parts") => part(bytes),
        Some("ids") => id_run(bytes),
        _ => None,
    };
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

/// Writes the checksum of `range` at `at`.
fn seal(bytes: &mut [u8], range: std::ops::Range<usize>, at: usize) -> Option<()> {
    let sum = crc32c::crc32c(bytes.get(range)?);
    let place = bytes.get_mut(at..)?.first_chunk_mut::<4>()?;
    *place = sum.to_le_bytes();
    Some(())
}

fn manifest(bytes: &mut Vec<u8>) -> Option<()> {
    const MARK: &[u8] = b"\ncrc32c ";
    let end = bytes
        .windows(MARK.len())
        .rposition(|window| window == MARK)?;
    bytes.truncate(end);
    let sum = crc32c::crc32c(bytes);
    bytes.extend_from_slice(format!("\ncrc32c {sum:08x}\n").as_bytes());
    Some(())
}

fn journal(bytes: &mut [u8]) -> Option<()> {
    const HEADER: usize = 48;
    const FRAME: usize = 44;
    seal(bytes, 0..44, 44)?;
    let mut before = crc32c::crc32c(bytes.get(..HEADER)?);
    let mut at = HEADER;
    while at < bytes.len() {
        let end = at + FRAME + u32_at(bytes, at + 4)? as usize;
        let frame = bytes.get_mut(at..end)?;
        frame[36..40].copy_from_slice(&before.to_le_bytes());
        let sum = crc32c::crc32c_append(crc32c::crc32c(&frame[..40]), &frame[FRAME..]);
        frame[40..44].copy_from_slice(&sum.to_le_bytes());
        before = sum;
        at = end;
    }
    Some(())
}

fn part(bytes: &mut [u8]) -> Option<()> {
    const FOOTER: usize = 60;
    const HEADER: usize = 56;
    const INDEX_ENTRY: usize = 36;
    seal(bytes, 0..48, 48)?;
    let footer = bytes.len().checked_sub(FOOTER)?;
    let (index, blocks) = (u64_at(bytes, footer)?, u32_at(bytes, footer + 8)? as usize);
    // An index that is not in the file stays as wrong as it is.
    let index = Some(index).filter(|index| *index <= footer)?;
    for block in 0..blocks.min(1_000) {
        let entry = index + block * INDEX_ENTRY;
        let (offset, length) = (u64_at(bytes, entry + 8)?, u32_at(bytes, entry + 16)?);
        let end = offset.checked_add(length as usize)?;
        // A block that leads out of the file stays as wrong as it is.
        let _ = seal(bytes, offset..end, entry + 28);
    }
    let _ = seal(bytes, index..footer, footer + 12);
    let reference = u32_at(bytes, footer + 40)? as usize;
    let _ = seal(bytes, HEADER..HEADER + reference, footer + 48);
    seal(bytes, footer..footer + 52, footer + 52)
}

fn id_run(bytes: &mut [u8]) -> Option<()> {
    const HEADER: usize = 56;
    let filter = u64_at(bytes, 40)?;
    let pages = HEADER.checked_add(filter)?;
    let _ = seal(bytes, HEADER..pages, 48);
    seal(bytes, 0..52, 52)?;
    let mut at = pages;
    while at < bytes.len() {
        seal(bytes, at..at + PAGE_BYTES - 4, at + PAGE_BYTES - 4)?;
        at += PAGE_BYTES;
    }
    Some(())
}
