//! A disk in memory that breaks on request and repeats itself from a seed.
//!
//! What a process sees and what the disk holds are kept apart, so that a test can cut the power
//! after any step and start again on what is left, chosen by a seed among everything that the
//! promises of [`Disk`] allow:
//! - of an unsynced write: nothing, all, a beginning, some 512-byte sectors, zeros or garbage in
//!   their place, or only the new length. Bytes beside the written ones are never touched, as disks
//!   since long write a sector whole or not at all;
//! - unsynced writes and lengths of one file and of several land independently of their order;
//! - unsynced names of one folder land independently, but for changes of the same name, which keep
//!   their order; so a rename never loses both names.
//!
//! A run is repeatable as long as one thread asks for the steps in one order.

mod chance;
mod content;
mod file;
mod names;
mod operation;
mod power;
#[cfg(test)]
mod tests;
mod tree;
mod trouble;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::io::Errno;

use super::{Disk, DiskFile, FolderLock, Listed, LockError};
use chance::Chance;
use file::SimFile;
use tree::{NodeId, Tree};
use trouble::{Plan, Trouble};

pub use operation::{Operation, OperationKind};
pub use trouble::Fault;

/// Capacity of a new disk: a test that writes more has lost its way. 1 GiB.
pub const DEFAULT_CAPACITY_BYTES: u64 = 1 << 30;

/// A simulated disk and the one process that uses it. Clones are the same disk.
#[derive(Clone)]
pub struct Sim {
    machine: Arc<Mutex<Machine>>,
}

struct Machine {
    seed: u64,
    capacity_bytes: u64,
    tree: Tree,
    locked: BTreeSet<NodeId>,
    plan: Plan,
    operations: Vec<Operation>,
}

impl Sim {
    /// An empty disk. The seed decides how much of a failing operation is done.
    pub fn new(seed: u64) -> Sim {
        Sim::start(seed, DEFAULT_CAPACITY_BYTES, Tree::new())
    }

    /// What a power cut at this moment would leave, as a disk that has just started: no steps, no
    /// faults, no locks. This disk goes on, so that one run can be cut after each of its steps.
    pub fn crash(&self, seed: u64) -> Sim {
        let machine = self.machine.lock();
        let left = machine.tree.after_power_cut(&mut Chance::new(seed));
        Sim::start(seed, machine.capacity_bytes, left)
    }

    /// Cuts the power and starts again: [`Sim::crash`], and every operation that is still asked of
    /// this disk fails.
    pub fn reboot(&self, seed: u64) -> Sim {
        self.machine.lock().plan.stop();
        self.crash(seed)
    }

    /// Kills the process and starts it again while the power stays on: everything written is still
    /// seen, synced or not, and a later power cut can still take it.
    pub fn restart(&self) -> Sim {
        let mut machine = self.machine.lock();
        machine.plan.stop();
        let seed = Chance::of_step(machine.seed, machine.steps()).next();
        Sim::start(seed, machine.capacity_bytes, machine.tree.clone())
    }

    /// The process dies during the step of this number (the first is 0): that one fails and every
    /// operation after it. Of a write, a beginning may have been done.
    pub fn cut_at(&self, step: u64) {
        self.machine.lock().plan.stop_at(step);
    }

    /// Has the process died?
    pub fn is_stopped(&self) -> bool {
        self.machine.lock().plan.is_stopped()
    }

    /// Lets one operation fail: of `kind`, or any step if `None`, the one after `spared` others.
    /// A failing write may have done a beginning. A failing [`OperationKind::Sync`] loses the bytes
    /// in question for good, although they can still be read.
    pub fn fail(&self, kind: impl Into<Option<OperationKind>>, spared: u64, fault: Fault) {
        self.machine.lock().plan.fail(kind.into(), spared, fault);
    }

    /// How many bytes all files together may have from now on. A write that does not fit does a
    /// beginning and fails with `StorageFull`; on a full disk nothing new can be made either.
    pub fn set_capacity(&self, bytes: u64) {
        self.machine.lock().capacity_bytes = bytes;
    }

    /// Lets every step fail with `ReadOnlyFilesystem`, as after a remount. Syncs fail too and lose
    /// the bytes they were to settle. Reading goes on.
    pub fn set_read_only(&self, read_only: bool) {
        self.machine.lock().plan.read_only = read_only;
    }

    /// Steps asked for since the start, failed ones included, those after the process died not.
    pub fn ops_count(&self) -> u64 {
        self.machine.lock().steps()
    }

    /// The steps counted by [`Sim::ops_count`], in order.
    pub fn operations(&self) -> Vec<Operation> {
        self.machine.lock().operations.clone()
    }

    fn start(seed: u64, capacity_bytes: u64, tree: Tree) -> Sim {
        let machine = Machine {
            seed,
            capacity_bytes,
            tree,
            locked: BTreeSet::new(),
            plan: Plan::default(),
            operations: Vec::new(),
        };
        Sim {
            machine: Arc::new(Mutex::new(machine)),
        }
    }

