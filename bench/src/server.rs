//! One `annals serve` as a child process: started, asked for its figures, stopped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::args::ServerArgs;
use crate::http::Connection;
use crate::process::{self, Memory};

/// A quiet journal is sealed before it is full from this size on.
const JOURNAL_LEFT_BYTES: u64 = 1 << 20;
/// How long a server may take to listen or to stop.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder for a server's data: given and kept, or temporary and removed.
pub(crate) struct DataFolder {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl DataFolder {
    pub(crate) fn new(args: &ServerArgs) -> anyhow::Result<Self> {
        match &args.data {
            Some(path) => Ok(Self {
                path: path.clone(),
                _temporary: None,
            }),
            None => {
                let folder = tempfile::Builder::new().prefix("annals-bench-").tempdir()?;
                Ok(Self {
                    path: folder.path().join("data"),
                    _temporary: Some(folder),
                })
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of all files below, and of those under folders named `index`.
    pub(crate) fn size_bytes(&self) -> anyhow::Result<Size> {
        let mut size = Size::default();
        let mut folders = vec![(self.path.clone(), "other")];
        while let Some((folder, class)) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                // A file may be merged away while we look.
                let Ok(meta) = entry.metadata() else { continue };
                let class = match entry.file_name().to_str() {
                    Some("journal") => "journal",
                    Some("parts") => "parts",
                    Some("tree") => "tree",
                    Some("index") => "index",
                    _ => class,
                };
                if meta.is_dir() {
                    folders.push((entry.path(), class));
                } else {
                    *size.of(class) += meta.len();
                }
            }
        }
        Ok(size)
    }
}

/// Bytes on disk by what they hold.
#[derive(Default)]
pub(crate) struct Size {
    pub(crate) journal: u64,
    pub(crate) parts: u64,
    pub(crate) tree: u64,
    pub(crate) index: u64,
    pub(crate) other: u64,
}

impl Size {
    fn of(&mut self, class: &str) -> &mut u64 {
        match class {
            "journal" => &mut self.journal,
            "parts" => &mut self.parts,
            "tree" => &mut self.tree,
            "index" => &mut self.index,
            _ => &mut self.other,
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.journal + self.parts + self.tree + self.index + self.other
    }
}

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    program: PathBuf,
    data: PathBuf,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the line that says it listens.
    pub(crate) started_in: Duration,
}

impl Server {
    pub(crate) fn start(args: &ServerArgs, data: &DataFolder) -> anyhow::Result<Self> {
        let program = args.program()?;
        let begun = Instant::now();
        let mut child = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(match std::env::var_os("ANNALS_BENCH_LOG") {
                Some(path) => Stdio::from(
                    std::fs::OpenOptions::new()
                        .create(true)
                        .append(true)
                        .open(path)?,
                ),
                None => Stdio::null(),
            })
            .spawn()
            .with_context(|| {
                format!(
                    "cannot run {}; build it with `cargo build --release`",
                    program.display()
                )
            })?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let started_in = begun.elapsed();
        let answer: serde_json::Value = serde_json::from_str(&line)
            .with_context(|| format!("`annals serve` did not say where it listens: {line:?}"))?;
        let address = answer["listening"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://"))
            .and_then(|address| address.parse().ok())
            .with_context(|| format!("no address in {line:?}"))?;
        Ok(Self {
            child,
            program,
            data: data.path().to_owned(),
            address,
            started_in,
        })
    }

    /// Makes an API key that may write and read.
    pub(crate) fn create_key(&self) -> anyhow::Result<String> {
        self.create_key_of("main")
    }

    /// Makes an API key of a tenant that may write and read.
    pub(crate) fn create_key_of(&self, tenant: &str) -> anyhow::Result<String> {
        self.administer(&[
            "key",
            "create",
            "--name",
            "bench",
            "--scope",
            "events:write,events:read",
            "--tenant",
            tenant,
        ])
    }

    /// Makes a tenant.
    pub(crate) fn create_tenant(&self, name: &str) -> anyhow::Result<()> {
        self.administer(&["tenant", "create", name]).map(drop)
    }

    /// Runs the command line on the server's folder; what it printed.
    fn administer(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(&self.program)
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .output()?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            bail!("annals {}: {words}", arguments.join(" "));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Files, sockets and the like that the server has open.
    pub(crate) fn open_files(&self) -> anyhow::Result<u64> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count() as u64)
    }

    pub(crate) fn connect(&self, key: &str) -> anyhow::Result<Connection> {
        Connection::open(self.address, key)
    }

    /// CPU seconds the server has used since it started, in user and kernel mode.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        process::cpu_seconds(self.child.id())
    }

    /// Its memory now.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        process::memory(self.child.id())
    }

    /// Waits until nothing is left to do however long the server is left alone: the journal sealed,
    /// every part merged, indexed and packed as tightly as it will be. Gives up after `limit` and says
    /// so. Packing waits for half a minute of quiet and takes its time, so a server that uses no CPU
    /// may be far from it.
    pub(crate) fn wait_until_rest(
        &self,
        data: &DataFolder,
        limit: Duration,
    ) -> anyhow::Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(500));
            if self.waiting_work()? == 0.0 && data.size_bytes()?.journal <= JOURNAL_LEFT_BYTES {
                return self.wait_until_idle(limit.saturating_sub(begun.elapsed()));
            }
        }
        Ok(false)
    }

    /// Waits until the server has used next to no CPU for two seconds: what was sent is sealed, merged
    /// and indexed. Gives up after `limit` and says so.
    pub(crate) fn wait_until_idle(&self, limit: Duration) -> anyhow::Result<bool> {
        let begun = Instant::now();
        let mut quiet = 0;
        let mut before = self.cpu_seconds()?;
        while begun.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.cpu_seconds()?;
            quiet = if now - before <= 0.03 { quiet + 1 } else { 0 };
            before = now;
            if quiet == 4 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Pieces of background work that wait, those that wait for the ledger to be quiet included.
    pub(crate) fn waiting_work(&self) -> anyhow::Result<f64> {
        let waiting = self.by_task("annals_background_waiting")?;
        Ok(waiting.into_iter().map(|(_, pieces)| pieces).sum())
    }

    /// Each task of background work with its figure of a family of `/metrics`.
    pub(crate) fn by_task(&self, family: &str) -> anyhow::Result<Vec<(String, f64)>> {
        let (mut connection, mut body) = (Connection::without_key(self.address)?, Vec::new());
        let answer = connection.get("/metrics", &mut body)?;
        answer.expect_ok()?;
        let text = String::from_utf8_lossy(answer.body);
        let of_line = |line: &str| {
            let (labels, number) = line
                .strip_prefix(family)?
                .strip_prefix('{')?
                .split_once("} ")?;
            let (_, rest) = labels.split_once("task=\"")?;
            let (task, _) = rest.split_once('"')?;
            Some((task.to_owned(), number.parse().ok()?))
        };
        Ok(text.lines().filter_map(of_line).collect())
    }

    /// Stops with SIGTERM and waits.
    pub(crate) fn stop(mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        process::signal(self.child.id(), "TERM")?;
        let Some(status) = process::wait(&mut self.child, PATIENCE)? else {
            bail!("the server did not stop within {} s", PATIENCE.as_secs());
        };
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(begun.elapsed())
    }

    /// Kills with SIGKILL, as a crash would.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing can be done about a child that is already gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
