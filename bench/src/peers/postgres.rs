//! PostgreSQL as a private cluster in a temporary folder, reached over a unix socket, with fsync.

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::row::Row;
use super::sql::{self, COLUMNS, Dialect, Question};
use super::wire::{Answered, Connection};
use super::{Figures, Rows, Work};
use crate::process;
use crate::questions::{self, Answer, Product};

const USER: &str = "bench";
const DATABASE: &str = "postgres";
/// Connections that send batches, as many as Annals gets.
const LOADERS: usize = 4;
/// Connections of the single commits.
const SINGLES: [usize; 2] = [1, 64];
const PATIENCE: Duration = Duration::from_secs(60);
/// Who runs the server where this program is run by root, which PostgreSQL refuses.
const UNPRIVILEGED: &str = "postgres";
/// Settings that differ from PostgreSQL's own.
const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "shared_buffers=1GB",
    "work_mem=64MB",
    "maintenance_work_mem=256MB",
    "max_wal_size=4GB",
    "effective_cache_size=4GB",
];

const TABLE: &str = "CREATE TABLE events (
    sequence bigint PRIMARY KEY, id text NOT NULL UNIQUE, occurred_at timestamptz NOT NULL,
    category text, action text, outcome text, actor_id text, target_type text, target_id text,
    ip text, words text, rest text,
    text_search tsvector GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED)";
const INDICES: [&str; 6] = [
    "(occurred_at, sequence)",
    "(actor_id, occurred_at)",
    "(target_type, target_id, occurred_at)",
    "(category, occurred_at)",
    "(action, outcome, occurred_at)",
    "USING gin (text_search)",
];

const DIALECT: Dialect = Dialect {
    time: sql::quoted_time,
    day: "to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    all_words: |words| {
        format!(
            "text_search @@ to_tsquery('simple', '{}')",
            words.join(" & ")
        )
    },
    phrase: |words| {
        format!(
            "text_search @@ phraseto_tsquery('simple', '{}')",
            words.join(" ")
        )
    },
};

/// The folder of PostgreSQL's programs, if it is installed.
pub(crate) fn programs() -> Option<PathBuf> {
    let has_all = |folder: &Path| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    // Where Debian puts them, newest first.
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin")))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .map(|(_, path)| path)
        .chain(std::env::split_paths(&on_path))
        .find(|folder| has_all(folder))
}

/// Loads a cluster, asks it everything, commits single events, and removes it.
pub(crate) fn measure(programs: &Path, work: &Work) -> anyhow::Result<Figures> {
    let cluster = Cluster::start(programs)?;
    let mut connection = cluster.connect()?;
    let version = connection.cell("SHOW server_version")?;
    let version = version.split(' ').next().unwrap_or_default().to_owned();
    let has_trigrams = connection.run("CREATE EXTENSION pg_trgm").is_ok();
    connection.run(TABLE)?;
    for index in INDICES {
        connection.run(&format!("CREATE INDEX ON events {index}"))?;
    }
    if has_trigrams {
        connection.run("CREATE INDEX ON events USING gin (words gin_trgm_ops)")?;
    }

    let log_before = log_position(&mut connection)?;
    let cpu_before = cluster.cpu_seconds()?;
    let took = load(&cluster, work)?;
    connection.run("VACUUM (ANALYZE) events")?;
    let cpu_seconds = cluster.cpu_seconds()? - cpu_before;
    let log_bytes = log_position(&mut connection)? - log_before;
    connection.run("CHECKPOINT")?;
    let events: u64 = connection.cell("SELECT count(*) FROM events")?.parse()?;
    ensure!(
        events == work.plan.count,
        "PostgreSQL holds {events} events of {}",
        work.plan.count
    );
    let bytes = connection
        .cell("SELECT pg_total_relation_size('events')")?
        .parse()?;

    let mut asked = Asked {
        cluster: &cluster,
        connection,
        questions: sql::questions(&work.plan, &DIALECT),
        rows: Answered::default(),
        total: Answered::default(),
    };
    let timed = questions::time_alone(&mut asked, work.runs)?;
    let mut singles = Vec::new();
    for connections in SINGLES {
        singles.push((connections, commit_singles(&cluster, work, connections)?));
    }
    cluster.stop()?;
    Ok(Figures {
        name: format!("PostgreSQL {version}"),
        notes: notes(has_trigrams),
        events,
        took,
        cpu_seconds,
        bytes,
        log_bytes: Some(log_bytes),
        questions: timed,
        singles,
    })
}

