//! Readers of bytes from outside, held against bytes that nobody planned.
//!
//! - A [`Target`] is one reader and what must hold of it for any input. It fails by panicking, or
//!   by taking more memory than it says.
//! - [`Hunt`] runs a target on its corpus (`corpus/<target>/`) and on mutations of it. A seed and a
//!   number of executions repeat a run exactly; `cargo test` runs each target that way.
//! - The driver has no eyes for the code: it keeps an input that came to a place ([`Reached`]) where
//!   none was before. `docs/fuzzing.md` says how to run a target for longer.

mod hunt;
mod kept;
mod memory;
mod mutate;
mod random;
mod targets;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

pub use hunt::{Failure, Hunt, Hunted, Limit};
pub use kept::{Kept, keep};
pub use targets::TARGETS;

/// A reader and what must hold of it.
pub struct Target {
    /// Names it on the command line and its folder below `corpus/`.
    pub name: &'static str,
    /// Reads the input and checks what must hold. Panics where it does not.
    pub run: fn(&[u8]) -> Reached,
    /// How often it runs in a test: about four seconds of one slow core.
    pub executions: u64,
    /// Most memory that one execution may hold at once, in bytes, however large its input claims
    /// to be.
    pub memory_bytes: usize,
    /// Words of the format, for mutations to put in.
    pub words: &'static [&'static str],
}

/// Where an execution came to: an error's code, a kind of success. An input that came to a new
/// place is kept and mutated further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reached(u64);

impl Reached {
    /// The place that a value names.
    pub fn at(place: impl Hash) -> Reached {
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        Reached(hasher.finish())
    }
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

impl Target {
    /// The folder of its corpus.
    pub fn corpus_folder(&self) -> PathBuf {
        corpus().join(self.name)
    }

    /// Its checked-in inputs, by name of their file.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub fn corpus(&self) -> std::io::Result<Vec<Vec<u8>>> {
        let mut paths = std::fs::read_dir(self.corpus_folder())?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        paths.into_iter().map(std::fs::read).collect()
    }
}

/// The folder that holds the corpora.
pub fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}
