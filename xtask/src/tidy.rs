//! What the compiler cannot check: imports between crates, words that must not stay, paths of a
//! machine, line ends, licences.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::tools::{read_output, root};
use crate::{licences, shelves};

/// Words that mark unfinished work, split so that this file does not hold them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("db", "g!("),
    concat!("tod", "o!("),
];
/// Beginnings of paths that exist on one machine only, split for the same reason.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "utils.rs",
    "util.rs",
    "common.rs",
    "helpers.rs",
    "helper.rs",
    "misc.rs",
    "manager.rs",
];
/// Files that tools write.
const GENERATED: &[&str] = &["Cargo.lock", "LICENSE"];
/// Endings of files that are text.
const TEXT: &[&str] = &[
    "rs", "toml", "md", "json", "sql", "txt", "yml", "yaml", "sh",
];

pub(crate) fn run() -> anyhow::Result<()> {
    let metadata = read_output("cargo", &["metadata", "--format-version", "1", "--locked"])?;
    let metadata = serde_json::from_str(&metadata).context("`cargo metadata` is not JSON")?;
    let mut wrong = shelves::check(&metadata);
    wrong.extend(licences::check(&metadata));
    for path in read_output("git", &["ls-files"])?.lines() {
        wrong.extend(check_file(path)?);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    for line in &wrong {
        eprintln!("{line}");
    }
    bail!("{} things are not tidy", wrong.len());
}

fn check_file(path: &str) -> anyhow::Result<Vec<String>> {
    let name = Path::new(path);
    let is = |ending: &str| name.extension().is_some_and(|e| e == ending);
    let mut wrong = Vec::new();
    if name
        .file_name()
        .is_some_and(|name| EMPTY_NAMES.iter().any(|empty| name == *empty))
    {
        wrong.push(format!(
            "{path}: the name says nothing; name it after what it holds"
        ));
    }
    if GENERATED.contains(&path) || !TEXT.iter().any(|ending| is(ending)) {
        return Ok(wrong);
    }
    let full = root().join(path);
    if !full.exists() {
        // Deleted and not yet committed.
        return Ok(wrong);
    }
    let bytes = std::fs::read(full)?;
    let Ok(text) = String::from_utf8(bytes) else {
        // Vectors may hold broken text on purpose.
        return Ok(wrong);
    };
    if text.contains('\r') {
        wrong.push(format!("{path}: has CR line ends"));
    }
    if !text.is_empty() && !text.ends_with('\n') && !path.contains("/data/") {
        wrong.push(format!("{path}: the last line has no end"));
    }
    for (number, line) in text.lines().enumerate() {
        let place = || format!("{path}:{}", number + 1);
        if let Some(word) = UNFINISHED
            .iter()
            .find(|word| is("rs") && line.contains(**word))
        {
            wrong.push(format!("{}: {word}", place()));
        }
        if let Some(start) = MACHINE_PATHS.iter().find(|start| line.contains(**start)) {
            wrong.push(format!("{}: a path of one machine ({start}...)", place()));
        }
    }
    let opens_a_crate = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
    if opens_a_crate && !text.starts_with("//!") {
        wrong.push(format!(
            "{path}: must open with what the crate promises (`//!`)"
        ));
    }
    if path.ends_with("Cargo.toml")
        && path != "Cargo.toml"
        && !text.contains("[lints]\nworkspace = true")
    {
        wrong.push(format!("{path}: must take the workspace's lints"));
    }
    Ok(wrong)
}