fn notes(has_trigrams: bool) -> String {
    let substrings = if has_trigrams {
        "and substrings (pg_trgm)"
    } else {
        "(pg_trgm is not installed: substrings are scanned for)"
    };
    format!(
        "A cluster of its own with fsync and synchronous commits ({}), over a unix socket. One row an event: a column for what is searched, the rest as JSON text; unique ids; B-trees on time, actor, target, category and action with time, GIN on words {substrings}. Loaded by COPY, {LOADERS} connections, a commit for each 1,000 events; text made before the clock starts. Its CPU covers the load with `VACUUM ANALYZE`; its bytes are table and indices after that. Single events by a prepared INSERT. Questions as plain SQL, answers taken in and not read.",
        SETTINGS[1..].join(", ")
    )
}

fn log_position(connection: &mut Connection) -> anyhow::Result<u64> {
    let position =
        connection.cell("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")?;
    Ok(position.parse()?)
}

fn load(cluster: &Cluster, work: &Work) -> anyhow::Result<Duration> {
    let copy = format!("COPY events (sequence, {COLUMNS}) FROM STDIN");
    let mut rows = Rows::new(work.plan.clone(), 0);
    let mut took = Duration::ZERO;
    loop {
        let batches = rows.ready(|rows| {
            let mut lines = String::with_capacity(rows.len() * 900);
            rows.iter().for_each(|row| push_line(row, &mut lines));
            lines
        })?;
        if batches.is_empty() {
            return Ok(took);
        }
        let next = AtomicUsize::new(0);
        let begun = Instant::now();
        side_by_side(LOADERS, || {
            let mut connection = cluster.connect()?;
            while let Some(lines) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                connection.copy(&copy, lines)?;
            }
            Ok(())
        })?;
        took += begun.elapsed();
    }
}

/// One row in COPY's text format.
fn push_line(row: &Row, lines: &mut String) {
    let _ = write!(lines, "{}", row.sequence);
    for text in row.texts() {
        lines.push('\t');
        for c in text.chars() {
            match c {
                '\\' => lines.push_str("\\\\"),
                '\t' => lines.push_str("\\t"),
                '\n' => lines.push_str("\\n"),
                '\r' => lines.push_str("\\r"),
                c => lines.push(c),
            }
        }
    }
    lines.push('\n');
}

/// Single events from many connections; commits a second.
fn commit_singles(cluster: &Cluster, work: &Work, connections: usize) -> anyhow::Result<f64> {
    let before: u64 = {
        let mut connection = cluster.connect()?;
        connection
            .cell("SELECT max(sequence) + 1 FROM events")?
            .parse()?
    };
    // Other events than those that are there already: ids are unique.
    let mut plan = work.plan.clone();
    plan.count = work.singles;
    plan.seed ^= before;
    let mut rows = Rows::new(plan, before);
    let mut batches = Vec::new();
    loop {
        let batch = rows.batch()?;
        if batch.is_empty() {
            break;
        }
        batches.extend(batch);
    }
    let insert = format!(
        "INSERT INTO events (sequence, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    );
    let clients = (0..connections)
        .map(|_| {
            let mut connection = cluster.connect()?;
            connection.prepare(&insert)?;
            Ok(connection)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let clients = Mutex::new(clients);
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let begun = Instant::now();
    let deadline = begun + work.singles_limit;
    side_by_side(connections, || {
        let client = clients.lock().ok().and_then(|mut clients| clients.pop());
        let mut connection = client.context("a connection is missing")?;
        while let Some(row) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            if Instant::now() > deadline {
                break;
            }
            let sequence = row.sequence.to_string();
            let mut parameters = vec![sequence.as_str()];
            parameters.extend(row.texts());
            connection.execute(&parameters)?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })?;
    let took = begun.elapsed().as_secs_f64();
    Ok(done.into_inner() as f64 / took)
}

fn side_by_side(threads: usize, run: impl Fn() -> anyhow::Result<()> + Sync) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(&run)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a connection's thread panicked"))
    })
}

