//! A folder of the operating system.
//!
//! Everything made here belongs to its owner alone: folders 0700, files 0600.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FallocateFlags, OFlags};

use super::{Disk, DiskFile, FolderLock, Listed, LockError, folder_and_name, names, refused};

/// Only the owner enters, lists and changes a folder.
const FOLDER_MODE: u32 = 0o700;
/// Only the owner reads and writes a file.
const FILE_MODE: u32 = 0o600;

/// The disk whose root is a folder of the operating system.
#[derive(Debug, Clone)]
pub struct Real {
    root: PathBuf,
}

impl Real {
    /// The disk of an existing folder; nothing is touched yet.
    pub fn at(root: impl Into<PathBuf>) -> Real {
        Real { root: root.into() }
    }

    /// The disk of a folder that is made, with its parents, where it is missing. On return the
    /// folder survives a power cut.
    pub fn create(root: impl Into<PathBuf>) -> io::Result<Real> {
        let root = std::path::absolute(root.into())?;
        let missing: Vec<&Path> = root.ancestors().take_while(|path| !path.exists()).collect();
        for path in missing.iter().rev() {
            new_folder(path)?;
            path.parent().map_or(Ok(()), sync_folder)?;
        }
        Ok(Real { root })
    }

    /// The folder of the operating system that is the root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn place(&self, path: &Path) -> io::Result<PathBuf> {
        names(path)?;
        Ok(self.root.join(path))
    }

    fn place_of_name(&self, path: &Path) -> io::Result<PathBuf> {
        folder_and_name(path)?;
        Ok(self.root.join(path))
    }
}

impl Disk for Real {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let options = OpenOptions::new().read(true).write(true).to_owned();
        open_file(&options, &self.place_of_name(path)?)
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let options = OpenOptions::new().read(true).to_owned();
        open_file(&options, &self.place_of_name(path)?)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let options = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .to_owned();
        open_file(&options, &self.place_of_name(path)?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if folder_and_name(from)?.0 != folder_and_name(to)?.0 {
            return Err(refused(to, "is in another folder"));
        }
        fs::rename(self.place(from)?, self.place(to)?)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(self.place_of_name(path)?)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        new_folder(&self.place_of_name(path)?)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(self.place_of_name(path)?)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        sync_folder(&self.place(path)?)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in fs::read_dir(self.place(path)?)? {
            let entry = entry?;
            let is_dir = entry.file_type()?.is_dir();
            if let Ok(name) = entry.file_name().into_string() {
                listed.push(Listed { name, is_dir });
            }
        }
        listed.sort();
        Ok(listed)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.place(path)?.try_exists()
    }

    fn lock(&self, path: &Path) -> Result<FolderLock, LockError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(self.place_of_name(path)?)?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock {
                _held: Box::new(file),
            }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(error)) => Err(LockError::Io(error)),
        }
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&self.root)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

impl DiskFile for File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn reserve(&self, length: u64) -> io::Result<()> {
        if DiskFile::len(self)? < length {
            rustix::fs::fallocate(self, FallocateFlags::empty(), 0, length)?;
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn sync_all(&self) -> io::Result<()> {
        File::sync_all(self)
    }
}

/// A folder opens for reading too; it is no file.
fn open_file(options: &OpenOptions, place: &Path) -> io::Result<Arc<dyn DiskFile>> {
    let file = options.open(place)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Arc::new(file))
}

fn new_folder(place: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER_MODE).create(place)
}

fn sync_folder(place: &Path) -> io::Result<()> {
    OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::DIRECTORY.bits().cast_signed())
        .open(place)?
        .sync_all()
}
