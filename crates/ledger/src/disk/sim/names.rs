//! The names in one simulated folder: what a process sees, what the disk holds, and the changes
//! between the two that no sync has settled.

use std::collections::{BTreeMap, BTreeSet};

use super::chance::Chance;
use super::power::Outage;
use super::tree::NodeId;

#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    live: BTreeMap<String, NodeId>,
    durable: BTreeMap<String, NodeId>,
    /// Oldest first.
    unsettled: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Made {
        name: String,
        node: NodeId,
    },
    Renamed {
        from: String,
        to: String,
        node: NodeId,
    },
    Removed {
        name: String,
    },
}

impl Names {
    /// A folder as a starting machine finds it: all of it is on the disk.
    pub(super) fn settled(names: BTreeMap<String, NodeId>) -> Names {
        Names {
            durable: names.clone(),
            live: names,
            unsettled: Vec::new(),
        }
    }

    pub(super) fn live(&self) -> &BTreeMap<String, NodeId> {
        &self.live
    }

    pub(super) fn make(&mut self, name: &str, node: NodeId) {
        self.change(Change::Made {
            name: name.to_owned(),
            node,
        });
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, node: NodeId) {
        self.change(Change::Renamed {
            from: from.to_owned(),
            to: to.to_owned(),
            node,
        });
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.change(Change::Removed {
            name: name.to_owned(),
        });
    }

    /// Settles every change. A failed sync calls nothing: a journalling file system either commits
    /// these changes later or goes read-only, it does not forget them.
    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.live);
        self.unsettled.clear();
    }

    /// The names that a power cut leaves. Each change has happened as a whole or not at all, on its
    /// own, except that one cannot have happened before an earlier one of the same name.
    pub(super) fn after(&self, outage: Outage, chance: &mut Chance) -> BTreeMap<String, NodeId> {
        let mut left = self.durable.clone();
        let mut lost = BTreeSet::new();
        for change in &self.unsettled {
            let follows_a_lost_one = change.names().any(|name| lost.contains(name));
            if follows_a_lost_one || !outage.spares(chance) {
                lost.extend(change.names());
            } else {
                change.apply(&mut left);
            }
        }
        left
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.unsettled.push(change);
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, NodeId>) {
        match self {
            Change::Made { name, node } => {
                names.insert(name.clone(), *node);
            }
            Change::Renamed { from, to, node } => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
            Change::Removed { name } => {
                names.remove(name);
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Change::Made { name, .. } | Change::Removed { name } => (name, None),
            Change::Renamed { from, to, .. } => (from, Some(to.as_str())),
        };
        std::iter::once(first.as_str()).chain(second)
    }
}
