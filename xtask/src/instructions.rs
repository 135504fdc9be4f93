//! How many instructions the hot paths take, held to the figures that are checked in.
//!
//! Time on a machine says more about what else it does than about a change; instructions hardly
//! vary. valgrind counts those of two runs of a path that differ by one round of it
//! (`annals-bench hot-path`), on a processor it emulates: whatever runs the count, the program
//! sees AVX2 and no SHA extensions, so figures of different machines can be compared, as long as
//! they have AVX2. The compiler and the C library do matter.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context as _, bail, ensure};

use crate::tools::{Tools, read_output, root, works};

/// The figures that are checked in.
const FIGURES: &str = "bench/instructions.toml";
/// Change of a figure, in percent, up to which nobody has to say that it is meant. Counts of the
/// same code differ by less than one percent: hash tables take their seeds from the system, and
/// threads wait for each other.
const TOLERANCE_PERCENT: f64 = 5.0;
/// What `--update` is called.
const UPDATE: &str = "cargo xtask instructions --update";

type Counts = BTreeMap<String, u64>;

/// The step of `cargo xtask ci`: without valgrind nothing is counted, which is said.
pub(crate) fn step(tools: &Tools) -> anyhow::Result<()> {
    if !works("valgrind", &["--version"]) {
        println!("valgrind is not installed: the instructions of the hot paths are not counted");
        return Ok(());
    }
    run(tools, false)
}

/// Counts, and holds what was counted to the figures or writes it over them.
pub(crate) fn run(tools: &Tools, update: bool) -> anyhow::Result<()> {
    ensure!(
        works("valgrind", &["--version"]),
        "valgrind counts the instructions; on Debian and Ubuntu: apt install valgrind"
    );
    let program = tools.build_release()?.join("annals-bench");
    let now = count_all(&program)?;
    let made_with = made_with()?;
    if update {
        std::fs::write(root().join(FIGURES), written(&now, &made_with))?;
        println!("wrote {FIGURES}");
        return Ok(());
    }
    let text = std::fs::read_to_string(root().join(FIGURES))
        .with_context(|| format!("cannot read {FIGURES}; `{UPDATE}` writes it"))?;
    let (before, before_made_with) = read(&text)?;
    for line in compared(&before, &now) {
        println!("{line}");
    }
    let changed = changed(&before, &now);
    if changed.is_empty() {
        return Ok(());
    }
    let other_tools = if before_made_with == made_with {
        String::new()
    } else {
        format!(
            " The figures are of another toolchain ({before_made_with}; this is {made_with}), which alone may explain it."
        )
    };
    bail!(
        "{}: more than {TOLERANCE_PERCENT} % away from {FIGURES}.{other_tools} If that is meant, run `{UPDATE}` and commit the file",
        changed.join(", ")
    );
}

fn count_all(program: &Path) -> anyhow::Result<Counts> {
    let program_name = program.to_string_lossy();
    let list = read_output(&program_name, &["hot-path"])?;
    let runs: Vec<(&str, &str)> = list
        .lines()
        .filter_map(|line| line.split('\t').next())
        .flat_map(|name| [(name, "1"), (name, "2")])
        .collect();
    let next = Mutex::new(runs.iter());
    let count = || {
        let mut counts = Vec::new();
        loop {
            let taken = next.lock().ok().and_then(|mut next| next.next().copied());
            let Some((name, rounds)) = taken else {
                return anyhow::Ok(counts);
            };
            counts.push((name, rounds, count(program, name, rounds)?));
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let counted: Vec<anyhow::Result<Vec<_>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(count)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a count panicked"))
            .collect()
    });
    let mut one = Counts::new();
    let mut two = Counts::new();
    for (name, rounds, instructions) in counted
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat()
    {
        let counts = if rounds == "1" { &mut one } else { &mut two };
        counts.insert(name.to_owned(), instructions);
    }
    one.iter()
        .map(|(name, one)| {
            let round = two
                .get(name)
                .and_then(|two| two.checked_sub(*one))
                .with_context(|| format!("two rounds of {name} take less than one"))?;
            Ok((name.clone(), round))
        })
        .collect()
}

