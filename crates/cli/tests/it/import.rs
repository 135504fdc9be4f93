//! `annals import`, killed in the middle and run again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Served, annals, text, total};

const LINES: u64 = 60_000;
/// Lines of one request: as many may have been kept without the import knowing.
const BATCH: u64 = 1_000;

struct Import<'a> {
    served: &'a Served,
    key: &'a str,
    state: PathBuf,
    file: &'a Path,
}

impl Import<'_> {
    fn command(&self) -> Command {
        let mut command = annals();
        command
            .args(["import", "--format", "ndjson", "--url", &self.served.url])
            .arg(self.file)
            .env("ANNALS_KEY", self.key)
            .env("XDG_STATE_HOME", &self.state);
        command
    }

    /// Runs to the end; accepted, duplicates and refused, and what was said.
    fn run(&self) -> (u64, u64, u64, String) {
        let output = self.command().output().unwrap();
        let said = text(&output.stderr);
        let end = text(&output.stdout).lines().last().map(str::to_owned);
        let end: Value = serde_json::from_str(&end.unwrap_or_default()).expect(&said);
        let number = |name: &str| end["end"][name].as_u64().unwrap();
        let (accepted, duplicates) = (number("accepted"), number("duplicates"));
        (accepted, duplicates, number("refused"), said)
    }

    fn kept(&self) -> Vec<PathBuf> {
        let listed = std::fs::read_dir(self.state.join("annals/import"));
        let listed = listed.into_iter().flatten();
        let paths = listed.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|it| it == "json"))
            .collect()
    }
}

/// Lines with ids, lines without, and lines that are equal to each other.
fn lines() -> String {
    (0..LINES)
        .map(|n| match n % 3 {
            0 => {
                format!("{{\"id\":\"e-{n}\",\"action\":\"login\",\"actor\":{{\"id\":\"u-1\"}}}}\n")
            }
            1 => format!(
                "{{\"action\":\"login\",\"actor\":{{\"id\":\"u-2\"}},\"message\":\"number {n}\"}}\n"
            ),
            _ => "{\"action\":\"login\",\"actor\":{\"id\":\"u-3\"}}\n".to_owned(),
        })
        .collect()
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::on(&folder.path().join("data"));
    let key = served.key("main");
    let client = served.client(&key);
    let file = folder.path().join("events.ndjson");
    std::fs::write(&file, lines()).unwrap();
    let import = Import {
        served: &served,
        key: &key,
        state: folder.path().join("state"),
        file: &file,
    };

    // Killed as soon as some batches are known to be there, twice.
    let mut sent = 0;
    for _ in 0..2 {
        let mut running = import
            .command()
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let before = sent;
        while sent <= before + 2 * BATCH {
            let kept = import.kept();
            let said = kept.first().and_then(|path| std::fs::read(path).ok());
            let said: Option<Value> = said.and_then(|text| serde_json::from_slice(&text).ok());
            sent = said.map_or(sent, |said| said["lines"].as_u64().unwrap());
            assert!(
                running.try_wait().unwrap().is_none(),
                "it ended before it was killed"
            );
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it does not get on"
            );
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
    let there = total(&client, "");
    assert!(
        there >= sent && there < LINES,
        "{there} of {LINES}, {sent} sent"
    );
    assert_eq!(import.kept().len(), 1);

    let (accepted, duplicates, refused, said) = import.run();
    assert!(said.contains("sent by an earlier run"), "{said}");
    assert_eq!((accepted + duplicates, refused), (LINES, 0), "{said}");
    // Only the batches that were under way when it was killed were sent again.
    assert!(duplicates <= 2 * BATCH, "{duplicates} were sent again");
    assert_eq!(total(&client, ""), LINES);
    assert_eq!(total(&client, "actor:u-3"), LINES / 3);
    assert!(
        import.kept().is_empty(),
        "the progress of an import that ended is left"
    );

    // Twice is once.
    let (accepted, duplicates, _, _) = import.run();
    assert_eq!((accepted, duplicates), (0, LINES));

    // A file that has grown is another file: sent from its beginning, kept once.
    let grown = format!(
        "{}{{\"action\":\"logout\",\"actor\":{{\"id\":\"u-1\"}}}}\n",
        lines()
    );
    std::fs::write(&file, grown).unwrap();
    let (accepted, duplicates, _, _) = import.run();
    assert_eq!((accepted, duplicates), (1, LINES));
    served.stop();
}

#[test]
fn a_file_that_changed_in_what_was_sent_starts_anew_and_refused_lines_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::on(&folder.path().join("data"));
    let key = served.key("main");
    let file = folder.path().join("events.ndjson");
    let long = "x".repeat(8_000);
    let line = |n: u64, word: &str| {
        format!(
            "{{\"action\":\"login\",\"actor\":{{\"id\":\"u-{n}\"}},\"message\":\"{word} {long}\"}}\n"
        )
    };
    let of = |word: &str| -> String {
        (0..5_000)
            .map(|n| {
                if n == 4_321 {
                    "no json\n".to_owned()
                } else {
                    line(n, word)
                }
            })
            .collect()
    };
    std::fs::write(&file, of("one")).unwrap();
    let import = Import {
        served: &served,
        key: &key,
        state: folder.path().join("state"),
        file: &file,
    };
    let mut running = import
        .command()
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while import.kept().is_empty() {
        assert!(
            running.try_wait().unwrap().is_none(),
            "it ended before it was killed"
        );
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let slot = import.kept()[0].clone();

    // As long as before, with the same first 4 KiB: the same slot, other bytes behind.
    let changed = of("one").replacen(&line(1, "one"), &line(1, "two"), 1);
    std::fs::write(&file, changed).unwrap();
    let (accepted, duplicates, refused, said) = import.run();
    assert!(!said.contains("sent by an earlier run"), "{said}");
    assert!(
        said.contains(&format!("{}:4322: ", file.display())),
        "{said}"
    );
    assert_eq!((accepted + duplicates, refused), (4_999, 1), "{said}");
    assert_eq!(
        total(&served.client(&key), ""),
        5_000,
        "the old second line and all of the new file"
    );
    assert!(!slot.exists());
    served.stop();
}
