//! The manifest: the only word on which files a ledger consists of.
//!
//! A change to the sealed part of a ledger is a new manifest: written beside the old one, synced,
//! renamed over it. Before the rename nothing has happened, afterwards everything has; files the
//! manifest does not name are left-overs and are deleted when the ledger is opened.
//! Bytes: `docs/formats/part-v1.md`, chapter "Manifest".

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use event::{Category, Kind};
use serde::{Deserialize, Serialize};

use crate::disk::Disk;
use crate::frame::{LedgerId, Month};

/// The newest format this program reads and writes.
pub const FORMAT: u32 = 1;

const NAME: &str = "manifest";
const NEW_NAME: &str = "manifest.new";

/// Which shelf a part stands on: a retention category, or one of the two that outlive retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Shelf {
    /// Events of one category.
    Category(Category),
    /// Tombstones and retention policies (kinds 2 and 3): never dropped.
    Control,
    /// Events under legal hold whose part was dropped.
    Hold,
}

impl Shelf {
    /// Where an event of a kind and category is sealed.
    pub fn of(kind: Kind, category: Category) -> Shelf {
        match kind {
            Kind::Tombstone | Kind::Policy => Shelf::Control,
            Kind::Application | Kind::Own => Shelf::Category(category),
        }
    }

    /// The name of its folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Shelf::Category(category) => category.as_str(),
            Shelf::Control => "control",
            Shelf::Hold => "hold",
        }
    }

    /// Every shelf.
    pub fn all() -> impl Iterator<Item = Shelf> {
        Category::ALL
            .iter()
            .copied()
            .map(Shelf::Category)
            .chain([Shelf::Control, Shelf::Hold])
    }
}

impl From<Shelf> for String {
    fn from(shelf: Shelf) -> String {
        shelf.as_str().to_owned()
    }
}

impl TryFrom<String> for Shelf {
    type Error = String;
    fn try_from(name: String) -> Result<Shelf, String> {
        name.parse()
    }
}

impl FromStr for Shelf {
    type Err = String;
    fn from_str(name: &str) -> Result<Shelf, String> {
        Shelf::all()
            .find(|shelf| shelf.as_str() == name)
            .ok_or_else(|| format!("unknown shelf `{name}`"))
    }
}

/// Names a part for ever: a rewritten part gets another generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartName {
    /// Where it stands.
    pub shelf: Shelf,
    /// Sequence of its first event.
    pub first: u64,
    /// Sequence of its last event.
    pub last: u64,
    /// Grows with every file a ledger makes; two parts never share it.
    pub generation: u64,
}

impl PartName {
    /// Where its file is, from the ledger's folder.
    pub fn path(&self) -> PathBuf {
        Path::new("parts")
            .join(self.shelf.as_str())
            .join(self.file_name())
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}.{}", self.first, self.last, self.generation)
    }
}

/// `security/0-49999.1`: the same name the index uses.
impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.shelf.as_str(), self.file_name())
    }
}

/// What the manifest says of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// Where it stands.
    pub shelf: Shelf,
    /// Sequence of its first event.
    pub first: u64,
    /// Sequence of its last event.
    pub last: u64,
    /// Generation of its file.
    pub generation: u64,
    /// How many events it holds, erased ones included.
    pub count: u64,
    /// Length of its file.
    pub bytes: u64,
    /// Year of the month in which its events were received.
    pub year: u16,
    /// Month of that year, 1 to 12.
    pub month: u8,
}

impl PartEntry {
    /// Its name.
    pub fn name(&self) -> PartName {
        PartName {
            shelf: self.shelf,
            first: self.first,
            last: self.last,
            generation: self.generation,
        }
    }

    /// The month in which its events were received.
    pub fn month(&self) -> Month {
        Month {
            year: self.year,
            month: self.month,
        }
    }
}

/// What the manifest says of an id run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdRunEntry {
    /// Generation, and name, of its file.
    pub generation: u64,
    /// How many ids it holds.
    pub entries: u64,
    /// Length of its file.
    pub bytes: u64,
}

impl IdRunEntry {
    /// Where its file is, from the ledger's folder.
    pub fn path(&self) -> PathBuf {
        Path::new(crate::ids::FOLDER).join(self.generation.to_string())
    }
}

/// The state of everything sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of the ledger's files.
    pub format: u32,
    /// The ledger's id, in hex.
    #[serde(with = "hex16")]
    pub ledger: LedgerId,
    /// `<instance>/<tenant>`, as in its checkpoints.
    pub origin: String,
    /// Secret under which ids are hashed, in hex.
    #[serde(with = "hex16")]
    pub id_key: [u8; 16],
    /// How many events are sealed; the journal begins with this sequence.
    pub sealed: u64,
    /// Tombstones before this sequence have been carried out.
    pub erased_through: u64,
    /// Generation of the next file.
    pub next_generation: u64,
    /// The parts, by shelf and then by first sequence.
    pub parts: Vec<PartEntry>,
    /// The id runs, in no order.
    pub ids: Vec<IdRunEntry>,
}

