//! The journal: recent events, one file after the other, each frame synced before the next.
//!
//! Behind its frames a file may hold zeros: room that was laid out for more of them, since a sync is
//! much quicker where the file does not grow. Otherwise a file that is not the last holds only whole
//! frames. The last one may end in a frame that was cut short by a crash; that one was never
//! acknowledged. Everything else that does not read back is damage and is told apart. Bytes:
//! `docs/formats/journal-v1.md`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskFile};
use crate::frame::{FILE_HEADER_BYTES, FileHeader, LedgerId, Month, find_frame, read_frame};
use crate::group::Group;

pub(crate) const FOLDER: &str = "journal";

/// Length in bytes from which a file is given room, a page of the disk.
const ROOM_FROM: u64 = 4 << 10;
/// Most room that is laid out at once for large frames, in bytes; a smaller file is doubled.
const ROOM_MAX: u64 = 4 << 20;
/// Length in bytes up to which a frame is small: its sync takes about as long without the bytes.
const SMALL_FRAME: u64 = 64 << 10;
/// Most zeros that are written behind a small frame, in bytes.
const ZEROS_MAX: u64 = 256 << 10;

/// Where the file that begins with a sequence is.
pub(crate) fn path(first: u64) -> PathBuf {
    Path::new(FOLDER).join(first.to_string())
}

/// The journal file that is written to.
pub(crate) struct Writer {
    file: Arc<dyn DiskFile>,
    end: u64,
    /// Up to where room was asked for.
    room: u64,
    /// Up to where zeros were written.
    zeros: u64,
    previous: u32,
}

/// How an append to the journal failed.
pub(crate) enum WriteError {
    /// Nothing was written; the next append may succeed.
    Refused(io::Error),
    /// Nobody knows what the disk holds: no append may follow in this process.
    Lost(io::Error),
}

impl Writer {
    /// Makes and syncs an empty file.
    pub(crate) fn create(
        disk: &dyn Disk,
        ledger: &LedgerId,
        first: u64,
        month: Month,
    ) -> io::Result<Writer> {
        let path = path(first);
        crate::manifest::remove_if_there(disk, &path)?;
        let file = disk.create(&path)?;
        let header = FileHeader {
            ledger: *ledger,
            first,
            month,
        };
        let made = file
            .write_all_at(&header.encode(), 0)
            .and_then(|()| file.sync_data())
            .and_then(|()| disk.sync_dir(Path::new(FOLDER)));
        if let Err(error) = made {
            crate::manifest::remove_if_there(disk, &path)?;
            return Err(error);
        }
        Ok(Writer {
            file,
            end: FILE_HEADER_BYTES as u64,
            room: 0,
            zeros: 0,
            previous: header.checksum(),
        })
    }

    /// The checksum the next frame names.
    pub(crate) fn previous(&self) -> u32 {
        self.previous
    }

    /// Appends a frame and syncs it. Committed when it returns `Ok`.
    pub(crate) fn append(&mut self, frame: &[u8], checksum: u32) -> Result<(), WriteError> {
        self.make_room(frame.len() as u64);
        if let Err(error) = self.file.write_all_at(frame, self.end) {
            // Not synced, so nobody was told. Take back what may have been written, so that the
            // file ends where the next frame begins.
            return match self
                .file
                .truncate(self.end)
                .and_then(|()| self.file.sync_data())
            {
                Ok(()) => {
                    (self.room, self.zeros) = (0, 0);
                    Err(WriteError::Refused(error))
                }
                Err(_) => Err(self.lost(error)),
            };
        }
        // A failed sync is final: the page cache may show bytes that the disk lacks, and a second
        // sync that succeeds would prove nothing.
        if let Err(error) = self.file.sync_data() {
            return Err(self.lost(error));
        }
        self.end += frame.len() as u64;
        self.previous = checksum;
        Ok(())
    }

    /// Lays out room for a frame of some bytes and for more behind it. Where the disk has none, the
    /// frame itself finds out.
    ///
    /// For small frames the room is zeros that are written and synced with one of them: to sync bytes
    /// in their place changes nothing else. Room that is only reserved has to be marked as written
    /// with each page, by a thread of the system that may wait for others that are busy.
    fn make_room(&mut self, bytes: u64) {
        let end = self.end + bytes;
        if end < ROOM_FROM {
            return;
        }
        let laid_out = if bytes <= SMALL_FRAME {
            if end <= self.zeros {
                return;
            }
            let zeros = vec![0; end.min(ZEROS_MAX) as usize];
            self.zeros = end + zeros.len() as u64;
            let written = self.file.write_all_at(&zeros, end);
            // What is left of the disk belongs to the frame.
            written.or_else(|error| self.file.truncate(self.end).and(Err(error)))
        } else {
            if end <= self.room {
                return;
            }
            self.room = end + end.min(ROOM_MAX);
            self.file.reserve(self.room)
        };
        if laid_out.is_err() {
            tracing::debug!(end, "no room could be laid out for the journal");
        }
    }

    /// Nobody knows what the file holds: it is left as it is.
    fn lost(&mut self, error: io::Error) -> WriteError {
        (self.room, self.zeros) = (0, 0);
        WriteError::Lost(error)
    }
}

