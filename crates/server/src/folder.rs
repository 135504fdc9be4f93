//! The data folder: what lies where, who may read it, and that one process at a time uses it.
//!
//! ```text
//! annals.toml  catalog.db  control.sock  lock
//! ledgers/<tenant>/
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use catalog::TenantName;

/// A data folder that this process has for itself. Dropping it gives it back.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    _lock: File,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process uses it.
    #[error(
        "another Annals (process {holder}) uses the data folder {}; stop it first, or take another folder with --data",
        root.display()
    )]
    InUse {
        /// The folder.
        root: PathBuf,
        /// The other process, as far as it is known.
        holder: String,
    },
    /// The system said no.
    #[error("cannot use {}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Folder {
    /// Takes the folder for this process; makes it, for its owner only, if it is missing.
    pub fn take(root: &Path) -> Result<Folder, FolderError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, source }
        };
        let root = std::path::absolute(root).map_err(at(root))?;
        private_folder(&root).map_err(at(&root))?;
        private_folder(&root.join("ledgers")).map_err(at(&root))?;
        let lock_path = root.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(at(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.read_to_string(&mut holder);
                let known = !holder.trim().is_empty();
                let holder = if known { holder.trim() } else { "unknown" }.to_owned();
                return Err(FolderError::InUse { root, holder });
            }
            Err(TryLockError::Error(source)) => {
                return Err(FolderError::Io {
                    path: lock_path,
                    source,
                });
            }
        }
        // The lock is held by the open file; its text only tells a person who holds it.
        lock.set_len(0)
            .and_then(|()| lock.write_all(std::process::id().to_string().as_bytes()))
            .map_err(at(&lock_path))?;
        Ok(Folder { root, _lock: lock })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The catalog's file.
    pub fn catalog(&self) -> PathBuf {
        self.root.join("catalog.db")
    }

    /// A tenant's ledger.
    pub fn ledger(&self, tenant: &TenantName) -> PathBuf {
        ledger_folder(&self.root, tenant)
    }
}

/// Where a tenant's ledger lies in a data folder.
pub fn ledger_folder(root: &Path, tenant: &TenantName) -> PathBuf {
    root.join("ledgers").join(tenant.as_str())
}

/// Makes a folder (with those above it) that its owner alone may enter.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
    {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Takes every right from everybody but the owner.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_and_told_who_holds_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let first = Folder::take(&root).unwrap();
        let refused = Folder::take(&root).unwrap_err();
        assert!(matches!(refused, FolderError::InUse { .. }), "{refused}");
        assert!(
            refused
                .to_string()
                .contains(&std::process::id().to_string()),
            "{refused}"
        );
        drop(first);
        Folder::take(&root).unwrap();
    }

    #[test]
    fn the_folder_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let _held = Folder::take(&root).unwrap();
        for path in [root.clone(), root.join("ledgers"), root.join("lock")] {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }
}
