//! What goes wrong with a simulated disk, and when.

use std::io;

use rustix::io::Errno;

use super::operation::OperationKind;

/// An error that a disk gives once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The device failed (EIO).
    Device,
    /// The disk is full ([`io::ErrorKind::StorageFull`]), whatever its capacity.
    Full,
}

/// Why an operation is refused before it begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// The process is dead: it asks for nothing any more.
    Stopped,
    /// The process dies during this operation.
    Stopping,
    Fault(Fault),
    ReadOnly,
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> io::Error {
        match trouble {
            Trouble::Stopped | Trouble::Stopping => {
                io::Error::other("the simulated process has stopped")
            }
            Trouble::Fault(Fault::Device) => Errno::IO.into(),
            Trouble::Fault(Fault::Full) => Errno::NOSPC.into(),
            Trouble::ReadOnly => Errno::ROFS.into(),
        }
    }
}

/// Trouble to come.
#[derive(Debug, Default)]
pub(super) struct Plan {
    stopped: bool,
    stop_at: Option<u64>,
    pub(super) read_only: bool,
    faults: Vec<Planned>,
}

#[derive(Debug)]
struct Planned {
    /// Any step if absent.
    kind: Option<OperationKind>,
    spared: u64,
    fault: Fault,
}

impl Plan {
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(super) fn stop_at(&mut self, step: u64) {
        self.stop_at = Some(step);
    }

    pub(super) fn fail(&mut self, kind: Option<OperationKind>, spared: u64, fault: Fault) {
        self.faults.push(Planned {
            kind,
            spared,
            fault,
        });
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The trouble of the next operation. `step` is how many steps there were before.
    pub(super) fn next(&mut self, kind: OperationKind, step: u64) -> Result<(), Trouble> {
        if self.stopped {
            return Err(Trouble::Stopped);
        }
        if kind.is_step() && self.stop_at.is_some_and(|stop_at| step >= stop_at) {
            self.stopped = true;
            return Err(Trouble::Stopping);
        }
        if let Some(fault) = self.due_fault(kind) {
            return Err(Trouble::Fault(fault));
        }
        if kind.is_step() && self.read_only {
            return Err(Trouble::ReadOnly);
        }
        Ok(())
    }

    /// Every planned fault counts the operations it is meant for, also when another one is first.
    fn due_fault(&mut self, kind: OperationKind) -> Option<Fault> {
        let mut due = None;
        self.faults.retain_mut(|planned| {
            let meant = planned.kind.map_or(kind.is_step(), |meant| meant == kind);
            if !meant {
                return true;
            }
            if planned.spared > 0 {
                planned.spared -= 1;
                return true;
            }
            if due.is_some() {
                return true;
            }
            due = Some(planned.fault);
            false
        });
        due
    }
}