struct Asked<'a> {
    cluster: &'a Cluster,
    connection: Connection,
    questions: Vec<Question>,
    rows: Answered,
    total: Answered,
}

impl Product for Asked<'_> {
    fn ask(&mut self, question: usize) -> anyhow::Result<()> {
        let question = &self.questions[question];
        self.connection.query(&question.rows, &mut self.rows)?;
        if let Some(total) = &question.total {
            self.connection.query(total, &mut self.total)?;
        }
        Ok(())
    }

    fn answer(&self, question: usize) -> anyhow::Result<Answer> {
        let question = &self.questions[question];
        let total = self.total.rows()?;
        let total = question.total.as_ref().map(|_| total.as_slice());
        question.answer(&self.rows.rows()?, total)
    }

    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        self.cluster.cpu_seconds()
    }
}

/// A running cluster. Dropped, it is stopped; its folder goes with it.
struct Cluster {
    server: Child,
    folder: tempfile::TempDir,
}

impl Cluster {
    fn start(programs: &Path) -> anyhow::Result<Cluster> {
        let folder = tempfile::Builder::new()
            .prefix("annals-bench-pg-")
            .tempdir()?;
        let owner = unprivileged()?;
        let run = |name: &str| {
            let mut command = Command::new(programs.join(name));
            command
                .current_dir(folder.path())
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .env("LC_ALL", "C")
                .stdin(Stdio::null());
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command
        };
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group))?;
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700))?;
        let made = run("initdb")
            .args(["--pgdata=data", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-instructions"])
            .arg(format!("--username={USER}"))
            .output()
            .context("cannot run initdb")?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        let log = std::fs::File::create(folder.path().join("log"))?;
        let mut server = run("postgres");
        server.args(["-D", "data", "-k"]).arg(folder.path());
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        let server = server.stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut cluster = Cluster { server, folder };
        let begun = Instant::now();
        while cluster.connect().is_err() {
            let log = || std::fs::read_to_string(cluster.folder.path().join("log"));
            if cluster.server.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                bail!("PostgreSQL does not start: {}", log()?);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(cluster)
    }

    fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(self.folder.path(), USER, DATABASE)
    }

    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        process::cpu_seconds_with_children(self.server.id())
    }

    /// Stops it, and fails if it does not.
    fn stop(mut self) -> anyhow::Result<()> {
        self.end()
    }

    fn end(&mut self) -> anyhow::Result<()> {
        if self.server.try_wait()?.is_none() {
            // A fast shutdown: connections are cut, nothing is lost.
            process::signal(self.server.id(), "INT")?;
            let ended = process::wait(&mut self.server, PATIENCE)?;
            ensure!(ended.is_some(), "PostgreSQL does not stop");
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.end().is_err() {
            let _ = self.server.kill();
            let _ = self.server.wait();
        }
    }
}

/// User and group to run the server as, where this program is run by root.
fn unprivileged() -> anyhow::Result<Option<(u32, u32)>> {
    let id = |arguments: &[&str]| -> anyhow::Result<u32> {
        let output = Command::new("id").args(arguments).output()?;
        ensure!(
            output.status.success(),
            "PostgreSQL does not run as root, and there is no user `{UNPRIVILEGED}`"
        );
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some((
        id(&["-u", UNPRIVILEGED])?,
        id(&["-g", UNPRIVILEGED])?,
    )))
}
