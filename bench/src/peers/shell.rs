//! SQLite's own shell, told what to do through a pipe: one statement after the other, until a line
//! says that it is done.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, ensure};

/// What the shell prints when everything before it is done.
const DONE: &str = "annals-bench-done";

/// A shell with one database open.
pub(super) struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    pub(super) fn open(database: &Path) -> anyhow::Result<Shell> {
        let mut child = Command::new("sqlite3")
            .args(["-batch", "-bail", "-noheader", "-separator", "\t"])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot run sqlite3")?;
        Ok(Shell {
            input: child.stdin.take().context("no standard input")?,
            output: BufReader::with_capacity(
                64 << 10,
                child.stdout.take().context("no standard output")?,
            ),
            child,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs statements, each ended by a semicolon; what they print, a line for each row.
    pub(super) fn run(&mut self, sql: &str, printed: &mut String) -> anyhow::Result<()> {
        printed.clear();
        // Reading begins when all is written: what is asked prints nothing before its end, and
        // fits the pipe.
        self.input.write_all(sql.as_bytes())?;
        writeln!(self.input, "\n.print {DONE}")?;
        self.input.flush()?;
        loop {
            let begin = printed.len();
            let read = self.output.read_line(printed)?;
            ensure!(read > 0, "sqlite3 ended: {}", beginning(sql));
            if printed[begin..].trim_end() == DONE {
                printed.truncate(begin);
                return Ok(());
            }
        }
    }

    /// Runs statements that print nothing.
    pub(super) fn quietly(&mut self, sql: &str) -> anyhow::Result<()> {
        self.run(sql, &mut String::new())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn beginning(sql: &str) -> String {
    sql.chars().take(200).collect()
}
