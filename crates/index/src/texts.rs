//! Keys and words by number: every text once, and those of each document as numbers.
//!
//! Both homes of an index hold events like this while they are in memory, so that what the tail has
//! looked at goes into the index of a part as numbers and is not spelled out again.

use std::hash::BuildHasher;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use memchr::memmem;

use crate::keys::{self, BETWEEN};

/// Numbers texts in the order in which they first come.
pub(crate) struct Interner {
    /// The texts, with [`BETWEEN`] before and behind each.
    text: String,
    /// Where each ends in `text`; the next one begins a `BETWEEN` later.
    ends: Vec<usize>,
    numbers: HashTable<Slot>,
    hasher: DefaultHashBuilder,
}

/// A number, and half of the hash of its text: what is compared first, and all that a table that
/// grows has to look at.
struct Slot {
    hash: u32,
    number: u32,
}

/// Where a table has the slots of a hash.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Default for Interner {
    fn default() -> Interner {
        Interner {
            text: BETWEEN.to_string(),
            ends: Vec::new(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Interner {
    /// The number of a text, which is the next one if the text is new.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        let Interner {
            text: all,
            ends,
            numbers,
            hasher,
        } = self;
        let hash = hasher.hash_one(text) as u32;
        let found = numbers.entry(
            spread(hash),
            |slot| slot.hash == hash && text_at(all, ends, slot.number) == text,
            |slot| spread(slot.hash),
        );
        match found {
            Entry::Occupied(entry) => entry.get().number,
            Entry::Vacant(slot) => {
                let number = ends.len() as u32;
                slot.insert(Slot { hash, number });
                all.push_str(text);
                ends.push(all.len());
                all.push(BETWEEN);
                number
            }
        }
    }

    /// The number of a text, if it came.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text) as u32;
        let is_same = |slot: &Slot| slot.hash == hash && self.get(slot.number) == text;
        let found = self.numbers.find(spread(hash), is_same);
        found.map(|slot| slot.number)
    }

    pub(crate) fn get(&self, number: u32) -> &str {
        text_at(&self.text, &self.ends, number)
    }

    /// How many texts came.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of all of them.
    fn bytes(&self) -> usize {
        self.text.len()
    }

    /// An empty one with room for as many texts.
    fn successor(&self) -> Interner {
        let mut next = Interner::default();
        next.text.reserve(with_spare(self.text.len()));
        next.ends.reserve(with_spare(self.ends.len()));
        next.numbers = HashTable::with_capacity(with_spare(self.ends.len()));
        next
    }

    /// Gives back memory that was set aside for more texts.
    fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Every text with its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        (0..self.len() as u32).map(|number| (self.get(number), number))
    }

    /// The numbers in the order of their texts.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        // Most are told apart by how they begin, without a look at the text.
        let mut order: Vec<(u64, u32)> = self
            .iter()
            .map(|(text, number)| (keys::beginning(text.as_bytes()), number))
            .collect();
        order.sort_unstable_by(|one, other| {
            let beginnings = one.0.cmp(&other.0);
            beginnings.then_with(|| self.get(one.1).cmp(self.get(other.1)))
        });
        order.into_iter().map(|(_, number)| number).collect()
    }

    /// The number of every text that begins with `beginning` and has `part` somewhere behind it.
    pub(crate) fn containing<'a>(
        &'a self,
        beginning: &'a str,
        part: &'a str,
    ) -> impl Iterator<Item = u32> + 'a {
        let part = memmem::Finder::new(part);
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let at = from + part.find(self.text.as_bytes().get(from..)?)?;
                let number = self.ends.partition_point(|end| *end <= at);
                if number == self.ends.len() {
                    return None;
                }
                let (start, end) = bounds(&self.ends, number as u32);
                let behind = (start + beginning.len()).min(end);
                if at < behind {
                    from = behind;
                    continue;
                }
                from = end;
                if self.text[start..end].starts_with(beginning) {
                    return Some(number as u32);
                }
            }
        })
    }
}

/// Room for as much, and a little more.
pub(crate) fn with_spare(length: usize) -> usize {
    length + length / 16
}

/// Where the text of a number begins and ends.
fn bounds(ends: &[usize], number: u32) -> (usize, usize) {
    let number = number as usize;
    let before = number.checked_sub(1).map_or(0, |before| ends[before]);
    (before + BETWEEN.len_utf8(), ends[number])
}

fn text_at<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let (start, end) = bounds(ends, number);
    &text[start..end]
}