/// Why a manifest could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The disk said no.
    #[error("cannot read the manifest")]
    Io(#[from] io::Error),
    /// It was written by a newer program.
    #[error(
        "the ledger has format {found}, this program knows up to {FORMAT}; use the program that wrote it or a newer one"
    )]
    NewerFormat {
        /// The format it names.
        found: u64,
    },
    /// It is not what was written.
    #[error("the manifest is damaged: {0}")]
    Damaged(String),
}

impl Manifest {
    /// Reads the manifest of a ledger; `None` where there is none.
    pub fn load(disk: &dyn Disk) -> Result<Option<Manifest>, ManifestError> {
        let file = match disk.open_read(Path::new(NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = vec![0; file.len()? as usize];
        file.read_exact_at(&mut bytes, 0)?;
        Manifest::decode(&bytes).map(Some)
    }

    fn decode(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let damaged = |why: &str| ManifestError::Damaged(why.to_owned());
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
        let (json, sum) = text
            .strip_suffix('\n')
            .and_then(|text| text.rsplit_once("\ncrc32c "))
            .ok_or_else(|| damaged("its checksum is missing"))?;
        if sum != format!("{:08x}", crc32c::crc32c(json.as_bytes())) {
            return Err(damaged("its checksum is wrong"));
        }
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|error| damaged(&error.to_string()))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(found) if found > u64::from(FORMAT) => {
                return Err(ManifestError::NewerFormat { found });
            }
            Some(_) => {}
            None => return Err(damaged("it names no format")),
        }
        serde_json::from_value(value).map_err(|error| damaged(&error.to_string()))
    }

    fn encode(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        let sum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(format!("\ncrc32c {sum:08x}\n").as_bytes());
        Ok(bytes)
    }

    /// Makes this the manifest. When it returns `Ok` the change survives a power cut; when it
    /// fails, the old or the new one holds, and the ledger must be opened anew to learn which.
    pub fn store(&self, disk: &dyn Disk) -> io::Result<()> {
        replace_file(disk, Path::new(NAME), Path::new(NEW_NAME), &self.encode()?)
    }

    /// A generation no file of this ledger has had.
    pub fn take_generation(&mut self) -> u64 {
        let generation = self.next_generation;
        self.next_generation += 1;
        generation
    }
}

/// Gives the file at `path` new bytes in one step that a power cut cannot split. `beside` is a
/// name in the same folder to prepare them under.
pub(crate) fn replace_file(
    disk: &dyn Disk,
    path: &Path,
    beside: &Path,
    bytes: &[u8],
) -> io::Result<()> {
    remove_if_there(disk, beside)?;
    let file = disk.create(beside)?;
    file.write_all_at(bytes, 0)?;
    file.sync_data()?;
    disk.rename(beside, path)?;
    disk.sync_dir(path.parent().unwrap_or(Path::new("")))
}

pub(crate) fn remove_if_there(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

mod hex16 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        bytes: &[u8; 16],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(
            &bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>(),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() != 32 || !text.is_ascii() {
            return Err(D::Error::custom("expected 32 hex digits"));
        }
        let mut bytes = [0; 16];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(D::Error::custom)?;
            *byte = u8::from_str_radix(digits, 16).map_err(D::Error::custom)?;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Real;

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT,
            ledger: *b"0123456789abcdef",
            origin: "annals.example.com/main".to_owned(),
            id_key: [7; 16],
            sealed: 50_000,
            erased_through: 0,
            next_generation: 3,
            parts: vec![PartEntry {
                shelf: Shelf::Category(Category::Security),
                first: 4,
                last: 49_999,
                generation: 1,
                count: 5_000,
                bytes: 700_000,
                year: 2026,
                month: 3,
            }],
            ids: vec![IdRunEntry {
                generation: 2,
                entries: 50_000,
                bytes: 700_000,
            }],
        }
    }

    #[test]
    fn a_manifest_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Real::create(folder.path()).unwrap();
        assert!(Manifest::load(&disk).unwrap().is_none());
        manifest().store(&disk).unwrap();
        assert_eq!(Manifest::load(&disk).unwrap(), Some(manifest()));
        let mut next = manifest();
        assert_eq!(next.take_generation(), 3);
        next.store(&disk).unwrap();
        assert_eq!(Manifest::load(&disk).unwrap(), Some(next));
    }

    #[test]
    fn damage_and_newer_formats_are_told_apart() {
        let mut bytes = manifest().encode().unwrap();
        bytes[20] ^= 1;
        assert!(matches!(
            Manifest::decode(&bytes),
            Err(ManifestError::Damaged(_))
        ));
        let newer = Manifest {
            format: 2,
            ..manifest()
        }
        .encode()
        .unwrap();
        assert!(matches!(
            Manifest::decode(&newer),
            Err(ManifestError::NewerFormat { found: 2 })
        ));
    }

    #[test]
    fn part_names_say_where_they_stand() {
        let name = manifest().parts[0].name();
        assert_eq!(name.to_string(), "security/4-49999.1");
        assert_eq!(name.path(), Path::new("parts/security/4-49999.1"));
    }
}
