//! How far an import came, on disk, so that one that was cut off goes on where it was.
//!
//! One small file for each file imported, in the user's state folder, replaced after every batch
//! the server acknowledged, removed when the whole import has ended. It holds for one file, server,
//! key, import name and mapping; a file that changed in what was sent already starts anew.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use import::Mapper;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::source::{Place, Source};
use super::sum::Sum;

/// Bytes at a file's beginning that tell it from another one of the same name and size.
const BEGINNING_BYTES: u64 = 4096;

/// Where progress is kept.
pub(super) struct Progress {
    folder: PathBuf,
    /// What all files of the import have in common, hashed.
    import: Sha256,
    /// The files written.
    kept: Vec<PathBuf>,
}

/// Where an earlier run left off in a file.
pub(super) struct Left {
    pub(super) place: Place,
    pub(super) sum: Sum,
}

impl Progress {
    /// Of an import to this server with this key. The user's state folder is made if it is missing.
    /// `mapping` tells how records are read from another way to read them.
    pub(super) fn of(
        url: &str,
        key: Option<&str>,
        name: Option<&str>,
        mapping: &str,
    ) -> anyhow::Result<Progress> {
        let state = std::env::var_os("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")));
        let state =
            state.ok_or_else(|| anyhow::anyhow!("neither XDG_STATE_HOME nor HOME is set"))?;
        Progress::in_folder(state.join("annals/import"), url, key, name, mapping)
    }

    fn in_folder(
        folder: PathBuf,
        url: &str,
        key: Option<&str>,
        name: Option<&str>,
        mapping: &str,
    ) -> anyhow::Result<Progress> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let mut import = Sha256::new_with_prefix("annals import progress v2");
        for part in [
            url,
            key.unwrap_or_default(),
            name.unwrap_or_default(),
            mapping,
        ] {
            // The key decides the tenant. It is random and long, its hash gives nothing away.
            import.update(Sha256::digest(part));
        }
        Ok(Progress {
            folder,
            import,
            kept: Vec::new(),
        })
    }

    /// The place of a file's progress; none for what is no plain file.
    pub(super) fn slot(&self, path: &Path) -> std::io::Result<Option<PathBuf>> {
        let path = std::path::absolute(path)?;
        let file = File::open(&path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Ok(None);
        }
        let mut beginning = Vec::new();
        file.take(BEGINNING_BYTES).read_to_end(&mut beginning)?;
        let hash = self
            .import
            .clone()
            .chain_update(Sha256::digest(path.as_os_str().as_encoded_bytes()))
            .chain_update(about.size().to_be_bytes())
            .chain_update(beginning);
        Ok(Some(
            self.folder.join(format!("{}.json", hex(&hash.finalize()))),
        ))
    }

    /// What an earlier run left, if the file still begins with the very records it had sent.
    pub(super) fn left(&self, slot: &Path, path: &Path, mapper: &Mapper) -> Option<Left> {
        let text = std::fs::read(slot).ok()?;
        let said: Value = serde_json::from_slice(&text).ok()?;
        let number = |name: &str| said.get(name)?.as_u64();
        let place = Place {
            records: number("records")?,
            lines: number("lines")?,
        };
        let mut source = Source::open(path, mapper).ok()?;
        while source.place().records < place.records {
            source.next().ok()??;
        }
        let same = source.place() == place
            && Some(hex(&source.hash()).as_str()) == said["sha256"].as_str();
        let sum = Sum::from_json(&said["sum"])?;
        same.then_some(Left { place, sum })
    }

    /// Says that everything before the place of `source` was acknowledged. Survives a power cut.
    pub(super) fn keep(
        &mut self,
        slot: &Path,
        path: &Path,
        source: &Source,
        sum: &Sum,
    ) -> std::io::Result<()> {
        let Place { records, lines } = source.place();
        let said = json!({
            "file": path.display().to_string(), "records": records, "lines": lines,
            "sha256": hex(&source.hash()), "sum": sum.to_json(),
        });
        let beside = slot.with_extension(format!("new-{}", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(said.to_string().as_bytes())?;
        file.sync_data()?;
        std::fs::rename(&beside, slot)?;
        File::open(&self.folder)?.sync_all()?;
        if self.kept.last().is_none_or(|last| last != slot) {
            self.kept.push(slot.to_owned());
        }
        Ok(())
    }

    /// The import has ended: nothing is left to go on with.
    pub(super) fn end(self) {
        for slot in self.kept {
            // One that stays is passed over when the file is imported again: ids keep it single.
            let _ = std::fs::remove_file(slot);
        }
    }

    /// Counts a slot of an earlier run among those that the end removes.
    pub(super) fn took_up(&mut self, slot: &Path) {
        self.kept.push(slot.to_owned());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_holds_for_the_very_bytes_server_and_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        std::fs::write(&path, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n").unwrap();
        let of = |url, key| {
            let state = folder.path().join("state");
            Progress::in_folder(state, url, Some(key), None, "").unwrap()
        };
        let mut progress = of("http://127.0.0.1:1", "k1");
        let slot = progress.slot(&path).unwrap().unwrap();
        let mapper = Mapper::Ndjson;
        assert!(progress.left(&slot, &path, &mapper).is_none());
        let mut lines = Source::open(&path, &mapper).unwrap();
        lines.next().unwrap();
        lines.next().unwrap();
        let sum = Sum {
            accepted: 2,
            ..Sum::default()
        };
        progress.keep(&slot, &path, &lines, &sum).unwrap();
        let left = progress.left(&slot, &path, &mapper).unwrap();
        assert_eq!((left.place, left.sum.accepted), (lines.place(), 2));
        assert_ne!(
            of("http://127.0.0.1:2", "k1").slot(&path).unwrap().unwrap(),
            slot
        );
        assert_ne!(
            of("http://127.0.0.1:1", "k2").slot(&path).unwrap().unwrap(),
            slot
        );

        // Another file of the same size: its beginning names another slot, and what was sent differs.
        std::fs::write(&path, "{\"a\":1}\n{\"a\":9}\n{\"a\":3}\n").unwrap();
        assert_ne!(progress.slot(&path).unwrap().unwrap(), slot);
        assert!(progress.left(&slot, &path, &mapper).is_none());
        progress.end();
        assert!(!slot.exists());
    }
}