/// What numbers given elsewhere are here, as far as this was asked for.
#[derive(Default)]
pub(crate) struct Renumbering(Vec<u32>);

const UNKNOWN: u32 = u32::MAX;

impl Renumbering {
    /// The number here of one that is `number` in `other`.
    pub(crate) fn number(&mut self, number: u32, other: &Interner, own: &mut Interner) -> u32 {
        if self.0.len() <= number as usize {
            self.0.resize(other.len(), UNKNOWN);
        }
        let known = &mut self.0[number as usize];
        if *known == UNKNOWN {
            *known = own.intern(other.get(number));
        }
        *known
    }
}

/// Stands for an empty piece: a gap that no phrase reaches over.
const GAP: u32 = u32::MAX;

/// Pieces that a [`Texts`] holds before it counts as full, and bytes of different ones: with these it
/// takes some 200 MiB, and hardly more however large the events are.
const MAX_PIECES: usize = 1 << 23;
const MAX_BYTES: usize = 64 << 20;

/// The pieces of documents' texts, those of each document in their order.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) all: Interner,
    /// Numbers of the pieces, [`GAP`] for an empty one.
    pieces: Vec<u32>,
    /// Where those of each document end.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds a document whose text is pieces with a [`BETWEEN`] behind each; `each` is told the number
    /// of every piece.
    pub(crate) fn push(&mut self, text: &str, mut each: impl FnMut(u32)) {
        for piece in keys::pieces(text) {
            if piece.is_empty() {
                self.pieces.push(GAP);
                continue;
            }
            let number = self.all.intern(piece);
            self.pieces.push(number);
            each(number);
        }
        self.ends.push(self.pieces.len() as u32);
    }

    /// Adds a document of others.
    pub(crate) fn push_of(&mut self, other: &Texts, doc: u32, known: &mut Renumbering) {
        for piece in other.of(doc) {
            self.pieces.push(match *piece {
                GAP => GAP,
                number => known.number(number, &other.all, &mut self.all),
            });
        }
        self.ends.push(self.pieces.len() as u32);
    }

    fn of(&self, doc: u32) -> &[u32] {
        let start = doc
            .checked_sub(1)
            .map_or(0, |before| self.ends[before as usize]);
        &self.pieces[start as usize..self.ends[doc as usize] as usize]
    }

    /// How many documents it has.
    pub(crate) fn docs(&self) -> u32 {
        self.ends.len() as u32
    }

    /// Whether it is large enough for another to take what comes next.
    pub(crate) fn is_full(&self) -> bool {
        self.pieces.len() >= MAX_PIECES || self.all.bytes() >= MAX_BYTES
    }

    /// An empty one with room for as much.
    pub(crate) fn successor(&self) -> Texts {
        Texts {
            all: self.all.successor(),
            pieces: Vec::with_capacity(with_spare(self.pieces.len())),
            ends: Vec::with_capacity(with_spare(self.ends.len())),
        }
    }

    /// Gives back memory that was set aside for more documents.
    pub(crate) fn shrink(&mut self) {
        self.all.shrink();
        self.pieces.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Which documents have which text, and where. Places are counted for each kind of text by itself,
    /// so that what stands in one does not move the places in another; `kind` tells it. Where there is
    /// none, nothing is counted and the place is 0.
    pub(crate) fn postings(&self, kind: impl Fn(&str) -> Option<u8>) -> Postings<'_> {
        let kinds: Vec<Option<u8>> = self.all.iter().map(|(text, _)| kind(text)).collect();
        let mut ends = vec![0u32; self.all.len() + 1];
        let numbers = || self.pieces.iter().filter(|piece| **piece != GAP);
        for number in numbers() {
            ends[*number as usize + 1] += 1;
        }
        let mut before = 0;
        for end in &mut ends {
            before += *end;
            *end = before;
        }
        // From here on the end of each text is moved from its start over its places.
        let mut at = vec![(0, 0); numbers().count()];
        for doc in 0..self.docs() {
            let mut places = [0u32; keys::WORD_KINDS];
            let mut last = 0;
            for number in self.of(doc) {
                let Some(end) = ends.get_mut(*number as usize).filter(|_| *number != GAP) else {
                    places[last] += 1;
                    continue;
                };
                let mut place = 0;
                if let Some(kind) = kinds[*number as usize] {
                    last = usize::from(kind);
                    places[last] += 1;
                    place = places[last];
                }
                at[*end as usize] = (doc, place);
                *end += 1;
            }
        }
        ends.pop();
        Postings {
            all: &self.all,
            ends,
            at,
        }
    }
}

