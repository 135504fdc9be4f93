//! The load program as it is started, with the `annals` that is built beside it.

use std::path::Path;
use std::process::Command;

/// More than one journal file, so that something is sealed and an index is built.
const EVENTS: &str = "55000";

#[test]
fn a_report_measures_everything_and_products_agree() {
    let bench = Path::new(env!("CARGO_BIN_EXE_annals-bench"));
    assert!(
        bench.with_file_name("annals").exists(),
        "no `annals` beside {}: test the whole workspace, or `cargo build -p annals-cli` first",
        bench.display()
    );
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("performance.md");
    let output = Command::new(bench)
        .args(["report", "--count", EVENTS, "--out"])
        .arg(&page)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(!page.contains("| failed |"), "{page}");
    let questions = page.lines().filter(|line| line.starts_with("| Q"));
    assert_eq!(questions.count(), 12, "{page}");
    // Without another product there is nobody to agree with.
    let is_alone = ["PostgreSQL", "SQLite"]
        .iter()
        .all(|name| page.contains(&format!("**{name}** is not installed")));
    assert!(
        is_alone || page.contains("Every product found the same"),
        "{page}"
    );
}
