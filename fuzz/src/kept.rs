//! An input that failed, kept so that it can be run again.

use std::io;
use std::path::PathBuf;

use crate::Failure;

/// Where a failed input is.
pub struct Kept {
    target: &'static str,
    place: io::Result<PathBuf>,
}

/// Writes the input of a failure to the folder for temporary files.
pub fn keep(failure: &Failure) -> Kept {
    let folder = std::env::temp_dir()
        .join("annals-fuzz")
        .join(failure.target);
    let name = crate::Reached::at(&failure.input).to_string();
    let path = folder.join(name);
    let written =
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &failure.input));
    Kept {
        target: failure.target,
        place: written.map(|()| path),
    }
}

impl Kept {
    /// Says how to run it again.
    pub fn describe(&self) -> String {
        match &self.place {
            Ok(path) => format!(
                "run it again with: cargo xtask fuzz {} {}",
                self.target,
                path.display()
            ),
            Err(error) => format!("the input could not be kept: {error}"),
        }
    }
}
