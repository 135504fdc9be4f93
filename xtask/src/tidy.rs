//! The house rules a compiler does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// Which crate may import which others of ours. The table of `docs/ARCHITECTURE.md`, held here.
const IMPORTS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("query", &["event"]),
    ("merkle", &[]),
    ("ledger", &["event", "merkle"]),
    ("catalog", &["event", "query"]),
    ("index", &["event", "query", "ledger"]),
    ("demo", &["event"]),
    ("api", &["event", "query"]),
    ("server", &["event", "query", "merkle", "ledger", "catalog", "index", "demo", "api"]),
    ("client", &["api", "event", "merkle"]),
    ("cli", &["server", "client", "api", "event", "query", "merkle", "ledger", "index", "catalog", "demo"]),
];

/// Words that are never left in a source file.
const FORBIDDEN: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("dbg", "!("), concat!("todo", "!(")];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Checks all rules and names every break.
pub(crate) fn check() -> Result<()> {
    let mut faults = imports()?;
    faults.extend(files()?);
    if faults.is_empty() {
        eprintln!("tidy: the house is in order");
        return Ok(());
    }
    bail!("tidy found:\n  {}", faults.join("\n  "));
}

fn imports() -> Result<Vec<String>> {
    let output = Command::new("cargo").args(["metadata", "--format-version=1", "--no-deps", "--locked"]).output()?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    let table: BTreeMap<&str, BTreeSet<&str>> =
        IMPORTS.iter().map(|(name, allowed)| (*name, allowed.iter().copied().collect())).collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        if package.license.as_deref() != Some("Apache-2.0") {
            faults.push(format!("package {} does not name the licence Apache-2.0", package.name));
        }
        let Some(name) = package.name.strip_prefix("annals-").filter(|name| *name != "bench") else { continue };
        let Some(allowed) = table.get(name) else {
            faults.push(format!("crate {name} is not in the import table"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.is_none()) {
            if let Some(imported) = dependency.name.strip_prefix("annals-")
                && !allowed.contains(imported)
            {
                faults.push(format!("crate {name} may not import {imported}"));
            }
        }
    }
    Ok(faults)
}

fn files() -> Result<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).output()?;
    ensure!(output.status.success(), "git ls-files failed");
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut faults = Vec::new();
    for name in names.split_terminator('\0') {
        let Ok(text) = fs::read_to_string(name) else { continue };
        if text.contains('\r') && !name.contains("/data/") {
            faults.push(format!("{name} has carriage returns"));
        }
        if !name.ends_with(".rs") {
            continue;
        }
        for word in FORBIDDEN.iter().filter(|word| text.contains(**word)) {
            faults.push(format!("{name} holds `{word}`"));
        }
        if name.ends_with("src/lib.rs") && !text.starts_with("//!") {
            faults.push(format!("{name} does not open with what the crate promises"));
        }
    }
    Ok(faults)
}
