//! `annals serve` as a child process, and commands beside it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use client::{Client, Parameters};
use rustix::process::{Pid, Signal};

/// The binary under test, without what the caller's environment says.
pub(crate) fn annals() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
    for name in [
        "ANNALS_URL",
        "ANNALS_KEY",
        "ANNALS_DATA",
        "ANNALS_LISTEN",
        "ANNALS_LOG",
        "ANNALS_SIGNING_KEY_FOLDER",
    ] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// A running server. Dropped, it is killed.
pub(crate) struct Served {
    child: Child,
    data: PathBuf,
    pub(crate) url: String,
}

impl Served {
    /// On a folder, made if it is missing.
    pub(crate) fn on(data: &Path) -> Served {
        let mut command = Served::command(data);
        command.stderr(Stdio::null());
        Served::start(command, data)
    }

    /// The command that serves a folder.
    pub(crate) fn command(data: &Path) -> Command {
        let mut command = annals();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data);
        command
    }

    /// By a command that serves a folder.
    pub(crate) fn start(mut command: Command, data: &Path) -> Served {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).expect("where it listens");
        Served {
            child,
            data: data.to_owned(),
            url: said["listening"].as_str().unwrap().to_owned(),
        }
    }

    /// A new key of a tenant.
    pub(crate) fn key(&self, tenant: &str) -> String {
        let scopes = "events:write,events:read,ledger:read";
        let made = annals()
            .args(["key", "create", "--name", "test", "--scope", scopes])
            .args(["--tenant", tenant, "--data"])
            .arg(&self.data)
            .output()
            .unwrap();
        text(&succeeded(made).stdout)
    }

    pub(crate) fn client(&self, key: &str) -> Client {
        Client::new(&self.url, Some(key)).with_patience(Duration::ZERO)
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The process, for whoever kills it at a moment of their own.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops it as a service manager would.
    pub(crate) fn stop(mut self) {
        signal(Signal::TERM, self.id());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return assert!(status.success(), "it ended with {status}");
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it does not stop"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Nothing can be done about a child that is already gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process of this test.
pub(crate) fn signal(signal: Signal, process: u32) {
    let process = Pid::from_raw(process.cast_signed()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}

/// The output of a command that has to succeed.
#[track_caller]
pub(crate) fn succeeded(output: Output) -> Output {
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().trim().to_owned()
}

/// How many events a search finds.
#[track_caller]
pub(crate) fn total(client: &Client, query: &str) -> u64 {
    let parameters = Parameters::new().with("q", query).with("limit", "1");
    client.search(&parameters).unwrap().total
}

/// Numbers that differ and repeat with their seed (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
