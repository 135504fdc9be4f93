//! Which files an import takes.

use std::path::{Path, PathBuf};

use anyhow::bail;
use import::Format;

/// Folders of CloudTrail that hold digests, which are no events.
const DIGESTS: &str = "CloudTrail-Digest";
/// Names of passed over files that are said.
const NAMES_MAX: usize = 5;

/// What was found.
pub(super) struct Files {
    pub(super) files: Vec<PathBuf>,
    /// What is not taken, in words.
    pub(super) passed_over: Vec<String>,
}

/// The files named, whatever they are called, and those with the format's endings in the folders
/// named and the folders in them, in order of name.
pub(super) fn find(paths: &[PathBuf], format: Format) -> anyhow::Result<Files> {
    let mut found = Files {
        files: Vec::new(),
        passed_over: Vec::new(),
    };
    let mut others = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => look_into(path, format, &mut found, &mut others),
            false => found.files.push(path.clone()),
        }
    }
    let endings: Vec<String> = format
        .endings()
        .iter()
        .map(|it| format!("*.{it}"))
        .collect();
    let endings = endings.join(", ");
    if !others.is_empty() {
        let names: Vec<String> = others
            .iter()
            .take(NAMES_MAX)
            .map(|it| it.display().to_string())
            .collect();
        let dots = if others.len() > NAMES_MAX {
            ", ..."
        } else {
            ""
        };
        let words = format!(
            "passed over what is not {endings} or such with .gz ({}): {}{dots}",
            others.len(),
            names.join(", ")
        );
        found.passed_over.push(words);
    }
    if found.files.is_empty() {
        bail!("no file to import: folders are searched for {endings}, and the same with .gz");
    }
    Ok(found)
}

fn look_into(folder: &Path, format: Format, found: &mut Files, others: &mut Vec<PathBuf>) {
    let listed = std::fs::read_dir(folder).and_then(|listed| {
        listed
            .map(|entry| entry.map(|it| it.path()))
            .collect::<Result<Vec<_>, _>>()
    });
    let mut inside = match listed {
        Ok(inside) => inside,
        Err(_) => {
            // Reading it as a file names it with what is wrong.
            return found.files.push(folder.to_owned());
        }
    };
    inside.sort();
    for path in inside {
        // A link to a folder could lead back here.
        let is_folder = path.symlink_metadata().is_ok_and(|about| about.is_dir());
        if is_folder
            && format == Format::CloudTrail
            && path.file_name().is_some_and(|it| it == DIGESTS)
        {
            found.passed_over.push(format!(
                "passed over {}: digests hold no events",
                path.display()
            ));
        } else if is_folder {
            look_into(&path, format, found, others);
        } else if has_ending(&path, format) {
            found.files.push(path);
        } else {
            others.push(path);
        }
    }
}

fn has_ending(path: &Path, format: Format) -> bool {
    let name = path
        .file_name()
        .and_then(|it| it.to_str())
        .unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    path.is_file() && ending.is_some_and(|it| format.endings().contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_through_and_what_is_not_taken_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "b/2.json.gz",
            "b/1.JSON",
            "a.jsonl",
            "LICENSE",
            "CloudTrail-Digest/d.json.gz",
            "z.csv",
        ] {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
        let found = find(&[root.to_owned()], Format::CloudTrail).unwrap();
        let names: Vec<_> = found
            .files
            .iter()
            .map(|it| it.strip_prefix(root).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.jsonl", "b/1.JSON", "b/2.json.gz"]);
        assert_eq!(found.passed_over.len(), 2);
        assert!(
            found.passed_over[0].contains("digests") && found.passed_over[1].contains("LICENSE"),
            "{:?}",
            found.passed_over
        );
        assert!(find(&[root.join("b")], Format::Csv).is_err());
        assert_eq!(
            find(&[root.join("LICENSE")], Format::Csv)
                .unwrap()
                .files
                .len(),
            1
        );
    }
}