/// Instructions of a whole run.
fn count(program: &Path, name: &str, rounds: &str) -> anyhow::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["hot-path", name, "--rounds", rounds])
        .output()
        .context("cannot run valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} under valgrind: {said}");
    said.lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse().ok())
        .with_context(|| format!("valgrind did not say what it counted of {name}: {said}"))
}

fn made_with() -> anyhow::Result<String> {
    let rustc = read_output("rustc", &["--version"])?;
    let rustc = rustc
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ");
    Ok(format!(
        "{rustc}, {}, {}",
        read_output("valgrind", &["--version"])?.trim(),
        read_output("getconf", &["GNU_LIBC_VERSION"])?.trim()
    ))
}

fn written(counts: &Counts, made_with: &str) -> String {
    let mut text = format!(
        "# Instructions of one round of each hot path (`annals-bench hot-path` lists what a round does).\n\
         # `cargo xtask ci` fails where one is more than {TOLERANCE_PERCENT} % away; `{UPDATE}` writes this file.\n\
         made_with = \"{made_with}\"\n\n[instructions]\n"
    );
    for (name, count) in counts {
        let _ = writeln!(text, "{name} = {count}");
    }
    text
}

fn read(text: &str) -> anyhow::Result<(Counts, String)> {
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("{FIGURES} is no TOML"))?;
    let made_with = table
        .get("made_with")
        .and_then(toml::Value::as_str)
        .unwrap_or_default();
    let counts = table
        .get("instructions")
        .and_then(toml::Value::as_table)
        .with_context(|| format!("{FIGURES} has no table [instructions]"))?
        .iter()
        .map(|(name, count)| {
            let count = count
                .as_integer()
                .and_then(|count| u64::try_from(count).ok());
            let count = count.filter(|count| *count > 0);
            Ok((
                name.clone(),
                count.with_context(|| format!("{FIGURES}: {name} is not a count"))?,
            ))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok((counts, made_with.to_owned()))
}

fn percent(before: u64, now: u64) -> f64 {
    (now as f64 / before as f64 - 1.0) * 100.0
}

/// Every path with both counts, for whoever reads along.
fn compared(before: &Counts, now: &Counts) -> Vec<String> {
    now.iter()
        .map(|(name, now)| match before.get(name) {
            Some(before) => format!(
                "{name:<14} {before:>14} -> {now:>14}  {:+.2} %",
                percent(*before, *now)
            ),
            None => format!("{name:<14} {:>14} -> {now:>14}", "-"),
        })
        .collect()
}

/// The paths that are not what the figures say, with what they are.
fn changed(before: &Counts, now: &Counts) -> Vec<String> {
    let moved = now.iter().filter_map(|(name, now)| match before.get(name) {
        None => Some(format!("{name} (new)")),
        Some(before) => {
            let percent = percent(*before, *now);
            (percent.abs() > TOLERANCE_PERCENT).then(|| format!("{name} ({percent:+.1} %)"))
        }
    });
    let gone = before
        .keys()
        .filter(|name| !now.contains_key(*name))
        .map(|name| format!("{name} (gone)"));
    moved.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, u64)]) -> Counts {
        all.iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn a_change_of_more_than_the_tolerance_is_named_either_way() {
        let before = counts(&[
            ("accept", 1_000),
            ("seal", 1_000),
            ("tree", 1_000),
            ("old", 5),
        ]);
        let now = counts(&[
            ("accept", 1_051),
            ("seal", 949),
            ("tree", 1_049),
            ("new", 5),
        ]);
        assert_eq!(
            changed(&before, &now),
            [
                "accept (+5.1 %)",
                "new (new)",
                "seal (-5.1 %)",
                "old (gone)"
            ]
        );
        assert!(changed(&now, &now).is_empty());
    }

    #[test]
    fn what_is_written_can_be_read() {
        let figures = counts(&[("accept", 123_456_789), ("index-tail", 1)]);
        let text = written(&figures, "rustc 1.95.0");
        assert_eq!(read(&text).unwrap(), (figures, "rustc 1.95.0".to_owned()));
        assert!(read("[instructions]\naccept = 0\n").is_err());
        assert!(read("made_with = \"\"\n").is_err());
    }
}
