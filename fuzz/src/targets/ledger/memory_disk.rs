//! A folder in memory that nobody writes to.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use ledger::disk::{Disk, DiskFile, FolderLock, Listed, LockError};

use super::Files;

pub(super) struct MemoryDisk(pub(super) Files);

struct MemoryFile(Arc<Vec<u8>>);

fn read_only<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl Disk for MemoryDisk {
    fn open(&self, _: &Path) -> io::Result<Arc<dyn DiskFile>> {
        read_only()
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        match self.0.get(path) {
            Some(bytes) => Ok(Arc::new(MemoryFile(bytes.clone()))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn create(&self, _: &Path) -> io::Result<Arc<dyn DiskFile>> {
        read_only()
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn remove_file(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn remove_dir(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        let below = self
            .0
            .keys()
            .filter_map(|file| file.strip_prefix(path).ok());
        let listed: BTreeSet<Listed> = below
            .filter_map(|file| {
                let mut names = file.components();
                let name = names.next()?.as_os_str().to_str()?.to_owned();
                let is_dir = names.next().is_some();
                Some(Listed { name, is_dir })
            })
            .collect();
        Ok(listed.into_iter().collect())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(self.0.keys().any(|file| file.starts_with(path)))
    }

    fn lock(&self, _: &Path) -> Result<FolderLock, LockError> {
        Err(LockError::Io(io::ErrorKind::ReadOnlyFilesystem.into()))
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(0)
    }
}

impl DiskFile for MemoryFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).ok();
        let bytes = start.and_then(|start| self.0.get(start..)?.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        read_only()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn truncate(&self, _: u64) -> io::Result<()> {
        read_only()
    }

    fn reserve(&self, _: u64) -> io::Result<()> {
        read_only()
    }

    fn sync_data(&self) -> io::Result<()> {
        read_only()
    }

    fn sync_all(&self) -> io::Result<()> {
        read_only()
    }
}