/// The documents of every text.
pub(crate) struct Postings<'t> {
    all: &'t Interner,
    /// Where those of each number end in `at`.
    ends: Vec<u32>,
    /// Documents, and the places in them, counted from one.
    at: Vec<(u32, u32)>,
}

impl Postings<'_> {
    /// Every text, in order, with its documents and the places in them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[(u32, u32)])> {
        self.all.sorted().into_iter().map(|number| {
            let start = number
                .checked_sub(1)
                .map_or(0, |before| self.ends[before as usize]);
            let end = self.ends[number as usize];
            (self.all.get(number), &self.at[start as usize..end as usize])
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const DOCS: [&str; 5] = ["b\0a\0\0a\0", "", "\0", "abc\0b\0", "ü\0a\0xabcx\0"];

    fn texts(docs: &[&str]) -> Texts {
        let mut texts = Texts::default();
        docs.iter().for_each(|doc| texts.push(doc, |_| ()));
        texts
    }

    fn postings(texts: &Texts) -> Vec<(String, Vec<(u32, u32)>)> {
        let postings = texts.postings(|_| Some(3));
        let lists = postings.iter();
        lists
            .map(|(text, at)| (text.to_owned(), at.to_vec()))
            .collect()
    }

    #[test]
    fn postings_are_the_places_of_every_text() {
        let mut naive: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        for (doc, text) in (0..).zip(DOCS) {
            for (place, piece) in (1..).zip(text.split_terminator(BETWEEN)) {
                if !piece.is_empty() {
                    naive
                        .entry(piece.to_owned())
                        .or_default()
                        .push((doc, place));
                }
            }
        }
        let texts = texts(&DOCS);
        assert_eq!(texts.docs(), 5);
        assert_eq!(postings(&texts), naive.into_iter().collect::<Vec<_>>());
        assert!(postings(&Texts::default()).is_empty());
    }

    #[test]
    fn places_are_counted_for_each_kind() {
        // Two kinds, one in two stretches; a gap behind each text.
        let texts = texts(&["ax\0ay\0\0bx\0\0ax\0\0", "bx\0by\0\0ax\0\0"]);
        let lists = |kind: fn(&str) -> Option<u8>| -> Vec<(String, Vec<(u32, u32)>)> {
            let postings = texts.postings(kind);
            let lists = postings.iter();
            lists
                .map(|(text, at)| (text.to_owned(), at.to_vec()))
                .collect()
        };
        let expected = |lists: &[(&str, &[(u32, u32)])]| -> Vec<_> {
            lists
                .iter()
                .map(|(text, at)| ((*text).to_owned(), at.to_vec()))
                .collect()
        };
        assert_eq!(
            lists(|text| Some(text.as_bytes()[0] - b'a')),
            expected(&[
                ("ax", &[(0, 1), (0, 4), (1, 1)]),
                ("ay", &[(0, 2)]),
                ("bx", &[(0, 1), (1, 1)]),
                ("by", &[(1, 2)]),
            ])
        );
        assert_eq!(lists(|_| None)[2], ("bx".to_owned(), vec![(0, 0), (1, 0)]));
    }

    #[test]
    fn documents_of_others_come_over_whole() {
        let other = texts(&DOCS);
        for docs in [vec![0, 1, 2, 3, 4], vec![4, 1, 0], vec![3, 3]] {
            let mut own = texts(&["c\0b\0"]);
            let mut known = Renumbering::default();
            docs.iter()
                .for_each(|doc| own.push_of(&other, *doc, &mut known));
            let mut all = vec!["c\0b\0"];
            all.extend(docs.iter().map(|doc| DOCS[*doc as usize]));
            assert_eq!(postings(&own), postings(&texts(&all)));
        }
    }

    #[test]
    fn texts_are_found_by_what_they_are_and_hold() {
        let texts = texts(&DOCS);
        for (text, number) in texts.all.iter() {
            assert_eq!(texts.all.find(text), Some(number));
        }
        assert_eq!(texts.all.find("ab"), None);
        let found = |beginning, part| {
            let found = texts.all.containing(beginning, part);
            found
                .map(|number| texts.all.get(number))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("", "b"), ["b", "abc", "xabcx"]);
        assert_eq!(found("a", "b"), ["abc"]);
        assert_eq!(found("abc", "b"), [""; 0]);
        assert_eq!(found("", "ü"), ["ü"]);
    }
}