/// Room that was not used is given back. It does no harm where that fails.
impl Drop for Writer {
    fn drop(&mut self) {
        if self.room.max(self.zeros) > self.end && self.file.truncate(self.end).is_err() {
            tracing::debug!("room of the journal could not be given back");
        }
    }
}

/// A journal file read back.
pub(crate) struct Scanned {
    pub(crate) header: FileHeader,
    pub(crate) groups: Vec<Group>,
    /// Length of the header and the whole frames.
    pub(crate) good_bytes: u64,
    /// Bytes behind them: a frame cut short.
    pub(crate) torn_bytes: u64,
    pub(crate) previous: u32,
}

/// Why a journal file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk said no.
    #[error("cannot read journal file `{first}`")]
    Io {
        /// Its first sequence and name.
        first: u64,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// It does not hold what was written, and not because a crash cut its end off.
    #[error("journal file `{first}` is damaged at byte {offset}: {what}")]
    Damaged {
        /// Its first sequence and name.
        first: u64,
        /// Where reading stopped.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
}

/// Reads the file that begins with `first`. Only the `last` may end in a torn frame; `Ok(None)` is a
/// last file whose header was never synced.
pub(crate) fn scan(
    disk: &dyn Disk,
    ledger: &LedgerId,
    first: u64,
    last: bool,
) -> Result<Option<Scanned>, JournalError> {
    let file = disk
        .open_read(&path(first))
        .map_err(|source| JournalError::Io { first, source })?;
    scan_file(&*file, ledger, first, last)
}

/// As [`scan`], of a file that is open already. Somebody may be appending to it: what it held when
/// its length was asked is read, and a frame that is being written looks like a torn one.
pub(crate) fn scan_file(
    file: &dyn DiskFile,
    ledger: &LedgerId,
    first: u64,
    last: bool,
) -> Result<Option<Scanned>, JournalError> {
    let io_error = |source| JournalError::Io { first, source };
    let damaged = |offset: usize, what| JournalError::Damaged {
        first,
        offset: offset as u64,
        what,
    };
    let bytes = read_whole(file).map_err(io_error)?;
    let Some(header) = FileHeader::decode(&bytes) else {
        if last && find_frame(&bytes, ledger).is_none() {
            return Ok(None);
        }
        return Err(damaged(0, "its header does not read back"));
    };
    if header.ledger != *ledger || header.first != first {
        return Err(damaged(0, "its header names another ledger or place"));
    }
    let mut scanned = Scanned {
        header,
        groups: Vec::new(),
        good_bytes: FILE_HEADER_BYTES as u64,
        torn_bytes: 0,
        previous: header.checksum(),
    };
    let mut next = first;
    let mut at = FILE_HEADER_BYTES;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let Some(frame) = read_frame(rest, ledger) else {
            if is_room(rest) {
                break;
            }
            if !last {
                return Err(damaged(
                    at,
                    "a frame does not read back, and it is not the last",
                ));
            }
            if find_frame(&rest[1..], ledger).is_some() {
                return Err(damaged(
                    at,
                    "a frame does not read back, and a whole one follows",
                ));
            }
            break;
        };
        if frame.first != next || frame.previous != scanned.previous {
            return Err(damaged(at, "a frame is not the next one of its file"));
        }
        let group = Group::of_frame(&frame, &rest[..frame.total_bytes()])
            .filter(|group| !group.is_empty())
            .ok_or_else(|| damaged(at, "a frame does not hold the events it counts"))?;
        at += frame.total_bytes();
        next = group.end();
        scanned.previous = frame.checksum;
        scanned.groups.push(group);
    }
    scanned.good_bytes = at as u64;
    if !is_room(&bytes[at..]) {
        scanned.torn_bytes = (bytes.len() - at) as u64;
    }
    Ok(Some(scanned))
}

fn read_whole(file: &dyn DiskFile) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; file.len()? as usize];
    match file.read_exact_at(&mut bytes, 0) {
        // Its writer has just given room back.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            bytes.truncate(file.len()? as usize);
            file.read_exact_at(&mut bytes, 0)?;
        }
        other => other?,
    }
    Ok(bytes)
}

/// Whether nothing was written behind the last frame.
fn is_room(rest: &[u8]) -> bool {
    rest.iter().all(|byte| *byte == 0)
}

/// Takes the last file up again: its whole frames are copied to a new file that is synced and
/// takes the old one's name. The process before may have died of a failed sync; what is readable
/// now is durable only after this.
pub(crate) fn take_up(disk: &dyn Disk, scanned: &Scanned) -> io::Result<Writer> {
    let path = path(scanned.header.first);
    let beside = Path::new(FOLDER).join("copy");
    let mut bytes = vec![0; scanned.good_bytes as usize];
    disk.open_read(&path)?.read_exact_at(&mut bytes, 0)?;
    crate::manifest::replace_file(disk, &path, &beside, &bytes)?;
    Ok(Writer {
        file: disk.open(&path)?,
        end: scanned.good_bytes,
        room: 0,
        zeros: 0,
        previous: scanned.previous,
    })
}
