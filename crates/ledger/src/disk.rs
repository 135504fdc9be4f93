//! The disk: everything a ledger asks of a file system, and what it may believe afterwards.
//!
//! There are two of them. [`Real`] is a folder of the operating system. [`Sim`] lives in memory,
//! keeps apart what a running process sees and what a power cut leaves, and breaks on request.
//! One suite (`disk::conformance`) holds both to the promises written here.
//!
//! Paths are relative to the disk's root, plain UTF-8 names without `.` and `..`; the empty path is
//! the root. Anything else is refused with [`io::ErrorKind::InvalidInput`].
//!
//! **What survives a power cut.** Nothing, until a sync has returned `Ok`:
//! - bytes written and lengths set: when [`DiskFile::sync_data`] of that file has returned. Until
//!   then they may be there whole, in part, as zeros, as garbage, in any order, or not at all;
//! - names made, renamed and removed: when [`Disk::sync_dir`] of the folder that holds the name has
//!   returned. Until then each may have happened or not. A file that is synced under a name that
//!   is not can be gone as a whole;
//! - bytes and names synced before, and not touched since, stay as they are.
//!
//! **After a failed sync** the bytes in question may still be *readable* and yet never reach the
//! disk, and a later sync that succeeds says nothing about them. They must be written again, into
//! another file. Names are kinder: a later `sync_dir` that succeeds covers them.
//!
//! Errors are [`io::Error`]; callers tell [`io::ErrorKind::StorageFull`],
//! [`io::ErrorKind::ReadOnlyFilesystem`] and [`io::ErrorKind::NotFound`] from the rest. A call that
//! fails may have done part of its work, where its promise does not say otherwise.

#[cfg(test)]
mod conformance;
mod real;
pub mod sim;

use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

pub use real::Real;
pub use sim::Sim;

/// A folder tree with files, seen from its root.
pub trait Disk: Send + Sync + 'static {
    /// Opens an existing file to read and write. Fails with `NotFound`, and on a read-only disk
    /// with `ReadOnlyFilesystem`.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens an existing file to read; works on a read-only disk. Writing, truncating and syncing
    /// through the answer may fail with any kind.
    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes an empty file, only its owner may touch it. Fails with `AlreadyExists`, then nothing
    /// has changed. The name lasts from `sync_dir` of its folder on.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file or folder another name in the same folder (`InvalidInput` if it is another
    /// one) and replaces a file, or an empty folder, that had it. Atomic, also across a power cut:
    /// afterwards it has the old name or the new one, and a replaced file stays until then. Which
    /// of the two is settled by `sync_dir`. Contents are not synced by it: do that first.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file's name. Open handles go on working. Until `sync_dir` it may come back.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Makes an empty folder, only its owner may enter it; its parent exists. Fails with
    /// `AlreadyExists`. The name lasts from `sync_dir` of the parent on.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder; fails with `DirectoryNotEmpty`. Until `sync_dir` of the parent it
    /// may come back.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// When it has returned `Ok`, every name made, renamed or removed in this folder before the
    /// call survives a power cut. Not its files' contents, not the folder's own name.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// What a folder holds, by name. Names that are not UTF-8 are nobody's of ours and left out.
    fn list(&self, path: &Path) -> io::Result<Vec<Listed>>;

    /// Is there a file or folder of this name?
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// Takes the lock that the file at `path` stands for (made if absent, and left there), for as
    /// long as the answer lives and the process with it. Does not wait.
    fn lock(&self, path: &Path) -> Result<FolderLock, LockError>;

    /// How many more bytes fit, as far as the disk knows.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// An open file. Calls name their place, so that threads share a handle without a cursor; a file
/// renamed or removed meanwhile is still the same file.
pub trait DiskFile: Send + Sync {
    /// Fills `buffer` from `offset` on. Fails with `UnexpectedEof` if the file ends before that;
    /// then the buffer holds anything.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all bytes from `offset` on; a gap between the old end and `offset` reads as zeros.
    /// Readers see them at once; they last from `sync_data` on. On failure, a part of them may have
    /// been written and the file may have grown.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Has the file no bytes?
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Sets the length in bytes; growing adds zeros. Lasts from `sync_data` on.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Lays out room on the disk up to this length, so that writing and syncing bytes there changes
    /// nothing but the bytes; a shorter file grows with zeros, a longer one is left alone. Lasts from
    /// `sync_data` on. Fails where the file system has no such thing, too.
    fn reserve(&self, length: u64) -> io::Result<()>;

    /// When it has returned `Ok`, all bytes written and lengths set before the call survive a power
    /// cut (but for those of an earlier failed sync), provided that the name does.
    fn sync_data(&self) -> io::Result<()>;

    /// As [`DiskFile::sync_data`], with times and permissions.
    fn sync_all(&self) -> io::Result<()>;
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Name in its folder.
    pub name: String,
    /// Is it a folder?
    pub is_dir: bool,
}

/// The lock of a folder; dropping it gives the lock back.
pub struct FolderLock {
    _held: Box<dyn Send + Sync>,
}

impl std::fmt::Debug for FolderLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FolderLock")
    }
}

/// Why [`Disk::lock`] gave no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else, in this process or another, holds it.
    #[error("the lock is held by another process")]
    Held,
    /// The lock file cannot be opened or made.
    #[error("cannot open the lock file")]
    Io(#[from] io::Error),
}

/// The names on the way to `path`.
fn names(path: &Path) -> io::Result<Vec<&str>> {
    path.components()
        .map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(|| refused(path, "is not a plain relative path"))
}

/// The names on the way to the folder of `path`, and its own name in it.
fn folder_and_name(path: &Path) -> io::Result<(Vec<&str>, &str)> {
    let mut folder = names(path)?;
    let name = folder
        .pop()
        .ok_or_else(|| refused(path, "is the root of the disk"))?;
    Ok((folder, name))
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("`{}` {why}", path.display()),
    )
}
