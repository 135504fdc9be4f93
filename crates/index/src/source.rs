//! Where documents are: a segment of the tail, the index of a part, or rows read from a part.

use std::io;
use std::ops::Range;

use ledger::ReadError;
use query::{ExactField, Leaf};
use roaring::RoaringBitmap;

use crate::columns::Columns;
use crate::terms::Dictionary;

/// Why a source could not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Its index is damaged or cannot be read: read the part instead.
    #[error("an index file cannot be read")]
    Index(#[from] io::Error),
    /// The ledger could not read an event.
    #[error(transparent)]
    Ledger(#[from] ReadError),
}

/// Documents with their lists and columns. Documents are numbered in the order of their sequences.
pub(crate) trait Source {
    /// The documents of one key or word.
    type List: Clone;
    /// Whether [`Source::phrase`] answers.
    const KNOWS_PLACES: bool;

    fn columns(&self) -> &dyn Columns;
    fn docs_of(&self, list: &Self::List) -> u32;
    fn list(&self, dictionary: Dictionary, key: &str) -> io::Result<Option<Self::List>>;
    /// Calls `each` with every key in `from..to` and its documents until it says no.
    fn lists(
        &self,
        dictionary: Dictionary,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&str, Self::List) -> bool,
    ) -> io::Result<()>;
    /// Calls `each` with the documents of every key that begins with `beginning` and has `part`
    /// somewhere behind it.
    fn lists_containing(
        &self,
        dictionary: Dictionary,
        beginning: &str,
        part: &str,
        each: &mut dyn FnMut(Self::List),
    ) -> io::Result<()>;
    /// The documents of a range that are in any of the lists.
    fn union(&self, lists: &[Self::List], docs: Range<u32>) -> io::Result<RoaringBitmap>;
    /// The documents of `within` that are in the list.
    fn retain(&self, list: &Self::List, within: &RoaringBitmap) -> io::Result<RoaringBitmap>;
    /// The documents of `within` with the words one after the other; each word is any of several.
    fn phrase(
        &self,
        words: &[Vec<Self::List>],
        within: &RoaringBitmap,
    ) -> io::Result<RoaringBitmap>;
    /// The documents that may have a value that is only looked up whole.
    fn ids(&self, field: ExactField, value: &str) -> Result<RoaringBitmap, Fault>;
    /// Asks the events themselves.
    fn check(&self, leaf: &Leaf, docs: &RoaringBitmap) -> Result<RoaringBitmap, Fault>;
}
