//! The signed head of a ledger: its key, its newest checkpoint, and where they are kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use event::{Count, Timestamp};
use merkle::{Checkpoint, Hash, Signer, Verifier};

use crate::clock::Entropy;
use crate::disk::Disk;
use crate::manifest::{remove_if_there, replace_file};

const KEY: &str = "key";
const VKEY: &str = "vkey";
const LAST: &str = "last-checkpoint";

/// A checkpoint that was signed and is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// The signed note, as it is served.
    pub note: String,
    /// How many events it covers.
    pub size: Count,
    /// Root of their tree.
    pub root: Hash,
    /// When it was signed, by the server's clock; `None` for one read at start.
    pub signed_at: Option<Timestamp>,
}

/// Why the key or the checkpoint of a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// The disk said no.
    #[error("cannot read or write `{file}`")]
    Io {
        /// Name in the ledger's folder.
        file: &'static str,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// The key is not one, or not this ledger's.
    #[error("`key` cannot be used: {0}")]
    Key(String),
    /// The checkpoint is not signed by the ledger's key or is of another ledger.
    #[error("`{file}` cannot be used: {why}")]
    Checkpoint {
        /// Where it was read.
        file: String,
        /// What is wrong.
        why: String,
    },
}

/// Reads the ledger's key, or makes one: in the ledger's folder, or `elsewhere`. The public key
/// lies in the ledger's folder.
pub(crate) fn load_or_make_key(
    disk: &dyn Disk,
    elsewhere: Option<&(Arc<dyn Disk>, PathBuf)>,
    origin: &str,
    entropy: &dyn Entropy,
) -> Result<Signer, HeadError> {
    let io_error = |source| HeadError::Io { file: KEY, source };
    let (key_disk, key_path) = match elsewhere {
        Some((_, path)) if read_text(disk, Path::new(KEY)).map_err(io_error)?.is_some() => {
            return Err(HeadError::Key(format!(
                "it lies in the ledger's folder, and is to be `{}` in another: move it there",
                path.display()
            )));
        }
        Some((key_disk, path)) => (&**key_disk, path.as_path()),
        None => (disk, Path::new(KEY)),
    };
    let signer = match read_text(key_disk, key_path).map_err(io_error)? {
        Some(text) => text
            .trim_end()
            .parse::<Signer>()
            .map_err(|error| HeadError::Key(error.to_string()))?,
        None => {
            let mut seed = [0; merkle::note::SEED_BYTES];
            entropy.fill(&mut seed).map_err(io_error)?;
            let signer = Signer::from_seed(origin, &seed)
                .map_err(|error| HeadError::Key(error.to_string()))?;
            let text = format!("{}\n", signer.to_secret_text());
            // A ledger that was signed before has a key somewhere: another one would be refused by
            // everybody who knows the first.
            if read_text(disk, Path::new(VKEY))
                .map_err(io_error)?
                .is_some()
            {
                return Err(HeadError::Key(format!(
                    "`{}` is missing, and the ledger was signed with it before: put it back, or \
                     name the folder of the signing keys if it lies elsewhere",
                    key_path.display()
                )));
            }
            let new = key_path.with_extension("new");
            replace_file(key_disk, key_path, &new, text.as_bytes()).map_err(io_error)?;
            signer
        }
    };
    if signer.name() != origin {
        return Err(HeadError::Key(format!(
            "it is the key of `{}`, this ledger is `{origin}`",
            signer.name()
        )));
    }
    let vkey = format!("{}\n", signer.verifier());
    let io_error = |source| HeadError::Io { file: VKEY, source };
    if read_text(disk, Path::new(VKEY))
        .map_err(io_error)?
        .as_deref()
        != Some(vkey.as_str())
    {
        replace_file(
            disk,
            Path::new(VKEY),
            Path::new("vkey.new"),
            vkey.as_bytes(),
        )
        .map_err(io_error)?;
    }
    Ok(signer)
}

