//! Everything a change must pass, at a desk as in CI. All steps run even if one fails, so that one
//! run tells everything.

use std::time::Instant;

use anyhow::bail;

use crate::instructions;
use crate::tidy;
use crate::tools::Tools;

pub(crate) fn run(tools: &Tools) -> anyhow::Result<()> {
    type Step = fn(&Tools) -> anyhow::Result<()>;
    let steps: [(&str, Step); 6] = [
        ("tidy", |_| tidy::run()),
        ("format", |tools| tools.cargo(&["fmt", "--all", "--check"])),
        ("lints", |tools| {
            tools.cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])
        }),
        ("tests", |tools| tools.test(&[])),
        ("generated files", Tools::check_openapi),
        ("instructions", instructions::step),
    ];
    let mut failed = Vec::new();
    let count = steps.len();
    for (name, step) in steps {
        println!("\n== {name}");
        let begun = Instant::now();
        match step(tools) {
            Ok(()) => println!("== {name}: passed in {} s", begun.elapsed().as_secs()),
            Err(error) => {
                println!("== {name}: FAILED: {error:#}");
                failed.push(name);
            }
        }
    }
    println!("\n{} passed, {} failed", count - failed.len(), failed.len());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
