//! Where a tree's hashes and entries live: C2SP tlog-tiles of height 8.
//!
//! A tile at level L holds up to 256 consecutive hashes, each the root of a full subtree of 256^L
//! leaves; at level 0 these are the leaf hashes. A tile of fewer than 256 hashes is partial: the
//! first hashes of a tile that is still growing. Entries come in bundles of up to 256.
//! Source: <https://c2sp.org/tlog-tiles>.

use std::fmt;
use std::str::FromStr;

use crate::hash::{HASH_BYTES, Hash};
use crate::text::parse_decimal;

/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u8 = 8;
/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;
/// Leaves a tree can hold: other implementations count in signed 64-bit numbers.
pub const MAX_TREE_SIZE: u64 = i64::MAX as u64;
/// Highest tile level a path may name (tlog-tiles). Trees that fit [`MAX_TREE_SIZE`] end at 7.
pub const MAX_TILE_LEVEL: u8 = 63;

/// Address of a tile of hashes, full or partial. Its text is its path: `tile/0/x001/234.p/17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// 0 for leaf hashes, L for roots of subtrees of 256^L leaves.
    pub level: u8,
    /// Place in the level, from 0: the tile's first hash is number `index * 256` of its level.
    pub index: u64,
    /// Hashes in the tile, 1 to 256.
    pub width: u16,
}

/// Address of a bundle of entries, full or partial. Its text is its path: `tile/entries/067`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle {
    /// Place among bundles, from 0: the first entry is number `index * 256`.
    pub index: u64,
    /// Entries in the bundle, 1 to 256.
    pub width: u16,
}

/// What a path below a log's prefix names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TilePath {
    /// `tile/<L>/<N>[.p/<W>]`
    Hashes(Tile),
    /// `tile/entries/<N>[.p/<W>]`
    Entries(Bundle),
}

/// The text is not the path of a tile or bundle, or not its one proper spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a tile path: expected tile/<level>/<index>[.p/<width>] or tile/entries/<index>[.p/<width>], e.g. tile/0/x001/234.p/17"
)]
pub struct TilePathError;

/// Bytes do not have the length of the tile they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{tile} has {expected_bytes} bytes, not {found_bytes}")]
pub struct TileBytesError {
    /// The tile asked for.
    pub tile: Tile,
    /// 32 for each hash of the tile.
    pub expected_bytes: usize,
    /// What came.
    pub found_bytes: usize,
}

/// Hashes that tiles of `level` hold in all for a tree of `size` leaves: full subtrees of 256^level.
pub fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT))
        .unwrap_or(0)
}

/// Every tile of a tree of `size` leaves, level by level, left to right, the partial ones last in
/// their level.
pub fn tiles_of(size: u64) -> impl Iterator<Item = Tile> {
    (0..=MAX_TILE_LEVEL)
        .take_while(move |&level| hashes_at(level, size) > 0)
        .flat_map(move |level| {
            let last = (hashes_at(level, size) - 1) / u64::from(TILE_WIDTH);
            (0..=last).filter_map(move |index| Tile::of_tree(level, index, size))
        })
}

impl Tile {
    /// The tile as a tree of `size` leaves has it: full, or partial at the right edge. `None` when
    /// that tree has no such tile.
    pub fn of_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let width = width_of(hashes_at(level, size), index)?;
        Some(Self {
            level,
            index,
            width,
        })
    }

    /// Whether a tree of `size` leaves has all hashes of this tile, so that it can be served.
    pub fn is_in(&self, size: u64) -> bool {
        Self::of_tree(self.level, self.index, size).is_some_and(|whole| self.width <= whole.width)
    }

    /// Splits the body of a tile into its hashes.
    ///
    /// # Errors
    /// When the length is not 32 bytes for each of `width` hashes.
    pub fn parse_bytes(&self, bytes: &[u8]) -> Result<Vec<Hash>, TileBytesError> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() || hashes.len() != usize::from(self.width) {
            return Err(TileBytesError {
                tile: *self,
                expected_bytes: usize::from(self.width) * HASH_BYTES,
                found_bytes: bytes.len(),
            });
        }
        Ok(hashes.to_vec())
    }
}

