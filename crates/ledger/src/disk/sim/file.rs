//! An open file of the simulated disk.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use super::Sim;
use super::operation::OperationKind;
use super::tree::NodeId;
use super::trouble::Trouble;
use crate::disk::DiskFile;

pub(super) struct SimFile {
    pub(super) sim: Sim,
    pub(super) node: NodeId,
    /// The name by which it was opened.
    pub(super) path: PathBuf,
    pub(super) writes: bool,
}

impl SimFile {
    fn must_write(&self) -> io::Result<()> {
        if self.writes {
            return Ok(());
        }
        Err(Errno::BADF.into())
    }

    fn sync(&self) -> io::Result<()> {
        let mut machine = self.sim.machine.lock();
        machine.step(
            OperationKind::Sync,
            &self.path,
            String::new(),
            |machine, trouble, chance| {
                if let (Trouble::Fault(_) | Trouble::ReadOnly, Ok(content)) =
                    (trouble, machine.tree.file_mut(self.node))
                {
                    content.fail_sync(chance);
                }
            },
            |machine| {
                machine.tree.file_mut(self.node)?.sync();
                Ok(())
            },
        )
    }
}

impl SimFile {
    /// Cuts the file or adds zeros; reserving never cuts.
    fn set_length(&self, kind: OperationKind, length: u64) -> io::Result<()> {
        self.must_write()?;
        let mut machine = self.sim.machine.lock();
        machine.step(
            kind,
            &self.path,
            format!("to {length}"),
            |_, _, _| (),
            |machine| {
                let free_bytes = machine.free_bytes();
                let content = machine.tree.file_mut(self.node)?;
                let before = content.live().len() as u64;
                if length.saturating_sub(before) > free_bytes {
                    return Err(Errno::NOSPC.into());
                }
                if kind != OperationKind::Reserve || length > before {
                    content.set_length(usize::try_from(length).map_err(|_| Errno::FBIG)?);
                }
                Ok(())
            },
        )
    }
}

impl DiskFile for SimFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.sim.look(OperationKind::Read, |machine| {
            let bytes = machine.tree.file(self.node)?.live();
            let found = usize::try_from(offset)
                .ok()
                .and_then(|start| bytes.get(start..start.checked_add(buffer.len())?))
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            buffer.copy_from_slice(found);
            Ok(())
        })
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.must_write()?;
        let mut machine = self.sim.machine.lock();
        let start = usize::try_from(offset).map_err(|_| Errno::FBIG)?;
        let end = start.checked_add(bytes.len()).ok_or(Errno::FBIG)?;
        machine.step(
            OperationKind::Write,
            &self.path,
            format!("{start}..{end}"),
            |machine, trouble, chance| {
                if let (Trouble::Fault(_) | Trouble::Stopping, Ok(content)) =
                    (trouble, machine.tree.file_mut(self.node))
                {
                    content.write(start, &bytes[..chance.part_of(bytes.len())]);
                }
            },
            |machine| {
                let free_bytes = machine.free_bytes();
                let content = machine.tree.file_mut(self.node)?;
                let most = (content.live().len() as u64).saturating_add(free_bytes);
                let fitting = most.saturating_sub(offset).min(bytes.len() as u64) as usize;
                content.write(start, &bytes[..fitting]);
                if fitting < bytes.len() {
                    return Err(Errno::NOSPC.into());
                }
                Ok(())
            },
        )
    }

    fn len(&self) -> io::Result<u64> {
        self.sim.look(OperationKind::Read, |machine| {
            Ok(machine.tree.file(self.node)?.live().len() as u64)
        })
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.set_length(OperationKind::Truncate, length)
    }

    fn reserve(&self, length: u64) -> io::Result<()> {
        self.set_length(OperationKind::Reserve, length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }
}
