//! The reserve: disk space kept back, so that people can sign in and read when the disk is full.
//!
//! A file of [`RESERVE_BYTES`] whose blocks are taken. When one of Annals' own events or a change
//! of the catalog finds the disk full, the reserve is given up and the space serves those alone:
//! senders are refused, and background work leaves it, until there is enough room to take it back.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::Resources;
use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::limits::{RESERVE_BYTES, RESERVE_RETURN_BYTES, RESERVE_SPACE_LOW_BYTES};

/// The reserve of an instance.
pub(crate) struct Reserve {
    path: PathBuf,
    folder: PathBuf,
    resources: Arc<Resources>,
    held: AtomicBool,
    given_up: AtomicBool,
}

impl Reserve {
    /// The reserve in a data folder, taken if there is room; where the disk is too full it counts as
    /// given up. `resources` do the background work there.
    pub(crate) fn take(folder: &Path, resources: Arc<Resources>) -> Reserve {
        let reserve = Reserve {
            path: folder.join("reserve"),
            folder: folder.to_owned(),
            resources,
            held: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
        };
        match reserve.fill() {
            Ok(()) => reserve.held.store(true, Ordering::Release),
            Err(error) if is_full(&error) => {
                reserve.spare(true);
                tracing::error!(
                    "the disk has no room for the reserve of {} MiB: senders are refused until there is",
                    RESERVE_BYTES >> 20
                );
            }
            Err(error) => tracing::warn!(
                %error,
                "the reserve of {} MiB cannot be taken; it is tried again",
                RESERVE_BYTES >> 20
            ),
        }
        reserve
    }

    /// Whether the space of the reserve is in use: then senders have to wait.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    /// Frees the space; says whether that changed anything.
    pub(crate) fn give_up(&self) -> bool {
        if !self.held.swap(false, Ordering::AcqRel) {
            return false;
        }
        self.spare(true);
        match std::fs::remove_file(&self.path) {
            Ok(()) => tracing::error!(
                "the disk is full: the reserve serves sign-in and reading, senders are refused"
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::error!(%error, "the reserve cannot be given up"),
        }
        true
    }

    /// Gives the reserve up before a change of the catalog would find the disk full.
    pub(crate) fn give_up_if_low(&self) {
        let held = self.held.load(Ordering::Acquire);
        if held
            && self
                .free_bytes()
                .is_ok_and(|free| free < RESERVE_SPACE_LOW_BYTES)
        {
            self.give_up();
        }
    }

    /// Takes the reserve back when there is room again.
    pub(crate) fn take_back(&self) {
        if self.held.load(Ordering::Acquire) {
            return;
        }
        let room = self.free_bytes().unwrap_or(0);
        if room < RESERVE_BYTES + RESERVE_RETURN_BYTES {
            return;
        }
        match self.fill() {
            Ok(()) => {
                self.held.store(true, Ordering::Release);
                self.spare(false);
                tracing::warn!("the disk has room for the reserve again");
            }
            Err(error) => tracing::debug!(%error, "the reserve cannot be taken back yet"),
        }
    }

    /// Begins or ends keeping what room is left for sign-in and reading.
    fn spare(&self, spares: bool) {
        self.given_up.store(spares, Ordering::Release);
        self.resources.pool().save_space(spares);
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let stat = statvfs(&self.folder)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn fill(&self) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)?;
        // It may be left from a version that kept more.
        let filled = file.set_len(RESERVE_BYTES).and_then(|()| fill_file(&file));
        if filled.is_err() {
            let _ = std::fs::remove_file(&self.path);
        }
        filled
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

fn fill_file(file: &File) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, RESERVE_BYTES) {
        Ok(()) => Ok(()),
        // A file system without it: write the bytes.
        Err(rustix::io::Errno::OPNOTSUPP) => {
            let zeros = vec![0; 1 << 20];
            let mut at = 0;
            while at < RESERVE_BYTES {
                std::os::unix::fs::FileExt::write_all_at(file, &zeros, at)?;
                at += zeros.len() as u64;
            }
            file.sync_data()
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_reserve_holds_blocks_and_gives_them_up_once() {
        let folder = tempfile::tempdir().unwrap();
        let larger = vec![0; RESERVE_BYTES as usize + 1];
        std::fs::write(folder.path().join("reserve"), larger).unwrap();
        let resources = Resources::without_thread(1 << 20);
        let reserve = Reserve::take(folder.path(), resources.clone());
        let meta = std::fs::metadata(folder.path().join("reserve")).unwrap();
        assert_eq!(meta.len(), RESERVE_BYTES);
        assert!(meta.blocks() * 512 >= RESERVE_BYTES, "no blocks are taken");
        assert!(!reserve.is_given_up());
        assert!(reserve.give_up());
        assert!(resources.pool().saves_space());
        assert!(!folder.path().join("reserve").exists());
        assert!(reserve.is_given_up() && !reserve.give_up());
        reserve.take_back();
        assert!(!reserve.is_given_up(), "there is room here");
        assert!(!resources.pool().saves_space());
        let meta = std::fs::metadata(folder.path().join("reserve")).unwrap();
        assert_eq!(meta.mode() & 0o077, 0);
    }
}