impl Bundle {
    /// The bundle as a tree of `size` leaves has it: full, or partial at the right edge. `None`
    /// when that tree has no such bundle.
    pub fn of_tree(index: u64, size: u64) -> Option<Self> {
        Some(Self {
            index,
            width: width_of(size, index)?,
        })
    }

    /// Whether a tree of `size` leaves has all entries of this bundle, so that it can be served.
    pub fn is_in(&self, size: u64) -> bool {
        Self::of_tree(self.index, size).is_some_and(|whole| self.width <= whole.width)
    }

    /// Place of the bundle's first entry in the log. `None` when it is beyond any tree.
    pub fn first_entry(&self) -> Option<u64> {
        self.index.checked_mul(u64::from(TILE_WIDTH))
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashes(tile) => tile.fmt(f),
            Self::Entries(bundle) => bundle.fmt(f),
        }
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    /// Reads the one proper spelling of a path, without a leading slash.
    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let below = path.strip_prefix("tile/").ok_or(TilePathError)?;
        let (kind, place) = below.split_once('/').ok_or(TilePathError)?;
        let (index, width) = parse_place(place).ok_or(TilePathError)?;
        if kind == "entries" {
            return Ok(Self::Entries(Bundle { index, width }));
        }
        let level = parse_decimal(kind)
            .and_then(|level| u8::try_from(level).ok())
            .filter(|&level| level <= MAX_TILE_LEVEL)
            .ok_or(TilePathError)?;
        Ok(Self::Hashes(Tile {
            level,
            index,
            width,
        }))
    }
}

/// Digits in one element of a path.
const GROUP_DIGITS: usize = 3;
/// Values of one element of a path.
const GROUP: u64 = 1000;

fn width_of(hashes: u64, index: u64) -> Option<u16> {
    let first = index.checked_mul(u64::from(TILE_WIDTH))?;
    let width = hashes.checked_sub(first)?.min(u64::from(TILE_WIDTH));
    u16::try_from(width).ok().filter(|&width| width > 0)
}

/// `1234067` is written `x001/x234/067`.
fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let groups = 1 + index.checked_ilog(GROUP).unwrap_or(0);
    for above in (1..groups).rev() {
        write!(f, "x{:03}/", index / GROUP.pow(above) % GROUP)?;
    }
    write!(f, "{:03}", index % GROUP)?;
    if width != TILE_WIDTH {
        write!(f, ".p/{width}")?;
    }
    Ok(())
}

fn parse_place(place: &str) -> Option<(u64, u16)> {
    let (index, width) = match place.split_once(".p/") {
        Some((index, width)) => {
            let width = u16::try_from(parse_decimal(width)?).ok()?;
            (
                index,
                Some(width).filter(|width| (1..TILE_WIDTH).contains(width))?,
            )
        }
        None => (place, TILE_WIDTH),
    };
    let (above, last) = index
        .rsplit_once('/')
        .map_or((None, index), |(a, l)| (Some(a), l));
    let mut value = 0u64;
    for element in above.into_iter().flat_map(|above| above.split('/')) {
        let group = parse_group(element.strip_prefix('x')?)?;
        // A leading x000 would be a second spelling of the same index.
        if value == 0 && group == 0 {
            return None;
        }
        value = value.checked_mul(GROUP)?.checked_add(group)?;
    }
    let index = value.checked_mul(GROUP)?.checked_add(parse_group(last)?)?;
    Some((index, width))
}

fn parse_group(digits: &str) -> Option<u64> {
    let proper = digits.len() == GROUP_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    if proper { digits.parse().ok() } else { None }
}
