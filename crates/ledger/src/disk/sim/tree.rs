//! The simulated folder tree: nodes that names point to, as inodes are.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::chance::Chance;
use super::content::Content;
use super::names::Names;
use super::power::Outage;
use crate::disk::{folder_and_name, names, refused};

/// A file or folder, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(u64);

const ROOT: NodeId = NodeId(0);

#[derive(Debug, Clone)]
enum Node {
    File(Content),
    Folder(Names),
}

/// All nodes ever made; those without a name are kept for the handles that may be open.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: BTreeMap<NodeId, Node>,
    next: NodeId,
}

impl Tree {
    pub(super) fn new() -> Tree {
        Tree {
            nodes: BTreeMap::from([(ROOT, Node::Folder(Names::default()))]),
            next: NodeId(1),
        }
    }

    /// The node of a name.
    pub(super) fn find(&self, path: &Path) -> io::Result<NodeId> {
        self.walk(&names(path)?)
    }

    /// The file of a name.
    pub(super) fn find_file(&self, path: &Path) -> io::Result<NodeId> {
        folder_and_name(path)?;
        let node = self.find(path)?;
        self.file(node)?;
        Ok(node)
    }

    pub(super) fn file(&self, node: NodeId) -> io::Result<&Content> {
        match self.nodes.get(&node) {
            Some(Node::File(content)) => Ok(content),
            Some(Node::Folder(_)) => Err(Errno::ISDIR.into()),
            None => Err(Errno::NOENT.into()),
        }
    }

    pub(super) fn file_mut(&mut self, node: NodeId) -> io::Result<&mut Content> {
        match self.nodes.get_mut(&node) {
            Some(Node::File(content)) => Ok(content),
            Some(Node::Folder(_)) => Err(Errno::ISDIR.into()),
            None => Err(Errno::NOENT.into()),
        }
    }

    pub(super) fn folder(&self, node: NodeId) -> io::Result<&Names> {
        match self.nodes.get(&node) {
            Some(Node::Folder(names)) => Ok(names),
            Some(Node::File(_)) => Err(Errno::NOTDIR.into()),
            None => Err(Errno::NOENT.into()),
        }
    }

    pub(super) fn folder_mut(&mut self, node: NodeId) -> io::Result<&mut Names> {
        match self.nodes.get_mut(&node) {
            Some(Node::Folder(names)) => Ok(names),
            Some(Node::File(_)) => Err(Errno::NOTDIR.into()),
            None => Err(Errno::NOENT.into()),
        }
    }

    pub(super) fn make_file(&mut self, path: &Path) -> io::Result<NodeId> {
        self.make(path, Node::File(Content::default()))
    }

    pub(super) fn make_folder(&mut self, path: &Path) -> io::Result<()> {
        self.make(path, Node::Folder(Names::default())).map(|_| ())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let (folder, name) = folder_and_name(path)?;
        self.find_file(path)?;
        let folder = self.walk(&folder)?;
        self.folder_mut(folder)?.remove(name);
        Ok(())
    }

    pub(super) fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        let (folder, name) = folder_and_name(path)?;
        self.must_be_empty(self.find(path)?)?;
        let folder = self.walk(&folder)?;
        self.folder_mut(folder)?.remove(name);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (folder, old_name) = folder_and_name(from)?;
        let (new_folder, new_name) = folder_and_name(to)?;
        if folder != new_folder {
            return Err(refused(to, "is in another folder"));
        }
        let node = self.find(from)?;
        let replaced = self.folder(self.walk(&folder)?)?.live().get(new_name);
        match replaced.copied() {
            Some(replaced) if replaced == node => return Ok(()),
            Some(replaced) if self.folder(node).is_ok() => self.must_be_empty(replaced)?,
            Some(replaced) => self.file(replaced).map(|_| ())?,
            None => {}
        }
        let folder = self.walk(&folder)?;
        self.folder_mut(folder)?.rename(old_name, new_name, node);
        Ok(())
    }

    /// Bytes of all files that have a name.
    pub(super) fn used_bytes(&self) -> u64 {
        self.nodes
            .values()
            .filter_map(|node| match node {
                Node::Folder(names) => Some(names.live().values()),
                Node::File(_) => None,
            })
            .flatten()
            .filter_map(|node| self.file(*node).ok())
            .map(|content| content.live().len() as u64)
            .sum()
    }

    /// The tree that a power cut leaves.
    pub(super) fn after_power_cut(&self, chance: &mut Chance) -> Tree {
        let outage = Outage::by(chance);
        let mut left = Tree {
            nodes: BTreeMap::new(),
            next: self.next,
        };
        let mut reached = vec![ROOT];
        while let Some(id) = reached.pop() {
            let node = match self.nodes.get(&id) {
                Some(Node::File(content)) => {
                    Node::File(Content::settled(content.after(outage, chance)))
                }
                Some(Node::Folder(names)) => {
                    let names = names.after(outage, chance);
                    reached.extend(names.values());
                    Node::Folder(Names::settled(names))
                }
                None => continue,
            };
            left.nodes.insert(id, node);
        }
        left
    }

    fn walk(&self, names: &[&str]) -> io::Result<NodeId> {
        names.iter().try_fold(ROOT, |folder, name| {
            let node = self.folder(folder)?.live().get(*name);
            node.copied().ok_or_else(|| Errno::NOENT.into())
        })
    }

    fn make(&mut self, path: &Path, node: Node) -> io::Result<NodeId> {
        let (folder, name) = folder_and_name(path)?;
        let folder = self.walk(&folder)?;
        let id = self.next;
        let names = self.folder_mut(folder)?;
        if names.live().contains_key(name) {
            return Err(Errno::EXIST.into());
        }
        names.make(name, id);
        self.nodes.insert(id, node);
        self.next = NodeId(id.0 + 1);
        Ok(id)
    }

    fn must_be_empty(&self, folder: NodeId) -> io::Result<()> {
        if self.folder(folder)?.live().is_empty() {
            return Ok(());
        }
        Err(Errno::NOTEMPTY.into())
    }
}