    /// An operation that changes nothing.
    fn look<T>(
        &self,
        kind: OperationKind,
        act: impl FnOnce(&Machine) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut machine = self.machine.lock();
        let step = machine.steps();
        machine.plan.next(kind, step)?;
        act(&machine)
    }

    fn step<T>(
        &self,
        kind: OperationKind,
        path: &Path,
        act: impl FnOnce(&mut Machine) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut machine = self.machine.lock();
        machine.step(kind, path, String::new(), |_, _, _| (), act)
    }

    fn handle(&self, node: NodeId, path: &Path, writes: bool) -> Arc<dyn DiskFile> {
        Arc::new(SimFile {
            sim: self.clone(),
            node,
            path: path.to_owned(),
            writes,
        })
    }
}

impl Machine {
    fn steps(&self) -> u64 {
        self.operations.len() as u64
    }

    /// Counts a step and does it; or, in trouble, spoils it.
    fn step<T>(
        &mut self,
        kind: OperationKind,
        path: &Path,
        detail: String,
        spoil: impl FnOnce(&mut Machine, Trouble, &mut Chance),
        act: impl FnOnce(&mut Machine) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.plan.is_stopped() {
            return Err(Trouble::Stopped.into());
        }
        let step = self.steps();
        self.operations.push(Operation {
            step,
            kind,
            path: path.to_owned(),
            detail,
            error: None,
        });
        let done = match self.plan.next(kind, step) {
            Ok(()) => act(self),
            Err(trouble) => {
                spoil(self, trouble, &mut Chance::of_step(self.seed, step));
                Err(trouble.into())
            }
        };
        if let (Err(error), Some(operation)) = (&done, self.operations.last_mut()) {
            operation.error = Some(error.kind());
        }
        done
    }

    fn free_bytes(&self) -> u64 {
        self.capacity_bytes.saturating_sub(self.tree.used_bytes())
    }

    fn must_have_room(&self) -> io::Result<()> {
        if self.free_bytes() == 0 {
            return Err(Errno::NOSPC.into());
        }
        Ok(())
    }
}

impl Disk for Sim {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let node = self.look(OperationKind::Open, |machine| {
            let node = machine.tree.find_file(path)?;
            if machine.plan.read_only {
                return Err(Trouble::ReadOnly.into());
            }
            Ok(node)
        })?;
        Ok(self.handle(node, path, true))
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let node = self.look(OperationKind::Open, |machine| machine.tree.find_file(path))?;
        Ok(self.handle(node, path, false))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let node = self.step(OperationKind::Create, path, |machine| {
            machine.must_have_room()?;
            machine.tree.make_file(path)
        })?;
        Ok(self.handle(node, path, true))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut machine = self.machine.lock();
        let detail = format!("to {}", to.display());
        machine.step(
            OperationKind::Rename,
            from,
            detail,
            |_, _, _| (),
            |machine| machine.tree.rename(from, to),
        )
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step(OperationKind::RemoveFile, path, |machine| {
            machine.tree.remove_file(path)
        })
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.step(OperationKind::CreateDir, path, |machine| {
            machine.must_have_room()?;
            machine.tree.make_folder(path)
        })
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.step(OperationKind::RemoveDir, path, |machine| {
            machine.tree.remove_folder(path)
        })
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step(OperationKind::SyncDir, path, |machine| {
            let folder = machine.tree.find(path)?;
            machine.tree.folder_mut(folder)?.sync();
            Ok(())
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        self.look(OperationKind::List, |machine| {
            let folder = machine.tree.folder(machine.tree.find(path)?)?;
            let listed = folder.live().iter().map(|(name, node)| Listed {
                name: name.clone(),
                is_dir: machine.tree.folder(*node).is_ok(),
            });
            Ok(listed.collect())
        })
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.look(OperationKind::List, |machine| {
            match machine.tree.find(path) {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn lock(&self, path: &Path) -> Result<FolderLock, LockError> {
        let node = self.step(OperationKind::Lock, path, |machine| {
            let node = match machine.tree.find_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    machine.must_have_room()?;
                    machine.tree.make_file(path)?
                }
                found => found?,
            };
            Ok(machine.locked.insert(node).then_some(node))
        })?;
        let held = SimLock {
            sim: self.clone(),
            node: node.ok_or(LockError::Held)?,
        };
        Ok(FolderLock {
            _held: Box::new(held),
        })
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.look(OperationKind::List, |machine| Ok(machine.free_bytes()))
    }
}

/// Prints the trace, for a test that fails.
impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "simulated disk with seed {}:", self.machine.lock().seed)?;
        self.operations()
            .iter()
            .try_for_each(|operation| writeln!(f, "{operation}"))
    }
}

struct SimLock {
    sim: Sim,
    node: NodeId,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.sim.machine.lock().locked.remove(&self.node);
    }
}
