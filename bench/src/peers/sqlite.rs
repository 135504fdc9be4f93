//! SQLite with FTS5 by its own shell, with a synced write-ahead log.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::row::Row;
use super::shell::Shell;
use super::sql::{self, COLUMNS, Dialect, Question};
use super::{Figures, Rows, Work};
use crate::process;
use crate::questions::{self, Answer, Product};

const SETUP: &str = "
.output /dev/null
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -262144;
.output stdout
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, occurred_at INTEGER NOT NULL,
    category TEXT, action TEXT, outcome TEXT, actor_id TEXT, target_type TEXT, target_id TEXT,
    ip TEXT, words TEXT, rest TEXT);
CREATE INDEX by_time ON events (occurred_at, sequence);
CREATE INDEX by_actor ON events (actor_id, occurred_at);
CREATE INDEX by_target ON events (target_type, target_id, occurred_at);
CREATE INDEX by_category ON events (category, occurred_at);
CREATE INDEX by_action ON events (action, outcome, occurred_at);
CREATE VIRTUAL TABLE texts USING fts5 (words, content = 'events', content_rowid = 'sequence');
";

const DIALECT: Dialect = Dialect {
    time: |micros| micros.to_string(),
    day: "strftime('%Y-%m-%d', occurred_at / 1000000, 'unixepoch')",
    all_words: |words| matching(&words.join(" AND ")),
    phrase: |words| matching(&format!("\"{}\"", words.join(" "))),
};

fn matching(query: &str) -> String {
    format!("sequence IN (SELECT rowid FROM texts WHERE texts MATCH '{query}')")
}

/// Whether the shell is installed.
pub(crate) fn is_installed() -> bool {
    let version = Command::new("sqlite3").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Loads a database, asks it everything and commits single events.
pub(crate) fn measure(work: &Work) -> anyhow::Result<Figures> {
    let folder = tempfile::Builder::new()
        .prefix("annals-bench-sqlite-")
        .tempdir()?;
    let database = folder.path().join("events.db");
    let mut shell = Shell::open(&database)?;
    let mut printed = String::new();
    shell.run("SELECT sqlite_version();", &mut printed)?;
    let version = printed.trim().to_owned();
    shell.quietly(SETUP)?;

    let cpu_before = process::cpu_seconds(shell.pid())?;
    let took = load(&mut shell, work)?;
    shell
        .quietly("ANALYZE;\n.output /dev/null\nPRAGMA wal_checkpoint(TRUNCATE);\n.output stdout")?;
    let cpu_seconds = process::cpu_seconds(shell.pid())? - cpu_before;
    let bytes = std::fs::metadata(&database)?.len();
    shell.run("SELECT count(*) FROM events;", &mut printed)?;
    let events: u64 = printed.trim().parse()?;
    ensure!(
        events == work.plan.count,
        "SQLite holds {events} events of {}",
        work.plan.count
    );

    let mut asked = Asked {
        shell,
        questions: sql::questions(&work.plan, &DIALECT),
        rows: String::new(),
        total: String::new(),
    };
    let timed = questions::time_alone(&mut asked, work.runs)?;
    let single = commit_singles(&mut asked.shell, work, events)?;
    Ok(Figures {
        name: format!("SQLite {version}"),
        notes: format!(
            "The `sqlite3` shell fed through a pipe, write-ahead log with `synchronous = FULL`. The same table and B-trees as PostgreSQL's, words in an FTS5 index on that table, substrings scanned for. Loaded by one connection with a transaction for each 1,000 events; its CPU includes reading the SQL, `ANALYZE` and a checkpoint. Single events from one connection, as it has one writer. Answers are printed into the pipe. {}",
            "It runs beside whoever asks, without a server between them."
        ),
        events,
        took,
        cpu_seconds,
        bytes,
        log_bytes: None,
        questions: timed,
        singles: vec![(1, single)],
    })
}

fn load(shell: &mut Shell, work: &Work) -> anyhow::Result<Duration> {
    let mut rows = Rows::new(work.plan.clone(), 0);
    let mut took = Duration::ZERO;
    loop {
        let batches = rows.ready(transaction)?;
        if batches.is_empty() {
            return Ok(took);
        }
        let begun = Instant::now();
        for batch in &batches {
            shell.quietly(batch)?;
        }
        took += begun.elapsed();
    }
}

/// Statements that insert rows, durable together.
fn transaction(rows: &[Row]) -> String {
    let mut sql = String::with_capacity(rows.len() * 1_100);
    let _ = write!(
        sql,
        "BEGIN;\nINSERT INTO events (sequence, {COLUMNS}) VALUES "
    );
    for (n, row) in rows.iter().enumerate() {
        let _ = write!(sql, "{}({}", if n > 0 { ",\n" } else { "" }, row.sequence);
        for (column, text) in row.texts().iter().enumerate() {
            // The time is a number here.
            match column {
                1 => {
                    let _ = write!(sql, ",{}", row.occurred_micros);
                }
                _ => {
                    let _ = write!(sql, ",'{}'", text.replace('\'', "''"));
                }
            }
        }
        sql.push(')');
    }
    let (first, last) = (rows[0].sequence, rows[rows.len() - 1].sequence);
    let _ = write!(
        sql,
        ";\nINSERT INTO texts (rowid, words) SELECT sequence, words FROM events WHERE sequence BETWEEN {first} AND {last};\nCOMMIT;"
    );
    sql
}

fn commit_singles(shell: &mut Shell, work: &Work, first: u64) -> anyhow::Result<f64> {
    let mut plan = work.plan.clone();
    plan.count = work.singles;
    plan.seed ^= first;
    let mut rows = Rows::new(plan, first);
    let mut took = Duration::ZERO;
    let mut done = 0;
    loop {
        let transactions: Vec<String> = rows.batch()?.chunks(1).map(transaction).collect();
        if transactions.is_empty() || took > work.singles_limit {
            return Ok(f64::from(done) / took.as_secs_f64());
        }
        let begun = Instant::now();
        for one in &transactions {
            shell.quietly(one)?;
            done += 1;
        }
        took += begun.elapsed();
    }
}

struct Asked {
    shell: Shell,
    questions: Vec<Question>,
    rows: String,
    total: String,
}

impl Product for Asked {
    fn ask(&mut self, question: usize) -> anyhow::Result<()> {
        let question = &self.questions[question];
        self.shell
            .run(&format!("{};", question.rows), &mut self.rows)?;
        if let Some(total) = &question.total {
            self.shell.run(&format!("{total};"), &mut self.total)?;
        }
        Ok(())
    }

    fn answer(&self, question: usize) -> anyhow::Result<Answer> {
        let question = &self.questions[question];
        let total = cells(&self.total);
        let total = question.total.as_ref().map(|_| total.as_slice());
        question.answer(&cells(&self.rows), total)
    }

    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        process::cpu_seconds(self.shell.pid())
    }
}

fn cells(printed: &str) -> Vec<Vec<&str>> {
    printed
        .lines()
        .map(|line| line.split('\t').collect())
        .collect()
}