/// Reads the public key of a ledger's folder.
pub fn read_vkey(disk: &dyn Disk) -> Result<Verifier, HeadError> {
    let text =
        read_text(disk, Path::new(VKEY)).map_err(|source| HeadError::Io { file: VKEY, source })?;
    let text = text.ok_or_else(|| HeadError::Key("the folder has no `vkey`".to_owned()))?;
    text.trim_end()
        .parse()
        .map_err(|error: merkle::note::KeyError| HeadError::Key(error.to_string()))
}

/// Reads the newest checkpoint of the folder, if it has one, and checks its signature and origin.
pub fn read_last(disk: &dyn Disk, verifier: &Verifier) -> Result<Option<SignedHead>, HeadError> {
    read_checkpoint(disk, Path::new(LAST), verifier)
}

fn read_checkpoint(
    disk: &dyn Disk,
    path: &Path,
    verifier: &Verifier,
) -> Result<Option<SignedHead>, HeadError> {
    let note = read_text(disk, path).map_err(|source| HeadError::Io { file: LAST, source })?;
    let Some(note) = note else { return Ok(None) };
    let fault = |why: String| HeadError::Checkpoint {
        file: path.display().to_string(),
        why,
    };
    let checkpoint = Checkpoint::open(note.as_bytes(), std::slice::from_ref(verifier))
        .map_err(|error| fault(error.to_string()))?;
    if checkpoint.origin() != verifier.name() {
        return Err(fault(format!(
            "it is of `{}`, this ledger is `{}`",
            checkpoint.origin(),
            verifier.name()
        )));
    }
    Ok(Some(SignedHead {
        size: Count::new(checkpoint.size()),
        root: *checkpoint.root(),
        note,
        signed_at: None,
    }))
}

/// Signs heads and keeps the newest one.
pub(crate) struct Keeper {
    pub(crate) signer: Signer,
    /// A second home for the newest checkpoint, outside the data folder.
    pub(crate) store: Option<Arc<dyn Disk>>,
}

impl Keeper {
    /// The newest head of the second home, if there is one.
    pub(crate) fn stored_elsewhere(&self) -> Result<Option<SignedHead>, HeadError> {
        match &self.store {
            Some(store) => read_checkpoint(&**store, &self.store_path(), self.signer.verifier()),
            None => Ok(None),
        }
    }

    fn store_path(&self) -> std::path::PathBuf {
        self.signer.name().replace('/', "_").into()
    }

    /// Signs a size that is durable. When it returns, the checkpoint survives a power cut and may
    /// be published.
    pub(crate) fn sign(
        &self,
        disk: &dyn Disk,
        size: Count,
        root: Hash,
        now: Timestamp,
    ) -> Result<SignedHead, HeadError> {
        let fault = |why: String| HeadError::Checkpoint {
            file: LAST.to_owned(),
            why,
        };
        let note = Checkpoint::new(self.signer.name(), size.get(), root)
            .map_err(|error| fault(error.to_string()))?
            .sign(&[&self.signer])
            .map_err(|error| fault(error.to_string()))?
            .to_string();
        let io_error = |source| HeadError::Io { file: LAST, source };
        replace_file(
            disk,
            Path::new(LAST),
            Path::new("last-checkpoint.new"),
            note.as_bytes(),
        )
        .map_err(io_error)?;
        if let Some(store) = &self.store {
            let path = self.store_path();
            replace_file(
                &**store,
                &path,
                &path.with_extension("new"),
                note.as_bytes(),
            )
            .map_err(io_error)?;
        }
        Ok(SignedHead {
            note,
            size,
            root,
            signed_at: Some(now),
        })
    }
}

fn read_text(disk: &dyn Disk, path: &Path) -> io::Result<Option<String>> {
    let file = match disk.open_read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = vec![0; file.len()? as usize];
    file.read_exact_at(&mut bytes, 0)?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not text"))
}

/// Removes what an interrupted replacement left.
pub(crate) fn remove_leftovers(disk: &dyn Disk) -> io::Result<()> {
    ["key.new", "vkey.new", "last-checkpoint.new", "manifest.new"]
        .iter()
        .try_for_each(|name| remove_if_there(disk, Path::new(name)))
}
